"""Slow mode in the native protocol: setting it over HTTP, and the event."""

from chat.application.entering import write_in_room
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.room_rights import RoomAccess
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.slow_mode.changes import SetSlowMode, SlowModeSet, may_set_slow_mode
from chat.operations.operation import NO_ACCESS, Caller, Cost, Operation
from chat.operations.room_values import Logged, SlowSeconds
from chat.operations.values import Id, Value


class SetSlowModeOf(Value, kw_only=True, frozen=True):
    """The slow mode that a room gets."""

    room: Id
    seconds: SlowSeconds


class SlowModeNow(Value, kw_only=True, frozen=True):
    """The slow mode of the room now."""

    seconds: SlowSeconds


class SlowModeChangedEvent(Logged, kw_only=True, frozen=True, tag_field="type", tag="slow_mode"):
    """The room has another slow mode now."""

    seconds: SlowSeconds = 0
    by: Id


def slow_mode_event(change: SlowModeSet) -> SlowModeChangedEvent:
    """Return the event of the change. Sync and pure."""
    return SlowModeChangedEvent(
        room=change.room_id,
        pos=change.pos,
        at=milliseconds(change.created_at),
        seconds=change.seconds,
        by=change.actor_id,
    )


async def set_slow_mode(
    services: EngineServices, caller: Caller, request: SetSlowModeOf
) -> SlowModeNow | Refusal:
    """Limit a room to one message of each person in so many seconds, or end that with 0."""
    person = caller.known

    def decide(access: RoomAccess) -> SetSlowMode | Refusal:
        return may_set_slow_mode(access, person, request.seconds) or SetSlowMode(
            room_id=request.room,
            actor_id=person.id,
            created_at=current_time(),
            people=access.people,
            seconds=request.seconds,
        )

    outcome = await write_in_room(services, person, request.room, decide)
    return outcome if isinstance(outcome, Refusal) else SlowModeNow(seconds=request.seconds)


OPERATIONS = (
    Operation(
        name="set_slow_mode",
        method="PUT",
        path="/rooms/{room}/slow_mode",
        request=SetSlowModeOf,
        reply=SlowModeNow,
        cost=Cost.MESSAGE,
        refuses=(*NO_ACCESS, Code.INVALID, Code.OUTCOME_UNKNOWN),
        handler=set_slow_mode,
    ),
)
