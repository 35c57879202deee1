"""The requests and replies of administration about rooms: every field, its type and its limits."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.domain.text.wrong_values import pattern
from chat.operations.room_values import Mark
from chat.operations.values import SOUGHT, Id, Limit, Name, Time, Value
from chat.protocols.native.rooms.types import After


class WhichListedRooms(Value, kw_only=True, frozen=True):
    """A page of all rooms with `q` in their names."""

    q: Annotated[str, pattern(*SOUGHT, max_length=64)] = ""
    after: After = 0
    limit: Limit = 50


class ListedRoom(Value, kw_only=True, frozen=True):
    """A room as admins see it without being a member: no messages.

    `creator` is the name of the person who made it; the lobby has none. `messages` counts all messages ever sent;
    `last` is the time of the newest.
    """

    id: Id
    kind: Literal["lobby", "room"]
    name: Name
    private: bool = False
    archived: bool = False
    creator: Name | None = None
    members: Annotated[int, Meta(ge=0)] = 0
    messages: Mark = 0
    created: Time
    last: Time | None = None


class ListedRooms(Value, kw_only=True, frozen=True):
    """Rooms, by id. If there are more, `next` is the `after` of the next page."""

    rooms: list[ListedRoom]
    next: Id | None = None


class WhichListedRoom(Value, kw_only=True, frozen=True):
    """A room that people made."""

    room: Id


class ChangeListedRoom(Value, kw_only=True, frozen=True):
    """Changes of a room that people made; fields that are left out stay."""

    room: Id
    name: Name | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
