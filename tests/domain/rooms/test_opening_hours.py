"""When the desk is open, and when it opens next: clock changes, nights, holidays, zones that nobody knows."""

from datetime import datetime

import pytest

from chat.domain.rooms.opening_hours import opening_hours, refused_hours

WEEK = "mon-fri/09:00-17:00"
YEAR = tuple(f"{month:02}-{day:02}" for month in range(1, 13) for day in range(1, 32))


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        # 15 January 2026 is a Thursday.
        (WEEK, "2026-01-15T08:59:59+01:00", "2026-01-15T09:00:00+01:00"),
        (WEEK, "2026-01-15T09:00:00+01:00", None),
        (WEEK, "2026-01-15T16:59:59+01:00", None),
        (WEEK, "2026-01-15T17:00:00+01:00", "2026-01-16T09:00:00+01:00"),
        (WEEK, "2026-01-16T17:00:00+01:00", "2026-01-19T09:00:00+01:00"),
        (WEEK, "2026-03-27T18:00:00+01:00", "2026-03-30T09:00:00+02:00"),
        ("thu/09:00-12:00 thu/13:00-17:00", "2026-01-15T12:30:00+01:00", "2026-01-15T13:00:00+01:00"),
        ("sat-mon/10:00-12:00", "2026-01-15T12:00:00+01:00", "2026-01-17T10:00:00+01:00"),
        # Over midnight, and to its end.
        ("thu/22:00-06:00", "2026-01-16T05:59:59+01:00", None),
        ("thu/22:00-06:00", "2026-01-16T06:00:00+01:00", "2026-01-22T22:00:00+01:00"),
        ("thu/22:00-06:00", "2026-01-15T05:00:00+01:00", "2026-01-15T22:00:00+01:00"),
        ("thu/00:00-24:00", "2026-01-15T23:59:59+01:00", None),
        ("thu/09:00-09:00", "2026-01-16T08:59:59+01:00", None),
        # In the night to 29 March the clocks go from 2 to 3, in that to 25 October from 3 back to 2.
        ("sun/02:30-05:00", "2026-03-29T01:59:00+01:00", "2026-03-29T03:30:00+02:00"),
        ("sun/00:00-02:30", "2026-10-25T02:29:00+01:00", None),
        ("sun/02:30-05:00", "2026-10-25T02:15:00+01:00", None),
    ],
)
def test_the_desk_is_open_by_the_clocks_of_its_zone(hours: str, now: str, opens: str | None) -> None:
    found = opening_hours(tuple(hours.split()), "Europe/Berlin", ())
    assert found is not None
    assert found.is_open(at(now)) is (opens is None)
    if opens is not None:
        assert found.opens_at(at(now)) == at(opens)


@pytest.mark.parametrize(
    ("holidays", "now", "opens"),
    [
        ("12-25 12-26", "2025-12-24T18:00:00+01:00", "2025-12-29T09:00:00+01:00"),
        ("2025-12-24", "2025-12-24T12:00:00+01:00", "2025-12-25T09:00:00+01:00"),
        ("2025-12-24", "2026-12-24T12:00:00+01:00", None),
        ("02-29", "2028-02-29T12:00:00+01:00", "2028-03-01T09:00:00+01:00"),
    ],
)
def test_no_hours_begin_on_a_holiday(holidays: str, now: str, opens: str | None) -> None:
    found = opening_hours((WEEK,), "Europe/Berlin", tuple(holidays.split()))
    assert found is not None
    assert found.is_open(at(now)) is (opens is None)
    if opens is not None:
        assert found.opens_at(at(now)) == at(opens)


def test_hours_that_began_before_a_holiday_last_until_their_end() -> None:
    found = opening_hours(("wed/22:00-06:00",), "Europe/Berlin", ("2025-12-25",))
    assert found is not None
    assert found.is_open(at("2025-12-25T05:00:00+01:00"))


def test_a_desk_without_hours_is_always_open_and_one_of_holidays_never() -> None:
    assert opening_hours((), "Europe/Berlin", ("12-25",)) is None
    closed = opening_hours((WEEK,), "Europe/Berlin", YEAR)
    assert closed is not None
    assert closed.opens_at(at("2026-01-15T12:00:00+01:00")) is None


def test_a_stored_zone_that_this_server_does_not_know_counts_as_utc() -> None:
    found = opening_hours((WEEK,), "Atlantis/Poseidonis", ())
    assert found is not None
    assert found.opens_at(at("2026-01-15T08:59:00+00:00")) == at("2026-01-15T09:00:00+00:00")


def test_the_times_between_two_moments_are_in_order_and_count_once() -> None:
    def hours(*given: str, start: str, end: str) -> list[float]:
        found = opening_hours(given, "Europe/Berlin", ("2026-03-30",))
        assert found is not None
        return [(until - begin) / 3600 for begin, until in found.open_between(at(start), at(end))]

    # From Friday to Tuesday; Monday is a holiday. In the night to Sunday the clocks go from 2 to 3.
    friday, tuesday = "2026-03-27T12:00:00+01:00", "2026-03-31T10:00:00+02:00"
    assert hours(WEEK, start=friday, end=tuesday) == [5, 1]
    assert hours(WEEK, "fri/16:00-18:00", "fri/15:00-15:30", start=friday, end=tuesday) == [6, 1]
    assert hours("sat/22:00-06:00", start=friday, end=tuesday) == [7]
    assert hours("fri/00:00-24:00", "sat/00:00-24:00", start=friday, end=tuesday) == [36]
    assert hours(WEEK, start=friday, end=friday) == []


@pytest.mark.parametrize(
    ("zone", "holidays", "field"),
    [
        ("Atlantis/Poseidonis", (), "support_time_zone"),
        ("Europe", (), "support_time_zone"),
        (None, ("2026-02-29",), "support_holidays"),
        (None, ("12-25", "04-31"), "support_holidays"),
        ("Europe/Berlin", ("02-29", "2028-02-29"), None),
        (None, (), None),
    ],
)
def test_a_zone_and_days_that_do_not_exist_are_refused(
    zone: str | None, holidays: tuple[str, ...], field: str | None
) -> None:
    refusal = refused_hours(zone, holidays)
    assert (refusal and refusal.field) == field
