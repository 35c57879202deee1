"""The values of the native protocol as a client reads them: unknown fields are passed over, so a newer server is fine.

They are written down a second time, beside the server's own, so that a client needs nothing of the server. What the
server limits is not limited here.
"""

from typing import NamedTuple

from msgspec import Struct


class Value(Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Base of all: a field at its default is left out."""


class Sender(Value, kw_only=True, frozen=True):
    """Who said it."""

    id: int
    name: str


class Person(Value, kw_only=True, frozen=True):
    """A person. `changed` is when the profile last changed, in Unix milliseconds as all times are."""

    id: int
    name: str
    display: str | None = None
    roles: tuple[str, ...] = ()
    changed: int = 0


class Presence(Value, kw_only=True, frozen=True):
    """Whether somebody is `online`, `away` or `offline`."""

    id: int
    state: str


class Reaction(Value, kw_only=True, frozen=True):
    """One emoji under a message: how many react with it, the first 20 of them, and whether oneself does."""

    emoji: str
    count: int
    people: tuple[int, ...] = ()
    mine: bool = False


class Deletion(Value, kw_only=True, frozen=True):
    """When a message was deleted, and by whom; whoever runs the server is nobody."""

    at: int
    by: int | None = None


class File(Value, kw_only=True, frozen=True):
    """A file of a message: `size` in bytes; `width` and `height` in pixels, where it is an image that says them."""

    id: int
    name: str
    type: str
    size: int
    width: int | None = None
    height: int | None = None


class Message(Value, kw_only=True, frozen=True):
    """A message as it is now.

    `seq` names it in its room for ever; `pos` is its latest change's; `key` is only in one's own. `reply` is the seq of
    the message that it answers, `mentions` are the people whom its text names; `all`: it names everybody in the room.
    """

    room: int
    seq: int
    pos: int
    at: int
    sender: Sender
    kind: str = "text"
    text: str = ""
    reply: int | None = None
    mentions: tuple[int, ...] = ()
    all: bool = False
    files: tuple[File, ...] = ()
    key: str | None = None
    reactions: tuple[Reaction, ...] = ()
    edited: int | None = None
    deleted: Deletion | None = None


class Support(Value, kw_only=True, frozen=True):
    """What a support conversation has beside a room: whose it is, `open` or `closed`, and which operator has it.

    `waiting_since` is when the person's oldest message without an answer was said, in Unix milliseconds. `email` and
    `page` are what a visitor said of themselves, and where they were.
    """

    person: Person
    state: str = "open"
    assignee: Sender | None = None
    waiting_since: int | None = None
    email: str | None = None
    page: str | None = None


class RoomInfo(Value, kw_only=True, frozen=True):
    """A room as oneself sees it: `pos` and `at` are those of its latest change, `seq` is its latest message's.

    `read` is how far one has read, `unread` how many texts of others come after that, and `mentions` how many of those
    mention one: 100 are that many or more.
    """

    id: int
    kind: str
    name: str | None = None
    topic: str = ""
    private: bool = False
    archived: bool = False
    role: str = "member"
    members: int = 0
    pos: int
    at: int
    seq: int
    read: int
    unread: int = 0
    mentions: int = 0
    notify: str = "mentions"
    hidden: bool = False
    last: Message | None = None
    peer: Person | None = None
    support: Support | None = None


class PublicRoom(Value, kw_only=True, frozen=True):
    """A room that one may join."""

    id: int
    name: str
    topic: str = ""
    members: int = 0


class Invite(Value, kw_only=True, frozen=True):
    """An invite: its `code`, how many can use it, until when, and to which room; `url` is its path on the server.

    `link` is the whole address, where the server knows its own.
    """

    code: str
    url: str
    link: str | None = None
    room: int | None = None
    room_name: str | None = None
    uses: int = 0
    expires: int = 0


class Membership(Value, kw_only=True, frozen=True):
    """Somebody who is in a room, and since when; how far they have `read`, where others see that."""

    person: Person
    role: str = "member"
    joined: int = 0
    read: int | None = None


class Members(Value, kw_only=True, frozen=True):
    """Who is in a room; where there are more, `next` is what the next page comes after."""

    members: tuple[Membership, ...] = ()
    next: int | None = None


class Position(NamedTuple):
    """How far somebody is in a room: its change `pos`, and the time of that change, by which the server knows it."""

    pos: int
    at: int


class Limits(Value, kw_only=True, frozen=True):
    """What the server allows, as far as a client heeds it.

    Positions in one `sync`, requests unanswered, characters of a text, bytes of a frame.
    """

    known: int = 800
    in_flight: int = 64
    text: int = 4000
    frame_bytes: int = 65_536

    @property
    def positions(self) -> int:
        """Positions in one `sync` that fit in a frame whatever their numbers are. Sync."""
        return max(1, min(self.known, (self.frame_bytes - _AROUND_POSITIONS) // _POSITION))


_POSITION, _AROUND_POSITIONS = 80, 256
"""Bytes of a position in a `sync`, and of what stands around all of them, at most."""


class Session(Value, kw_only=True, frozen=True):
    """What a login or a refresh gives. Keep `refresh`: it is good once, and the one before it is then worth nothing."""

    access: str
    expires_in: int
    refresh: str | None = None
    session: int = 0
