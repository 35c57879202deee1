"""The entities of the chat, as frozen values.

They are msgspec structs: one is made for every message, and a frozen dataclass costs ten times as much to make.
"""

from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec

LOBBY_ID = 1
"""The room that always exists (`sql/0001`); everybody but visitors is in it."""


class RoomKind(StrEnum):
    """What a room is for; it decides who may enter, not how messages are delivered."""

    LOBBY = "lobby"
    ROOM = "room"
    DIRECT = "direct"
    SUPPORT = "support"


class MessageKind(StrEnum):
    """A text by somebody, or the notice that somebody joined."""

    TEXT = "message"
    JOIN = "join"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A row in `users`.

    Raising `token_generation` revokes every token issued so far. A moderator moderates every public room. A disabled
    person can't log in. `changed_at` is the last change of name, roles or profile, `status_until` the status's end, in
    Unix seconds. `picture` is a SHA-256 in hex; `share_reads`: others may see what the person has read. A visitor has
    no password, and no room but their conversation. `scopes` are a bot's, which is a visitor too; None: no bot.
    `session_id` is not stored: that of the token in use.
    """

    id: int
    name: str
    email: str | None = None
    display_name: str | None = None
    picture: str | None = None
    status_emoji: str | None = None
    status_text: str = ""
    status_until: float | None = None
    is_operator: bool = False
    is_moderator: bool = False
    is_admin: bool = False
    is_disabled: bool = False
    is_visitor: bool = False
    has_second_factor: bool = False
    token_generation: int = 0
    share_reads: bool = True
    created_at: float = 0.0
    changed_at: float = 0.0
    scopes: tuple[str, ...] | None = None
    session_id: int | None = None


class Visit(msgspec.Struct, frozen=True, kw_only=True):
    """What a visitor entered, or their site signed if it is verified, and the page that they wrote from."""

    email: str | None = None
    page: str | None = None
    is_verified: bool = False


class Credentials(msgspec.Struct, frozen=True):
    """A person and the bcrypt hash that proves them; never leaves the accounts service."""

    person: Person
    password_hash: bytes


class LoginSession(msgspec.Struct, frozen=True, kw_only=True):
    """A row in `sessions`: a log-in, or a named token for a program. Times are Unix seconds.

    `used_at` is the time of its begin or last refresh, `address` and `agent` those of the client then. `name` is given
    by its person.
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
    """A row in `rooms`. `last_seq` counts its messages and `last_pos` all its changes, in commit order; no gaps."""

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
    """The lobby or a room that people made, for admins and the server's operator, without its messages.

    `creator` is a name; the lobby has none. `last_at` is the time of the last message. Times are in Unix seconds.
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
    """All changes of a direct or support room, for clients that subscribe to it as a room."""

    room_id: int


Topic = int | DirectInbox | OwnSupport | AllSupport | RoomTopic
"""What a client subscribes to: a room's id, or one of the above. Topics of different types are never equal."""


class Peer(NamedTuple):
    """The other person of a message: its addressee, or the person of the support conversation."""

    id: int
    name: str


class Pair(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The two people of a direct room; both ids are equal for notes to oneself."""

    one_id: int
    other_id: int

    def other_than(self, person_id: int) -> int:
        """Return the id of the other one."""
        return self.other_id if person_id == self.one_id else self.one_id


class SupportOf(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The person of a support conversation."""

    person: Peer


People = Pair | SupportOf | None
"""The people of a room, who decide its topics (`domain/messages/audience.py`). None: its members."""


class File(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An uploaded file: `size` in bytes; `width` and `height` in pixels, for images only."""

    id: int
    name: str
    type: str
    size: int
    width: int | None = None
    height: int | None = None


class Draft(msgspec.Struct, frozen=True, gc=False):
    """A message before its commit, without the fields that the commit decides.

    `key` is chosen by the client and unique for its sender for ever: drafts with the same key are saved once.
    `people` are those of the room, `reply` is the seq of the message that it answers. The storage fills in `root`, the
    seq of the first message of its thread, `mentions` (`domain/messages/mentions.py`), and `files` from `file_ids`.
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
    root: int | None = None

    @property
    def actor_id(self) -> int:
        """Whose write it is."""
        return self.sender_id


class Message(msgspec.Struct, frozen=True, gc=False, tag=True, array_like=True):
    """A committed message. `created_at` is in Unix seconds to the microsecond.

    `id` is its log id, `seq` its number among the messages of its room, `pos` the position of its latest change (at
    first its own). `people` are those of its room, where the query returns them. Only messages of the log have `reply`
    and `root` (seqs) and `mentions` (ids of people; 0 is everybody in the room).
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
    root: int | None = None

    @property
    def peer(self) -> Peer | None:
        """The other person of the message; an addressee comes without a name."""
        if isinstance(self.people, Pair):
            return Peer(self.people.other_than(self.sender_id), "")
        return None if self.people is None else self.people.person


class Conversation(msgspec.Struct, frozen=True):
    """A support conversation for operators. `unread` counts the person's messages since the last answer."""

    person_id: int
    person_name: str
    last: Message
    unread: int
