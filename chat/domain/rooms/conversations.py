"""What a person may do in a room of any kind, by its id."""

from chat.domain import ports
from chat.domain.entities import Pair, People, Person, RoomKind, SupportOf
from chat.domain.refusals import (
    ALREADY_IN,
    ARCHIVED,
    BANNED,
    BLOCKED,
    NO_ROOM,
    NOT_MEMBER,
    PRIVATE,
    Code,
    Refusal,
)
from chat.domain.rooms.blocks import Blocks
from chat.domain.rooms.direct import MOST_ROOM_IDS, Direct
from chat.domain.rooms.membership import AccessRecord, RoomRole, may_see
from chat.domain.rooms.room_rights import NOT_YOURS, Authority, RoomAccess, moderates, own_role
from chat.domain.rooms.rooms import Rooms
from chat.domain.rooms.support import Support

OVER = Refusal(Code.FORBIDDEN, "this person is no longer here", reason="person_gone")
NOT_OPERATOR = Refusal(Code.FORBIDDEN, "only operators can do this", reason="not_operator")
NO_OPERATOR = Refusal(
    Code.INVALID, "this person is not an operator", field="assignee", reason="assignee_not_operator"
)
NO_VISITOR = Refusal(
    Code.INVALID,
    "only visitors of the support widget can be blocked here",
    field="blocked",
    reason="not_a_visitor",
)


class Conversations:
    """Every method may raise StorageDown. Cancelling changes nothing."""

    def __init__(
        self, table: ports.Rooms, rooms: Rooms, direct: Direct, support: Support, blocks: Blocks
    ) -> None:
        self._table = table
        self._rooms = rooms
        self._direct = direct
        self._support = support
        self._blocks = blocks
        # By sender and addressee, as of these numbers of changes of deleted people and of blocks.
        self._open_rooms: dict[tuple[int, int], int] = {}
        self._as_of = (0, 0)

    async def enter(self, person: Person, room_id: int) -> RoomAccess | Refusal:
        """Return the person's access to a room, or NO_ROOM, or NOT_MEMBER for a public room.

        The answer is current when this returns. The caller acts on it before it awaits anything; otherwise a
        subscription or a write could come after the end of the membership.
        """

        async def look() -> RoomAccess | Refusal:
            return _room_access(await self._table.access(room_id, person.id), person)

        return await self._rooms.up_to_date(person.id, room_id, look) or NO_ROOM

    async def access(self, person: Person, room_id: int) -> AccessRecord | None:
        """Return a room and the person's role in it, whether or not they may see it; None: there is no such room."""
        return await self._table.access(room_id, person.id)

    async def authority(self, person: Person, room_id: int) -> Authority | Refusal:
        """Return the person's authority in a room that people made, current when this returns.

        The caller acts on the answer before it awaits anything. The write checks again.
        """

        async def look() -> Authority | Refusal:
            access = await self._table.access(room_id, person.id)
            if access is None or access.room.kind is not RoomKind.ROOM:
                return NO_ROOM
            role = own_role(access.role, person.id, access.room, has_owner=access.has_owner)
            return Authority(access.room, person, role)

        return await self._rooms.up_to_date(person.id, room_id, look) or NO_ROOM

    def known_direct_room(self, person_id: int, other_id: int) -> int | None:
        """Return the room that direct_room() would return, if it is known without a query. Sync."""
        if self._as_of != (as_of := (self._direct.changes, self._blocks.changes)):
            self._as_of = as_of
            self._open_rooms.clear()
        pair = person_id, other_id
        room_id = self._open_rooms.get(pair)  # a look-up in place of two: this runs for each message
        if room_id is None and self._blocks.is_known_to_let(*pair):
            room_id = self._direct.known_room(*pair)
            if room_id is not None:
                if len(self._open_rooms) >= MOST_ROOM_IDS:
                    self._open_rooms.clear()
                self._open_rooms[pair] = room_id
        return room_id

    async def direct_room(self, person: Person, other_id: int) -> int | Refusal:
        """Return the id of the direct room, if the person may write to the other; the first call creates it.

        The rooms of frequent writers are cached, and need no query.
        """
        room_id = await self._direct.room_of(person.id, other_id)
        if room_id is None:
            return OVER
        return BLOCKED if await self._blocks.is_blocked(person.id, other_id) else room_id

    async def may_go_on(self, person: Person, people: People) -> Refusal | None:
        """Whether a subscriber of a room may write there now, as far as its `people` decide that.

        The deletion of one of them, and a block, are no changes of the room's log. For frequent writers the answer is
        cached, and needs no query.
        """
        match people:
            case Pair():
                room = await self.direct_room(person, people.other_than(person.id))
                return room if isinstance(room, Refusal) else None
            case SupportOf(writer):
                return NO_ROOM if await self._support.room_of(writer) is None else None
            case None:
                return None

    async def role_of(self, person_id: int, room_id: int) -> RoomRole | None:
        """Return somebody's role in a room with memberships; None: no member."""
        access = await self._table.access(room_id, person_id)
        return None if access is None else access.role


