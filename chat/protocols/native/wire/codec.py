"""Decodes and encodes the native socket's frames: JSON objects, each with a `type`."""

import math
import re
from operator import attrgetter
from typing import ClassVar, Union, cast

import msgspec

from chat.domain.entities import Message, MessageKind
from chat.domain.features import Ports
from chat.domain.log_events import EVENTS
from chat.domain.messages.changes import (
    Change,
    Deleted,
    Edited,
    FeatureChange,
    Reacted,
    Removed,
    RoleChanged,
    RoomChanged,
    RoomDeleted,
    SupportChanged,
    UnknownChange,
)
from chat.domain.messages.outcomes import KeyUsed
from chat.domain.messages.sync_types import MessageNow, Replayed, milliseconds
from chat.domain.refusals import Code, Refusal
from chat.domain.text.wrong_values import wrong_field
from chat.engine.dialect import Command
from chat.engine.events import Event, Refused, RequestId, Said, Saved
from chat.features.registry import FEATURES
from chat.frames import text_frame
from chat.operations.conversions import as_sender, mentioned, message_fields, references, support_state
from chat.operations.operation import Operation
from chat.operations.room_values import Logged, RoomRole, Sender
from chat.protocols.client import Misunderstood
from chat.protocols.native.operations import OPERATIONS
from chat.protocols.native.wire.all_frames import EVENTS as EVENT_TYPES
from chat.protocols.native.wire.all_frames import REQUESTS
from chat.protocols.native.wire.frames import (
    ChangedEvent,
    DeletedEvent,
    EditedEvent,
    ErrorReply,
    MemberEvent,
    MessageEvent,
    ReactedEvent,
    Ref,
    SendOk,
    SupportEvent,
    UnknownEvent,
)

_NO_JSON = Refusal(Code.MALFORMED, "a frame is a JSON object in a text frame")
_HALF_A_CHARACTER = Refusal(Code.MALFORMED, "a text has half a character (a lone surrogate)")
_UNKNOWN = Refusal(Code.UNKNOWN_TYPE, "there is no such request")

_OF_FEATURES = {each.change: each.make for feature in FEATURES for each in feature.events}

KINDS = frozenset(
    str(each.__struct_config__.tag) for each in EVENT_TYPES if issubclass(each, (Logged, MessageEvent))
) - {"more"}
"""The types of events that are changes of the log."""

_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
"""The errors of decoders for frames that are not JSON or not text."""

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
"""A surrogate of UTF-16 as a JSON escape: a cut JavaScript string may end with half of a pair."""


class Ask(Command, frozen=True):
    """A request for an operation of the table. Each operation has a type of it, with the fields of its request."""

    operation: ClassVar[Operation]


def _asked(operation: Operation) -> type[Ask]:
    """Return the type of an operation's requests: the operation's own with the frame's `type` and `id`."""
    assert operation.request is not None
    made = msgspec.defstruct(
        operation.request.__name__,
        [("id", Ref)],
        bases=(operation.request, Ask),
        namespace={"operation": operation, "ref": property(attrgetter("id"))},
        tag_field="type",
        tag=operation.on_socket,
        kw_only=True,
        frozen=True,
    )
    return cast("type[Ask]", made)


ASKED = tuple(_asked(operation) for operation in OPERATIONS if operation.on_socket is not None)
"""The types of requests for operations."""

_REQUESTS = {str(request.__struct_config__.tag): request for request in (*REQUESTS, *ASKED)}
"""The types of all requests, by the `type` of their frame."""


class NativeMisunderstood(Misunderstood, frozen=True):
    """The frame can't be decoded; `id` is its own, or 0 if that can't be read either."""

    id: int = 0

    @property
    def ref(self) -> RequestId:
        return self.id


class _Head(msgspec.Struct):
    """The fields of a request that are decoded even if the others are malformed."""

    type: str
    id: Ref


class NativeDialect:
    """The native dialect. Changes are sent to everybody in the room, their author too, so `pos` has no gaps."""

    name = "native"
    path = "/api/v1/socket"
    shape = frozenset({"type", "id"})
    echoes = True
    needs_token = False
    admits_visitors = True

    def __init__(self) -> None:
        self._decode = msgspec.json.Decoder(Union[tuple(_REQUESTS.values())]).decode  # noqa: UP007
        self._head = msgspec.json.Decoder(_Head)

    def decode(self, frame: str | bytes) -> Command:
        if isinstance(frame, bytes):
            return NativeMisunderstood(_NO_JSON)
        try:
            request: Command = self._decode(frame)
        except msgspec.ValidationError as error:
            return self._misunderstood(frame, error)
        except _UNREADABLE:
            return self._unreadable(frame)
        return request

    def _misunderstood(self, frame: str, error: msgspec.ValidationError) -> Command:
        """Return why a request is malformed."""
        try:
            head = self._head.decode(frame)
        except msgspec.ValidationError as unusable:
            return NativeMisunderstood(Refusal(Code.MALFORMED, wrong_field(unusable, _Head).text))
        except _UNREADABLE:  # the frame is not JSON after the first invalid value
            return self._unreadable(frame)
        shape = _REQUESTS.get(head.type)
        if shape is None:
            return NativeMisunderstood(_UNKNOWN, head.id)
        wrong = wrong_field(error, shape)
        return NativeMisunderstood(
            Refusal(Code.INVALID, wrong.text, field=wrong.field, reason="bad_value"), head.id
        )

    def _unreadable(self, frame: str) -> Command:
        """Return that a frame is not JSON; if a lone surrogate is its only fault, with its id."""
        mended = _SURROGATE.sub("?", frame)
        if mended != frame:
            try:
                return NativeMisunderstood(_HALF_A_CHARACTER, self._head.decode(mended).id)
            except _UNREADABLE:
                pass
        return NativeMisunderstood(_NO_JSON)

    def encode(self, event: Event) -> bytes:
        if isinstance(event, Said):  # most events by far; matching patterns costs as much as encoding
            return frame_of(_message_event(event.message))
        match event:
            case (
                Edited()
                | Deleted()
                | Reacted()
                | Removed()
                | RoleChanged()
                | RoomChanged()
                | SupportChanged()
                | FeatureChange()
                | UnknownChange()
            ):
                return frame_of(changed_event(event))
            case Saved(message, ref):
                return frame_of(saved(message, ref))
            case Refused(refusal, ref):
                return frame_of(_error(refusal, ref))
        return b""


