"""How many people there are in the lobby, told once a second at most while that changes.

Everybody is in the lobby, so that somebody comes or goes there is no change of the log.
"""

from collections.abc import Awaitable, Callable

import trio

from chat.domain.failures import StorageError
from chat.domain.live import LobbyCounted

_PAUSE = 1.0
"""Seconds in which changes gather until they are counted; and until the next try where the database does not answer."""


class LobbyCount:
    """Knows how many there are, as long as nobody is heard to come, to go or to change.

    `count` asks the storage, and may raise StorageError; `publish` tells it here, and is sync.
    """

    def __init__(
        self, count: Callable[[], Awaitable[int]], publish: Callable[[LobbyCounted], object]
    ) -> None:
        self._count = count
        self._publish = publish
        self._known: int | None = None
        self._changes = 0  # that were heard of
        self._changed = trio.Event()

    def changed(self, _person_id: int | None) -> None:
        """Hear that somebody has come, or was changed or deleted; None: anybody. Sync."""
        self._known = None
        self._changes += 1
        self._changed.set()

    async def now(self) -> int:
        """Return how many people there are. May raise StorageError. Cancelling changes nothing."""
        if self._known is not None:
            return self._known
        changes = self._changes
        members = await self._count()
        if changes == self._changes:  # else it may have been counted before the last
            self._known = members
        return members

    async def tell(self) -> None:
        """Publish the number after each change, until cancelled."""
        while True:
            await self._changed.wait()
            await trio.sleep(_PAUSE)
            self._changed = trio.Event()
            try:
                self._publish(LobbyCounted(await self.now()))
            except StorageError:
                self._changed.set()
