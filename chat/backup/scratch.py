"""Directories for databases that run, or wait, only for a while. What a killed process left is removed by the next."""

import os
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from chat.backup.failures import BackupFailed
from chat.embedded_postgres.data_directory import lock_file

PLAIN = "backup-plain"
"""In the data directory: a database that is proven before it is encrypted. It is removed, also after a kill."""

_PREFIX = "chat-proof-"


@asynccontextmanager
async def open_scratch(place: Path | None) -> AsyncGenerator[Path]:
    """Provide a directory that PostgreSQL's user can reach, and remove those of killed proofs."""
    if place is None:
        # Not /tmp, which may be memory.
        place = Path("/var/tmp") if os.access("/var/tmp", os.W_OK) else Path(tempfile.gettempdir())
    directory, lock = await trio.to_thread.run_sync(_make_scratch, place)
    try:
        yield directory / "data"
    finally:
        os.close(lock)
        shutil.rmtree(directory, ignore_errors=True)


def _make_scratch(place: Path) -> tuple[Path, int]:
    place.mkdir(mode=0o711, parents=True, exist_ok=True)
    clear_scratch(place)
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    lock = _lock(directory)
    if lock is None:
        raise BackupFailed(f"cannot lock {directory}")
    directory.chmod(0o711)  # PostgreSQL's user may enter; what it has below is its own
    (directory / "data").mkdir(mode=0o700)
    return directory, lock


def clear_scratch(place: Path) -> None:
    """Remove what killed processes left in a directory, which may be missing. It blocks."""
    for old in place.glob(f"{_PREFIX}*"):
        if (lock := _lock(old)) is not None:
            shutil.rmtree(old, ignore_errors=True)
            os.close(lock)


def _lock(directory: Path) -> int | None:
    """Lock a directory of a proof; None: one that runs has it."""
    try:
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    try:
        lock_file(descriptor)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
