"""Rooms that people make: creating and finding them, and their members."""

from collections.abc import Awaitable, Callable, Collection
from typing import TypeVar

from chat.domain import ports
from chat.domain.entities import Draft, Message, MessageKind, Person, Room, RoomKind, RoomSummary
from chat.domain.fresh_reads import FreshReads
from chat.domain.messages.changes import RoomChange
from chat.domain.refusals import NO_ROOM, NOT_MEMBER, ROOM_TAKEN, Refusal
from chat.domain.rooms.membership import Member, PublicRoom
from chat.domain.text.rules import clean_room_name, clean_topic
from chat.domain.timestamps import current_time

Found = TypeVar("Found")

MOST_MESSAGES = 100
"""Messages in one answer, as the rooms protocol has it."""

_ANSWER_BYTES = 524_288
"""Bytes of text in one answer."""

_LOOKS = 3
"""Reads of a membership that ends during each of them; after these it counts as ended."""


class Rooms:
    """Every method may raise StorageDown. Cancelling: a write was complete, or not begun.

    Everybody is in the lobby except visitors, whose tokens are not accepted where this class is used.
    """

    def __init__(self, users: ports.Users, rooms: ports.Rooms, messages: ports.Messages) -> None:
        self._users = users
        self._rooms = rooms
        self._messages = messages
        self._reads = FreshReads[tuple[int, int]]()  # by room and person

    async def create(self, person: Person, name: str, *, is_private: bool, topic: str = "") -> Room | Refusal:
        """Create a room with its creator as the first member."""
        clean = clean_room_name(name)
        if isinstance(clean, Refusal):
            return clean
        about = clean_topic(topic)
        if isinstance(about, Refusal):
            return about
        created = await self._rooms.create(clean, person.id, is_private=is_private, topic=about)
        return ROOM_TAKEN if isinstance(created, ports.Taken) else created

    async def joinable(self, person: Person, part: str, after: str, limit: int) -> list[PublicRoom]:
        """Return the public rooms that the person is not in, with `part` in their names, by name, after `after`."""
        return await self._rooms.joinable(person.id, part, after, limit)

    async def summaries(self, part: str, after_id: int, limit: int) -> list[RoomSummary]:
        """Return the lobby and people's rooms with ids above `after_id`, by id; the caller is an admin."""
        return await self._rooms.summaries(part, after_id, limit)

    async def members(self, room: Room, after_id: int, limit: int) -> list[Member]:
        """Return the members with ids above `after_id`, by id; the caller has checked who may see the room."""
        return await self._rooms.members(room.id, after_id, limit)

    async def banned(self, room: Room, after_id: int, limit: int) -> list[Member]:
        """Return banned people with ids above `after_id`, by id; the caller has checked who may see the room."""
        return await self._rooms.banned(room.id, after_id, limit)

    async def of(self, person: Person, lobby_id: int) -> list[int]:
        """Return the ids of the rooms the person is in."""
        return [lobby_id, *await self._rooms.of_member(person.id)]

    async def see(self, person: Person | None, room_id: int) -> Room | Refusal:
        """Return a room, if the person may see it; a private one is visible to its members only."""
        room = await self._made_by_people(room_id)
        if room is None:
            return NO_ROOM
        if room.is_private and not (person and await self._is_in(room, person.id)):
            return NO_ROOM
        return room

    async def may_hear(self, person: Person, room_id: int) -> Room | Refusal:
        """Return the room if the person is in it."""
        room = await self._made_by_people(room_id)
        if room is None:
            return NO_ROOM
        return room if await self._is_in(room, person.id) else NOT_MEMBER

    async def may_enter(
        self, person: Person, room_id: int, caught_up: Callable[[], Awaitable[object]]
    ) -> Room | Refusal:
        """Return the room if the person is in it, current when this returns.

        `caught_up` waits until this server has published everything committed so far, perhaps before the membership.
        If the membership ends during the read, it is read again; the ends of others cost nothing.
        The caller acts on the answer before it awaits anything. Cancelling changes nothing.
        """

        async def look() -> Room | Refusal:
            room = await self.may_hear(person, room_id)
            if isinstance(room, Room):
                await caught_up()
            return room

        return await self.up_to_date(person.id, room_id, look) or NOT_MEMBER

    async def up_to_date(
        self, person_id: int, room_id: int, look: Callable[[], Awaitable[Found]]
    ) -> Found | None:
        """Return what `look` finds about a person in a room; repeat it if their membership ends meanwhile.

        None: it ended during each of _LOOKS attempts. Cancelling changes nothing.
        """
        for _ in range(_LOOKS):
            with self._reads.reading((room_id, person_id)) as read:
                found = await look()
            if read.is_fresh:
                return found
        return None

    async def is_room(self, room_id: int) -> bool:
        """Whether there is such a room, or the lobby; direct rooms and support conversations do not count."""
        return await self._made_by_people(room_id) is not None

    async def is_gone(self, room_id: int) -> bool:
        """Whether the room was deleted, by any process. If so, reads of its memberships are repeated."""
        gone = await self._rooms.by_id(room_id) is None
        if gone:
            self.outdate(room_id)
        return gone

    async def members_among(self, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
        """Return those of these (room id, person id) that are memberships now. Reads in progress are repeated."""
        self._reads.all_changed()
        return await self._rooms.members_among(pairs)

    async def messages(self, person: Person, room_id: int, last_id: int) -> list[Message] | Refusal:
        """Return the newest messages with ids up to `last_id` (0: all), newest first."""
        room = await self.may_hear(person, room_id)
        if isinstance(room, Refusal):
            return room
        found = await self._messages.timeline(room_id, MOST_MESSAGES, _ANSWER_BYTES, up_to_id=last_id or None)
        return found[::-1]

    def changing(
        self,
        person: Person,
        room_id: int,
        *,
        name: str | None = None,
        topic: str | None = None,
        is_private: bool | None = None,
        is_archived: bool | None = None,
        as_admin: bool = False,
    ) -> RoomChange | Refusal:
        """Return the change of a room by the person, whose right is checked, or its refusal. Sync."""
        clean = None if name is None else clean_room_name(name)
        if isinstance(clean, Refusal):
            return clean
        about = None if topic is None else clean_topic(topic)
        if isinstance(about, Refusal):
            return about
        return RoomChange(
            room_id=room_id,
            actor_id=person.id,
            created_at=current_time(),
            name=clean,
            topic=about,
            is_private=is_private,
            is_archived=is_archived,
            as_admin=as_admin,
        )

    def joining(self, person: Person, room_id: int) -> Draft:
        """Return the draft that makes, and announces, a membership. Sync."""
        return Draft(room_id, person.id, person.name, "", current_time(), MessageKind.JOIN)

    def outdate(self, room_id: int, person_id: int | None = None) -> None:
        """Repeat the reads in progress of a person's membership of the room, or of everybody's. Sync."""
        self._reads.changed_where(lambda key: key[0] == room_id and person_id in (None, key[1]))

    async def _made_by_people(self, room_id: int) -> Room | None:
        """Return the room, unless it is a direct room or a support conversation."""
        room = await self._rooms.by_id(room_id)
        return room if room and room.kind in (RoomKind.LOBBY, RoomKind.ROOM) else None

    async def _is_in(self, room: Room, person_id: int) -> bool:
        return room.kind is RoomKind.LOBBY or await self._rooms.is_member(room.id, person_id)
