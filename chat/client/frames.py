"""Frames of the socket: JSON to values and back. Pure."""

from typing import Any, NamedTuple

import msgspec

from chat.client.errors import BadFrame
from chat.client.events import TYPES, Frame, Unknown
from chat.client.requests import REPLIES, Reply, Request


class Answer(NamedTuple):
    """The reply to the request with this number."""

    id: int
    reply: Reply


class _Head(msgspec.Struct):
    """What says how the rest is read."""

    type: str
    id: int | None = None
    room: Any = None
    pos: int | None = None


_head = msgspec.json.Decoder(_Head)
_replies = {name: msgspec.json.Decoder(kind) for name, kind in REPLIES.items()}
_events = {name: msgspec.json.Decoder(kind) for name, kind in TYPES.items()}
_unknown = msgspec.json.Decoder(Unknown)


def decode(data: str | bytes) -> Answer | Frame | None:
    """Return what a frame says; None where this client does not know it and nothing has to be counted.

    Raises:
        BadFrame: it is not what a server of this protocol sends.
    """
    try:
        # An event has no `id` but a room's, which is the room's own: so events come first.
        head = _head.decode(data)
        if (event := _events.get(head.type)) is not None:
            return event.decode(data)
        if (reply := _replies.get(head.type)) is not None:
            return Answer(head.id or 0, reply.decode(data))
        return _unknown.decode(data) if head.room is not None and head.pos is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFrame(str(error)) from error


def encode(request: Request, number: int) -> bytes:
    """Return the frame of a request.

    Raises:
        TypeError, OverflowError, UnicodeEncodeError: it has what JSON can't say.
    """
    fields = msgspec.to_builtins(request)
    return msgspec.json.encode({"type": request.type, "id": number, **fields})
