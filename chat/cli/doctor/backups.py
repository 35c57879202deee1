"""Checks of backups: how old the newest whole one is, and when one was last proven."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chat.backup.keeping import begun_at
from chat.backup.state import read_backup_state
from chat.backup.target import backups_in
from chat.backup.wal_state import read_wal_state
from chat.cli.doctor.finding import Finding, fail, ok, warn
from chat.settings.config import Config

_OLD = timedelta(hours=26)
"""A backup that is made each day, and two hours for it."""

_BEHIND = 300.0
"""Seconds: the archive is seconds behind where all is well."""

_UNPROVEN = 50.0
"""Hours: a proof each day may fail once."""


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


def check_proof(data: Path) -> Iterator[Finding]:
    """Check what the server with this data directory notes of its backups each night."""
    state = read_backup_state(data)
    if state.problem is not None:
        yield fail("backup", f"the last one failed: {state.problem}; correct that, and run `chat backup`")
    if state.proven_at is None:
        yield warn("restore", "no backup has been proven yet: run `chat backup verify`")
        return
    hours = (time.time() - state.proven_at) / 3600
    text = f"last proven {hours:.0f} h ago"
    yield ok("restore", text) if hours <= _UNPROVEN else warn("restore", f"{text}: run `chat backup verify`")


def check_wal(config: Config) -> Iterator[Finding]:
    """Check how far the WAL archive is behind the database, with the setting backup_wal."""
    if not config.backup_wal:
        return
    state = read_wal_state(config.data)
    if state is None:
        yield warn("wal", "nothing is archived yet: start the server with backup_wal")
        return
    behind = time.time() - (state.since if state.until is None else state.until)
    text = f"archived until {behind:.0f} s ago"
    if behind > _BEHIND:
        yield fail("wal", f"{text}: {state.problem or 'the server does not run'}; correct that")
    elif state.wants_base:
        yield warn("wal", f"{text}, and there is no backup since it began: run `chat backup {config.backup}`")
    else:
        yield ok("wal", text)