def _room_access(record: AccessRecord | None, person: Person) -> RoomAccess | Refusal:
    if record is None:
        return NO_ROOM
    room, role = record.room, record.role
    if room.kind is RoomKind.SUPPORT and record.is_over:
        return NO_ROOM
    if may_see(room, person, role):
        return RoomAccess(room, role or RoomRole.MEMBER, record.people, record.is_over, record.is_blocked)
    return NOT_MEMBER if room.kind is RoomKind.ROOM and not room.is_private else NO_ROOM


# All of the following is sync and pure, and returns the refusal; None: the person may.


def may_join(record: AccessRecord | None) -> Refusal | None:
    """Whether the person may join by themselves. ALREADY_IN: they are a member, as everybody is of the lobby."""
    if record is None or record.room.kind not in (RoomKind.ROOM, RoomKind.LOBBY):
        return NO_ROOM
    if record.room.kind is RoomKind.LOBBY or record.role not in (None, RoomRole.BANNED):
        return ALREADY_IN
    if record.room.is_private:
        return PRIVATE
    if record.role is RoomRole.BANNED:
        return BANNED
    return ARCHIVED if record.room.is_archived else None


def may_speak(access: RoomAccess) -> Refusal | None:
    """Whether the person may write and react there."""
    if access.is_over or access.is_blocked:
        return OVER if access.is_over else BLOCKED
    return ARCHIVED if access.room.is_archived else None


def may_look_on(person: Person, people: People) -> Refusal | None:
    """Whether the person may report that they view a room: only operators, and only support conversations."""
    return None if person.is_operator and isinstance(people, SupportOf) else NOT_OPERATOR


def may_edit(access: RoomAccess, person: Person, sender_id: int) -> Refusal | None:
    """Whether the person may edit a message by `sender_id`: only their own."""
    return NOT_YOURS if sender_id != person.id else may_speak(access)


def may_delete(access: RoomAccess, person: Person, sender_id: int) -> Refusal | None:
    """Whether the person may delete a message by `sender_id`: their own, or in a room that they moderate."""
    return None if sender_id == person.id or moderates(access, person) else NOT_YOURS


def may_operate(person: Person) -> Refusal | None:
    """Whether the person may see and manage the support conversations of others."""
    return None if person.is_operator else NOT_OPERATOR


def may_lead(access: RoomAccess, person: Person) -> Refusal | None:
    """Whether the person may assign, close and reopen a support conversation."""
    return NO_ROOM if access.room.kind is not RoomKind.SUPPORT else may_operate(person)


def may_be_assigned(person: Person | None) -> Refusal | None:
    """Whether a support conversation may be assigned to this person."""
    is_there = person is not None and person.is_operator and not person.is_disabled
    return None if is_there else NO_OPERATOR
