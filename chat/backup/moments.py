"""Moments to which a server can be restored: what they are called, and which backup and WAL lead to each."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from chat.backup.failures import BackupFailed
from chat.backup.manifest import MANIFEST, Manifest, WalRange, read_manifest
from chat.backup.target import backups_in
from chat.backup.wal_segments import Segment, holes
from chat.backup.wal_series import Series, bases_of, series_in

LATEST = "latest"
_UNNOTED = 15.0
"""Seconds after the noted end of an archive in which it may have more."""


class Replay(NamedTuple):
    """WAL that is replayed after a backup: up to the Unix time `to`, or None: all."""

    wal: WalRange
    series: Series
    segments: list[Segment]
    to: float | None

    @property
    def until(self) -> float:
        """The Unix time before which all that was acknowledged is restored, as far as it is known."""
        return self.to or self.series.until or self.wal.ended_at


class Span(NamedTuple):
    """Any moment between two Unix times can be restored. `missing` names segments that end it early."""

    begin: float
    end: float
    missing: str | None


def parse_moment(text: str, now: datetime) -> float | None:
    """Return the Unix time that a text names; None: the latest there is. Sync and pure. Raises ValueError.

    It is `14:05`, with seconds or without: the latest such time before `now`, which has the zone that is meant; or an
    ISO date and time, with a zone or without.
    """
    if text == LATEST:
        return None
    for form in ("%H:%M", "%H:%M:%S"):
        try:
            time = datetime.strptime(text, form)
        except ValueError:
            continue
        moment = now.replace(hour=time.hour, minute=time.minute, second=time.second, microsecond=0)
        return (moment if moment <= now else moment - timedelta(days=1)).timestamp()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"expected a time as 14:05, an ISO date and time, or {LATEST}, got {text!r}"
        ) from None
    moment = moment.replace(tzinfo=now.tzinfo) if moment.tzinfo is None else moment
    if moment > now:
        raise ValueError(f"{text} is in the future")
    return moment.timestamp()


def shown(moment: float) -> str:
    """Return a Unix time for operators. Sync and pure."""
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"


def spans_in(target: Path) -> list[Span]:
    """Return what can be restored, oldest first. It blocks. Raises BackupFailed and OSError."""
    found: list[Span] = []
    for series in series_in(target):
        for _, base in bases_of(target, series):
            span = _span(base, series)
            if span.end < span.begin:
                continue  # nothing is noted since the backup
            if not found or found[-1][1:] != span[1:]:
                found.append(span)
    return found


def _span(base: Manifest, series: Series) -> Span:
    wal = base.database.wal
    assert wal is not None
    first = series.first_of(wal)
    usable = _usable(series, first)
    missing = series.missing(first)
    end = usable[-1].path.stat().st_mtime if missing or series.until is None else series.until
    return Span(wal.ended_at, end, missing)


def _usable(series: Series, first: int) -> list[Segment]:
    """Return the segments from number `first` to the first hole."""
    since = [segment for segment in series.segments if segment.number >= first]
    end = next((begin for begin, _ in holes(since)), None)
    return [segment for segment in since if end is None or segment.number < end]


def choose(place: Path, to: float | None) -> tuple[Path, Replay]:
    """Return the backup and the WAL that lead to the Unix time `to`; None: as far as there is WAL.

    `place` is a directory of backups, of which the newest suitable one is taken, or a backup. It blocks. Raises
    BackupFailed, which says what can be restored.
    """
    target = place.parent if (place / MANIFEST).exists() else place
    try:
        names = [place.name] if target != place else backups_in(target)
        found = [(target / name, read_manifest(target / name)) for name in reversed(names)]
        for path, base in found:
            wal = base.database.wal
            if wal is not None and (to is None or wal.ended_at <= to):
                return path, _replay(target, path, base, wal, to)
        what = "is there" if to is None else f"ended before {shown(to)}"
        raise BackupFailed(f"no backup of an archived database {what} in {place}: {_can_be_restored(target)}")
    except OSError as error:
        raise BackupFailed(f"cannot read {target}: {error}") from error


def _replay(target: Path, path: Path, base: Manifest, wal: WalRange, to: float | None) -> Replay:
    series = next((each for each in series_in(target) if each.continues(base)), None)
    if series is None:
        raise BackupFailed(f"no WAL after the backup {path} is archived: {_can_be_restored(target)}")
    span = _span(base, series)
    if span.missing is not None and (to is None or to > span.end):
        raise BackupFailed(
            f"after {shown(span.end)} WAL is missing, {span.missing}: {_can_be_restored(target)}"
        )
    if to is not None and series.until is not None and to > series.until + _UNNOTED:
        raise BackupFailed(f"the WAL after the backup {path} ends too early: {_can_be_restored(target)}")
    usable = _usable(series, series.first_of(wal))
    # Each backup begins with a commit, so the first one after the moment has the WAL up to it.
    later = [other.database.wal for _, other in bases_of(target, series) if to and other.begun_at > to]
    last = min((each.end // series.origin.segment_bytes + 1 for each in later if each), default=None)
    return Replay(wal, series, [each for each in usable if last is None or each.number <= last], to)


def _can_be_restored(target: Path) -> str:
    return "; ".join(describe_spans(spans_in(target))) or "there is no moment that can be restored"


def describe_spans(spans: list[Span]) -> Iterator[str]:
    """Yield a line for each span. Sync and pure."""
    for span in spans:
        # Whole seconds that are inside.
        yield f"any moment from {shown(math.ceil(span.begin))} until {shown(span.end)} can be restored"
