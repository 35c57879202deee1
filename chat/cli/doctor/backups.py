"""Check of a directory of backups: how old the newest whole one is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from chat.backup.keeping import begun_at
from chat.backup.target import backups_in
from chat.cli.doctor.finding import Finding, fail, ok, warn

_OLD = timedelta(hours=26)
"""A backup that is made each day, and two hours for it."""


def check_backups(directory: Path) -> Finding:
    """Check the age of the newest whole backup in a directory of `chat backup`."""
    try:
        names = backups_in(directory)
    except OSError as error:
        return fail("backup", f"cannot look at {directory}: {error.strerror}; mount it, or correct --backups")
    begun = begun_at(names[-1]) if names else None
    if begun is None:
        return fail("backup", f"there is none in {directory}: run `chat backup {directory}` each day")
    age = datetime.now(UTC) - begun
    text = f"the newest of {len(names)} in {directory} is {age / timedelta(hours=1):.0f} h old"
    if age > _OLD:
        return warn("backup", f"{text}: see why `chat backup` did not run since")
    return ok("backup", text)
