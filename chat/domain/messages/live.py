"""Live notices, which are never stored: activity in rooms, read positions, and presence."""

from enum import StrEnum
from typing import Literal

import msgspec

from chat.domain.entities import People

What = Literal["typing", "viewing", "none"]
"""Activity in a room: typing, or an operator's viewing of a support conversation."""


class Status(StrEnum):
    """Presence: away if all sockets of the person say so, offline without any socket."""

    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class Active(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Somebody starts or ends an activity in a room. `people` are those of the room."""

    room_id: int
    people: People
    person_id: int
    name: str
    what: What


class HasRead(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Somebody has read up to `seq`; `unread` messages follow, `mentions` of them mention the person.

    `is_shared`: others see it too. `is_back`: the person moved the mark back.
    """

    room_id: int
    people: People
    person_id: int
    seq: int
    unread: int
    mentions: int
    is_shared: bool
    is_back: bool = False


class Watched(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Clients of the sending server watch these people. `is_new`: they began now, and need their status."""

    people: list[int]
    is_new: bool


class Present(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """The status of people on the sending server."""

    online: list[int] = []
    away: list[int] = []
    offline: list[int] = []


class MembersCounted(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """The number of members by room id. Each server counts for itself and sends it to no other."""

    members: dict[int, int]


class Blocking(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Somebody blocks these people now. Each server reads it for itself and sends it to no other."""

    person_id: int
    people: tuple[int, ...]


class OwnEvent(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """An event of a feature for all clients of one person, as JSON of the native protocol.

    If it is lost between servers, clients there have its effect with their next connection.
    """

    person_id: int
    event: str


class OperatorEvent(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """An event of a feature about a support conversation for all operators but its person, as native JSON.

    If it is lost between servers, clients there have its effect with their next connection.
    """

    about_id: int
    event: str


class RoomCreated(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Somebody has made a room, of which the log has no change yet: their clients on other servers enter it.

    If it is lost between servers, they enter it with their next connection.
    """

    person_id: int
    room_id: int


Notice = (
    Active | HasRead | Watched | Present | MembersCounted | Blocking | OwnEvent | OperatorEvent | RoomCreated
)
"""What servers send each other outside the log. A lost notice comes again, or was useful for seconds only."""
