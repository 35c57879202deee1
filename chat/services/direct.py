"""The rules of direct messages: which room two people have, and what a person has not been told yet."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from chat.model.entities import Message, Person
from chat.storage.ports import Messages, Rooms, Users


class Notes(Protocol):
    """Where it is noted who was told what."""

    def delivered(self, person_id: int, messages: Sequence[Message]) -> None:
        """Note that a person was told messages. Sync."""
        ...

    def catching_up(self, person_id: int) -> AbstractContextManager[None]:
        """Note what a person hears meanwhile only once they were told all that they missed."""
        ...

    async def written(self) -> None:
        """Wait until the notes so far are written, or could not be. Cancelling changes nothing."""
        ...


class Direct:
    """Finds the rooms of two. Every method that waits may raise StorageDown."""

    def __init__(self, users: Users, rooms: Rooms, messages: Messages, notes: Notes) -> None:
        self._users = users
        self._rooms = rooms
        self._messages = messages
        self._room_ids: dict[tuple[int, int], int] = {}  # a pair never changes its room
        self.notes = notes

    async def room_of(self, one_id: int, other_id: int) -> int | None:
        """Return the id of the room of two people; it is made at the first call. None: nobody has that id."""
        pair = min(one_id, other_id), max(one_id, other_id)
        room_id = self._room_ids.get(pair)
        if room_id is None:
            room = await self._rooms.direct_room(*pair)
            if room is None:
                return None
            room_id = self._room_ids[pair] = room.id
        return room_id

    async def missed(self, person_id: int, up_to_id: int) -> list[Message]:
        """Return what was sent to the person and not told yet, up to a message id, in its order."""
        await self.notes.written()  # what was told a moment ago, on another connection, is not told again
        return await self._messages.undelivered(person_id, up_to_id)

    async def person(self, person_id: int) -> Person | None:
        """Return the person with this id."""
        return await self._users.by_id(person_id)
