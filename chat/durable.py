"""Makes changes of a directory durable across a power cut."""

import os
import sys
from pathlib import Path


def sync_directory(path: Path) -> None:
    """Make the names in `path` outlast a power cut. It blocks. Raises OSError."""
    if sys.platform != "win32":
        directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