def frame_of(value: msgspec.Struct) -> bytes:
    """Return the frame that carries a reply or an event. Sync and pure."""
    return text_frame(msgspec.json.encode(value))


def answer_frame(ask: Ask, reply: msgspec.Struct) -> bytes:
    """Return the frame of an operation's reply. Sync and pure."""
    fields = {"type": f"{ask.operation.on_socket}_ok", "id": ask.ref}
    return text_frame(msgspec.json.encode(fields | msgspec.to_builtins(reply)))


def saved(message: Message, ref: RequestId, *, again: bool = False) -> SendOk:
    """Return the answer to the sender of a message. Sync and pure."""
    return SendOk(
        id=_number(ref), seq=message.seq, pos=message.pos, at=milliseconds(message.created_at), again=again
    )


def _message_event(message: Message) -> MessageEvent:
    return MessageEvent(
        room=message.room_id,
        seq=message.seq,
        pos=message.pos,
        at=milliseconds(message.created_at),
        sender=Sender(id=message.sender_id, name=message.sender_name),
        kind="join" if message.kind is MessageKind.JOIN else "text",
        text=message.text,
        **references(message),
    )


def changed_event(change: Change) -> msgspec.Struct:
    """Return the event of a change that is no new message. Sync and pure."""
    room, pos, at = change.room_id, change.pos, milliseconds(change.created_at)
    match change:
        case Edited():
            whom = mentioned(change.mentions)
            return EditedEvent(room=room, pos=pos, at=at, seq=change.seq, text=change.text, **whom)
        case Deleted():
            return DeletedEvent(room=room, pos=pos, at=at, seq=change.seq, by=change.actor_id)
        case Reacted():
            return ReactedEvent(
                room=room,
                pos=pos,
                at=at,
                seq=change.seq,
                person=change.actor_id,
                emoji=change.emoji,
                on=change.is_on,
                count=change.count,
            )
        case SupportChanged():
            since = change.waiting_since
            return SupportEvent(
                room=room,
                pos=pos,
                at=at,
                state=support_state(is_closed=change.is_closed),
                assignee=as_sender(change.assignee),
                waiting_since=None if since is None else milliseconds(since),
                by=change.actor_id,
            )
        case Removed():
            role: RoomRole | None = "banned" if change.is_ban else None
            return MemberEvent(
                room=room, pos=pos, at=at, person=change.person_id, role=role, by=change.actor_id
            )
        case RoleChanged():
            return MemberEvent(
                room=room,
                pos=pos,
                at=at,
                person=change.person_id,
                role=change.role.value,
                by=change.actor_id,
            )
        case RoomChanged():
            return ChangedEvent(
                room=room,
                pos=pos,
                at=at,
                name=change.name,
                topic=change.topic,
                private=change.is_private,
                archived=change.is_archived,
                by=change.actor_id,
            )
        case FeatureChange():
            return _OF_FEATURES[type(change)](change)
        case UnknownChange():
            return UnknownEvent(room=room, pos=pos, at=at)
    raise AssertionError(change)


def sent_event(change: Change) -> msgspec.Struct | None:
    """Return the event of a change as it is now, for what sends the log; None: clients get none. Sync and pure."""
    if isinstance(change, Message):
        return _message_event(change)
    return None if isinstance(change, RoomDeleted) else changed_event(change)


def offer_events(ports: Ports) -> None:
    """Hand the events of this protocol down to features that send the log. Sync."""
    if (encoder := ports.get(EVENTS)) is not None:
        encoder.event = sent_event
        encoder.kinds = KINDS


def replayed_event(change: Replayed) -> msgspec.Struct:
    """Return the event of a replayed change. Sync and pure."""
    if isinstance(change, MessageNow):
        return MessageEvent(**message_fields(change, change.pos))
    return changed_event(change)


def _number(ref: RequestId) -> int:
    return ref if isinstance(ref, int) else 0


def _error(refusal: Refusal, ref: RequestId) -> ErrorReply:
    first = refusal.message if isinstance(refusal, KeyUsed) else None
    return ErrorReply(
        id=_number(ref),
        code=refusal.code,
        text=refusal.text,
        error=refusal.text,
        reason=refusal.reason,
        field=refusal.field,
        retry_ms=None if refusal.retry_after is None else math.ceil(refusal.retry_after * 1000),
        room=None if first is None else first.room_id,
        seq=None if first is None else first.seq,
    )


NATIVE = NativeDialect()
