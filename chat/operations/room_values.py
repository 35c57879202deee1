"""The values of rooms and messages: every field, its type and its limits."""

from typing import Annotated, Literal

from msgspec import Meta

from chat.domain.messages.files import MOST_FILES, NAME_BYTES
from chat.domain.rooms.slow_mode import MOST_SECONDS
from chat.domain.text.wrong_values import pattern
from chat.operations.values import Email, Id, Name, Person, Picture, Time, Value, WebPage

Seq = Annotated[
    int, Meta(ge=1, le=2**53 - 1, description="A message's number in its room: 1, 2, 3 … without gaps")
]
Mark = Annotated[int, Meta(ge=0, le=2**53 - 1, description="A message's number, or 0: before the first")]
Pos = Annotated[
    int,
    Meta(
        ge=0, le=2**53 - 1, description="A change's number in its room: 1, 2, 3 … without gaps; 0: none yet"
    ),
]
Key = Annotated[
    str,
    pattern(
        r"^[A-Za-z0-9_-]{1,64}$(?!\n)",
        "1 to 64 letters A to Z, digits, '_' and '-'",
        description="Chosen by the client; unique among all messages of this person",
    ),
]
Text = Annotated[str, Meta(max_length=4000, description="Trimmed; empty only with files")]
Topic = Annotated[str, Meta(max_length=500)]
ReactionEmoji = Annotated[
    str, Meta(min_length=1, max_length=34, description="One emoji, or `:name:` of the server's own")
]
Emoji = Annotated[
    str, Meta(min_length=1, max_length=8, description="One emoji: no letters, digits, spaces or controls")
]
UpTo100 = Annotated[int, Meta(ge=0, le=100, description="100 stands for 100 or more")]

FileIds = Annotated[tuple[Id, ...], Meta(max_length=MOST_FILES)]

Mentioned = Annotated[tuple[Id, ...], Meta(max_length=50)]

RoomKind = Literal["lobby", "room", "direct", "support"]
RoomRole = Literal["member", "moderator", "owner", "banned"]
Notify = Literal["all", "mentions", "none"]
SupportState = Literal["open", "closed"]


class Sender(Value, kw_only=True, frozen=True):
    """A person by their current name."""

    id: Id
    name: Name


class Reaction(Value, kw_only=True, frozen=True):
    """An emoji under a message, and the first people who reacted with it. `mine`: the reader is one of them."""

    emoji: ReactionEmoji
    count: Annotated[int, Meta(ge=1)]
    people: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()
    mine: bool = False


class FileInfo(Value, kw_only=True, frozen=True):
    """A file: `size` in bytes; `width` and `height` in pixels, for images of a known size."""

    id: Id
    name: Annotated[str, Meta(min_length=1, max_length=NAME_BYTES)]
    type: Annotated[str, Meta(max_length=127)]
    size: Annotated[int, Meta(ge=0)]
    width: Annotated[int, Meta(ge=1)] | None = None
    height: Annotated[int, Meta(ge=1)] | None = None


class Deletion(Value, kw_only=True, frozen=True):
    """When a message was deleted, and by whom; without `by` it was a command on the server."""

    at: Time
    by: Id | None = None


class MessageFields(Value, kw_only=True, frozen=True):
    """The fields that a message and its event have in common.

    `pos` is the position of the latest change in a Message, and the event's own in an event.
    """

    room: Id
    seq: Seq
    pos: Pos
    at: Time
    sender: Sender
    kind: Annotated[Literal["text", "join"], Meta(description="A text, or that somebody joined the room")] = (
        "text"
    )
    text: Text = ""
    reply: Annotated[Seq, Meta(description="The message that it answers")] | None = None
    root: Annotated[Seq, Meta(description="Of a reply, the first message of its thread")] | None = None
    mentions: Annotated[Mentioned, Meta(description="The people whom its text mentions")] = ()
    all: Annotated[bool, Meta(description="Whether its text mentions everybody in the room")] = False
    files: Annotated[tuple[FileInfo, ...], Meta(max_length=MOST_FILES)] = ()
    key: Key | None = None
    reactions: Annotated[tuple[Reaction, ...], Meta(max_length=20)] = ()
    edited: Annotated[Time, Meta(description="When it was last edited")] | None = None
    deleted: Deletion | None = None


