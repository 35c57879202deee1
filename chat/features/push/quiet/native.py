"""Quiet hours in the native protocol."""

import time
from typing import Annotated, Literal, get_args

from msgspec import Meta

from chat.domain.limits.bounds import TimeZone
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Code, Refusal
from chat.domain.text.wrong_values import pattern
from chat.domain.time_zones import zone_of
from chat.due.schedule import SCHEDULE
from chat.engine.services import EngineServices
from chat.features.push.quiet.port import MOST_PASSING, QUIET, QuietChoice
from chat.features.push.quiet_hours import QuietHours, quiet_until
from chat.features.push.use_cases import PUSH
from chat.operations.operation import Caller, Cost, Operation
from chat.operations.values import Id, Time, Value

_Clock = Annotated[
    str, pattern(r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)", "a time of a day, as 22:00", description="HH:MM")
]
_Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_DAYS = get_args(_Day)
_USUAL = QuietChoice(
    is_on=False, hours=QuietHours(start=22 * 60, end=7 * 60, days=frozenset(range(7)), zone="UTC"), passing=()
)
"""For those who have not chosen."""

NO_ZONE = Refusal(
    Code.INVALID, "zone: expected the name of a time zone, as Europe/Berlin", field="zone", reason="bad_value"
)


class ChooseQuietHours(Value, kw_only=True, frozen=True):
    """Times of a day in which nothing notifies one, by the clocks of `zone`, from `start` to `end`.

    They begin on `days`. An `end` that is not after `start` is on the next day. Messages of `people` notify at any
    time; ids of nobody are left out.
    """

    on: bool
    start: _Clock
    end: _Clock
    days: Annotated[tuple[_Day, ...], Meta(min_length=1, max_length=7)]
    zone: TimeZone
    people: Annotated[tuple[Id, ...], Meta(max_length=MOST_PASSING)] = ()


class QuietHoursChoice(Value, kw_only=True, frozen=True, omit_defaults=False):
    """One's quiet hours, and until when it is quiet now, if it is. Where `on` is false they don't count."""

    on: bool
    start: str
    end: str
    days: tuple[_Day, ...]
    zone: str
    people: tuple[Id, ...]
    until: Time | None = None


async def quiet_hours(services: EngineServices, caller: Caller, _request: None) -> QuietHoursChoice:
    """Get one's quiet hours."""
    found = await services.feature_ports[QUIET].choice(caller.known.id) or _USUAL
    hours, now = found.hours, time.time()
    until = quiet_until(hours, now) if found.is_on else now
    return QuietHoursChoice(
        on=found.is_on,
        start=_clock(hours.start),
        end=_clock(hours.end),
        days=tuple(_DAYS[day] for day in sorted(hours.days)),
        zone=hours.zone,
        people=tuple(found.passing),
        until=milliseconds(until) if until > now else None,
    )


async def choose_quiet_hours(
    services: EngineServices, caller: Caller, request: ChooseQuietHours
) -> QuietHoursChoice | Refusal:
    """Choose one's quiet hours."""
    if zone_of(request.zone) is None:
        return NO_ZONE
    hours = QuietHours(
        start=_minute(request.start),
        end=_minute(request.end),
        days=frozenset(_DAYS.index(day) for day in request.days),
        zone=request.zone,
    )
    ports = services.feature_ports
    choice = QuietChoice(is_on=request.on, hours=hours, passing=request.people)
    await ports[QUIET].choose(caller.known.id, choice)
    ports[PUSH].wake()
    ports[SCHEDULE].wake()
    return await quiet_hours(services, caller, None)


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


OPERATIONS = (
    Operation(
        name="quiet_hours",
        method="GET",
        path="/me/quiet-hours",
        reply=QuietHoursChoice,
        handler=quiet_hours,
    ),
    Operation(
        name="choose_quiet_hours",
        method="PUT",
        path="/me/quiet-hours",
        request=ChooseQuietHours,
        reply=QuietHoursChoice,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.OUTCOME_UNKNOWN),
        handler=choose_quiet_hours,
    ),
)
