"""The one task that removes the rows of deleted rooms, and old audit entries, a little at a time.

A deletion wakes it, and it runs once a day; at first it removes what an earlier server left. A million messages take
some six minutes: a faster removal would slow down all users.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
import trio

from chat.domain.failures import StorageError
from chat.domain.ports import Audit, Rooms
from chat.signals import Signal

_STEP = 1000
"""Messages removed in one transaction: some ten milliseconds."""

_SHARE = 0.1
"""Part of the time that it works; otherwise it sleeps."""

_DAY = 86_400.0
"""Seconds between two runs without a deletion: audit entries expire."""

_RETRY = 1.0
"""Seconds until the next try when the database fails."""

logger = structlog.get_logger(__name__)


class Cleaner:
    """Removes the rows of deleted rooms, and expired audit entries."""

    def __init__(self, rooms: Rooms, audit: Audit) -> None:
        self._rooms = rooms
        self._audit = audit
        self._woken = Signal()
        self._is_woken = False  # whether something was deleted since the last look

    def wake(self) -> None:
        """Have it run now. Sync."""
        self._is_woken = True
        self._woken.notify()

    async def clean(self) -> None:
        """Run, then wait to be woken; until cancelled. Cancelling: a step is done whole or not begun."""
        while True:
            self._is_woken = False
            await self._remove_all()
            with trio.move_on_after(_DAY):
                await self._woken.wait_until(lambda: self._is_woken)

    async def _remove_all(self) -> None:
        more, failed = True, False
        while more:
            started = trio.current_time()
            try:
                more = await self._rooms.remove_deleted(_STEP) or await self._audit.forget_acts(_STEP)
            except StorageError as error:
                if not failed:
                    logger.warning(
                        "deleted rooms and old audit entries not removed yet: trying again", error=str(error)
                    )
                failed = True
                await trio.sleep(_RETRY)
            else:
                failed = False
                await trio.sleep((trio.current_time() - started) * (1 / _SHARE - 1))


@asynccontextmanager
async def open_cleaner(rooms: Rooms, audit: Audit) -> AsyncGenerator[Cleaner]:
    """Remove deleted and expired rows for as long as the block lasts; the next server goes on where this one ended.

    Cancelling: a step that has begun is done whole, or not at all.
    """
    cleaner = Cleaner(rooms, audit)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(cleaner.clean)
        yield cleaner
        nursery.cancel_scope.cancel(reason="the server stops")
