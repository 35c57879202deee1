"""What a client is told; its dialect decides in which words, or not at all."""

import msgspec

from chat.model.entities import Message, Person
from chat.model.refusals import Refusal


class Said(msgspec.Struct, frozen=True, gc=False):
    """A message was said: now, or earlier and asked for again."""

    message: Message


class Authorised(msgspec.Struct, frozen=True):
    """The client is now `person`."""

    person: Person


class Refused(msgspec.Struct, frozen=True):
    """Something the client asked for is refused."""

    refusal: Refusal


Event = Said | Authorised | Refused
