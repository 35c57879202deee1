"""The nouns of the chat, as frozen values.

They are msgspec structs and not dataclasses, because one is made for every message and a frozen
dataclass costs ten times as much to make.
"""

from collections.abc import Hashable
from enum import StrEnum
from typing import NamedTuple

import msgspec

LOBBY_ID = 1
"""The room that always exists and that every connected client hears (`sql/0001`)."""


class RoomKind(StrEnum):
    """What a room is for; it decides who may enter, not how messages travel."""

    LOBBY = "lobby"
    ROOM = "room"
    DIRECT = "direct"
    SUPPORT = "support"


class MessageKind(StrEnum):
    """A line that somebody wrote, or the note that somebody joined."""

    TEXT = "message"
    JOIN = "join"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A row in `users`.

    `token_generation` is raised to revoke every token issued so far; `created_at` is Unix seconds. Who is disabled
    may not come in.
    """

    id: int
    name: str
    email: str | None = None
    display_name: str | None = None
    is_operator: bool = False
    is_admin: bool = False
    is_disabled: bool = False
    token_generation: int = 0
    created_at: float = 0.0


class Credentials(msgspec.Struct, frozen=True):
    """A person and the bcrypt hash that proves them; never leaves the accounts service."""

    person: Person
    password_hash: bytes


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A row in `rooms`: `last_seq` counts its messages without a gap, in commit order."""

    id: int
    kind: RoomKind
    name: str | None = None
    creator_id: int | None = None
    is_private: bool = False
    last_seq: int = 0
    created_at: float = 0.0


class RoomSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A room that people made, for whoever runs the server: who made it, and how many are in it and were said in it."""

    id: int
    name: str
    creator: str
    is_private: bool
    members: int
    messages: int
    created_at: float


class Inbox(msgspec.Struct, frozen=True):
    """Where a person (or a guest) hears what is sent to them alone."""

    person_id: int


class SupportLine(msgspec.Struct, frozen=True):
    """Where a person hears their own support conversation."""

    person_id: int


class Desk(msgspec.Struct, frozen=True):
    """Where operators hear all support conversations."""


Topic = Hashable
"""What can be listened to: a room's id, or one of the above. They are no tuples: an inbox must not equal a line."""


class Peer(NamedTuple):
    """Whom a message concerns beside its sender: the addressee, or whose support conversation it is in."""

    id: int
    name: str


class Draft(msgspec.Struct, frozen=True, gc=False):
    """A message on its way to the journal: everything but what the commit decides.

    `audience` is where it will be heard; empty means in its room.
    """

    room_id: int
    sender_id: int
    sender_name: str
    text: str
    created_at: float
    kind: MessageKind = MessageKind.TEXT
    key: str | None = None
    peer: Peer | None = None
    audience: tuple[Topic, ...] = ()


class Message(msgspec.Struct, frozen=True, gc=False):
    """A committed message. `seq` is its place in the room, `created_at` Unix seconds to the microsecond."""

    id: int
    room_id: int
    seq: int
    sender_id: int
    sender_name: str
    text: str
    created_at: float
    kind: MessageKind = MessageKind.TEXT
    peer: Peer | None = None


class Conversation(msgspec.Struct, frozen=True):
    """A support conversation as an operator sees it: unread is what the person said since the last answer."""

    person_id: int
    person_name: str
    last: Message
    unread: int
