"""Rooms in memory."""

import trio
from msgspec import structs

from chat.model.entities import LOBBY_ID, Room, RoomKind


class MemoryRooms:
    """The port `Rooms` in a dictionary; the lobby is there from the start."""

    def __init__(self) -> None:
        self._by_id = {LOBBY_ID: Room(id=LOBBY_ID, kind=RoomKind.LOBBY, name="lobby")}

    async def by_id(self, room_id: int) -> Room | None:
        await trio.lowlevel.checkpoint()
        return self._by_id.get(room_id)

    def advance(self, room_id: int) -> int | None:
        """Take the next `seq` of a room, or None if the room is gone."""
        room = self._by_id.get(room_id)
        if room is None:
            return None
        self._by_id[room_id] = structs.replace(room, last_seq=room.last_seq + 1)
        return room.last_seq + 1
