"""The frames of the native socket: requests, replies and events, each known by its `type`."""

from typing import Annotated, Literal

from msgspec import Meta

from chat.domain.limits.bounds import Lobby, Registration
from chat.domain.refusals import Code
from chat.engine.dialect import Command
from chat.engine.events import RequestId
from chat.operations.room_values import (
    FileIds,
    Key,
    Logged,
    Mark,
    Mentioned,
    MessageFields,
    Pos,
    ReactionEmoji,
    RoomFields,
    RoomRole,
    Sender,
    Seq,
    SupportState,
    Text,
    Topic,
    UpTo100,
)
from chat.operations.values import Id, Me, Name, Time, Value
from chat.protocols.native.accounts.types import Device
from chat.protocols.native.server.types import (
    PROTOCOL,
    AskedProtocol,
    DataId,
    Features,
    Limits,
    Protocol,
    Restored,
)

Ref = Annotated[int, Meta(ge=0, le=2**53 - 1, description="Chosen by the client; the reply repeats it")]

Reset = Literal["too_far", "other_history", "erased"]

Far = Literal["reset", "page"]

MOST_KNOWN = 1000
"""The most positions in one sync."""

KNOWN_IN_A_FRAME = 800
"""Positions that fit in a frame whatever their numbers are: at most 78 bytes each, with spaces."""

MOST_CHANGES = 20_000
"""The most changes that one sync sends."""

IN_FLIGHT = 64
"""The most reads of one socket that are answered concurrently; writes are answered in order instead."""

MOST_WATCHED = 500
"""The most people whom one socket watches."""


class Request(Command, kw_only=True, omit_defaults=True, frozen=True, tag_field="type"):
    """A request of a client on the socket."""

    id: Ref

    @property
    def ref(self) -> RequestId:
        return self.id


class Position(Value, kw_only=True, frozen=True):
    """A client's position in a room: the number and the time of the newest change that it has."""

    room: Id
    pos: Pos
    at: Time


class Hello(Request, kw_only=True, frozen=True, tag="hello"):
    """Authenticate; repeat it with a fresh token before the old one expires."""

    token: Annotated[str, Meta(max_length=254)]
    client: Device = ""
    protocol: AskedProtocol = PROTOCOL


class Sync(Request, kw_only=True, frozen=True, tag="sync"):
    """Get all changes since the positions in `known`, with `rest` every other room as well, and then live events.

    A room may have more than 1000 changes since its position, or more than its share of `limit`. With `far` = page, the
    server sends that many and then `more`; the room is not live until a sync from there has reached its end.
    With `far` = reset, the server sends the room's current state instead. With `conversations` an operator is sent only
    so many of the open support conversations that `rest` means, and as many of those assigned to them: the longest
    waiting first. Another one follows when something happens in it, or when it is named in `known`.
    """

    known: Annotated[tuple[Position, ...], Meta(max_length=MOST_KNOWN)] = ()
    rest: bool = True
    since: Time | None = None
    far: Far = "reset"
    limit: Annotated[
        int, Meta(ge=0, le=MOST_CHANGES, description="The most changes to send, all rooms together")
    ] = MOST_CHANGES
    conversations: Annotated[int, Meta(ge=0, le=MOST_KNOWN)] | None = None


class Send(Request, kw_only=True, frozen=True, tag="send"):
    """Send a message; repeating it with the same key saves it once."""

    room: Id
    key: Key
    text: Text = ""
    reply: Seq | None = None
    files: FileIds = ()


class Ping(Request, kw_only=True, frozen=True, tag="ping"):
    """Check the connection; the reply has the server's time."""


class Reply(Value, kw_only=True, frozen=True, tag_field="type"):
    """The answer to the request with this `id`; each request has exactly one."""

    id: Ref


class HelloOk(Reply, kw_only=True, frozen=True, tag="hello_ok"):
    """The authenticated person, and the server's version, features and limits. Fields may be added.

    `lobby` is `open` if clients read it without logging in, `calls` whether one can begin a call, `emoji` the last
    change of the server's own emoji; a `policy` event announces a change. With another `restored` than before, changes
    after its `until` that the client knows may be gone, and others have their numbers.
    """

    me: Me
    server: str
    lobby: Lobby
    calls: bool = False
    emoji: str = ""
    version: str
    protocol: Protocol
    data: DataId
    restored: Restored | None = None
    features: Features
    limits: Limits
    expires_at: Time


