"""The mark by which a server recognises requests of `chat doctor`: a file in the data directory holds it meanwhile."""

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from chat.inspection.doctor_mark import MARK


@contextmanager
def request_mark(data: Path) -> Generator[str]:
    """Have servers of the data directory accept requests with the mark that this yields. Raises OSError."""
    path, mark = data / MARK, secrets.token_urlsafe(32)
    path.unlink(missing_ok=True)  # left by one that was killed
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            owner = data.stat()
            os.fchown(file.fileno(), owner.st_uid, owner.st_gid)  # the server's user reads it
        file.write(mark)
    try:
        yield mark
    finally:
        with suppress(OSError):
            path.unlink()
