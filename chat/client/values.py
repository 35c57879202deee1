"""The values of the native protocol as a client decodes them: it ignores unknown fields, as of a newer server.

Field names are those of the protocol; times are Unix milliseconds. The server has definitions of its own, with limits:
the client needs no module of the server.
"""

from typing import NamedTuple

from msgspec import Struct


class Value(Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Base of all values: encoding omits fields at their defaults."""


class Sender(Value, kw_only=True, frozen=True):
    """A person, by id and name."""

    id: int
    name: str


class Person(Value, kw_only=True, frozen=True):
    """The profile of a person. `changed` is the time of its last change."""

    id: int
    name: str
    display: str | None = None
    roles: tuple[str, ...] = ()
    changed: int = 0


class Presence(Value, kw_only=True, frozen=True):
    """The presence of a person: `online`, `away` or `offline`."""

    id: int
    state: str


class Reaction(Value, kw_only=True, frozen=True):
    """The reactions to a message with one emoji: how many, the first 20 people, and whether one is one's own."""

    emoji: str
    count: int
    people: tuple[int, ...] = ()
    mine: bool = False


class Deletion(Value, kw_only=True, frozen=True):
    """When a message was deleted, and by whom: None if a command on the server's machine deleted it."""

    at: int
    by: int | None = None


class File(Value, kw_only=True, frozen=True):
    """A file of a message. `size` is in bytes; `width` and `height` of an image are in pixels, if it says them."""

    id: int
    name: str
    type: str
    size: int
    width: int | None = None
    height: int | None = None


class Message(Value, kw_only=True, frozen=True):
    """A message as it is now.

    Attributes:
        room: the id of its room.
        seq: its number in the room, which never changes.
        pos: the position of its latest change.
        at: when it was sent.
        kind: `text`, or `join` when somebody joined the room.
        reply: the `seq` of the message that it answers.
        mentions: the ids of the people whom its text mentions.
        all: whether its text mentions everybody in the room.
        key: the key of the send, only in own messages.
        edited: when it was last edited.
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
    """The state of a support conversation.

    Attributes:
        person: who asks for support.
        state: `open` or `closed`.
        assignee: the operator in charge.
        waiting_since: the time of the oldest message of the person without an answer.
        email, page: of a visitor: the address they gave, and the page they wrote from.
    """

    person: Person
    state: str = "open"
    assignee: Sender | None = None
    waiting_since: int | None = None
    email: str | None = None
    page: str | None = None


class RoomInfo(Value, kw_only=True, frozen=True):
    """A room as the person sees it.

    Attributes:
        kind: `lobby`, `room`, `direct` or `support`.
        role: of the person in the room: `member`, `moderator` or `owner`.
        members: how many people are in it.
        pos, at: the position and the time of its latest change.
        seq: the `seq` of its latest message.
        read: the person has read up to this `seq`.
        unread: how many texts of others follow; 100 means that many or more.
        mentions: how many of those mention the person; likewise.
        notify: which messages the person is notified of: `all`, `mentions` or `none`.
        hidden: whether the person removed it from their list.
        last: its latest message.
        peer: the other person of a direct room, or the person of a support conversation.
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
    """A room that the person may join."""

    id: int
    name: str
    topic: str = ""
    members: int = 0


class Invite(Value, kw_only=True, frozen=True):
    """An invite.

    Attributes:
        code: what a person registers or joins with.
        url: its path on the server.
        link: its full address.
        room, room_name: the room that people join with it; None: it is only for registering.
        uses: how many people can still use it.
        expires: when it becomes invalid.
    """

    code: str
    url: str
    link: str | None = None
    room: int | None = None
    room_name: str | None = None
    uses: int = 0
    expires: int = 0


class Membership(Value, kw_only=True, frozen=True):
    """A member of a room: `joined` is when they came; `read` is their read mark, if others may see it."""

    person: Person
    role: str = "member"
    joined: int = 0
    read: int | None = None


class Members(Value, kw_only=True, frozen=True):
    """A page of the members of a room. `next` is the `after` of the next page; None on the last page."""

    members: tuple[Membership, ...] = ()
    next: int | None = None


class Position(NamedTuple):
    """A position in a room: the `pos` of a change and its time `at`, by which the server verifies it."""

    pos: int
    at: int


class Limits(Value, kw_only=True, frozen=True):
    """Limits of the server.

    Attributes:
        known: positions in one `sync`.
        in_flight: unanswered requests on one connection.
        text: characters of a text.
        frame_bytes: bytes of a frame.
    """

    known: int = 800
    in_flight: int = 64
    text: int = 4000
    frame_bytes: int = 65_536

    @property
    def positions(self) -> int:
        """How many positions surely fit in one `sync`. Sync."""
        return max(1, min(self.known, (self.frame_bytes - _SYNC_BYTES) // _POSITION_BYTES))


_POSITION_BYTES, _SYNC_BYTES = 80, 256
"""Bytes of a position in a `sync`, and of the rest of the frame, at most."""


class Session(Value, kw_only=True, frozen=True):
    """A session after a log-in or a refresh.

    Attributes:
        access: the access token.
        expires_in: seconds until it expires.
        refresh: the refresh token for one use. Store it: using it makes the previous one invalid.
        session: the id of the session.
    """

    access: str
    expires_in: int
    refresh: str | None = None
    session: int = 0
