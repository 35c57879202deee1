"""The lines of an archive, version 1. Everything here is sync and pure.

Times are whole microseconds since 1970, ids are the archive's own. A field with its default value is left out. A reader
refuses a version that it does not know, a field that it does not know, and a line that is too long.
"""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

FORMAT = 1
"""Raised when a reader of older archives would misread a new one."""

LONGEST_LINE = 16 * 2**20
"""Bytes of a line; the longest of a server is a message with hundreds of earlier texts."""

_LATEST = 253_402_300_799_999_999

Id = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Time = Annotated[int, Meta(ge=0, le=_LATEST)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Key = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=4000)]
Role = Literal["member", "moderator", "owner"]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line."""


class Person(Line, frozen=True, kw_only=True):
    """Somebody. `key` names them in the system that the archive is from; without it the id does.

    An archive has no passwords and no tokens. `joined` and `operating` are the log ids when they came, and became an
    operator: earlier messages count as read. A bot has `scopes` and, unless it was removed, an `owner`.
    """

    id: Id
    key: Key | None = None
    name: Name
    display_name: Annotated[str, Meta(max_length=256)] | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    is_operator: bool = False
    is_moderator: bool = False
    is_admin: bool = False
    is_visitor: bool = False
    shares_reads: bool = True
    created: Time
    disabled: Time | None = None
    deleted: Time | None = None
    joined: Id = 0
    operating: Id = 0
    owner: Id | None = None
    scopes: Annotated[list[Literal["read", "speak", "react"]], Meta(max_length=3)] | None = None
    is_off_by_owner: bool = False


class Room(Line, frozen=True, kw_only=True):
    """A room. Only the lobby and rooms of kind `room` have a name.

    `people`: the two of a direct room, the person of a support conversation, or the people of a group, which is a
    private room without a name of its own (`is_group`). Its messages are `first_seq` to `last_seq`, its changes end at
    `last_pos`.
    """

    id: Id
    key: Key | None = None
    kind: Literal["lobby", "room", "direct", "support"]
    name: Name | None = None
    topic: Annotated[str, Meta(max_length=500)] = ""
    creator: Id | None = None
    is_private: bool = False
    is_group: bool = False
    people: Annotated[list[Id], Meta(max_length=1000)] = []
    created: Time
    archived: Time | None = None
    first_seq: Id = 1
    announced_seq: Id = 1
    last_seq: Id = 0
    last_pos: Id = 0
    floor: Id = 0
    slow_seconds: Annotated[int, Meta(ge=0, le=21600)] = 0
    keep_days: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    keep_set: Time | None = None
    kept_by_admin: bool = False
    is_closed: bool = False
    assignee: Id | None = None
    settled_seq: Id = 0


class File(Line, frozen=True, kw_only=True):
    """A file of a message. The archive has its bytes at `files/`, the first two digits of `sha256`, and `sha256`."""

    id: Id
    name: Annotated[str, Meta(min_length=1, max_length=255)]
    type: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/[a-z0-9][a-z0-9!#$&^_.+-]{0,62}$")]
    size: Id
    width: Id | None = None
    height: Id | None = None
    sha256: Sha256


class Earlier(Line, frozen=True, kw_only=True):
    """An earlier text of a message: that of the change `pos`, at a time."""

    pos: Id
    text: Text
    at: Time


class Pin(Line, frozen=True, kw_only=True):
    """Who pinned a message and when, as the room's change `pos`."""

    by: Id
    at: Time
    pos: Id


class Message(Line, frozen=True, kw_only=True, tag="message", tag_field="type"):
    """A message, as it is now. A deleted one has no text. `reply` is the seq of the message that it answers.

    `mentions` are people, 0 is everybody in the room. `reactions` has the people by their emoji. `changed_pos` is the
    room's change that altered it last.
    """

    id: Id
    room: Id
    seq: Id
    pos: Id
    by: Id
    kind: Literal["message", "join"] = "message"
    text: Text = ""
    at: Time
    reply: Id | None = None
    mentions: Annotated[list[Id], Meta(max_length=4000)] = []
    files: Annotated[list[File], Meta(max_length=10)] = []
    edited: Time | None = None
    earlier: list[Earlier] = []
    reactions: dict[Annotated[str, Meta(min_length=1, max_length=64)], list[Id]] = {}
    pin: Pin | None = None
    changed_pos: Id | None = None
    deleted: Time | None = None
    deleted_by: Id | None = None


class Change(Line, frozen=True, kw_only=True, tag="change", tag_field="type"):
    """Another change of a room, as the log has it; `kind` says which fields it has."""

    id: Id
    room: Id
    pos: Id
    kind: Literal["edited", "deleted", "reacted", "removed", "gone", "changed", "role", "support"]
    by: Id | None = None
    at: Time
    seq: Id | None = None
    emoji: str | None = None
    is_on: bool | None = None
    person: Id | None = None
    role: Literal["member", "moderator", "owner", "banned"] | None = None
    kept_until: Time | None = None
    is_closed: bool | None = None
    assignee: Id | None = None
    waiting_since: Time | None = None
    data: dict[str, Any] | None = None


Entry = Message | Change


class Member(Line, frozen=True, kw_only=True):
    """A membership. `joined_seq` was the room's last message then (None: unknown); earlier ones count as read."""

    room: Id
    person: Id
    role: Role = "member"
    joined: Time
    joined_seq: Id | None = None
    delivered_seq: Id = 0


class Mark(Line, frozen=True, kw_only=True):
    """How far somebody has read a room, and what they want of it."""

    room: Id
    person: Id
    seq: Id | None = None
    notify: Literal["all", "mentions", "none"] = "mentions"
    is_hidden: bool = False
    is_starred: bool = False
    changed: Time | None = None


class Ban(Line, frozen=True, kw_only=True):
    """Somebody who can't join a room."""

    room: Id
    person: Id
    at: Time


class Follow(Line, frozen=True, kw_only=True):
    """Somebody follows the thread that begins with the message `root`, or has ended that."""

    room: Id
    root: Id
    person: Id
    is_on: bool = True


class Part(Line, frozen=True, kw_only=True):
    """A file of lines."""

    lines: Id
    sha256: Sha256


class Scope(Line, frozen=True, kw_only=True):
    """What the archive is of: all, a room, or a person."""

    room: Id | None = None
    person: Id | None = None


class Head(Line, frozen=True, kw_only=True):
    """`archive.json`, which is written last: an archive without it is not whole.

    `source` is where it comes from: archives of one source have the same ids, or keys. `last_id` is the end of the log.
    """

    format: int
    source: Annotated[str, Meta(min_length=1, max_length=200)]
    scope: Scope = Scope()
    last_id: Id = 0
    parts: dict[str, Part]


T = TypeVar("T")

encode = msgspec.json.Encoder().encode


def decoder(kind: type[T]) -> Callable[[bytes], T]:
    """Return the function that decodes lines of a kind. It raises MsgspecError, UnicodeError and RecursionError."""
    return msgspec.json.Decoder(kind).decode


decode_entry: Callable[[bytes], Entry] = msgspec.json.Decoder(Entry).decode
