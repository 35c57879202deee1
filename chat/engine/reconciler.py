"""Brings open sockets in line with the storage: changed rows are looked up until the database answers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog
import trio

from chat.domain.failures import StorageError
from chat.domain.ports import Storage
from chat.signals import Signal

_MOST = 1000
"""Ids in one look-up; after an outage there are many."""

_RETRY = 0.25
"""Seconds until the next try when the database does not answer."""

logger = structlog.get_logger(__name__)


class Reconciler:
    """Collects ids that were changed, and has them looked up.

    `look` looks up some ids, and returns those that must be looked up again. It may raise StorageError.
    """

    def __init__(self, look: Callable[[Sequence[int]], Awaitable[set[int]]]) -> None:
        self._look = look
        self._changed: set[int] = set()  # and not looked up since
        self._noted = Signal()

    def note(self, *ids: int) -> None:
        """Have these looked up. Sync."""
        self._changed.update(ids)
        self._noted.notify()

    async def reconcile(self) -> None:
        """Look up noted ids, until cancelled. Cancelling: some may not be looked up."""
        failed = False
        while True:
            await self._noted.wait_until(lambda: self._changed)
            while self._changed:
                ids = sorted(self._changed)[:_MOST]
                self._changed.difference_update(ids)  # a change from here on is noted again
                try:
                    again = await self._look(ids)
                except StorageError as error:
                    self._changed.update(ids)
                    if not failed:
                        logger.warning(
                            "changes not applied yet: the database does not answer; trying again",
                            error=str(error),
                        )
                    failed = True
                    await trio.sleep(_RETRY)
                else:
                    failed = False
                    self._changed.update(again)


class Reconciles(Protocol):
    """Takes ids of changed rows, and looks them up in its own time."""

    def changed(self, changed_id: int | None, /) -> None: ...

    async def reconcile(self) -> None: ...


async def watch_changes(
    storage: Storage, people: Reconciles, rooms: Reconciles, settings: Reconciles
) -> None:
    """Pass changes of people, rooms and settings by any process to these, until cancelled."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(storage.watch, people.changed, rooms.changed, settings.changed)
        for each in (people, rooms, settings):
            nursery.start_soon(each.reconcile)
