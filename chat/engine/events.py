"""Events for a client; its dialect encodes them, or not."""

import msgspec

from chat.domain.entities import Conversation, Message, Person
from chat.domain.messages.changes import (
    AccessChange,
    Deleted,
    Edited,
    FeatureChange,
    Reacted,
    RoleChanged,
    RoomChanged,
    SupportChanged,
    UnknownChange,
)
from chat.domain.refusals import Refusal

RequestId = int | msgspec.Raw | None
"""The id of a request, which its answer repeats: a number, its JSON as it came, or none."""


class Said(msgspec.Struct, frozen=True, gc=False):
    """A message: a new one, or one of the history."""

    message: Message


class Authorised(msgspec.Struct, frozen=True):
    """The client is now `person`."""

    person: Person


class Refused(msgspec.Struct, frozen=True):
    """A request of the client is refused; `ref` is the request's id."""

    refusal: Refusal
    ref: RequestId = None


class Saved(msgspec.Struct, frozen=True):
    """The client's own message is committed; `ref` is its request's id."""

    message: Message
    ref: RequestId = None


class Welcome(msgspec.Struct, frozen=True):
    """The client is connected, under this id."""

    client_id: int = 0


class Entered(msgspec.Struct, frozen=True):
    """The client has entered the room that it asked for."""


class Pong(msgspec.Struct, frozen=True):
    """The answer to a ping of the application."""


class Transcript(msgspec.Struct, frozen=True):
    """The messages of a conversation, oldest first."""

    messages: list[Message]
    ref: RequestId


class Overview(msgspec.Struct, frozen=True):
    """The open support conversations, the newest message first."""

    conversations: list[Conversation]
    ref: RequestId


Event = (
    Said
    | Edited
    | Deleted
    | Reacted
    | SupportChanged
    | AccessChange
    | RoleChanged
    | RoomChanged
    | FeatureChange
    | UnknownChange
    | Authorised
    | Refused
    | Saved
    | Welcome
    | Entered
    | Pong
    | Transcript
    | Overview
)
