"""The opening hours of the support desk: times of weekdays by the clocks of a zone, except on holidays. Pure."""

import re
from collections.abc import Iterator, Set
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import msgspec

from chat.domain.refusals import Code, Refusal
from chat.domain.time_zones import moment_of, zone_of

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = f"({'|'.join(_DAYS)})"
_TIME = "([01][0-9]|2[0-3]):([0-5][0-9])"

HOURS = rf"^{_DAY}(-{_DAY})?/{_TIME}-({_TIME}|24:00)$(?!\n)"
"""Hours as a setting has them: `mon-fri/09:00-17:00`. An end that is not after the start is on the next day."""

HOLIDAY = r"^([0-9]{4}-)?(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$(?!\n)"
"""A holiday as a setting has it: `2026-12-24`, or `12-25` in each year."""

_LOOKS_AHEAD = 400
"""Days among which the next opening is looked for."""

BAD_ZONE = Refusal(
    Code.INVALID,
    "support_time_zone: expected the name of a time zone, as Europe/Berlin",
    field="support_time_zone",
    reason="bad_value",
)
BAD_HOLIDAY = Refusal(
    Code.INVALID,
    "support_holidays: expected days that exist, as 2026-12-24, or as 12-25 for each year",
    field="support_holidays",
    reason="bad_value",
)


class _Span(msgspec.Struct, frozen=True):
    """Minutes of the days (Monday is 0) on which they begin. An end that is not after the start is on the next day."""

    days: Set[int]
    start: int
    end: int


class OpeningHours(msgspec.Struct, frozen=True):
    """Spans of time by the clocks of a zone. None begins on a holiday: `2026-12-24`, or `12-25` in each year."""

    spans: tuple[_Span, ...]
    zone: ZoneInfo
    holidays: Set[str]

    def is_open(self, moment: float) -> bool:
        """Whether the moment, in Unix seconds, is in one of the spans."""
        today = datetime.fromtimestamp(moment, self.zone).date()
        days = (today - timedelta(days=1), today)
        return any(start <= moment < end for day in days for start, end in self._spans_of(day))

    def opens_at(self, moment: float) -> float | None:
        """Return the next start of a span after `moment`; None: there is none within a year. Both in Unix seconds."""
        today = datetime.fromtimestamp(moment, self.zone).date()
        for ahead in range(_LOOKS_AHEAD):
            starts = [start for start, _ in self._spans_of(today + timedelta(days=ahead)) if start > moment]
            if starts:
                return min(starts)
        return None

    def open_between(self, start: float, end: float) -> list[tuple[float, float]]:
        """Return when the desk is open from `start` to `end`, all in Unix seconds, in order and without overlaps."""
        day = datetime.fromtimestamp(start, self.zone).date() - timedelta(days=1)
        last = datetime.fromtimestamp(end, self.zone).date()
        found: list[tuple[float, float]] = []
        while day <= last:
            for opens, closes in sorted(self._spans_of(day)):
                begin, until = max(opens, start), min(closes, end)
                if found and begin <= found[-1][1]:
                    found[-1] = found[-1][0], max(found[-1][1], until)
                elif begin < until:
                    found.append((begin, until))
            day += timedelta(days=1)
        return found

    def _spans_of(self, day: date) -> Iterator[tuple[float, float]]:
        if self.holidays & {f"{day:%Y-%m-%d}", f"{day:%m-%d}"}:
            return
        for span in self.spans:
            if day.weekday() in span.days:
                end_day = day if span.end > span.start else day + timedelta(days=1)
                # Of a time that the clocks show twice, they begin at the first and end at the second.
                start = moment_of(day, span.start, self.zone, fold=0)
                yield start, max(moment_of(end_day, span.end, self.zone, fold=fold) for fold in (0, 1))


@lru_cache(8)
def opening_hours(hours: tuple[str, ...], zone: str, holidays: tuple[str, ...]) -> OpeningHours | None:
    """Return the opening hours that settings describe; None: there are none, so the desk is always open. Sync.

    Args:
        hours: as `HOURS`.
        zone: a name as Europe/Berlin; UTC where this server does not know it.
        holidays: as `HOLIDAY`.
    """
    spans = tuple(_span(each) for each in hours)
    return OpeningHours(spans, zone_of(zone) or ZoneInfo("UTC"), frozenset(holidays)) if spans else None


def refused_hours(zone: str | None, holidays: tuple[str, ...]) -> Refusal | None:
    """Return the refusal of a zone or of holidays that have the right form, and do not exist. Sync."""
    if zone is not None and zone_of(zone) is None:
        return BAD_ZONE
    return None if all(map(_is_day, holidays)) else BAD_HOLIDAY


def _span(text: str) -> _Span:
    found = re.match(HOURS, text)
    assert found is not None, text
    first = _DAYS.index(found[1])
    last = _DAYS.index(found[3]) if found[3] else first
    days = frozenset((first + n) % 7 for n in range((last - first) % 7 + 1))
    end = 60 * int(found[7]) + int(found[8]) if found[7] else 0  # 24:00 is the next day's beginning
    return _Span(days, 60 * int(found[4]) + int(found[5]), end)


def _is_day(holiday: str) -> bool:
    try:
        date.fromisoformat(holiday if len(holiday) > 5 else f"2000-{holiday}")  # 2000 has a 29 February
    except ValueError:
        return False
    return True
