"""What PostgreSQL says, in a file that stays short.

PostgreSQL writes to it directly, so that what it says last is there also when this process was killed.
"""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import structlog
import trio

LONGEST = 4 << 20
"""Bytes; what is over goes to `.log.1`, in place of what was there."""
CHECK_INTERVAL = 30.0
"""Seconds between two looks at its length."""

logger = structlog.get_logger(__name__)


class ServerLog:
    """PostgreSQL's log at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def opened(self) -> Generator[int]:
        """Open it for a process to write to, at its end wherever that is then."""
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
        """Return the lines written after it was `position` bytes long, at most the last 8 KiB of them."""
        size = self.size()
        start = position if position <= size else 0  # it was shortened in between
        try:
            with open(self.path, "rb") as file:
                file.seek(max(start, size - 8192))
                return file.read().decode(errors="replace").splitlines()
        except OSError:
            return []

    async def keep_short(self) -> None:
        """Shorten it whenever it is too long, until cancelled."""
        while True:
            await trio.sleep(CHECK_INTERVAL)
            await trio.to_thread.run_sync(self.shorten)

    def shorten(self) -> None:
        """Move what it holds to `.log.1` if that is too much. PostgreSQL has it open, so it is not renamed."""
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
