"""The path of the control socket. Commands import this alone of the server: health checks must start fast."""

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

SOCKET = "watch.socket"


@contextmanager
def reachable(directory: Path, name: str = SOCKET) -> Generator[str]:
    """Yield a short enough path of the socket, which may be missing: Linux allows 107 bytes. Raises OSError."""
    path = directory.absolute() / name
    if len(os.fsencode(path)) < 100 or sys.platform != "linux":
        yield str(path)
        return
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}/{name}"
    finally:
        os.close(opened)
