"""Who may change a room that people made, its members, and others' messages there. All of it is sync and pure.

A use case checks before it writes. The storage checks again under the lock of the log (`refusal_of`), because roles
may have changed, and two concurrent checks may both have passed.
"""

import msgspec

from chat.domain.entities import People, Person, Room, RoomKind
from chat.domain.messages.changes import Removal, RoleChange, RoomChange, RoomDeletion
from chat.domain.refusals import ARCHIVED, NO_ROOM, NOT_ADMIN, NOT_MEMBER, Code, Refusal
from chat.domain.rooms.membership import LEADING, RoomRole

NOT_LEADING = Refusal(
    Code.FORBIDDEN, "only owners and moderators of the room can do this", reason="not_moderator"
)
NOT_OWNER = Refusal(Code.FORBIDDEN, "only owners of the room can do this", reason="not_owner")
NOT_YOURS = Refusal(Code.FORBIDDEN, "that is not your message", reason="not_your_message")
NOT_ONESELF = Refusal(
    Code.FORBIDDEN, "you can't raise your own role or ban yourself", field="role", reason="self_role"
)

_RANKS = (None, RoomRole.BANNED, RoomRole.MEMBER, RoomRole.MODERATOR, RoomRole.OWNER)
"""The roles in a room, in ascending order; None: no member."""


class RoomAccess(msgspec.Struct, frozen=True):
    """The granted access of a person to a room: their role, and the people of the room, who are part of every write.

    `is_over`: the other person was deleted; the room is read-only. `is_blocked`: the other person blocks them.
    """

    room: Room
    role: RoomRole
    people: People
    is_over: bool = False
    is_blocked: bool = False


class Authority(msgspec.Struct, frozen=True):
    """The person who is about to change a room, as they are while the log is locked.

    `role` is their role in the room (`own_role`); None: no member. `person` has their roles on the server.
    """

    room: Room
    person: Person
    role: RoomRole | None


def own_role(role: RoomRole | None, person_id: int, room: Room, *, has_owner: bool) -> RoomRole | None:
    """Return a person's role in a room. Its creator stays the owner after leaving it, while it has no other owner."""
    is_makers = room.kind is RoomKind.ROOM and room.creator_id == person_id and not has_owner
    return RoomRole.OWNER if role is None and is_makers else role


def refusal_of(
    write: Removal | RoomDeletion | RoleChange | RoomChange, by: Authority, role: RoomRole | None = None
) -> Refusal | None:
    """Return why `by` may not do this write; None: they may. `role` is the current role of the write's target."""
    match write:
        case Removal(is_ban=False) if write.person_id == by.person.id:
            return None
        case RoomChange(as_admin=True) | RoomDeletion(as_admin=True):
            return None if by.person.is_admin and not by.person.is_disabled else NOT_ADMIN
    access = access_of(by)
    if isinstance(access, Refusal):
        return access
    match write:
        case Removal(is_ban=True):
            return may_give_role(access, by.person, write.person_id, role, RoomRole.BANNED)
        case Removal() | RoleChange(role=None):
            return may_remove(access, by.person, write.person_id, role)
        case RoleChange(role=RoomRole() as wanted):
            return may_give_role(access, by.person, write.person_id, role, wanted)
        case RoomChange():
            return may_change_room(access, by.person, write)
        case _:
            return may_delete_room(access)


def visibility_refusal(by: Authority) -> Refusal | None:
    """Return why this person may not act in the room as a member; private rooms are hidden from strangers."""
    access = access_of(by)
    return access if isinstance(access, Refusal) else None


def addition_refusal(by: Authority) -> Refusal | None:
    """Return why this person may not add members to the room."""
    access = access_of(by)
    return access if isinstance(access, Refusal) else may_add(access)


def deletion_refusal(by: Authority) -> Refusal | None:
    """Return why this person may not delete another's message in the room, of any kind."""
    access = access_of(by)
    if isinstance(access, Refusal):
        return access
    return None if moderates(access, by.person) else NOT_YOURS


