"""Roles in rooms, and the memberships of people."""

from enum import StrEnum

import msgspec

from chat.domain.entities import People, Person, Room, RoomKind


class RoomRole(StrEnum):
    """A member's role. A banned person is no member, and may not become one."""

    MEMBER = "member"
    MODERATOR = "moderator"
    OWNER = "owner"
    BANNED = "banned"


LEADING = (RoomRole.MODERATOR, RoomRole.OWNER)
"""The roles that moderate a room."""


class Notify(StrEnum):
    """Which messages of a room notify a person."""

    ALL = "all"
    MENTIONS = "mentions"
    NONE = "none"


class OwnSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A person's own settings of a room: what notifies, whether it is out of the list, and whether it is starred.

    None leaves one as it is.
    """

    notify: Notify | None = None
    is_hidden: bool | None = None
    is_starred: bool | None = None


class AccessRecord(msgspec.Struct, frozen=True):
    """A room as stored, with a person's role in it and the people of the room. Whether they may see it is not checked.

    `is_over`: a person of this direct room or support conversation was deleted. `has_owner` is only looked up for a
    creator who left the room. `is_blocked`: the other person of this direct room blocks the person.
    """

    room: Room
    role: RoomRole | None
    people: People
    is_over: bool = False
    has_owner: bool = False
    is_blocked: bool = False


class Member(msgspec.Struct, frozen=True):
    """A member of a room, or a banned person, and since when (Unix seconds). `person` has public fields only."""

    person: Person
    role: RoomRole
    joined_at: float


class PublicRoom(msgspec.Struct, frozen=True):
    """A room that everybody may join."""

    id: int
    name: str
    topic: str
    members: int


def may_see(room: Room, person: Person, role: RoomRole | None) -> bool:
    """Whether a person with this role may read the room. Sync and pure.

    Everybody but visitors may read the lobby. A support conversation is for its person, and for operators once it has
    a message.
    """
    match room.kind:
        case RoomKind.LOBBY:
            return not person.is_visitor
        case RoomKind.SUPPORT:
            return room.creator_id == person.id or (person.is_operator and room.last_seq > 0)
        case RoomKind.ROOM | RoomKind.DIRECT:
            return role not in (None, RoomRole.BANNED)
