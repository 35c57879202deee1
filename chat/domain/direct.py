"""The rules of direct messages: which room two people have, and what was not delivered to a person yet."""

from chat.domain.entities import Message, Person
from chat.domain.fresh_reads import FreshReads
from chat.domain.lru_cache import LRUCache
from chat.domain.ports import Messages, Rooms, Users

FIRST_GUEST = 10**12
"""Ids from here on are guests'. No person has one, no two guests share one, and JavaScript holds it exactly."""

_GUESTS_OF_EACH = 10**9
"""Ids of guests that each server has to give: there is room for nine million servers."""

HIGHEST_ID = 2**53 - 1
"""No id is higher."""

MOST_ROOM_IDS = 10_000
"""Rooms that are found without a query, the last used; one takes some 300 bytes."""

_PIECE_MESSAGES = 200
_PIECE_BYTES = 131_072
"""Of the missed messages that are read at once: a client takes one piece before the next is read."""


def first_guest_of(server: int) -> int:
    """Return the first id that the server with this number gives to a guest."""
    return FIRST_GUEST + server * _GUESTS_OF_EACH


def server_of_guest(client_id: int) -> int | None:
    """Return the number of the server where a guest with this id is; None: it is no guest's."""
    return None if client_id < FIRST_GUEST else (client_id - FIRST_GUEST) // _GUESTS_OF_EACH


class Direct:
    """Finds the rooms of two. Every method that waits may raise StorageDown.

    Cancelling: nothing is changed, but the empty room may have been made.
    """

    def __init__(self, users: Users, rooms: Rooms, messages: Messages) -> None:
        self._users = users
        self._rooms = rooms
        self._messages = messages
        self._room_ids = LRUCache[tuple[int, int], int](MOST_ROOM_IDS)  # a pair never changes its room
        self._reads = FreshReads[tuple[int, int]]()  # by pair

    def known_room(self, one_id: int, other_id: int) -> int | None:
        """Return the id of the room of two people, if it is known without a query. Sync."""
        return self._room_ids.get((one_id, other_id) if one_id < other_id else (other_id, one_id))

    async def room_of(self, one_id: int, other_id: int) -> int | None:
        """Return the id of the room of two people; it is made at the first call. None: nobody has that id."""
        pair = min(one_id, other_id), max(one_id, other_id)
        room_id = self._room_ids.get(pair)
        if room_id is None:
            room = await self._reads.read(pair, lambda: self._rooms.direct_room(*pair))
            if room is None:
                return None
            room_id = self._room_ids[pair] = room.id
        return room_id

    def gone(self, person_id: int | None) -> None:
        """Forget the rooms of somebody who was deleted, or None: of all, as some may have been. Sync."""
        self._reads.changed_where(lambda pair: person_id is None or person_id in pair)
        for pair in [pair for pair in self._room_ids if person_id is None or person_id in pair]:
            del self._room_ids[pair]

    async def missed(self, person_id: int, after_id: int, up_to_id: int) -> list[Message]:
        """Return a piece of what was sent to the person and not delivered yet, with ids between these, in its order.

        The next piece begins after its last message; an empty one says that there is no more.
        """
        return await self._messages.undelivered(person_id, after_id, up_to_id, _PIECE_MESSAGES, _PIECE_BYTES)

    async def person(self, person_id: int) -> Person | None:
        """Return the person with this id."""
        return await self._users.by_id(person_id)
