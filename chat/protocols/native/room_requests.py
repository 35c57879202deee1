"""What is asked about rooms and who is in them, and answered: every field, its type and its limits."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.domain.wrong_values import pattern
from chat.operations.room_values import Mark, Notify, Room, RoomRole, Sender, Topic
from chat.operations.values import PLACE, SOUGHT, Id, Limit, Name, Person, Time, Value

After = Annotated[int, Meta(ge=0, le=2**53 - 1, description="The `next` of the page before")]


class WhichRooms(Value, kw_only=True, frozen=True):
    """A page of one's own rooms."""

    after: After = 0
    limit: Limit = 50


class Rooms(Value, kw_only=True, frozen=True):
    """Rooms, by their ids. Where there are more, `next` is where they begin."""

    rooms: list[Room]
    next: Id | None = None


class WhichPublicRooms(Value, kw_only=True, frozen=True):
    """A page of the rooms that one may join, those with `q` in their names."""

    q: Annotated[str, pattern(*SOUGHT, max_length=64)] = ""
    after: Annotated[str, pattern(*SOUGHT, max_length=64, description="The `next` of the page before")] = ""
    limit: Limit = 50


class PublicRoom(Value, kw_only=True, frozen=True):
    """A room that everybody may join, as those see it who are not in it."""

    id: Id
    name: Name
    topic: Topic = ""
    members: Annotated[int, Meta(ge=0)] = 0


class PublicRooms(Value, kw_only=True, frozen=True):
    """Rooms, by their names. Where there are more, `next` is where they begin."""

    rooms: list[PublicRoom]
    next: Name | None = None


class CreateRoom(Value, kw_only=True, frozen=True):
    """The room to make."""

    name: Name
    topic: Topic = ""
    private: bool = False


class WhichRoom(Value, kw_only=True, frozen=True):
    """A room."""

    room: Id


class Mine(Value, kw_only=True, frozen=True):
    """What one wants of a room; what is left out stays."""

    room: Id
    notify: Notify | UnsetType = UNSET
    hidden: bool | UnsetType = UNSET


class WhichPerson(Value, kw_only=True, frozen=True):
    """A person."""

    person: Id


class ChangeRoom(Value, kw_only=True, frozen=True):
    """What to change of a room; what is left out stays."""

    room: Id
    name: Name | UnsetType = UNSET
    topic: Topic | UnsetType = UNSET
    private: bool | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class WhichMembers(Value, kw_only=True, frozen=True):
    """A page of the people in a room, or of those who are banned from it."""

    room: Id
    role: Literal["banned"] | None = None
    after: After = 0
    limit: Limit = 50


class Member(Value, kw_only=True, frozen=True):
    """Somebody who is in a room, or banned from it, and since when; how far they have `read`, where others see that."""

    person: Person
    role: RoomRole = "member"
    joined: Time
    read: Mark | None = None


class Members(Value, kw_only=True, frozen=True):
    """People, by their ids. Where there are more, `next` is where they begin."""

    members: list[Member]
    next: Id | None = None


class WhichMember(Value, kw_only=True, frozen=True):
    """Somebody in a room."""

    room: Id
    person: Id


class Membership(WhichMember, kw_only=True, frozen=True):
    """Somebody who is to be in a room with that role, or out of it as banned. Without a role who is in keeps theirs."""

    role: RoomRole | UnsetType = UNSET


class CreateInvite(Value, kw_only=True, frozen=True):
    """An invite to a room, or to register, for so many people and days."""

    room: Id | None = None
    uses: Annotated[int, Meta(ge=1, le=10_000)] = 1
    days: Annotated[int, Meta(ge=1, le=365)] = 7


class WhichInvites(Value, kw_only=True, frozen=True):
    """A page of the invites that one made."""

    after: Annotated[
        str,
        pattern(r"^([0-9a-f]{64})?$(?!\n)", PLACE, description="The `next` of the page before"),
    ] = ""
    limit: Limit = 50


InviteId = Annotated[
    str,
    pattern(
        r"^[0-9a-f]{64}$(?!\n)",
        "the id of an invite",
        description="Names an invite to who may see it; it lets nobody in",
    ),
]


class WhichRoomInvites(WhichInvites, kw_only=True, frozen=True):
    """A page of the invites to a room."""

    room: Id


class WhichIssuedInvite(Value, kw_only=True, frozen=True):
    """An invite that one made, by its id."""

    id: InviteId


class WhichRoomInvite(WhichIssuedInvite, kw_only=True, frozen=True):
    """An invite to a room, by its id."""

    room: Id


class IssuedInvite(Value, kw_only=True, frozen=True):
    """An invite: how many can still use it, until when, and to which room; to none, it is to register.

    Its code was told once and is kept nowhere. `by` is who made it, where others are asked for; it is left out for one
    that whoever runs the server made.
    """

    id: InviteId
    room: Id | None = None
    room_name: Name | None = None
    uses: Annotated[int, Meta(ge=0)]
    expires: Time
    by: Sender | None = None


class IssuedInvites(Value, kw_only=True, frozen=True):
    """Invites that can be used, by when they end. Where there are more, `next` is where they begin."""

    invites: list[IssuedInvite]
    next: InviteId | None = None


class WhichInvite(Value, kw_only=True, frozen=True):
    """An invite, by its code."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]


class Invite(Value, kw_only=True, frozen=True):
    """An invite: how many can still use it, until when, and to which room; to none, it is to register.

    `url` is its path on this server, and `link` the whole address, where the setting `public_url` says it.
    """

    code: str
    url: str
    link: str | None = None
    room: Id | None = None
    room_name: Name | None = None
    uses: Annotated[int, Meta(ge=0)]
    expires: Time
