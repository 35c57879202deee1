"""Limits how many syncs run at once, and how many of them read many rooms; the others wait for their turn."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from chat.domain.failures import StorageDown

TOGETHER = 64
"""Syncs at once on a server: their reads are batched (engine/catch_up.py)."""

FEW_ROOMS = 10
"""The most snapshots of one sync that are read in a batch with other syncs'."""

WITH_MANY = 4
"""Syncs among them that may read more snapshots, each with a query of its own: a person may have thousands of rooms,
and other requests need connections to the database too."""

_PATIENCE = 60.0
"""Seconds that a sync waits for its turn: thousands may resume at once, but while the database is silent none ends."""


class Places:
    """The limiters that all sockets of a server share."""

    def __init__(self) -> None:
        self.together = trio.CapacityLimiter(TOGETHER)
        self.with_many = trio.CapacityLimiter(WITH_MANY)


class Turn:
    """The turn of one sync; it may be given up before the sync ends."""

    __slots__ = ("_places", "_taken")

    def __init__(self, places: Places) -> None:
        self._places = places
        self._taken: tuple[trio.CapacityLimiter, ...] = ()

    @asynccontextmanager
    async def taken(self) -> AsyncGenerator[None]:
        """Wait for the turn here, because a query that waits too long in the database fails. Raises StorageDown.

        A client that syncs page by page waits for a turn for each page.
        """
        await self._take(self._places.together)
        try:
            yield
        finally:
            self.give_up()

    async def read_many(self) -> None:
        """Wait for a turn to read many rooms; without a turn of this sync, return at once. Raises StorageDown.

        Cancelling takes no place.
        """
        if self._taken:
            await self._take(self._places.with_many)

    async def _take(self, places: trio.CapacityLimiter) -> None:
        with trio.move_on_after(_PATIENCE):
            await places.acquire_on_behalf_of(self)
            self._taken = (*self._taken, places)
            return
        raise StorageDown("too many clients synchronise at once")

    def give_up(self) -> None:
        """Let the next syncs run; does nothing without a turn. Sync."""
        taken, self._taken = self._taken, ()
        for places in taken:
            places.release_on_behalf_of(self)
