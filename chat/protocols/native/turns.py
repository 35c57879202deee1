"""The turns of those who sync: a few read at once, the others wait in line."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from chat.domain.failures import StorageDown

AT_ONCE = 4
"""Syncs that read at once, on a server; other connections to the database are left for everybody else."""

_IN_LINE = 60.0
"""Seconds that a sync waits for its turn: thousands come back at once, but where the database is silent none ends."""


class Turn:
    """The turn of one sync, which it may give up before it ends."""

    __slots__ = ("_has_place", "_places")

    def __init__(self, places: trio.CapacityLimiter) -> None:
        self._places = places  # for AT_ONCE syncs, all sockets together
        self._has_place = False

    @asynccontextmanager
    async def taken(self) -> AsyncGenerator[None]:
        """Wait in line, outside the database: there a query that waits for too long fails. Raises StorageDown.

        Whoever asks for page after page waits behind everybody else for each of them.
        """
        with trio.move_on_after(_IN_LINE):
            await self._places.acquire_on_behalf_of(self)
            self._has_place = True
        if not self._has_place:
            raise StorageDown("too many clients come back at once")
        try:
            yield
        finally:
            self.give_up()

    def give_up(self) -> None:
        """Let the next one read, if it was this one's turn. Sync."""
        if self._has_place:
            self._has_place = False
            self._places.release_on_behalf_of(self)
