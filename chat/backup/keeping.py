"""Which backups stay: the newest of each of the last days, weeks, months and years. Pure."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

_PERIODS = {"d": "%Y-%m-%d", "w": "%G-%V", "m": "%Y-%m", "y": "%Y"}
NAME = "%Y-%m-%dT%H%M%SZ"
"""A backup is named after its beginning, in UTC, so that names sort by time."""


class Keep(NamedTuple):
    """A number of periods of one kind: `7d` is the last seven days that have a backup."""

    number: int
    unit: str


def parse_keep(text: str) -> tuple[Keep, ...]:
    """Return what a text such as `7d 4w 12m` says; an empty one keeps all. Raises ValueError."""
    parts = text.replace(",", " ").split()
    found = [re.fullmatch(r"([1-9]\d{0,3})([dwmy])", part) for part in parts]
    if not all(found):
        raise ValueError(f"expected numbers of days, weeks, months and years, as 7d 4w 12m, got {text!r}")
    return tuple(Keep(int(each[1]), each[2]) for each in found if each)


def begun_at(name: str) -> datetime | None:
    """Return when the backup of this name began; None: it is no name of a backup."""
    try:
        return datetime.strptime(name[:18], NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def unneeded(names: Collection[str], on: Mapping[str, str | None], keep: Collection[Keep]) -> set[str]:
    """Return the backups that may go: no period needs them, and no backup that stays continues them.

    `on` has for each backup the one that it continues. The newest one stays always.
    """
    if not keep or not names:
        return set()
    newest_first = sorted(names, reverse=True)
    stay = {newest_first[0]}
    for number, unit in keep:
        newest_of: dict[str, str] = {}
        for name in newest_first:
            moment = begun_at(name)
            if moment is not None:
                newest_of.setdefault(moment.strftime(_PERIODS[unit]), name)
        stay |= set([*newest_of.values()][:number])
    for name in [*stay]:
        below = on.get(name)
        while below is not None and below not in stay:
            stay.add(below)
            below = on.get(below)
    return set(names) - stay
