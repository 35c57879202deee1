"""Frames of the socket: JSON to values and back. Pure."""

from typing import Any, NamedTuple

import msgspec

from chat.client import features
from chat.client.errors import BadFrame
from chat.client.events import Frame
from chat.client.structs import Request
from chat.client.wire import EVENTS, REPLIES, Reply, UnknownChange


class NumberedReply(NamedTuple):
    """The reply to the request with number `id` of the connection."""

    id: int
    reply: Reply


class _Head(msgspec.Struct):
    """The fields that decide how the rest is decoded."""

    type: str
    id: int | None = None
    room: Any = None
    pos: int | None = None


_head = msgspec.json.Decoder(_Head)
_replies = {name: msgspec.json.Decoder(kind) for name, kind in REPLIES.items()}
_events = {name: msgspec.json.Decoder(kind) for name, kind in (EVENTS | features.EVENTS).items()}
_unknown = msgspec.json.Decoder(UnknownChange)


def decode(data: str | bytes) -> NumberedReply | Frame | None:
    """Decode a frame; None if its type is unknown and it is no change of a room.

    Raises:
        BadFrame: the protocol does not define it.
    """
    try:
        # Events first: the `id` of a snapshot is that of the room, and no request's number.
        head = _head.decode(data)
        if (event := _events.get(head.type)) is not None:
            return event.decode(data)
        if (reply := _replies.get(head.type)) is not None:
            return NumberedReply(head.id or 0, reply.decode(data))
        return _unknown.decode(data) if head.room is not None and head.pos is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFrame(str(error)) from error


def encode(request: Request, number: int) -> bytes:
    """Return the frame of a request.

    Raises:
        TypeError, OverflowError, UnicodeEncodeError: JSON has no form of a value.
    """
    fields = msgspec.to_builtins(request)
    return msgspec.json.encode({"type": request.type, "id": number, **fields})
