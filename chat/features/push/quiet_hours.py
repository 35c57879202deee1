"""Quiet hours: the times of a day, by the clocks where a person is, in which nothing notifies them. Pure."""

from collections.abc import Set
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from chat.domain.time_zones import moment_of, zone_of

MINUTES = 24 * 60
"""Minutes of a day."""

_WINDOWS = 8
"""Quiet hours in a row after which somebody who is quiet all day, each day, is looked at again."""


class QuietHours(msgspec.Struct, frozen=True, kw_only=True):
    """Times of a day.

    Attributes:
        start, end: minutes of a day. An end that is not after the start is on the next day.
        days: the weekdays on which they begin; Monday is 0.
        zone: the name of the time zone, as Europe/Berlin.
    """

    start: int
    end: int
    days: Set[int]
    zone: str


class Quiet(msgspec.Struct, frozen=True):
    """The quiet hours of a person, and the ids of those whose messages notify them at any time."""

    hours: QuietHours
    passing: Set[int]


def free_at(quiet: Quiet | None, sender_id: int | None, came: float, now: float) -> float:
    """Return when a message may notify a person, or since when; all times in Unix seconds.

    Args:
        quiet: None: the person has no quiet hours.
        sender_id: its author; None: the account is gone.
        came: when it may notify without quiet hours.
        now: the time of the answer.
    """
    if quiet is None or sender_id in quiet.passing:
        return came
    until = quiet_until(quiet.hours, now)
    return until if until > now else quiet_until(quiet.hours, came)


def quiet_until(hours: QuietHours, moment: float) -> float:
    """Return the first moment from `moment` on that is in no quiet hours, in Unix seconds."""
    zone = zone_of(hours.zone)
    if zone is None:  # it was valid when it was chosen
        return moment
    for _ in range(_WINDOWS):
        end = _end(hours, zone, moment)
        if end is None:
            break
        moment = end
    return moment


def _end(hours: QuietHours, zone: ZoneInfo, moment: float) -> float | None:
    """Return the end of the quiet hours of which `moment` is one; None: it is in none."""
    today = datetime.fromtimestamp(moment, zone).date()
    for day in (today - timedelta(days=1), today):
        if day.weekday() not in hours.days:
            continue
        end_day = day if hours.end > hours.start else day + timedelta(days=1)
        # Of a time that the clocks show twice, they begin at the first and end at the second.
        start = moment_of(day, hours.start, zone, fold=0)
        end = max(moment_of(end_day, hours.end, zone, fold=fold) for fold in (0, 1))
        if start <= moment < end:
            return end
    return None