class SyncOk(Reply, kw_only=True, frozen=True, tag="sync_ok"):
    """The sync is complete; `rooms` is the number of rooms that were sent.

    `left_out` is the number of open support conversations that were not, because of `conversations`.
    """

    rooms: Annotated[int, Meta(ge=0)]
    left_out: Annotated[int, Meta(ge=0)] = 0


class SendOk(Reply, kw_only=True, frozen=True, tag="send_ok"):
    """The message is saved; `again`: it had been saved before."""

    seq: Seq
    pos: Pos
    at: Time
    again: bool = False


class PingOk(Reply, kw_only=True, frozen=True, tag="ping_ok"):
    """The connection works; `at` is the server's time."""

    at: Time


class ErrorReply(Reply, kw_only=True, frozen=True, tag="error"):
    """The request is refused; `id` is 0 if the request's own can't be read.

    `reason` is the stable key of `text`; `error` repeats `text` under the name that HTTP uses. `room` and `seq` name
    the message that was sent with the key before.
    """

    code: Code
    text: str
    error: str
    reason: str | None = None
    field: str | None = None
    retry_ms: int | None = None
    room: Id | None = None
    seq: Seq | None = None


class MessageEvent(MessageFields, kw_only=True, frozen=True, tag_field="type", tag="message"):
    """A new message. In a replay it has its current state."""


class EditedEvent(Logged, kw_only=True, frozen=True, tag="edited"):
    """A message has a new text, which mentions these people or, with `all`, everybody."""

    seq: Seq
    text: Text
    mentions: Mentioned = ()
    all: bool = False


class DeletedEvent(Logged, kw_only=True, frozen=True, tag="deleted"):
    """A message is deleted; without `by` it was a command on the server."""

    seq: Seq
    by: Id | None = None


class ReactedEvent(Logged, kw_only=True, frozen=True, tag="reacted"):
    """A person added or removed a reaction; `count` is how many people react with the emoji now."""

    seq: Seq
    person: Id
    emoji: ReactionEmoji
    on: bool = True
    count: Annotated[int, Meta(ge=0)]


class SupportEvent(Logged, kw_only=True, frozen=True, tag="support"):
    """The new state of a support conversation: open or closed, and its assignee, if any."""

    state: SupportState
    assignee: Sender | None = None
    waiting_since: Time | None = None
    by: Id


class MemberEvent(Logged, kw_only=True, frozen=True, tag="member"):
    """A member has a new role, is banned, or (without `role`) has left. A join is a message of the kind join."""

    person: Id
    role: RoomRole | None = None
    by: Id


class ChangedEvent(Logged, kw_only=True, frozen=True, tag="changed"):
    """The room has a new name, topic or setting; all of them are included."""

    name: Name
    topic: Topic = ""
    private: bool = False
    archived: bool = False
    by: Id


class UnknownEvent(Logged, kw_only=True, frozen=True, tag="unknown"):
    """A change made by a newer server, of a kind that this server does not know; it counts for `pos`."""


class MoreEvent(Logged, kw_only=True, frozen=True, tag="more"):
    """The page ends at this position of the room, which is not live: sync it from here for the next page."""


class RoomEvent(RoomFields, kw_only=True, frozen=True, tag_field="type", tag="room"):
    """The current state of a room: it is new to the client, or the client's copy is void for the reason `reset`.

    With `reset`, the messages after the message `after` can be read from the history.
    """

    reset: Reset | None = None
    after: Mark | None = None


class GoneEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="gone"):
    """The person has lost a room. `closed`: a support conversation, until somebody sends to it."""

    room: Id
    reason: Literal["removed", "deleted", "closed"]


class ReadEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="read"):
    """How far a person has read; only they themselves get `unread` and `mentions`."""

    room: Id
    person: Id
    seq: Mark
    unread: UpTo100 = 0
    mentions: UpTo100 = 0


class PolicyEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="policy"):
    """The server's name, who may register, who reads the lobby, whether there are calls; sent when one changes.

    `emoji` is the last change of the server's own emoji; with another one, read them again.
    """

    server: str
    registration: Registration
    lobby: Lobby
    calls: bool = False
    emoji: str = ""


class ByeEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="bye"):
    """The server stops; connect again after `after_ms` milliseconds."""

    after_ms: Annotated[int, Meta(ge=0, le=60_000)]
