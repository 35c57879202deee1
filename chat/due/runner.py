"""The task that handles due items: it sleeps until the earliest, and handles a few at a time.

A server that was stopped for a day does each thing once: there is one row for it, however often its time has passed.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import structlog
import trio

from chat.domain.failures import StorageError
from chat.due.port import DueItem
from chat.due.schedule import Schedule

LEASE = 180.0
"""Seconds after which another server does what this one has claimed and not ended."""

_HANDLING = LEASE - 30.0
"""Seconds for one handler: it is cancelled well before somebody else begins."""

MOST = 8
"""Acts of one kind at one time: those of a kind that hang hold up no other kind."""

_LONGEST_SLEEP = 3600.0
"""Seconds until the table is read again though nothing was due: the database's clock may have been set forward."""

_RETRY = 5.0
"""Seconds until the next try when the database fails, or a handler."""

Handler = Callable[[DueItem], Awaitable[float | None]]
"""Handles a due item. Returns the seconds until it is due again; None: it is done, and removed.

May raise StorageError: then it is due again when its lease ends. It is cancelled after `_HANDLING` seconds.
"""

logger = structlog.get_logger(__name__)


class DueRunner:
    """Handles due items. `longest_sleep` is in seconds; other servers' additions are noticed after it at the latest."""

    def __init__(
        self, schedule: Schedule, handlers: Mapping[str, Handler], longest_sleep: float = _LONGEST_SLEEP
    ) -> None:
        self._schedule = schedule
        self._due = schedule.due
        self._handlers = handlers
        self._kinds = sorted(handlers)
        self._longest_sleep = longest_sleep
        self._running: Counter[str] = Counter()

    async def serve(self) -> None:
        """Handle due items until cancelled. Cancelling: those under way are due again when their leases end."""
        async with trio.open_nursery() as nursery:
            while True:
                seen = self._schedule.wakes
                try:
                    sleep = await self._begin(nursery)
                except StorageError as error:
                    logger.warning("cannot read the due items: trying again", error=str(error))
                    sleep = _RETRY
                with trio.move_on_after(min(sleep, self._longest_sleep)):
                    while self._schedule.wakes == seen:
                        await self._schedule.woken.wait()

    async def _begin(self, nursery: trio.Nursery) -> float:
        """Begin due items, and return the seconds until more are due."""
        kinds = [kind for kind in self._kinds if self._running[kind] < MOST]
        if not kinds:
            return self._longest_sleep  # each that ends wakes this task
        # However many kinds these are of, none gets more than its share.
        most = min(MOST - self._running[kind] for kind in kinds)
        claimed = await self._due.claim(kinds, most, LEASE)
        for item in claimed:
            self._running[item.kind] += 1
            nursery.start_soon(self._run, item)
        if claimed:
            return 0.0
        next_in = await self._due.next_in(kinds)
        return self._longest_sleep if next_in is None else max(next_in, 0.0)

    async def _run(self, item: DueItem) -> None:
        try:
            with trio.fail_after(_HANDLING):
                after = await self._handlers[item.kind](item)
            if after is None:
                await self._due.done(item)
            else:
                await self._due.again(item, after)
        except (StorageError, trio.TooSlowError) as error:
            logger.warning(
                "a due item was not handled: tried again in some minutes",
                kind=item.kind,
                key=item.key,
                error=str(error) or "it took too long",
            )
        finally:
            self._running[item.kind] -= 1
            self._schedule.wake()


@asynccontextmanager
async def open_due_runner(runner: DueRunner) -> AsyncGenerator[None]:
    """Handle due items while the block lasts. Cancelling: those under way are due again when their leases end."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(runner.serve)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")
