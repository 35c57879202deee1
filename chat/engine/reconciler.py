"""Brings what is open here in line with the storage: what was changed is looked at until the database answers."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog
import trio

from chat.domain.failures import StorageError
from chat.domain.ports import Storage
from chat.signals import Signal

_MOST = 1000
"""Ids in one look, after an outage: everything that is open here."""

_RETRY = 0.25
"""Seconds until the next try when the database does not say what changed how."""

logger = structlog.get_logger(__name__)


class Reconciler:
    """Collects the ids of what was changed, and has them looked at.

    `look` looks at some ids, and returns those that it has to look at once more. It may raise StorageError.
    """

    def __init__(self, look: Callable[[Sequence[int]], Awaitable[set[int]]]) -> None:
        self._look = look
        self._changed: set[int] = set()  # and not looked at since
        self._noted = Signal()

    def note(self, *ids: int) -> None:
        """Have these looked at. Sync."""
        self._changed.update(ids)
        self._noted.notify()

    async def reconcile(self) -> None:
        """Look at whatever is noted, until cancelled. Cancelling: some may not be looked at."""
        failed = False
        while True:
            await self._noted.wait_until(lambda: self._changed)
            while self._changed:
                ids = sorted(self._changed)[:_MOST]
                self._changed.difference_update(ids)  # what is changed from here on is noted anew
                try:
                    again = await self._look(ids)
                except StorageError as error:
                    self._changed.update(ids)
                    if not failed:
                        logger.warning("changes not looked up yet", error=str(error))
                    failed = True
                    await trio.sleep(_RETRY)
                else:
                    failed = False
                    self._changed.update(again)


class Reconciles(Protocol):
    """Hears that something was changed, and looks at it in its own time."""

    def changed(self, changed_id: int | None, /) -> None: ...

    async def reconcile(self) -> None: ...


async def watch_changes(
    storage: Storage, people: Reconciles, rooms: Reconciles, settings: Reconciles
) -> None:
    """Let these follow what happens to people, rooms and settings, whichever process does it, until cancelled."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(storage.watch, people.changed, rooms.changed, settings.changed)
        for each in (people, rooms, settings):
            nursery.start_soon(each.reconcile)
