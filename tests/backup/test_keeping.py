"""Which backups stay."""

import pytest

from chat.backup.keeping import begun_at, parse_keep, unneeded

DAYS = [f"2026-11-{day:02}T030000Z" for day in range(1, 31)]
ALONE = dict.fromkeys(DAYS)


def stay(keep: str, names: list[str] = DAYS, on: dict[str, str | None] = ALONE) -> list[str]:
    return sorted(set(names) - unneeded(names, on, parse_keep(keep)))


def test_the_newest_of_each_day_week_and_month_stays() -> None:
    assert stay("3d") == DAYS[-3:]
    # Weeks end on Sunday: the 22nd and the 29th; the 30th is a Monday.
    assert stay("3w") == [DAYS[21], DAYS[28], DAYS[29]]
    assert stay("2m", ["2026-09-09T030000Z", "2026-10-31T030000Z", *DAYS]) == ["2026-10-31T030000Z", DAYS[-1]]
    twice_a_day = ["2026-11-30T010000Z", "2026-11-30T020000Z"]
    assert stay("2d", ["2026-11-28T030000Z", *twice_a_day]) == ["2026-11-28T030000Z", twice_a_day[1]]
    assert stay("1y", ["2025-12-31T235959Z", *DAYS]) == DAYS[-1:]


def test_without_periods_all_stay_and_the_newest_one_always() -> None:
    assert stay("") == DAYS
    assert stay("1m", DAYS[:1]) == DAYS[:1]
    assert unneeded([], {}, parse_keep("1d")) == set()


def test_what_a_staying_backup_continues_stays_too() -> None:
    on = {**ALONE, DAYS[29]: DAYS[28], DAYS[28]: DAYS[25], DAYS[27]: DAYS[26]}
    assert stay("1d", DAYS, on) == [DAYS[25], DAYS[28], DAYS[29]]


@pytest.mark.parametrize("wrong", ["7", "d", "7h", "-1d", "0d", "7d4w", "99999d"])
def test_odd_periods_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="expected numbers of days"):
        parse_keep(wrong)


def test_a_name_is_the_beginning_of_a_backup() -> None:
    assert [
        begun_at(name) is None for name in ("lock", "partial-1", "2026-11-25", DAYS[0], f"{DAYS[0]}-2")
    ] == [
        *[True] * 3,
        *[False] * 2,
    ]