def access_of(by: Authority) -> RoomAccess | Refusal:
    """Return the access that the checks below take; private rooms are hidden from strangers."""
    is_outside = by.room.kind is RoomKind.ROOM and by.role in (None, RoomRole.BANNED)
    if is_outside or by.person.is_disabled:
        return NO_ROOM if by.room.is_private else NOT_MEMBER
    return RoomAccess(by.room, by.role or RoomRole.MEMBER, None)


# Each of these returns the refusal; None: the person may.


def may_add(access: RoomAccess) -> Refusal | None:
    """Whether the person may add members to the room."""
    if access.room.kind is not RoomKind.ROOM:
        return NO_ROOM
    return None if access.role in LEADING else NOT_LEADING


def may_remove(access: RoomAccess, person: Person, member_id: int, role: RoomRole | None) -> Refusal | None:
    """Whether the person may end a membership with that role. Everybody may end their own; nobody removes an owner."""
    if access.room.kind is not RoomKind.ROOM:
        return NO_ROOM
    if member_id == person.id or (moderates(access, person) and role is not RoomRole.OWNER):
        return None
    return NOT_LEADING


def may_give_role(
    access: RoomAccess, person: Person, member_id: int, role: RoomRole | None, wanted: RoomRole
) -> Refusal | None:
    """Whether the person may give the role `wanted` to a member, whose role is `role` now (None: no member).

    Owners give roles; owners and moderators add and ban people. Everybody may lower their own role.
    """
    if access.room.kind is not RoomKind.ROOM:
        return NO_ROOM
    if member_id == person.id:
        is_lower = _RANKS.index(wanted) <= _RANKS.index(access.role)
        return None if is_lower and wanted is not RoomRole.BANNED else NOT_ONESELF
    if wanted is RoomRole.BANNED:
        return may_remove(access, person, member_id, role)
    if access.role is RoomRole.OWNER:
        return None
    is_adding = wanted is RoomRole.MEMBER and role in (None, RoomRole.BANNED, RoomRole.MEMBER)
    return may_add(access) if is_adding else NOT_OWNER


def may_see_banned(access: RoomAccess, person: Person) -> Refusal | None:
    """Whether the person may see who is banned from the room."""
    if access.room.kind is not RoomKind.ROOM:
        return NO_ROOM
    return None if moderates(access, person) else NOT_LEADING


def may_invite(access: RoomAccess) -> Refusal | None:
    """Whether the person may create an invite to the room; to a public room any member may."""
    if access.room.kind is not RoomKind.ROOM:
        return NO_ROOM
    if access.room.is_archived:
        return ARCHIVED
    return may_add(access) if access.room.is_private else None


def may_change_room(access: RoomAccess, person: Person, change: RoomChange) -> Refusal | None:
    """Whether the person may make this change: an owner any, a moderator the topic.

    An admin who is in a public room may change its topic too, and archive it.
    """
    if access.room.kind is not RoomKind.ROOM:
        return NO_ROOM
    if access.role is RoomRole.OWNER:
        return None
    is_archiving = change.is_archived is not None
    may_archive = person.is_admin and not access.room.is_private
    if change.name is not None or change.is_private is not None or (is_archiving and not may_archive):
        return NOT_OWNER
    return None if moderates(access, person) else NOT_LEADING


def may_delete_room(access: RoomAccess) -> Refusal | None:
    """Whether the person may delete the room with all its messages."""
    if access.room.kind is not RoomKind.ROOM:
        return NO_ROOM
    return None if access.role is RoomRole.OWNER else NOT_OWNER


def moderates(access: RoomAccess, person: Person) -> bool:
    """Whether the person moderates the room: by their role there, or as moderator or admin of the server if public."""
    is_public = access.room.kind is RoomKind.LOBBY or (
        access.room.kind is RoomKind.ROOM and not access.room.is_private
    )
    return access.role in LEADING or ((person.is_moderator or person.is_admin) and is_public)
