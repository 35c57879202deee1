"""The requests and replies about rooms, members and invites: every field, its type and its limits."""

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
    """Rooms, by id. If there are more, `next` is the `after` of the next page."""

    rooms: list[Room]
    next: Id | None = None


class WhichPublicRooms(Value, kw_only=True, frozen=True):
    """A page of the rooms that the caller may join, with `q` in their names."""

    q: Annotated[str, pattern(*SOUGHT, max_length=64)] = ""
    after: Annotated[str, pattern(*SOUGHT, max_length=64, description="The `next` of the page before")] = ""
    limit: Limit = 50


class PublicRoom(Value, kw_only=True, frozen=True):
    """A public room as people who are not in it see it."""

    id: Id
    name: Name
    topic: Topic = ""
    members: Annotated[int, Meta(ge=0)] = 0


class PublicRooms(Value, kw_only=True, frozen=True):
    """Rooms, by name. If there are more, `next` is the `after` of the next page."""

    rooms: list[PublicRoom]
    next: Name | None = None


class CreateRoom(Value, kw_only=True, frozen=True):
    """A room to create."""

    name: Name
    topic: Topic = ""
    private: bool = False


class WhichRoom(Value, kw_only=True, frozen=True):
    """A room."""

    room: Id


class Mine(Value, kw_only=True, frozen=True):
    """One's own settings for a room; fields that are left out stay."""

    room: Id
    notify: Notify | UnsetType = UNSET
    hidden: bool | UnsetType = UNSET


class WhichPerson(Value, kw_only=True, frozen=True):
    """A person."""

    person: Id


class ChangeRoom(Value, kw_only=True, frozen=True):
    """Changes of a room; fields that are left out stay."""

    room: Id
    name: Name | UnsetType = UNSET
    topic: Topic | UnsetType = UNSET
    private: bool | UnsetType = UNSET
    archived: bool | UnsetType = UNSET


class WhichMembers(Value, kw_only=True, frozen=True):
    """A page of a room's members, or of the people who are banned from it."""

    room: Id
    role: Literal["banned"] | None = None
    after: After = 0
    limit: Limit = 50


class Member(Value, kw_only=True, frozen=True):
    """A member of a room, or a banned person, and since when; `read` is their read mark, if they share it."""

    person: Person
    role: RoomRole = "member"
    joined: Time
    read: Mark | None = None


class Members(Value, kw_only=True, frozen=True):
    """People, by id. If there are more, `next` is the `after` of the next page."""

    members: list[Member]
    next: Id | None = None


class WhichMember(Value, kw_only=True, frozen=True):
    """A person in a room."""

    room: Id
    person: Id


class Membership(WhichMember, kw_only=True, frozen=True):
    """A membership to set: the person gets this role, or is banned. Without `role` a member keeps theirs."""

    role: RoomRole | UnsetType = UNSET


class CreateInvite(Value, kw_only=True, frozen=True):
    """An invite to create, to a room or (without `room`) to register, for a number of people and days."""

    room: Id | None = None
    uses: Annotated[int, Meta(ge=1, le=10_000)] = 1
    days: Annotated[int, Meta(ge=1, le=365)] = 7


class WhichInvites(Value, kw_only=True, frozen=True):
    """A page of the invites that the caller made."""

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
        description="Identifies an invite in lists; unlike its code it admits nobody",
    ),
]


class WhichRoomInvites(WhichInvites, kw_only=True, frozen=True):
    """A page of the invites to a room."""

    room: Id


class WhichIssuedInvite(Value, kw_only=True, frozen=True):
    """An invite that the caller made, by its id."""

    id: InviteId


class WhichRoomInvite(WhichIssuedInvite, kw_only=True, frozen=True):
    """An invite to a room, by its id."""

    room: Id


class IssuedInvite(Value, kw_only=True, frozen=True):
    """An invite in a list: `uses` left, its end, and its room; without a room it is to register.

    Its code was shown once and is not stored. `by` is the maker, in lists of other people's invites; an invite made by
    a command on the server has none.
    """

    id: InviteId
    room: Id | None = None
    room_name: Name | None = None
    uses: Annotated[int, Meta(ge=0)]
    expires: Time
    by: Sender | None = None


class IssuedInvites(Value, kw_only=True, frozen=True):
    """Valid invites, by when they expire. If there are more, `next` is the `after` of the next page."""

    invites: list[IssuedInvite]
    next: InviteId | None = None


class WhichInvite(Value, kw_only=True, frozen=True):
    """An invite, by its code."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]


class Invite(Value, kw_only=True, frozen=True):
    """An invite with its code: `uses` left, its end, and its room; without a room it is to register.

    `url` is its path on this server. `link` is the whole address, if the setting `public_url` is known.
    """

    code: str
    url: str
    link: str | None = None
    room: Id | None = None
    room_name: Name | None = None
    uses: Annotated[int, Meta(ge=0)]
    expires: Time
