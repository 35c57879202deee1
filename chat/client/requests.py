"""The requests of a client and their replies. A request may be repeated if its reply was lost."""

from typing import ClassVar

from msgspec import Struct

from chat.client.values import Limits, Message, Person, Presence, Value


class Request(Struct, omit_defaults=True, frozen=True, kw_only=True):
    """Base of all requests; a request gets its number when it is sent."""

    type: ClassVar[str]


class Hello(Request, kw_only=True, frozen=True):
    type = "hello"
    token: str
    client: str = "trio-chat"


class KnownRoom(Struct, frozen=True):
    """A room, and the position from which on the server sends its changes."""

    room: int
    pos: int
    at: int


class Sync(Request, kw_only=True, frozen=True):
    type = "sync"
    known: list[KnownRoom] = []
    rest: bool = True
    since: int | None = None
    far: str = "reset"
    limit: int = 20_000


class Send(Request, kw_only=True, frozen=True):
    type = "send"
    room: int
    key: str
    text: str = ""
    reply: int | None = None
    files: tuple[int, ...] = ()


class Edit(Request, kw_only=True, frozen=True):
    type = "edit"
    room: int
    seq: int
    text: str


class Delete(Request, kw_only=True, frozen=True):
    type = "delete"
    room: int
    seq: int


class React(Request, kw_only=True, frozen=True):
    type = "react"
    room: int
    seq: int
    emoji: str
    on: bool = True


class MarkRead(Request, kw_only=True, frozen=True):
    type = "read"
    room: int
    seq: int
    back: bool = False


class ReadHistory(Request, kw_only=True, frozen=True):
    type = "history"
    room: int
    before: int | None = None
    after: int | None = None
    around: int | None = None
    limit: int = 50


class Activity(Request, kw_only=True, frozen=True):
    type = "activity"
    room: int
    what: str


class Watch(Request, kw_only=True, frozen=True):
    type = "watch"
    people: tuple[int, ...]


class Status(Request, kw_only=True, frozen=True):
    type = "status"
    state: str


class Ping(Request, kw_only=True, frozen=True):
    type = "ping"


class HelloOk(Value, kw_only=True, frozen=True):
    me: Person
    server: str = ""
    version: str = ""
    limits: Limits = Limits()
    expires_at: int = 0


class SyncOk(Value, kw_only=True, frozen=True):
    rooms: int = 0


class Sent(Value, kw_only=True, frozen=True):
    """A message is committed as `seq` of its room. `again`: an earlier send with this key committed it."""

    seq: int
    pos: int
    at: int
    again: bool = False


class ChangeCommitted(Value, kw_only=True, frozen=True):
    """A change is committed as `pos` of its room; or none was needed, and `pos` is the present position."""

    pos: int


class UnreadCounts(Value, kw_only=True, frozen=True):
    """How many messages are unread, and how many of those mention the person."""

    unread: int = 0
    mentions: int = 0


class History(Value, kw_only=True, frozen=True):
    """Messages of a room, oldest first. `first`: none come before these. `last`: none come after these."""

    messages: tuple[Message, ...] = ()
    pos: int = 0
    first: bool = False
    last: bool = False


class Hit(Value, kw_only=True, frozen=True):
    """A match. `pieces` are its text in parts, by turns without and with a match, beginning without."""

    message: Message
    pieces: tuple[str, ...] = ()


class Hits(Value, kw_only=True, frozen=True):
    """A page of matches. `next` is the `after` of the next page; None on the last page."""

    hits: tuple[Hit, ...] = ()
    next: int | None = None


class Watched(Value, kw_only=True, frozen=True):
    people: tuple[Presence, ...] = ()


class EmptyReply(Value, kw_only=True, frozen=True):
    """A reply without fields."""


class Pong(Value, kw_only=True, frozen=True):
    at: int = 0


class ErrorReply(Value, kw_only=True, frozen=True):
    code: str
    text: str = ""
    reason: str | None = None
    field: str | None = None
    retry_ms: int | None = None
    room: int | None = None
    seq: int | None = None


Reply = (
    HelloOk
    | SyncOk
    | Sent
    | ChangeCommitted
    | UnreadCounts
    | History
    | Watched
    | EmptyReply
    | Pong
    | ErrorReply
)

REPLIES: dict[str, type[Reply]] = {
    "hello_ok": HelloOk,
    "sync_ok": SyncOk,
    "send_ok": Sent,
    "edit_ok": ChangeCommitted,
    "delete_ok": ChangeCommitted,
    "react_ok": ChangeCommitted,
    "read_ok": UnreadCounts,
    "history_ok": History,
    "activity_ok": EmptyReply,
    "watch_ok": Watched,
    "status_ok": EmptyReply,
    "ping_ok": Pong,
    "error": ErrorReply,
}
"""By the `type` of a frame."""
