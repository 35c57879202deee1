"""Replays archived WAL after a backup, up to a moment, and brings the attached files that came after the backup."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog
import trio

from chat.backup.connection import open_connection
from chat.backup.failures import BackupFailed
from chat.backup.making import FILES
from chat.backup.moments import LATEST, Replay, shown
from chat.backup.target import backups_in
from chat.backup.wal_segments import Segment, read_segment, segment_name
from chat.backup.wal_series import WAL, WAL_FILES
from chat.domain.startup import CannotStart
from chat.storage.postgres.database import DatabaseAddress

LONGEST_REPLAY = 86_400.0
"""Seconds; PostgreSQL logs while it replays, and one that is silent is stopped much earlier."""
_DIGESTS = "SELECT DISTINCT encode(digest, 'hex') AS digest FROM files"

logger = structlog.get_logger(__name__)


def place_wal(cluster: Path, replay: Replay) -> None:
    """Put the WAL into a cluster that has not started since its backup, and have it recover. It blocks.

    Raises BackupFailed and OSError.
    """
    size, timeline = replay.series.origin.segment_bytes, replay.series.origin.timeline
    needed, free = len(replay.segments) * size, shutil.disk_usage(cluster).free
    if needed > free:
        raise BackupFailed(
            f"the WAL needs {needed / 1e9:.1f} GB in {cluster.parent}, where {free / 1e9:.1f} GB are free"
        )
    for segment in replay.segments:
        trio.from_thread.check_cancelled()
        _unpack(segment, cluster / "pg_wal" / segment_name(timeline, segment.number, size), size)
    (cluster / "recovery.signal").touch(mode=0o600)


def _unpack(segment: Segment, into: Path, size: int) -> None:
    """Write a segment over what the backup has of it; a partial one may be shorter than that."""
    with open(os.open(into, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
        written = 0
        for piece in read_segment(segment.path):
            written += file.write(piece)
        file.truncate(size)
    if written != size and not segment.is_partial:
        raise BackupFailed(f"{segment.path} is damaged: it has {written} bytes of {size}")


def recovery_settings(replay: Replay) -> list[str]:
    """Return the settings with which PostgreSQL replays the WAL and then is an ordinary server. Sync and pure."""
    settings = ["restore_command=false", "recovery_target_timeline=current", "hot_standby=off"]
    if replay.to is not None:
        moment = datetime.fromtimestamp(replay.to, UTC)
        settings += [
            f"recovery_target_time={moment:%Y-%m-%d %H:%M:%S.%f+00}",
            "recovery_target_action=promote",
        ]
    return settings


def not_reached(error: CannotStart, replay: Replay) -> Exception:
    """Return the error of a recovery for operators. Sync and pure."""
    if "before configured recovery target" in str(error) and replay.to is not None:
        return BackupFailed(
            f"archived WAL ends before {shown(replay.to)}: give an earlier moment, or --to {LATEST} for all"
        )
    return error


async def bring_files(address: DatabaseAddress, store: Path, target: Path) -> None:
    """Copy the files of the restored rows that the backup lacks, from beside the WAL and from other backups.

    Those that are nowhere are logged. Raises BackupFailed and OSError. Cancelling: some are copied.
    """
    async with open_connection(address) as connection:
        digests = {row["digest"] for row in await connection.rows(_DIGESTS)}
    missing = await trio.to_thread.run_sync(_bring, digests, store, target)
    if missing:
        logger.error(
            "bytes of attached files are nowhere: they came right before the end of the archive, or while it was off",
            files=len(missing),
            first=missing[0],
        )


def _bring(digests: set[str], store: Path, target: Path) -> list[str]:
    missing = []
    for digest in sorted(digests):
        trio.from_thread.check_cancelled()
        into = store / digest[:2] / digest
        if into.exists():
            continue
        source = next((path for path in _places(target, digest) if path.exists()), None)
        if source is None:
            missing.append(digest)
            continue
        into.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = into.with_name(f"{digest}.new")
        shutil.copy2(source, new)
        with open(new, "rb") as copied:
            os.fsync(copied.fileno())
        os.replace(new, into)
    return missing


def _places(target: Path, digest: str) -> Iterator[Path]:
    yield target / WAL / WAL_FILES / digest[:2] / digest
    for name in reversed(backups_in(target)):
        yield target / name / FILES / digest[:2] / digest
