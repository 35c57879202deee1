"""What a client is told; its dialect decides in which words, or not at all."""

import msgspec

from chat.domain.changes import (
    AccessChange,
    Deleted,
    Edited,
    Reacted,
    RoleChanged,
    RoomChanged,
    SupportChanged,
    UnknownChange,
)
from chat.domain.entities import Conversation, Message, Person
from chat.domain.refusals import Refusal

RequestId = int | msgspec.Raw | None
"""By which a client knows what is answered: a number of its own, its id's JSON as it came, or nothing."""


class Said(msgspec.Struct, frozen=True, gc=False):
    """A message was said: now, or earlier and asked for again."""

    message: Message


class Authorised(msgspec.Struct, frozen=True):
    """The client is now `person`."""

    person: Person


class Refused(msgspec.Struct, frozen=True):
    """Something the client asked for is refused; `ref` is its request's id."""

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
    """The client is now where it asked to be."""


class Pong(msgspec.Struct, frozen=True):
    """Here I am."""


class Transcript(msgspec.Struct, frozen=True):
    """A conversation so far, oldest first, in one piece."""

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
