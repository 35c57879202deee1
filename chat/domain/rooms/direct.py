"""Direct messages: the rooms of two people, and the messages that were not delivered yet."""

from chat.domain.entities import Message, Person
from chat.domain.fresh_reads import FreshReads
from chat.domain.lru_cache import LRUCache
from chat.domain.ports import Messages, Rooms, Users

FIRST_GUEST = 10**12
"""The first id of guests. No person has such an id, no two guests share one, and JavaScript represents it exactly."""

_GUESTS_OF_EACH = 10**9
"""Guest ids of each server, which suffices for nine million servers."""

HIGHEST_ID = 2**53 - 1
"""No id is higher."""

MOST_ROOM_IDS = 10_000
"""Rooms that are cached, those last used; one takes some 300 bytes."""

_PIECE_MESSAGES = 200
_PIECE_BYTES = 131_072
"""Missed messages that are read at once; the client takes one piece before the next is read."""


def first_guest_of(server: int) -> int:
    """Return the first guest id of the server with this number."""
    return FIRST_GUEST + server * _GUESTS_OF_EACH


def server_of_guest(client_id: int) -> int | None:
    """Return the number of the server of a guest id; None: it is no guest's."""
    return None if client_id < FIRST_GUEST else (client_id - FIRST_GUEST) // _GUESTS_OF_EACH


class Direct:
    """Finds direct rooms. Every async method may raise StorageDown.

    Cancelling changes nothing, but an empty room may have been created.
    """

    def __init__(self, users: Users, rooms: Rooms, messages: Messages) -> None:
        self._users = users
        self._rooms = rooms
        self._messages = messages
        self._room_ids = LRUCache[tuple[int, int], int](MOST_ROOM_IDS)  # a pair never changes its room
        self._reads = FreshReads[tuple[int, int]]()  # by pair
        self.changes = 0
        """How often cached rooms may have gone."""

    def known_room(self, one_id: int, other_id: int) -> int | None:
        """Return the id of the room of two people, if it is cached. Sync."""
        return self._room_ids.get((one_id, other_id) if one_id < other_id else (other_id, one_id))

    async def room_of(self, one_id: int, other_id: int) -> int | None:
        """Return the id of the room of two people; the first call creates it. None: no such person."""
        pair = min(one_id, other_id), max(one_id, other_id)
        room_id = self._room_ids.get(pair)
        if room_id is None:
            room = await self._reads.read(pair, lambda: self._rooms.direct_room(*pair))
            if room is None:
                return None
            room_id = self._room_ids[pair] = room.id
        return room_id

    def gone(self, person_id: int | None) -> None:
        """Forget the rooms of a deleted person; None: of everybody. Sync."""
        self.changes += 1
        self._reads.changed_where(lambda pair: person_id is None or person_id in pair)
        for pair in [pair for pair in self._room_ids if person_id is None or person_id in pair]:
            del self._room_ids[pair]

    async def missed(self, person_id: int, after_id: int, up_to_id: int) -> list[Message]:
        """Return a piece of the undelivered messages to the person with `after_id` < id <= `up_to_id`, by id.

        The next piece begins after the last message; an empty piece is the end.
        """
        return await self._messages.undelivered(person_id, after_id, up_to_id, _PIECE_MESSAGES, _PIECE_BYTES)

    async def person(self, person_id: int) -> Person | None:
        """Return the person with this id."""
        return await self._users.by_id(person_id)
