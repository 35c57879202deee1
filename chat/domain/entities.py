"""The nouns of the chat, as frozen values.

They are msgspec structs and not dataclasses, because one is made for every message and a frozen
dataclass costs ten times as much to make.
"""

from enum import StrEnum
from typing import Literal, NamedTuple

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

    `token_generation` is raised to revoke every token issued so far. A moderator is one in every public room. Who is
    disabled may not come in. `created_at` and
    `changed_at`, when name, roles or profile last changed, are Unix seconds. `share_reads`: others may see how far one
    has read. A visitor of the support widget has no password, and their support conversation alone.
    `session_id` is no part of the row: by the token of which session they came in; None where it has none.
    """

    id: int
    name: str
    email: str | None = None
    display_name: str | None = None
    is_operator: bool = False
    is_moderator: bool = False
    is_admin: bool = False
    is_disabled: bool = False
    is_visitor: bool = False
    token_generation: int = 0
    share_reads: bool = True
    created_at: float = 0.0
    changed_at: float = 0.0
    session_id: int | None = None


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor said of themselves, and the page that they wrote from; operators see it. Nobody checks it."""

    email: str | None = None
    page: str | None = None


class Credentials(msgspec.Struct, frozen=True):
    """A person and the bcrypt hash that proves them; never leaves the accounts service."""

    person: Person
    password_hash: bytes


class LoginSession(msgspec.Struct, frozen=True, kw_only=True):
    """A row in `sessions`: a login, or a named token for a program. Times are Unix seconds.

    `used_at` is when it was begun or last refreshed, `address` and `agent` are whose that was. `name` is what its
    person calls it.
    """

    id: int
    person_id: int
    kind: Literal["login", "token"] = "login"
    name: str = ""
    address: str = ""
    agent: str = ""
    created_at: float
    used_at: float


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """A row in `rooms`: `last_seq` counts its messages, `last_pos` all its changes: without a gap, in commit order."""

    id: int
    kind: RoomKind
    name: str | None = None
    creator_id: int | None = None
    is_private: bool = False
    topic: str = ""
    is_archived: bool = False
    last_seq: int = 0
    last_pos: int = 0
    created_at: float = 0.0


class RoomSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The lobby, or a room that people made, for admins and whoever runs the server: nothing of what was said in it.

    `creator` is the name of who made it; nobody made the lobby. `last_at` is when something was said last. Times are in
    Unix seconds.
    """

    id: int
    kind: RoomKind
    name: str
    creator: str | None
    is_private: bool
    is_archived: bool
    members: int
    messages: int
    created_at: float
    last_at: float | None


class DirectInbox(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The direct messages to one person (or guest)."""

    person_id: int


class OwnSupport(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A person's own support conversation."""

    person_id: int


class AllSupport(msgspec.Struct, frozen=True, gc=False, tag=True):
    """All support conversations, for operators."""


class RoomTopic(msgspec.Struct, frozen=True, gc=False, tag=True):
    """All changes of a direct or support room, for the people of that room who hear it as a room, by its id."""

    room_id: int


Topic = int | DirectInbox | OwnSupport | AllSupport | RoomTopic
"""What can be subscribed to: a room's id, or one of the above. Two of different types are never equal."""


class Peer(NamedTuple):
    """Whom a message concerns beside its sender: the addressee, or whose support conversation it is in."""

    id: int
    name: str


class Pair(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The two people of a direct room; both are one, where somebody writes to themselves."""

    one_id: int
    other_id: int

    def other_than(self, person_id: int) -> int:
        """Return the id of the other one."""
        return self.other_id if person_id == self.one_id else self.one_id


class SupportOf(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Whose support conversation it is."""

    person: Peer


People = Pair | SupportOf | None
"""The people that a room is for, which decides who hears it (`domain/audience.py`). None: whoever is in it."""


class File(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An uploaded file: `size` in bytes; `width` and `height` in pixels, which images alone have."""

    id: int
    name: str
    type: str
    size: int
    width: int | None = None
    height: int | None = None


class Draft(msgspec.Struct, frozen=True, gc=False):
    """A message on its way to the journal: everything but what the commit decides.

    `key` is the client's own, unique for its sender for ever: a draft that is sent again with it is saved once.
    `people` are those of its room, `reply` is the seq of the message of the room that it answers. Whom the text
    mentions, `mentions`, the storage finds out (`domain/mentions.py`), and which `files` its `file_ids` are.
    """

    room_id: int
    sender_id: int
    sender_name: str
    text: str
    created_at: float
    kind: MessageKind = MessageKind.TEXT
    key: str | None = None
    people: People = None
    reply: int | None = None
    mentions: tuple[int, ...] = ()
    file_ids: tuple[int, ...] = ()
    files: tuple[File, ...] = ()


class Message(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A committed message. `created_at` is in Unix seconds to the microsecond.

    `id` is its place in the log of all rooms, `seq` its place among the messages of its room, and `pos` that of its
    latest change among all changes of its room: its own, as long as there was no other. `people` are those of its
    room, where they were asked for. `reply` (a seq) and `mentions` (ids of people, in which 0 is everybody in the room)
    stand in the log's messages alone.
    """

    id: int
    room_id: int
    seq: int
    sender_id: int
    sender_name: str
    text: str
    created_at: float
    kind: MessageKind = MessageKind.TEXT
    people: People = None
    pos: int = 0
    reply: int | None = None
    mentions: tuple[int, ...] = ()
    files: tuple[File, ...] = ()

    @property
    def peer(self) -> Peer | None:
        """Whom the message concerns beside its sender; the name of an addressee is not told."""
        match self.people:
            case Pair() as pair:
                return Peer(pair.other_than(self.sender_id), "")
            case SupportOf(person):
                return person
        return None


class Conversation(msgspec.Struct, frozen=True):
    """A support conversation as an operator sees it: unread is what the person said since the last answer."""

    person_id: int
    person_name: str
    last: Message
    unread: int
