"""What a person may do in a room, which is asked here by its id whatever the room is for."""

from chat.domain import ports
from chat.domain.blocks import Blocks
from chat.domain.direct import Direct
from chat.domain.entities import Pair, People, Person, RoomKind, SupportOf
from chat.domain.membership import AccessRecord, RoomRole, may_see
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
from chat.domain.room_rights import NOT_YOURS, Authority, RoomAccess, moderates, own_role
from chat.domain.rooms import Rooms
from chat.domain.support import Support

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

    async def enter(self, person: Person, room_id: int) -> RoomAccess | Refusal:
        """Return the room for somebody who may see it, also at the moment at which this returns.

        Whoever may not is told that there is no such room, unless it is public. The caller acts on the answer before it
        awaits anything, or what they hear or write may come after the end of their membership.
        """

        async def look() -> RoomAccess | Refusal:
            return _room_access(await self._table.access(room_id, person.id), person)

        return await self._rooms.up_to_date(person.id, room_id, look) or NO_ROOM

    async def access(self, person: Person, room_id: int) -> AccessRecord | None:
        """Return a room and what the person is in it, whether they may see it or not; None: there is no such room."""
        return await self._table.access(room_id, person.id)

    async def authority(self, person: Person, room_id: int) -> Authority | Refusal:
        """Return what the person is in a room that people made, also at the moment at which this returns.

        The caller acts on the answer before it awaits anything. The write asks again.
        """

        async def look() -> Authority | Refusal:
            access = await self._table.access(room_id, person.id)
            if access is None or access.room.kind is not RoomKind.ROOM:
                return NO_ROOM
            role = own_role(access.role, person.id, access.room, has_owner=access.has_owner)
            return Authority(access.room, person, role)

        return await self._rooms.up_to_date(person.id, room_id, look) or NO_ROOM

    def known_direct_room(self, person_id: int, other_id: int) -> int | None:
        """Return what direct_room() does, if that is a room and known without a query. Sync."""
        room_id = self._direct.known_room(person_id, other_id)
        return room_id if room_id is not None and self._blocks.is_known_to_let(person_id, other_id) else None

    async def direct_room(self, person: Person, other_id: int) -> int | Refusal:
        """Return the id of the room of two, if the person may write to the other; it is made at the first call.

        For those who write often, it is known without a query.
        """
        room_id = await self._direct.room_of(person.id, other_id)
        if room_id is None:
            return OVER
        return BLOCKED if await self._blocks.is_blocked(person.id, other_id) else room_id

    async def may_go_on(self, person: Person, people: People) -> Refusal | None:
        """Whether somebody who hears a room may speak there now, as far as `people`, whom it is for, decide that.

        That one of them was deleted, or blocks the person, is no change of the room. For those who write often, it is
        known without a query.
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
        """Return what somebody is in a room of which one becomes a member; None: nothing."""
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


# All of the following is sync and pure, and returns why the person may not; None: they may.


def may_join(record: AccessRecord | None) -> Refusal | None:
    """Whether one may become a member by oneself. ALREADY_IN: one is, as everybody is in the lobby."""
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
    """Whether one may write and react there."""
    if access.is_over or access.is_blocked:
        return OVER if access.is_over else BLOCKED
    return ARCHIVED if access.room.is_archived else None


def may_look_on(person: Person, people: People) -> Refusal | None:
    """Whether the person may say that they look at a room with these people: operators, at support conversations."""
    return None if person.is_operator and isinstance(people, SupportOf) else NOT_OPERATOR


def may_edit(access: RoomAccess, person: Person, sender_id: int) -> Refusal | None:
    """Whether the person may change what `sender_id` said: it is their own."""
    return NOT_YOURS if sender_id != person.id else may_speak(access)


def may_delete(access: RoomAccess, person: Person, sender_id: int) -> Refusal | None:
    """Whether the person may delete what `sender_id` said: their own, or where they moderate."""
    return None if sender_id == person.id or moderates(access, person) else NOT_YOURS


def may_operate(person: Person) -> Refusal | None:
    """Whether the person may see and lead the support conversations of others."""
    return None if person.is_operator else NOT_OPERATOR


def may_lead(access: RoomAccess, person: Person) -> Refusal | None:
    """Whether the person may say whose a support conversation is, close it and open it again."""
    return NO_ROOM if access.room.kind is not RoomKind.SUPPORT else may_operate(person)


def may_be_assigned(person: Person | None) -> Refusal | None:
    """Whether a support conversation may be this person's."""
    is_there = person is not None and person.is_operator and not person.is_disabled
    return None if is_there else NO_OPERATOR
