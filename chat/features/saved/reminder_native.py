"""Reminders in the native protocol: over HTTP, on the socket, and the events for all of one's sessions."""

from collections.abc import Sequence

import msgspec

from chat.domain.messages.live import OwnEvent
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.saved import reminders
from chat.features.saved.reminders import Due
from chat.operations.operation import REFUSED_WRITES, Caller, Cost, Operation
from chat.operations.room_values import Seq, WhichMessage
from chat.operations.values import Id, Time, Value


class SetReminder(WhichMessage, kw_only=True, frozen=True):
    """A message to be reminded of, and when."""

    at: Time


class SwitchReminder(WhichMessage, kw_only=True, frozen=True):
    """A message to be reminded of, and when; without a time there is no reminder of it any more."""

    at: Time | None = None


class ReminderNow(Value, kw_only=True, frozen=True):
    """When one is reminded of the message now; without `at` never."""

    at: Time | None = None


class DueReminder(Value, kw_only=True, frozen=True):
    """A reminder that is due, and the time for which it was set."""

    room: Id
    seq: Seq
    at: Time


class Reminder(DueReminder, kw_only=True, frozen=True):
    """A reminder of a saved message. `due`: its time has come, and one has not done anything about it."""

    due: bool = False


class ReminderEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="reminder"):
    """The person has set a reminder of a message, which saves it too; without `at`, has removed it."""

    room: Id
    seq: Seq
    at: Time | None = None


class RemindersDueEvent(Value, kw_only=True, frozen=True, tag_field="type", tag="reminders_due"):
    """Reminders of the person are due. Their messages come first in what one has saved."""

    reminders: list[DueReminder]


async def set_reminder(
    services: EngineServices, caller: Caller, request: SetReminder
) -> ReminderNow | Refusal:
    """Set a reminder of a message, and save it for later."""
    return await _switch(services, caller, request, request.at)


async def remove_reminder(
    services: EngineServices, caller: Caller, request: WhichMessage
) -> ReminderNow | Refusal:
    """Remove the reminder of a message; it stays saved."""
    return await _switch(services, caller, request, None)


async def switch_reminder(
    services: EngineServices, caller: Caller, request: SwitchReminder
) -> ReminderNow | Refusal:
    """Set a reminder of a message, or remove it."""
    return await _switch(services, caller, request, request.at)


def due_event(due: Sequence[Due]) -> str:
    """Return the event about reminders that are due, as JSON. Sync and pure."""
    found = [DueReminder(room=each.room_id, seq=each.seq, at=milliseconds(each.at)) for each in due]
    return msgspec.json.encode(RemindersDueEvent(reminders=found)).decode()


async def _switch(
    services: EngineServices, caller: Caller, request: WhichMessage, at: int | None
) -> ReminderNow | Refusal:
    where = caller.known, request.room, request.seq
    if at is not None:
        if refusal := await reminders.remind(services, *where, at / 1000):
            return refusal
    else:
        await reminders.forget(services, *where)
    # No await between here and the person's sockets.
    event = ReminderEvent(room=request.room, seq=request.seq, at=at)
    services.notices.publish(OwnEvent(caller.known.id, msgspec.json.encode(event).decode()))
    return ReminderNow(at=at)


_REFUSED = (*REFUSED_WRITES, Code.TOO_MANY)
_PATH = "/me/saved/{room}/{seq}/reminder"

OPERATIONS = (
    Operation(
        name="set_reminder",
        method="PUT",
        path=_PATH,
        request=SetReminder,
        reply=ReminderNow,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=set_reminder,
    ),
    Operation(
        name="remove_reminder",
        method="DELETE",
        path=_PATH,
        request=WhichMessage,
        reply=ReminderNow,
        cost=Cost.MESSAGE,
        refuses=(Code.OUTCOME_UNKNOWN,),
        handler=remove_reminder,
    ),
    Operation(
        name="switch_reminder",
        on_socket="remind",
        request=SwitchReminder,
        reply=ReminderNow,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=switch_reminder,
    ),
)
