"""What is asked about rooms and who is in them, and answered: every field, its type and its limits."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from chat.protocols.native.message_types import Limit
from chat.protocols.native.room_types import Notify, Room, RoomRole, Topic
from chat.protocols.native.types import Id, Name, Person, Time, Value

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

    q: Annotated[str, Meta(max_length=64)] = ""
    after: Annotated[str, Meta(max_length=64, description="The `next` of the page before")] = ""
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


class NewRoom(Value, kw_only=True, frozen=True):
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


class WhichMembers(Value, kw_only=True, frozen=True):
    """A page of the people in a room."""

    room: Id
    after: After = 0
    limit: Limit = 50


class Member(Value, kw_only=True, frozen=True):
    """Somebody who is in a room, and since when."""

    person: Person
    role: RoomRole = "member"
    joined: Time


class Members(Value, kw_only=True, frozen=True):
    """People, by their ids. Where there are more, `next` is where they begin."""

    members: list[Member]
    next: Id | None = None


class WhichMember(Value, kw_only=True, frozen=True):
    """Somebody in a room."""

    room: Id
    person: Id


class Membership(WhichMember, kw_only=True, frozen=True):
    """Somebody who is to be in a room. There is no other role to give yet than `member`."""

    role: RoomRole = "member"
