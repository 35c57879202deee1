"""Support conversations, one for each person."""

from msgspec import structs

from chat.domain.entities import Conversation, Message, Peer, Person, SupportOf
from chat.domain.fresh_reads import FreshReads
from chat.domain.lru_cache import LRUCache
from chat.domain.ports import Messages, Rooms, Users

LONGEST_RETELLING = 1000
"""Newest messages of one conversation in one answer; older ones are pages of history."""

_RETELLING_BYTES = 393_216
"""Bytes of text in one answer, which is one frame and waits as a whole for a slow client."""

_OVERVIEW = 500
"""Conversations in an overview, those with the newest messages."""

MOST_ROOM_IDS = 10_000
"""Conversations whose rooms are cached, those last used; one takes some 200 bytes."""


class Support:
    """Finds conversations and their messages. Every async method may raise StorageDown.

    Cancelling changes nothing, but an empty conversation may have been created.
    """

    def __init__(self, users: Users, rooms: Rooms, messages: Messages) -> None:
        self._users = users
        self._rooms = rooms
        self._messages = messages
        self._room_ids = LRUCache[int, int](MOST_ROOM_IDS)  # by person; a conversation never changes its room
        self._reads = FreshReads[int]()  # by person

    async def conversation(self, person: Person, up_to_id: int) -> list[Message]:
        """Return the messages of the person's own conversation up to a message id, oldest first."""
        return await self._newest(Peer(person.id, person.name), up_to_id, LONGEST_RETELLING)

    async def history(self, peer: Peer, before: int, limit: int) -> list[Message]:
        """Return `limit` messages of a conversation with ids below `before` (0: the newest), oldest first."""
        up_to_id = before - 1 if before else await self._messages.newest_id()
        return await self._newest(peer, up_to_id, min(limit, LONGEST_RETELLING))

    async def _newest(self, peer: Peer, up_to_id: int, limit: int) -> list[Message]:
        room_id = await self.room_of(peer)
        if room_id is None:
            return []
        messages = await self._messages.timeline(room_id, limit, _RETELLING_BYTES, up_to_id=up_to_id)
        return [structs.replace(message, people=SupportOf(peer)) for message in messages]

    async def conversations(self) -> list[Conversation]:
        """Return the conversations that have messages, the newest first."""
        return [
            structs.replace(
                c, last=structs.replace(c.last, people=SupportOf(Peer(c.person_id, c.person_name)))
            )
            for c in await self._messages.conversations(_OVERVIEW, _RETELLING_BYTES)
        ]

    async def find(self, person: int | str) -> Peer | None:
        """Return the person with this id or name."""
        if isinstance(person, int):
            found = await self._users.by_id(person)
        else:
            known = await self._users.by_name(person)
            found = None if known is None else known.person
        return Peer(found.id, found.name) if found else None

    def gone(self, person_id: int | None) -> None:
        """Forget the conversation of a deleted person; None: of everybody. Sync."""
        self._reads.changed_where(lambda known: person_id in (None, known))
        for known in [known for known in self._room_ids if person_id in (None, known)]:
            del self._room_ids[known]

    async def room_of(self, peer: Peer) -> int | None:
        """Return the id of a person's conversation; the first call creates it. None: no such person."""
        room_id = self._room_ids.get(peer.id)
        if room_id is None:
            room = await self._reads.read(peer.id, lambda: self._rooms.support_room(peer.id))
            if room is None:
                return None
            room_id = self._room_ids[peer.id] = room.id
        return room_id
