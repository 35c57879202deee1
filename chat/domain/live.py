"""What is told and never saved: what people do in rooms, how far they have read, and whether they are there."""

from enum import StrEnum
from typing import Literal

import msgspec

from chat.domain.entities import People

What = Literal["typing", "viewing", "none"]
"""What somebody does in a room: they write, or, of an operator, they look at a support conversation."""


class Status(StrEnum):
    """Whether somebody is there: away where all their sockets say so, offline without any."""

    ONLINE = "online"
    AWAY = "away"
    OFFLINE = "offline"


class Active(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Somebody does something in a room, or no longer does. `people` are those of the room."""

    room_id: int
    people: People
    person_id: int
    name: str
    what: What


class HasRead(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Somebody has read up to `seq`, after which so many messages, and mentions of them, are unread.

    `is_shared`: others see how far, too. `is_back`: they want to have read less than before.
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
    """Somebody watches these people, on the server that tells it; `is_new`: since now, and knows nothing of them."""

    people: list[int]
    is_new: bool


class Present(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """Whether these people are on the server that tells it."""

    online: list[int] = []
    away: list[int] = []
    offline: list[int] = []


class MembersCounted(msgspec.Struct, frozen=True, tag=True, array_like=True):
    """So many people are in these rooms now, by room id. Each server counts for itself, and tells no other."""

    members: dict[int, int]


Notice = Active | HasRead | Watched | Present | MembersCounted
"""What servers tell each other that no log has: what is lost of it is told again, or was of use for seconds only."""
