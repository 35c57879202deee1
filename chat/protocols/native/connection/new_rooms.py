"""Sends rooms that are new to a connected person to one of their sockets, concurrently with the reading task."""

import trio

from chat.domain.closing import OUTCOME_UNKNOWN
from chat.domain.entities import RoomKind
from chat.domain.failures import StorageDown
from chat.engine.session import Session
from chat.protocols.native.sync.room_sync import RoomSync

_NONE = frozenset[int]()


class NewRooms:
    """Starts the tasks that send them. Sync. If the database does not answer, the socket is closed."""

    __slots__ = ("_entering", "_outdated", "_room_sync", "_session")

    def __init__(self, session: Session, room_sync: RoomSync) -> None:
        self._session = session
        self._room_sync = room_sync
        # Rooms that are about to be sent, and those among them that have changed since then. Both are usually empty, so
        # all clients share one empty set.
        self._entering = _NONE
        self._outdated = _NONE

    def enter(self, room_id: int, kind: RoomKind, nursery: trio.Nursery) -> None:
        """Send a room if the client does not know it."""
        if self._room_sync.knows(room_id):
            return
        if room_id in self._entering:
            self._outdated |= {room_id}
        else:
            self._entering |= {room_id}
            nursery.start_soon(self._enter, room_id, kind)

    def enter_all(self, nursery: trio.Nursery) -> None:
        """Send all rooms of the person that the client does not know."""
        nursery.start_soon(self._enter_all)

    async def _enter(self, room_id: int, kind: RoomKind) -> None:
        try:
            while True:
                self._outdated -= {room_id}
                await self._room_sync.enter({room_id: kind})
                if room_id not in self._outdated or self._room_sync.knows(room_id):
                    break  # else the person lost the room meanwhile, and may have it again
        except StorageDown:
            self._session.close(OUTCOME_UNKNOWN)
        finally:
            self._entering -= {room_id}
            self._outdated -= {room_id}

    async def _enter_all(self) -> None:
        try:
            await self._room_sync.enter()
        except StorageDown:
            self._session.close(OUTCOME_UNKNOWN)
