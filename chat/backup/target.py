"""The directory of backups: one process works in it at a time, and a backup appears in it whole.

chat-backups             the mark, with the store_id of the database whose backups these are
lock                     locked while a backup is made or removed
2026-11-25T031500Z/      a backup
wal/                     the WAL archive (wal_series.py)
partial-…/               one that is being made or removed; the next one clears it away
"""

import os
import secrets
import shutil
import time
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
import trio

from chat.backup.failures import BackupFailed
from chat.backup.keeping import NAME, Keep, begun_at, unneeded
from chat.backup.manifest import MANIFEST, Manifest, read_manifest, write_manifest, write_private
from chat.durable import sync_directory
from chat.embedded_postgres.data_directory import lock_file

MARK = "chat-backups"
PARTIAL = "partial-"

logger = structlog.get_logger(__name__)


def backups_in(target: Path) -> list[str]:
    """Return the names of the whole backups in a directory, oldest first. It blocks. Raises OSError."""
    return sorted(
        name for name in os.listdir(target) if begun_at(name) and (target / name / MANIFEST).exists()
    )


def newest_in(path: Path) -> Path:
    """Return `path` if it is a backup, else the newest one in it. It blocks. Raises BackupFailed."""
    if (path / MANIFEST).exists():
        return path
    try:
        names = backups_in(path)
    except OSError as error:
        raise BackupFailed(f"cannot read {path}: {error}") from error
    if not names:
        raise BackupFailed(f"{path} has no backup in it, and is none")
    return path / names[-1]


class Target:
    """A directory of backups that this process holds. All methods block."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def begin(self) -> Path:
        """Make the directory of a new backup, under a name that is not its final one."""
        path = self.path / f"{PARTIAL}{secrets.token_hex(6)}"
        path.mkdir(mode=0o700)
        return path

    def finish(self, partial: Path, manifest: Manifest) -> Path:
        """Write the manifest and give the backup its name: from now on it is there, also after a power cut."""
        write_manifest(partial, manifest)
        for directory in (*(path for path in partial.iterdir() if path.is_dir()), partial):
            sync_directory(directory)
        name = time.strftime(NAME, time.gmtime(manifest.begun_at))
        final, nth = self.path / name, 1
        while final.exists():
            nth += 1
            final = self.path / f"{name}-{nth}"
        os.rename(partial, final)
        sync_directory(self.path)
        return final

    def clear_away(self) -> None:
        """Remove what a killed process left half-made or half-removed."""
        for path in self.path.glob(f"{PARTIAL}*"):
            logger.info("removing an incomplete backup", path=str(path))
            shutil.rmtree(path, ignore_errors=True)

    def claim(self, store_id: str) -> None:
        """Mark the directory for this database. Raises BackupFailed if it is another's."""
        mark = self.path / MARK
        if not mark.exists():
            new = self.path / f"{MARK}.new"
            new.unlink(missing_ok=True)
            write_private(new, f"{store_id}\n".encode())
            os.replace(new, mark)
        if mark.read_text(encoding="utf-8").strip() != store_id:
            raise BackupFailed(
                f"{self.path} has backups of another database: give each server its own directory"
            )

    def newest(self) -> tuple[Path, Manifest] | None:
        """Return the newest backup."""
        names = backups_in(self.path)
        return (self.path / names[-1], read_manifest(self.path / names[-1])) if names else None

    def remove_unneeded(self, keep: Collection[Keep]) -> list[str]:
        """Remove the backups that `keep` does not name; return their names. A half-removed one has no name."""
        names = backups_in(self.path)
        on = {name: read_manifest(self.path / name).database.on for name in names}
        removed = sorted(unneeded(names, on, keep))
        for name in reversed(removed):  # first those that continue others
            aside = self.path / f"{PARTIAL}{secrets.token_hex(6)}"
            os.rename(self.path / name, aside)
            sync_directory(self.path)
            shutil.rmtree(aside)
        return removed


@asynccontextmanager
async def open_target(path: Path) -> AsyncGenerator[Target]:
    """Hold a directory of backups for the block; a missing one is made. Raises BackupFailed.

    Cancelling releases it; so does the system when this process is killed.
    """
    descriptor = await trio.to_thread.run_sync(_take, path)
    target = Target(path)
    try:
        await trio.to_thread.run_sync(target.clear_away)
        yield target
    finally:
        os.close(descriptor)


def _take(path: Path) -> int:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        strange = set(os.listdir(path)) - {"lost+found", "lock", f"{MARK}.new"}
        if strange and not (path / MARK).exists() and not all(name.startswith(PARTIAL) for name in strange):
            raise BackupFailed(
                f"{path} is not empty, and has no backups of a chat server: give another directory"
            )
        descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BackupFailed(f"cannot use {path} for backups: {error}") from error
    try:
        lock_file(descriptor)
    except OSError as error:
        os.close(descriptor)
        raise BackupFailed(f"another backup is being made in {path}: wait for it") from error
    return descriptor
