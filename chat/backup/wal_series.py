"""The WAL archive in a directory of backups: one series of segments for each run of WAL without a gap.

    wal/lock                           locked by the server that archives
    wal/files/ab/…                     attached files that came after the last backup, by their digests
    wal/2026-11-25T031500Z/            a series
        series.json                    which PostgreSQL's WAL it has, and why it was begun
        reached.json                   up to when it has all that was acknowledged
        000000010000000000000002.gz    segments; the one that is being received is partial

A backup of the database can be brought forward along the series that goes on from it, and along no other.
"""

import os
import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import msgspec

from chat.backup.failures import BackupFailed
from chat.backup.keeping import NAME, Keep, begun_at, unneeded
from chat.backup.manifest import Manifest, WalRange, read_manifest, write_private
from chat.backup.target import PARTIAL, backups_in
from chat.backup.wal_segments import Segment, holes, segment_name, segments_in
from chat.durable import sync_directory

WAL = "wal"
WAL_FILES = "files"
_SERIES = "series.json"
_REACHED = "reached.json"


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What the WAL of a series is from.

    Attributes:
        system: PostgreSQL's identifier of the cluster.
        timeline: of its history; a restore to a moment begins another.
        segment_bytes: the size of its segments.
        reason: why the series was begun; None: it is the first.
    """

    system: int
    timeline: int
    segment_bytes: int
    reason: str | None = None


class Reached(msgspec.Struct, frozen=True):
    """All that was acknowledged before the Unix time `until` is archived."""

    until: float


class Series(NamedTuple):
    """A series, with the segments that it had when it was read."""

    path: Path
    origin: Origin
    segments: list[Segment]
    until: float | None

    def continues(self, base: Manifest) -> bool:
        """Whether a backup can be brought forward along it, at least to its first hole. Sync and pure."""
        wal = base.database.wal
        if wal is None or (wal.system, wal.timeline) != (self.origin.system, self.origin.timeline):
            return False
        return self.first_of(wal) in {segment.number for segment in self.segments}

    def first_of(self, wal: WalRange) -> int:
        """Return the number of the first segment that a backup needs. Sync and pure."""
        return wal.start // self.origin.segment_bytes

    def missing(self, first: int) -> str | None:
        """Name the first segments that are missing after number `first`; None: none are. Sync and pure."""
        size, timeline = self.origin.segment_bytes, self.origin.timeline
        for begin, end in holes([segment for segment in self.segments if segment.number >= first]):
            names = [segment_name(timeline, number, size) for number in sorted({begin, end})]
            return " to ".join(names)
        return None


def begin_series(target: Path, origin: Origin) -> Path:
    """Make a new series; it appears whole. It blocks. Raises OSError."""
    wal = target / WAL
    new = wal / f"{PARTIAL}{os.urandom(4).hex()}"
    new.mkdir(mode=0o700)
    write_private(new / _SERIES, msgspec.json.encode(origin))
    name = time.strftime(NAME, time.gmtime())
    final, nth = wal / name, 1
    while final.exists():
        nth += 1
        final = wal / f"{name}-{nth}"
    os.rename(new, final)
    sync_directory(wal)
    return final


def series_in(target: Path) -> list[Series]:
    """Return the series in a directory of backups, oldest first. It blocks. Raises BackupFailed and OSError."""
    wal = target / WAL
    names = sorted(filter(begun_at, os.listdir(wal))) if wal.is_dir() else []
    return [read_series(wal / name) for name in names]


def read_series(path: Path) -> Series:
    """Read a series. It blocks. Raises BackupFailed and OSError."""
    try:
        origin = msgspec.json.decode((path / _SERIES).read_bytes(), type=Origin)
    except msgspec.MsgspecError as error:
        raise BackupFailed(f"cannot read {path / _SERIES}: {error}") from error
    try:
        until = msgspec.json.decode((path / _REACHED).read_bytes(), type=Reached).until
    except (FileNotFoundError, msgspec.MsgspecError):  # a power cut may leave it empty
        until = None
    return Series(path, origin, segments_in(path, origin.timeline, origin.segment_bytes), until)


def note_reached(series: Path, until: float) -> None:
    """Note up to when a series has all. It blocks. Raises OSError."""
    new = series / f"{_REACHED}.new"
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(msgspec.json.encode(Reached(until)))
    os.replace(new, series / _REACHED)


def bases_of(target: Path, series: Series) -> list[tuple[Path, Manifest]]:
    """Return the backups that a series brings forward, oldest first. It blocks. Raises BackupFailed and OSError."""
    found = [(target / name, read_manifest(target / name)) for name in backups_in(target)]
    return [(path, manifest) for path, manifest in found if series.continues(manifest)]


def remove_unneeded_wal(target: Path, keep: Collection[Keep]) -> int:
    """Remove WAL and files that only moments before the days of `keep` need; return the number of removed segments.

    WAL goes back to the oldest backup that the days in `keep` name, or without days to the oldest one. It blocks.
    Raises BackupFailed and OSError.
    """
    all_series = series_in(target)
    names = backups_in(target)
    if not keep or not names or not all_series:
        return 0
    days = [each for each in keep if each.unit == "d"] or keep
    oldest = min(set(names) - unneeded(names, {}, days))
    removed = 0
    for series in all_series:
        bases = [manifest for path, manifest in bases_of(target, series) if path.name >= oldest]
        if bases:
            first = min(series.first_of(wal) for base in bases if (wal := base.database.wal))
            unused = [segment for segment in series.segments if segment.number < first]
            for segment in unused:
                segment.path.unlink()
        elif series is not all_series[-1]:  # the next backup may continue along the last one
            unused = series.segments
            aside = series.path.with_name(f"{PARTIAL}{os.urandom(4).hex()}")
            os.rename(series.path, aside)
            shutil.rmtree(aside)
        else:
            continue
        removed += len(unused)
    _remove_files(target / WAL / WAL_FILES, read_manifest(target / oldest).begun_at)
    return removed


def _remove_files(files: Path, before: float) -> None:
    """Remove files that are older than the oldest backup of which WAL is kept: each later backup has those in use."""
    for path in files.glob("[0-9a-f][0-9a-f]/*"):
        if path.stat().st_mtime < before - 60:  # two clocks of file systems may differ
            path.unlink()
