"""Scheduled messages in the native protocol: over HTTP, on the socket, and the events for all of one's sessions."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chat.domain.messages.live import OwnEvent
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.scheduled import port, use_cases
from chat.features.scheduled.port import MOST, NewScheduled
from chat.operations.operation import REFUSED_WRITES, Caller, Cost, Operation
from chat.operations.room_values import Key, Seq, Text
from chat.operations.values import Id, Time, Value


class Schedule(Value, kw_only=True, frozen=True):
    """A message to be sent at a time. Repeating it with the same key schedules it once, and it is sent once."""

    room: Id
    key: Key
    text: Text
    reply: Seq | None = None
    at: Time


class WhichScheduled(Value, kw_only=True, frozen=True):
    """A scheduled message, by its id."""

    scheduled: Id


class ChangeScheduled(WhichScheduled, kw_only=True, frozen=True):
    """The new text of a scheduled message, or the new time, or both."""

    text: Text | None = None
    at: Time | None = None


class NotSent(Value, kw_only=True, frozen=True):
    """Why a message was not sent at its time."""

    code: Code
    text: str
    reason: str | None = None


class Scheduled(Value, kw_only=True, frozen=True):
    """A message that is sent at a time; `refused`: it was not, and waits to be changed, sent or deleted."""

    id: Id
    room: Id
    key: Key
    text: Text
    reply: Seq | None = None
    at: Time
    refused: NotSent | None = None


class ScheduledMessages(Value, kw_only=True, frozen=True):
    """All messages that one has scheduled, the earliest first."""

    scheduled: Annotated[list[Scheduled], Meta(max_length=MOST)]


class ScheduledNow(Value, kw_only=True, frozen=True):
    """A scheduled message as it is now."""

    message: Scheduled


class Unscheduled(WhichScheduled, kw_only=True, frozen=True):
    """The scheduled message that was deleted."""


class ScheduledEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="scheduled"):
    """The person has scheduled a message in some session, or changed it, or it was refused at its time."""

    message: Scheduled


class UnscheduledEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="unscheduled"):
    """A scheduled message was sent, as `seq` of its room, or deleted."""

    scheduled: Id
    seq: Seq | None = None


async def scheduled(services: EngineServices, caller: Caller, _request: None) -> ScheduledMessages:
    """List the messages that one has scheduled."""
    return ScheduledMessages(
        scheduled=[_shown(each) for each in await use_cases.scheduled(services, caller.known)]
    )


async def schedule(services: EngineServices, caller: Caller, request: Schedule) -> ScheduledNow | Refusal:
    """Schedule a message; repeating it with the same key schedules it once."""
    new = NewScheduled(
        person_id=caller.known.id,
        room_id=request.room,
        key=request.key,
        text=request.text,
        reply=request.reply,
        send_at=request.at / 1000,
    )
    return _kept(services, await use_cases.schedule(services, caller.known, new))


async def change_scheduled(
    services: EngineServices, caller: Caller, request: ChangeScheduled
) -> ScheduledNow | Refusal:
    """Change the text or the time of a scheduled message."""
    send_at = None if request.at is None else request.at / 1000
    return _kept(
        services, await use_cases.change(services, caller.known, request.scheduled, request.text, send_at)
    )


async def send_scheduled(
    services: EngineServices, caller: Caller, request: WhichScheduled
) -> ScheduledNow | Refusal:
    """Have a scheduled message sent now, as at its time; an event has the outcome."""
    return _kept(services, await use_cases.send_now(services, caller.known, request.scheduled))


async def unschedule(
    services: EngineServices, caller: Caller, request: WhichScheduled
) -> Unscheduled | Refusal:
    """Delete a scheduled message."""
    if refusal := await use_cases.remove(services, caller.known, request.scheduled):
        return refusal
    services.notices.publish(OwnEvent(caller.known.id, unscheduled_event(request.scheduled)))
    return Unscheduled(scheduled=request.scheduled)


def scheduled_event(message: port.Scheduled) -> str:
    """Return the event about a message that is scheduled, as JSON. Sync and pure."""
    return msgspec.json.encode(ScheduledEvent(message=_shown(message))).decode()


def unscheduled_event(scheduled_id: int, seq: int | None = None) -> str:
    """Return the event about a message that was sent or deleted, as JSON. Sync and pure."""
    return msgspec.json.encode(UnscheduledEvent(scheduled=scheduled_id, seq=seq)).decode()


def _kept(services: EngineServices, made: port.Scheduled | Refusal) -> ScheduledNow | Refusal:
    """Notify the person's sockets. Sync."""
    if isinstance(made, Refusal):
        return made
    services.notices.publish(OwnEvent(made.person_id, scheduled_event(made)))
    return ScheduledNow(message=_shown(made))


def _shown(message: port.Scheduled) -> Scheduled:
    refusal = message.refusal
    return Scheduled(
        id=message.id,
        room=message.room_id,
        key=message.key,
        text=message.text,
        reply=message.reply,
        at=milliseconds(message.send_at),
        refused=None
        if refusal is None
        else NotSent(code=refusal.code, text=refusal.text, reason=refusal.reason),
    )


_CHANGES = (Code.INVALID, Code.NOT_FOUND, Code.CONFLICT, Code.OUTCOME_UNKNOWN)

# A program schedules nothing: it would be sent after its token has ended.
OPERATIONS = (
    Operation(
        name="scheduled",
        method="GET",
        path="/me/scheduled",
        reply=ScheduledMessages,
        cost=Cost.TEXTS,
        handler=scheduled,
    ),
    Operation(
        name="schedule",
        method="POST",
        path="/rooms/{room}/scheduled",
        on_socket="schedule",
        request=Schedule,
        reply=ScheduledNow,
        status=201,
        tokens=False,
        cost=Cost.TEXT,
        refuses=(*REFUSED_WRITES, Code.CONFLICT, Code.TOO_MANY),
        handler=schedule,
    ),
    Operation(
        name="change_scheduled",
        method="PATCH",
        path="/me/scheduled/{scheduled}",
        on_socket="change_scheduled",
        request=ChangeScheduled,
        reply=ScheduledNow,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_CHANGES,
        handler=change_scheduled,
    ),
    Operation(
        name="send_scheduled",
        method="POST",
        path="/me/scheduled/{scheduled}/send",
        on_socket="send_scheduled",
        request=WhichScheduled,
        reply=ScheduledNow,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_CHANGES,
        handler=send_scheduled,
    ),
    Operation(
        name="unschedule",
        method="DELETE",
        path="/me/scheduled/{scheduled}",
        on_socket="unschedule",
        request=WhichScheduled,
        reply=Unscheduled,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=unschedule,
    ),
)
