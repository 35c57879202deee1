"""Dates in the native protocol."""

from typing import Annotated, ClassVar

from msgspec import Meta

from chat.domain.refusals import Refusal
from chat.engine.services import EngineServices
from chat.features.dates import use_cases
from chat.operations.operation import NO_ACCESS, Caller, Cost, Operation
from chat.operations.room_values import Seq
from chat.operations.values import Id, Time, Value


class SinceWhen(Value, kw_only=True, frozen=True):
    """A room, and a time."""

    limit: ClassVar[int] = 1
    """Messages that it may cost to read."""

    room: Id
    time: Time


class FirstSince(Value, kw_only=True, frozen=True):
    """The first message at that time or later."""

    seq: Annotated[Seq, Meta(description="Left out where nobody has written since")] | None = None


async def first_since(services: EngineServices, caller: Caller, request: SinceWhen) -> FirstSince | Refusal:
    """Find the first message of a room since a time."""
    found = await use_cases.first_since(services, caller.known, request.room, request.time / 1000)
    return found if isinstance(found, Refusal) else FirstSince(seq=found)


OPERATIONS = (
    Operation(
        name="first_since",
        method="GET",
        path="/rooms/{room}/first",
        request=SinceWhen,
        reply=FirstSince,
        cost=Cost.PAGE,
        refuses=NO_ACCESS,
        handler=first_since,
    ),
)
