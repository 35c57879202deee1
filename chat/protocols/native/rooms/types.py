"""The requests and replies about rooms and members: every field, its type and its limits."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.domain.text.wrong_values import pattern
from chat.operations.room_values import Mark, Notify, Room, RoomRole, Topic
from chat.operations.values import SOUGHT, Id, Limit, Name, Person, Time, Value

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
    starred: bool | UnsetType = UNSET


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
