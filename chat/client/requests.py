"""The requests of a client and their replies. Each may be asked again where its answer was lost."""

from typing import ClassVar

from msgspec import Struct

from chat.client.values import Limits, Message, Person, Presence, Value


class Request(Struct, omit_defaults=True, frozen=True, kw_only=True):
    """What a client asks; its number is given where it is written."""

    type: ClassVar[str]


class Hello(Request, kw_only=True, frozen=True):
    type = "hello"
    token: str
    client: str = "trio-chat"


class KnownRoom(Struct, frozen=True):
    """A room with the position from which it is to be told."""

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


class Read(Request, kw_only=True, frozen=True):
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
    """A message is saved as `seq` of its room. `again`: it was already, by an earlier send with this key."""

    seq: int
    pos: int
    at: int
    again: bool = False


class Done(Value, kw_only=True, frozen=True):
    """A change is saved as `pos` of its room, or nothing had to change."""

    pos: int


class Counts(Value, kw_only=True, frozen=True):
    """How much is unread, and how much of that mentions one."""

    unread: int = 0
    mentions: int = 0


class History(Value, kw_only=True, frozen=True):
    """Messages of a room, ascending. `first` and `last`: nothing comes before, after them."""

    messages: tuple[Message, ...] = ()
    pos: int = 0
    first: bool = False
    last: bool = False


class Hit(Value, kw_only=True, frozen=True):
    """A message that was found; `pieces` are its text, by turns plain and what was looked for, the first plain."""

    message: Message
    pieces: tuple[str, ...] = ()


class Hits(Value, kw_only=True, frozen=True):
    """Messages that were found; where there may be more, `next` is the `after` of the next page."""

    hits: tuple[Hit, ...] = ()
    next: int | None = None


class Watched(Value, kw_only=True, frozen=True):
    people: tuple[Presence, ...] = ()


class Nothing(Value, kw_only=True, frozen=True):
    """There is nothing to say."""


class Pong(Value, kw_only=True, frozen=True):
    at: int = 0


class ErrorReply(Value, kw_only=True, frozen=True):
    code: str
    text: str = ""
    field: str | None = None
    retry_ms: int | None = None
    room: int | None = None
    seq: int | None = None


Reply = HelloOk | SyncOk | Sent | Done | Counts | History | Watched | Nothing | Pong | ErrorReply

REPLIES: dict[str, type[Reply]] = {
    "hello_ok": HelloOk,
    "sync_ok": SyncOk,
    "send_ok": Sent,
    "edit_ok": Done,
    "delete_ok": Done,
    "react_ok": Done,
    "read_ok": Counts,
    "history_ok": History,
    "activity_ok": Nothing,
    "watch_ok": Watched,
    "status_ok": Nothing,
    "ping_ok": Pong,
    "error": ErrorReply,
}
"""By the `type` of a frame."""
