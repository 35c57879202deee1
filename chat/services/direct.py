"""The rules of direct messages: which room two people have, and what a person has not been told yet."""

from collections.abc import Callable

from chat.model.entities import Message, Person
from chat.storage.ports import Messages, Rooms, Users


class Direct:
    """Finds the rooms of two. Every method that waits may raise StorageDown.

    `delivered` is told, without waiting, which message reached whom.
    """

    def __init__(
        self,
        users: Users,
        rooms: Rooms,
        messages: Messages,
        delivered: Callable[[int, Message], None],
    ) -> None:
        self._users = users
        self._rooms = rooms
        self._messages = messages
        self._room_ids: dict[tuple[int, int], int] = {}  # a pair never changes its room
        self.delivered = delivered

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
        return await self._messages.undelivered(person_id, up_to_id)

    async def person(self, person_id: int) -> Person | None:
        """Return the person with this id."""
        return await self._users.by_id(person_id)
