"""What admins ask about rooms and are answered: every field, its type and its limits."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chat.domain.wrong_values import pattern
from chat.operations.room_values import Mark
from chat.operations.values import SOUGHT, Id, Limit, Name, Time, Value
from chat.protocols.native.room_requests import After


class WhichListedRooms(Value, kw_only=True, frozen=True):
    """A page of all rooms, those with `q` in their names."""

    q: Annotated[str, pattern(*SOUGHT, max_length=64)] = ""
    after: After = 0
    limit: Limit = 50


class ListedRoom(Value, kw_only=True, frozen=True):
    """A room as admins see it, who need not be in it: nothing of what is said there.

    `creator` is the name of who made it; nobody made the lobby. `messages` are all that were ever said, `last` is when
    the newest of them was.
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
    """Rooms, by their ids. Where there are more, `next` is where they begin."""

    rooms: list[ListedRoom]
    next: Id | None = None


class WhichListedRoom(Value, kw_only=True, frozen=True):
    """A room that people made."""

    room: Id


class ChangeListedRoom(Value, kw_only=True, frozen=True):
    """What to change of a room that people made; what is left out stays."""

    room: Id
    name: Name | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
