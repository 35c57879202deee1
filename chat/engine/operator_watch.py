"""Whether an operator is online, on whichever server: asked by visitors before they write."""

from collections.abc import Awaitable, Callable, Collection, Mapping

import trio

from chat.domain.entities import Person
from chat.domain.live import Status
from chat.engine.statuses import Statuses

_KEPT = 30.0
"""Seconds for which the list of operators counts."""


class OperatorWatch:
    """Watches the operators, from the first time that somebody asks.

    `operators` looks up who is one, by id; it may raise StorageDown.
    """

    def __init__(self, operators: Callable[[], Awaitable[Collection[int]]], statuses: Statuses) -> None:
        self._operators = operators
        self._statuses = statuses
        self._watched: Collection[int] = ()
        self._outdated_at = 0.0

    async def is_staffed(self) -> bool:
        """Whether an operator is online; of other servers it is known a moment after the first call.

        May raise StorageDown. Cancelling changes nothing.
        """
        if trio.current_time() >= self._outdated_at:
            self._watched = await self._operators()
            self._outdated_at = trio.current_time() + _KEPT
            self._statuses.watch(self, self._watched)
        return any(self._statuses.status(each) is Status.ONLINE for each in self._watched)

    def statuses_changed(self, _statuses: Mapping[int, Status]) -> bool:
        """Nobody is told: whoever wants to know asks. Sync."""
        return True

    def profile_changed(self, _person: Person) -> None:
        """As above. Sync."""
