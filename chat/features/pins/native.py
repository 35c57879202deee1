"""Pins in the native protocol: over HTTP, on the socket, and the event."""

from typing import Annotated, ClassVar

from msgspec import Meta

from chat.domain.accounts.bots import Scope
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.pins import use_cases
from chat.features.pins.changes import MOST_PINS, Pinned
from chat.features.pins.use_cases import PINS
from chat.operations.conversions import as_message, as_sender
from chat.operations.operation import NO_ACCESS, Caller, Cost, Operation
from chat.operations.read_cost import charge_read
from chat.operations.room_values import Logged, Message, Sender, Seq, WhichMessage
from chat.operations.values import Id, Time, Value


class SwitchPin(WhichMessage, kw_only=True, frozen=True):
    """A message to pin, or to unpin."""

    on: bool = True


class PinsOf(Value, kw_only=True, frozen=True):
    """A room whose pinned messages are requested."""

    limit: ClassVar[int] = MOST_PINS
    """Messages that it may cost to read."""

    room: Id


class PinCount(Value, kw_only=True, frozen=True):
    """How many messages of the room are pinned now."""

    pins: Annotated[int, Meta(ge=0, le=MOST_PINS)]


class PinnedMessage(Value, kw_only=True, frozen=True):
    """A pinned message in its current state, and when and by whom it was pinned."""

    at: Time
    by: Sender | None = None
    message: Message


class PinnedMessages(Value, kw_only=True, frozen=True):
    """The pinned messages of a room, the newest pin first."""

    pins: Annotated[list[PinnedMessage], Meta(max_length=MOST_PINS)]


class PinnedEvent(Logged, kw_only=True, frozen=True, tag_field="type", tag="pinned"):
    """A message is pinned now, or no more."""

    seq: Seq
    on: bool = True
    by: Id


def pinned_event(change: Pinned) -> PinnedEvent:
    """Return the event of the change. Sync and pure."""
    return PinnedEvent(
        room=change.room_id,
        pos=change.pos,
        at=milliseconds(change.created_at),
        seq=change.seq,
        on=change.is_on,
        by=change.actor_id,
    )


async def pin(services: EngineServices, caller: Caller, request: WhichMessage) -> PinCount | Refusal:
    """Pin a message, for everybody in the room."""
    return await _switch(services, caller, request, is_on=True)


async def unpin(services: EngineServices, caller: Caller, request: WhichMessage) -> PinCount | Refusal:
    """Unpin a message."""
    return await _switch(services, caller, request, is_on=False)


async def switch_pin(services: EngineServices, caller: Caller, request: SwitchPin) -> PinCount | Refusal:
    """Pin a message, for everybody in the room, or unpin it."""
    return await _switch(services, caller, request, is_on=request.on)


async def pins(services: EngineServices, caller: Caller, request: PinsOf) -> PinnedMessages | Refusal:
    """List the pinned messages of a room."""
    found = await use_cases.pins(services, caller.known, request.room)
    if isinstance(found, Refusal):
        return found
    charge_read(services.budgets, caller, [each.message for each in found], request.limit)
    return PinnedMessages(
        pins=[
            PinnedMessage(
                at=milliseconds(each.created_at), by=as_sender(each.by), message=as_message(each.message)
            )
            for each in found
        ]
    )


async def _switch(
    services: EngineServices, caller: Caller, request: WhichMessage, *, is_on: bool
) -> PinCount | Refusal:
    outcome = await use_cases.pin(services, caller.known, request.room, request.seq, is_on=is_on)
    if isinstance(outcome, Refusal):
        return outcome
    return PinCount(pins=await services.feature_ports[PINS].count(request.room))


_REFUSED = (*NO_ACCESS, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="pins",
        method="GET",
        path="/rooms/{room}/pins",
        request=PinsOf,
        reply=PinnedMessages,
        cost=Cost.PAGE,
        refuses=NO_ACCESS,
        bots=(Scope.READ,),
        handler=pins,
    ),
    Operation(
        name="pin",
        method="PUT",
        path="/rooms/{room}/pins/{seq}",
        request=WhichMessage,
        reply=PinCount,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=pin,
    ),
    Operation(
        name="unpin",
        method="DELETE",
        path="/rooms/{room}/pins/{seq}",
        request=WhichMessage,
        reply=PinCount,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=unpin,
    ),
    Operation(
        name="switch_pin",
        on_socket="pin",
        request=SwitchPin,
        reply=PinCount,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=switch_pin,
    ),
)
