"""Whether an operator is online on any server: visitors ask before they write."""

from collections.abc import Awaitable, Callable, Collection, Mapping

import trio

from chat.domain.entities import Person
from chat.domain.messages.live import Status
from chat.engine.statuses import Statuses

_KEPT = 30.0
"""Seconds until the list of operators is read again."""


class OperatorWatch:
    """Watches the operators, from the first call on.

    `operators` looks up their ids; it may raise StorageDown.
    """

    def __init__(self, operators: Callable[[], Awaitable[Collection[int]]], statuses: Statuses) -> None:
        self._operators = operators
        self._statuses = statuses
        self._watched: Collection[int] = ()
        self._outdated_at = 0.0

    async def is_staffed(self) -> bool:
        """Whether an operator is online. Statuses of other servers arrive a moment after the first call.

        May raise StorageDown. Cancelling changes nothing.
        """
        if trio.current_time() >= self._outdated_at:
            self._watched = await self._operators()
            self._outdated_at = trio.current_time() + _KEPT
            self._statuses.watch(self, self._watched)
        return any(self._statuses.status(each) is Status.ONLINE for each in self._watched)

    def statuses_changed(self, _statuses: Mapping[int, Status]) -> bool:
        """Do nothing: is_staffed() reads the statuses. Sync."""
        return True

    def profile_changed(self, _person: Person) -> None:
        """Do nothing. Sync."""
