"""The frames of the native socket: requests, replies and events, each known by its `type`."""

from typing import Annotated, Literal

from msgspec import Meta

from chat.domain.bounds import Lobby, Registration
from chat.domain.refusals import Code
from chat.engine.dialect import Command
from chat.engine.events import RequestId
from chat.operations.room_values import (
    Emoji,
    FileIds,
    Key,
    Logged,
    Mark,
    Mentioned,
    Pos,
    RoomFields,
    RoomRole,
    Said,
    Sender,
    Seq,
    SupportState,
    Text,
    Topic,
    UpTo100,
)
from chat.operations.values import Id, Me, Name, Time, Value
from chat.protocols.native.server_types import PROTOCOL, AskedProtocol, DataId, Features, Limits, Protocol
from chat.protocols.native.types import Device

Ref = Annotated[int, Meta(ge=0, le=2**53 - 1, description="Chosen by the client; the reply repeats it")]

Reset = Literal["too_far", "other_history", "erased"]

Far = Literal["reset", "page"]

MOST_KNOWN = 1000
"""Positions that are taken in one sync."""

KNOWN_IN_A_FRAME = 800
"""Positions that fit in a frame whatever their numbers are: at most 78 bytes each, with spaces."""

MOST_CHANGES = 20_000
"""Changes that one sync tells."""

IN_FLIGHT = 64
"""Requests of one socket that are answered beside each other; what writes waits in line instead."""

MOST_WATCHED = 500
"""People whom one socket watches."""


class Request(Command, kw_only=True, omit_defaults=True, frozen=True, tag_field="type"):
    """What a client asks on the socket."""

    id: Ref

    @property
    def ref(self) -> RequestId:
        return self.id


class Position(Value, kw_only=True, frozen=True):
    """How far a client is in a room: its newest change, and when that was."""

    room: Id
    pos: Pos
    at: Time


class Hello(Request, kw_only=True, frozen=True, tag="hello"):
    """Prove who speaks; again with a fresh token before the old one expires."""

    token: Annotated[str, Meta(max_length=254)]
    client: Device = ""
    protocol: AskedProtocol = PROTOCOL


class Sync(Request, kw_only=True, frozen=True, tag="sync"):
    """Be told all since these positions, and with `rest` every other room; then live.

    With `far` page a room that is behind by more than 1000 changes, or by more than its share of `limit`, is told as
    many as that, and `more`: it is not live until it is synced from there to its end. Else it is told as it is.
    """

    known: Annotated[tuple[Position, ...], Meta(max_length=MOST_KNOWN)] = ()
    rest: bool = True
    since: Time | None = None
    far: Far = "reset"
    limit: Annotated[
        int, Meta(ge=0, le=MOST_CHANGES, description="Changes to be told, all rooms together")
    ] = MOST_CHANGES


class Send(Request, kw_only=True, frozen=True, tag="send"):
    """Say something, once however often it is sent."""

    room: Id
    key: Key
    text: Text = ""
    reply: Seq | None = None
    files: FileIds = ()


class Ping(Request, kw_only=True, frozen=True, tag="ping"):
    """Are you there?"""


class Reply(Value, kw_only=True, frozen=True, tag_field="type"):
    """The one answer to the request with this `id`."""

    id: Ref


class HelloOk(Reply, kw_only=True, frozen=True, tag="hello_ok"):
    """Who one is, and what this server is, has and allows. More may be added.

    `lobby` is `open` where whoever connects reads it without logging in; a `policy` event tells when that changes.
    """

    me: Me
    server: str
    lobby: Lobby
    version: str
    protocol: Protocol
    data: DataId
    features: Features
    limits: Limits
    expires_at: Time


class SyncOk(Reply, kw_only=True, frozen=True, tag="sync_ok"):
    """Everything was told: so many rooms."""

    rooms: Annotated[int, Meta(ge=0)]


class SendOk(Reply, kw_only=True, frozen=True, tag="send_ok"):
    """The message is saved; `again`: it was before."""

    seq: Seq
    pos: Pos
    at: Time
    again: bool = False


class PingOk(Reply, kw_only=True, frozen=True, tag="ping_ok"):
    """Here I am."""

    at: Time


class ErrorReply(Reply, kw_only=True, frozen=True, tag="error"):
    """The request is refused; `id` is 0 where none can be read. `room` and `seq`: the message that has the key.

    `error` is `text` again, as HTTP calls it. `reason` is the stable key of the text.
    """

    code: Code
    text: str
    error: str
    reason: str | None = None
    field: str | None = None
    retry_ms: int | None = None
    room: Id | None = None
    seq: Seq | None = None


class MessageEvent(Said, kw_only=True, frozen=True, tag_field="type", tag="message"):
    """Something was said. In a replay it is the message as it is now."""


class EditedEvent(Logged, kw_only=True, frozen=True, tag="edited"):
    """A message has another text, which mentions these, or everybody."""

    seq: Seq
    text: Text
    mentions: Mentioned = ()
    all: bool = False


class DeletedEvent(Logged, kw_only=True, frozen=True, tag="deleted"):
    """A message is deleted; whoever runs the server is nobody."""

    seq: Seq
    by: Id | None = None


class ReactedEvent(Logged, kw_only=True, frozen=True, tag="reacted"):
    """Somebody reacted, or took it back; so many react with that emoji now."""

    seq: Seq
    person: Id
    emoji: Emoji
    on: bool = True
    count: Annotated[int, Meta(ge=0)]


class SupportEvent(Logged, kw_only=True, frozen=True, tag="support"):
    """A conversation is open or closed now, and an operator's or nobody's."""

    state: SupportState
    assignee: Sender | None = None
    waiting_since: Time | None = None
    by: Id


class MemberEvent(Logged, kw_only=True, frozen=True, tag="member"):
    """A member has another role, or is out: banned, or with none. A joining is a message of the kind join."""

    person: Id
    role: RoomRole | None = None
    by: Id


class ChangedEvent(Logged, kw_only=True, frozen=True, tag="changed"):
    """The room is like this now."""

    name: Name
    topic: Topic = ""
    private: bool = False
    archived: bool = False
    by: Id


class UnknownEvent(Logged, kw_only=True, frozen=True, tag="unknown"):
    """A change that this server does not know, of a newer one beside it: it counts."""


class MoreEvent(Logged, kw_only=True, frozen=True, tag="more"):
    """This is the last change that was told of the room, which is not live: sync it from here for the next ones."""


class RoomEvent(RoomFields, kw_only=True, frozen=True, tag_field="type", tag="room"):
    """A room as it is now: new to the client, or its copy is void for the reason `reset`.

    With `reset`, what was said after the message `after` can be read of the history.
    """

    reset: Reset | None = None
    after: Mark | None = None


class GoneEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="gone"):
    """A room that is not the person's any more; `closed`: a conversation, until somebody speaks in it."""

    room: Id
    reason: Literal["removed", "deleted", "closed"]


class ReadEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="read"):
    """How far somebody has read; `unread` is told to themselves alone."""

    room: Id
    person: Id
    seq: Mark
    unread: UpTo100 = 0
    mentions: UpTo100 = 0


class PolicyEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="policy"):
    """What the server is called, who may register and who reads the lobby, since one of these has just changed."""

    server: str
    registration: Registration
    lobby: Lobby


class ByeEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="bye"):
    """The server stops; come back after this long."""

    after_ms: Annotated[int, Meta(ge=0, le=60_000)]
