"""The rooms that new people start in, in the reference model's memory."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.administration.audit import Act, What
from chat.domain.entities import Room, RoomKind
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import NO_ROOM, Refusal
from chat.due.port import DUE
from chat.features.starting_rooms.port import KIND, MOST, NOT_PUBLIC, STARTING_ROOMS, TOO_MANY

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class StartingRoomsModel:
    """The port `StartingRooms`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._storage = storage
        self._ids: set[int] = set()
        storage.users.on_added.append(self._added)
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {STARTING_ROOMS: self}

    async def all(self) -> list[int]:
        await trio.lowlevel.checkpoint()
        return self._all()

    async def switch(self, room_id: int, by_id: int, *, is_on: bool) -> list[int] | Refusal:
        await trio.lowlevel.checkpoint()
        room, before = self._room(room_id), self._all()
        if room is None:
            return NO_ROOM
        if is_on and room.is_private:
            return NOT_PUBLIC
        if is_on and room_id not in before and len(before) >= MOST:
            return TOO_MANY
        if is_on != (room_id in before):
            self._ids ^= {room_id}
            what = What.STARTING_ROOM_ADDED if is_on else What.STARTING_ROOM_REMOVED
            self._storage.users.audit.note([Act(by_id=by_id, what=what, room_id=room_id)])
        return self._all()

    def _all(self) -> list[int]:
        self._ids = {each for each in self._ids if (room := self._room(each)) and not room.is_private}
        return sorted(self._ids)

    def _room(self, room_id: int) -> Room | None:
        room = self._storage.rooms.look_up(room_id) if self._storage.rooms.is_there(room_id) else None
        return room if room is not None and room.kind is RoomKind.ROOM else None

    def _added(self, person_id: int) -> None:
        due: Any = self._storage.feature_ports[DUE]
        if self._all():
            due.put(KIND, str(person_id), 0.0)
