"""The one task that removes the rows of deleted rooms, and old audit entries, a little at a time.

A deletion wakes it, and it runs once a day; at first it removes what an earlier server left. A million messages take
some six minutes: a faster removal would slow down all users. What takes more than a step is logged.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
import trio

from chat.domain.failures import StorageError
from chat.domain.ports import Audit, RemovalStep, Rooms
from chat.paced_steps import PacedSteps
from chat.signals import Signal

_MOST = 1000
"""Messages removed in one transaction at most, where they take some ten milliseconds."""

_DAY = 86_400.0
"""Seconds between two runs without a deletion: audit entries expire."""

_RETRY = 1.0
"""Seconds until the next try when the database fails."""

_REPORT = 60.0
"""Seconds between two log lines about a room whose removal takes long."""

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
        more, failed, progress, steps = True, False, _Progress(), PacedSteps(_MOST)
        while more:
            started = trio.current_time()
            try:
                step = await self._rooms.remove_deleted(steps.size)
                progress.note(step)
                more = step is not None or await self._audit.forget_acts(steps.size)
            except StorageError as error:
                if not failed:
                    logger.warning(
                        "deleted rooms and old audit entries not removed yet: trying again", error=str(error)
                    )
                failed = True
                await trio.sleep(_RETRY)
            else:
                failed = False
                await steps.rest(trio.current_time() - started)


class _Progress:
    """Logs about rooms whose removal takes more than a step."""

    def __init__(self) -> None:
        self._room_id: int | None = None
        self._began = self._reported = 0.0

    def note(self, step: RemovalStep | None) -> None:
        """One step was done. Sync."""
        now, room_id = trio.current_time(), None if step is None else step.room_id
        if room_id == self._room_id:
            if step is not None and room_id is not None and now >= self._reported + _REPORT:
                self._reported = now
                logger.info("still removing a deleted room", room=room_id, messages_left=step.messages)
            return
        if self._room_id is not None:
            logger.info("removed a deleted room", room=self._room_id, seconds=round(now - self._began))
            self._room_id = None
        if step is not None and step.messages:
            self._room_id, self._began, self._reported = room_id, now, now
            logger.info(
                "removing a deleted room in small steps: searches and messages go on",
                room=room_id,
                messages_left=step.messages,
            )


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
