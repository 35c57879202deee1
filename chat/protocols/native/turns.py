"""The turns of those who sync: so many are told at once, a few of them many rooms, and the others wait in line."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from chat.domain.failures import StorageDown

TOGETHER = 64
"""Syncs at once, on a server: what they ask is read for all of them together (engine/catch_up.py)."""

FEW_ROOMS = 10
"""Rooms that one of them may be told as they are, together with the others'."""

WITH_MANY = 4
"""Syncs among them that are told more, each by itself: a person may have thousands of rooms, and the other connections
to the database are left for everybody else."""

_IN_LINE = 60.0
"""Seconds that a sync waits for its turn: thousands come back at once, but where the database is silent none ends."""


class Places:
    """The places of all sockets of a server."""

    def __init__(self) -> None:
        self.together = trio.CapacityLimiter(TOGETHER)
        self.with_many = trio.CapacityLimiter(WITH_MANY)


class Turn:
    """The turn of one sync, which it may give up before it ends."""

    __slots__ = ("_places", "_taken")

    def __init__(self, places: Places) -> None:
        self._places = places
        self._taken: tuple[trio.CapacityLimiter, ...] = ()

    @asynccontextmanager
    async def taken(self) -> AsyncGenerator[None]:
        """Wait in line, outside the database: there a query that waits for too long fails. Raises StorageDown.

        Whoever asks for page after page waits behind everybody else for each of them.
        """
        await self._take(self._places.together)
        try:
            yield
        finally:
            self.give_up()

    async def read_many(self) -> None:
        """Wait in the other line before many rooms are read; who has no turn goes on at once. Raises StorageDown.

        Cancelling: the place is not taken.
        """
        if self._taken:
            await self._take(self._places.with_many)

    async def _take(self, places: trio.CapacityLimiter) -> None:
        with trio.move_on_after(_IN_LINE):
            await places.acquire_on_behalf_of(self)
            self._taken = (*self._taken, places)
            return
        raise StorageDown("too many clients come back at once")

    def give_up(self) -> None:
        """Let the next ones read, if it was this one's turn. Sync."""
        taken, self._taken = self._taken, ()
        for places in taken:
            places.release_on_behalf_of(self)
