"""PostgreSQL's log, in a file of bounded length.

PostgreSQL writes to it directly, so its last lines are there even if this process was killed.
"""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import structlog
import trio

LONGEST = 4 << 20
"""Bytes; a longer log is moved to `.log.1`, which is replaced."""
CHECK_INTERVAL = 30.0
"""Seconds between checks of its length."""

logger = structlog.get_logger(__name__)


class ServerLog:
    """PostgreSQL's log at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def opened(self) -> Generator[int]:
        """Open it for a process that appends to it."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def size(self) -> int:
        """Return its length in bytes."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def since(self, position: int) -> list[str]:
        """Return the lines after the byte `position`, at most the last 8 KiB of them."""
        size = self.size()
        start = position if position <= size else 0  # it was shortened meanwhile
        try:
            with open(self.path, "rb") as file:
                file.seek(max(start, size - 8192))
                return file.read().decode(errors="replace").splitlines()
        except OSError:
            return []

    async def keep_short(self) -> None:
        """Shorten it whenever it is too long. Runs until cancelled."""
        while True:
            await trio.sleep(CHECK_INTERVAL)
            await trio.to_thread.run_sync(self.shorten)

    def shorten(self) -> None:
        """Copy a too long log to `.log.1` and truncate it. PostgreSQL has it open, so it can't be renamed."""
        if self.size() <= LONGEST:
            return
        try:
            shutil.copy(self.path, f"{self.path}.1")  # its mode too
        except OSError as error:
            logger.warning(
                "cannot keep the old PostgreSQL log as postgres.log.1; dropping it", reason=str(error)
            )
        try:
            os.truncate(self.path, 0)
        except OSError as error:
            logger.warning(
                "cannot shorten the PostgreSQL log; it keeps growing until this works", reason=str(error)
            )
