"""What a person is in a room, and what they want to hear of it."""

from enum import StrEnum

import msgspec

from chat.domain.entities import People, Person, Room, RoomKind


class RoomRole(StrEnum):
    """A member's role. Who is banned is no member, and may not become one."""

    MEMBER = "member"
    MODERATOR = "moderator"
    OWNER = "owner"
    BANNED = "banned"


LEADING = (RoomRole.MODERATOR, RoomRole.OWNER)
"""Those who look after a room."""


class Notify(StrEnum):
    """What of a room a person wants to be notified of."""

    ALL = "all"
    MENTIONS = "mentions"
    NONE = "none"


class AccessRecord(msgspec.Struct, frozen=True):
    """A room, what a person is in it, and the people that it is for.

    `is_over`: it is for two, or a support conversation, and somebody of those was deleted. `has_owner` is looked up for
    who made the room and is not in it. `is_blocked`: it is for two, and the other one blocks the person.
    """

    room: Room
    role: RoomRole | None
    people: People
    is_over: bool = False
    has_owner: bool = False
    is_blocked: bool = False


class Member(msgspec.Struct, frozen=True):
    """Somebody who is in a room, or banned from it, and since when (Unix seconds).

    Of them is told what everybody may know.
    """

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
    """Whether the person may read the room; `role` is what they are in it. Sync and pure.

    The lobby is for all but visitors, and a support conversation for its person, and for operators once something was
    said.
    """
    match room.kind:
        case RoomKind.LOBBY:
            return not person.is_visitor
        case RoomKind.SUPPORT:
            return room.creator_id == person.id or (person.is_operator and room.last_seq > 0)
        case RoomKind.ROOM | RoomKind.DIRECT:
            return role not in (None, RoomRole.BANNED)
