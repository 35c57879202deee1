"""Time zones by their names in the IANA database. Sync."""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo


def zone_of(name: str) -> ZoneInfo | None:
    """Return a time zone; None: there is none of this name. Reads a file the first time."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: the name is that of a folder
        return None


def moment_of(day: date, minute: int, zone: ZoneInfo, *, fold: int) -> float:
    """Return when the clocks show that minute of a day, in Unix seconds; by `fold` the first or the second time."""
    at = time(minute // 60, minute % 60, tzinfo=zone, fold=fold)
    return datetime.combine(day, at).timestamp()
