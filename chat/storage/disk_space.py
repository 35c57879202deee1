"""How far a disk may fill up with archives, exports and imports. It blocks."""

import errno
import os
import shutil
from pathlib import Path

_SPARED = 1 << 30
"""Bytes of the disk that stay free."""


class NoSpace(OSError):
    """The disk would become full, or a limit would be exceeded."""

    def __init__(self) -> None:
        super().__init__(errno.ENOSPC, os.strerror(errno.ENOSPC))


def space_left(directory: Path) -> int:
    """Return how many bytes may still be written to a directory's disk; 0 or less: none. Raises OSError."""
    return shutil.disk_usage(directory).free - _SPARED


def check_space(directory: Path, wanted: int = 0) -> None:
    """Raise NoSpace unless so many bytes may be written to a directory's disk. Raises OSError."""
    if space_left(directory) < wanted:
        raise NoSpace
