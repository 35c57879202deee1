"""The WAL archive in the directory of backups: is held by one server, which chooses the series. All blocks."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from chat.backup.failures import BackupFailed
from chat.backup.manifest import read_manifest
from chat.backup.target import MARK, PARTIAL, Target, backups_in
from chat.backup.wal_series import WAL, Origin, Series, begin_series, series_in
from chat.embedded_postgres.data_directory import lock_file


class Place(NamedTuple):
    """Where WAL is received, and why it is a new series; None: it goes on, or is the first."""

    series: Path
    reason: str | None
    is_new: bool


def is_marked(target: Path) -> bool:
    """Whether this is a directory of backups."""
    return (target / MARK).exists()


def hold_archive(target: Path, store_id: str) -> int:
    """Hold the archive in a marked directory; closing the returned descriptor releases it.

    Raises BackupFailed and OSError.
    """
    Target(target).claim(store_id)
    wal = target / WAL
    wal.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(wal / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        lock_file(descriptor)
    except OSError as error:
        os.close(descriptor)
        raise BackupFailed(
            f"another server archives its WAL in {wal}: let one of them have another `backup` directory"
        ) from error
    for path in wal.glob(f"{PARTIAL}*"):
        shutil.rmtree(path, ignore_errors=True)
    return descriptor


def continue_or_begin(target: Path, origin: Origin, kept_from: int | None, position: int) -> Place:
    """Return where the WAL of `origin` is received.

    `kept_from` is the position from which PostgreSQL has kept it for the archive, None: it has not; `position` is the
    end of its WAL. Raises BackupFailed and OSError.
    """
    found = series_in(target)
    if not found:
        return Place(begin_series(target, origin), None, is_new=True)
    reason = _why_not(found[-1], origin, kept_from, position)
    if reason is None:
        return Place(found[-1].path, None, is_new=False)
    again = Origin(
        system=origin.system,
        timeline=origin.timeline,
        segment_bytes=origin.segment_bytes,
        reason=reason,
    )
    return Place(begin_series(target, again), reason, is_new=True)


def _why_not(last: Series, origin: Origin, kept_from: int | None, position: int) -> str | None:
    """Return why a series cannot go on."""
    size = origin.segment_bytes
    if (last.origin.system, last.origin.segment_bytes) != (origin.system, size):
        return "the archive is of another database cluster, as before an upgrade of PostgreSQL"
    if last.origin.timeline != origin.timeline:
        return "the database was restored to a moment, so its history is another one"
    if not last.segments:
        return None
    newest = last.segments[-1]
    needed = newest.number if newest.is_partial else newest.number + 1
    if needed > position // size + 1:
        return "the database is older than its archive: it was restored by other means"
    if kept_from is None:
        return "PostgreSQL keeps no WAL for the archive: the directory was away for longer than" + (
            " max_slot_wal_keep_size allows, or backup_wal was off"
        )
    if needed < kept_from // size:
        return "PostgreSQL has removed WAL that is not in the archive"
    return None


def newest_base_at(target: Path) -> float | None:
    """Return when the newest backup with files began; older files are in it. Raises BackupFailed and OSError."""
    for name in reversed(backups_in(target)):
        manifest = read_manifest(target / name)
        if manifest.files is not None:
            return manifest.begun_at
    return None
