"""Rooms that are new to a person who is here: told to one socket of theirs as they come, beside the task that reads."""

import trio

from chat.domain.closing import OUTCOME_UNKNOWN
from chat.domain.entities import RoomKind
from chat.domain.failures import StorageDown
from chat.engine.session import Session
from chat.protocols.native.room_sync import RoomSync

_NONE = frozenset[int]()


class NewRooms:
    """Starts telling them; all of it is sync. Where the database does not answer, the socket ends."""

    __slots__ = ("_entering", "_outdated", "_room_sync", "_session")

    def __init__(self, session: Session, room_sync: RoomSync) -> None:
        self._session = session
        self._room_sync = room_sync
        # Rooms that are about to be told, and those in which something has happened since then; no sets of this
        # client's own, as they are empty for hours.
        self._entering = _NONE
        self._outdated = _NONE

    def enter(self, room_id: int, kind: RoomKind, nursery: trio.Nursery) -> None:
        """Tell a room, if the client does not know it."""
        if self._room_sync.has_told(room_id):
            return
        if room_id in self._entering:
            self._outdated |= {room_id}
        else:
            self._entering |= {room_id}
            nursery.start_soon(self._enter, room_id, kind)

    def enter_all(self, nursery: trio.Nursery) -> None:
        """Tell all rooms of the person that the client does not hear."""
        nursery.start_soon(self._enter_all)

    async def _enter(self, room_id: int, kind: RoomKind) -> None:
        try:
            while True:
                self._outdated -= {room_id}
                await self._room_sync.enter({room_id: kind})
                if room_id not in self._outdated or self._room_sync.has_told(room_id):
                    break  # else it was lost while it was told, and is there again, perhaps
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