class Support(Value, kw_only=True, frozen=True):
    """The fields of a support conversation besides those of a room: its person, and the state of their request.

    `waiting_since` is the time of the person's oldest unanswered message; messages before a closing count as answered.
    `email` and `page` are what a visitor of the support widget entered at `came`; they are not verified. Name and
    `email` of a `verified` one are signed by their site. A `blocked` visitor can't log in or send until an operator
    unblocks them.
    """

    person: Person
    state: SupportState = "open"
    assignee: Sender | None = None
    waiting_since: Time | None = None
    email: Email | None = None
    page: WebPage | None = None
    verified: bool = False
    came: Time | None = None
    blocked: bool = False


class Message(MessageFields, kw_only=True, frozen=True):
    """A message in its current state, as in history and snapshots. Only its sender gets `key`."""


SlowSeconds = Annotated[
    int,
    Meta(ge=0, le=MOST_SECONDS, description="Seconds between two messages of one person; 0: no slow mode"),
]


class RoomFields(Value, kw_only=True, frozen=True):
    """A room as one person sees it. `pos` and `at` are the position to resume from."""

    id: Id
    kind: RoomKind
    name: Name | None = None
    topic: Topic = ""
    picture: Picture | None = None
    private: bool = False
    archived: bool = False
    slow_mode: SlowSeconds = 0
    role: Annotated[RoomRole, Meta(description="Of the reader in the room")] = "member"
    members: Annotated[int, Meta(ge=0, description="How many people are in it")] = 0
    pos: Annotated[Pos, Meta(description="The position of its latest change")]
    at: Annotated[Time, Meta(description="The time of its latest change")]
    seq: Annotated[Mark, Meta(description="The number of its latest message")]
    first: Annotated[Seq, Meta(description="The number of its oldest message; those before are removed")] = 1
    read: Annotated[Mark, Meta(description="The reader has read up to this message")]
    unread: Annotated[
        UpTo100, Meta(description="How many texts of others follow that one; 100 stands for 100 or more")
    ] = 0
    mentions: Annotated[
        UpTo100, Meta(description="How many of those mention the reader; 100 stands for 100 or more")
    ] = 0
    notify: Annotated[Notify, Meta(description="Which messages the reader is notified of")] = "mentions"
    hidden: Annotated[bool, Meta(description="Whether the reader removed it from their list")] = False
    starred: Annotated[bool, Meta(description="Whether the reader starred it")] = False
    last: Annotated[Message, Meta(description="Its latest message")] | None = None
    peer: (
        Annotated[
            Person,
            Meta(description="The other person of a direct room, or the person of a support conversation"),
        ]
        | None
    ) = None
    others: (
        Annotated[
            tuple[Person, ...],
            Meta(max_length=8, description="The other people of a group direct message, by name"),
        ]
        | None
    ) = None
    support: Support | None = None


class Room(RoomFields, kw_only=True, frozen=True):
    """A room as one person sees it. `pos` and `at` are the position to resume from."""


class WhichMessage(Value, kw_only=True, frozen=True):
    """A message of a room."""

    room: Id
    seq: Seq


class Logged(Value, kw_only=True, frozen=True, tag_field="type"):
    """The fields of every change of a room: its position in the room's log, and its time."""

    room: Id
    pos: Pos
    at: Time


class Hit(Value, kw_only=True, frozen=True):
    """A found message. `pieces` is its text, alternately plain and matching; the first piece is plain."""

    message: Message
    pieces: tuple[str, ...] = ()


class Hits(Value, kw_only=True, frozen=True):
    """Found messages. If there are more, `next` is the `after` of the next page."""

    hits: list[Hit]
    next: Id | None = None
