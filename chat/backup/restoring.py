"""Restores a backup into an empty data directory and database. The directory is usable once all of it is there.

Until then it has the file `restoring` and no mark, so that no server starts on it; the next restore empties it first.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import trio

from chat.backup.connection import open_connection
from chat.backup.encryption import SUFFIX, Identities
from chat.backup.failures import BackupFailed, as_backup_failed
from chat.backup.making import FILES, SECRET, decrypt_parts
from chat.backup.manifest import Manifest, read_manifest, write_private
from chat.backup.moments import Replay
from chat.backup.placing import load_dump, open_placed
from chat.backup.replaying import bring_files
from chat.durable import sync_directory
from chat.embedded_postgres.data_directory import RESTORING, lock_file, mark_data_directory
from chat.settings.config import Config
from chat.storage.file_store import MARK as FILES_MARK
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.migration_files import known_migrations
from chat.storage.postgres.storage import open_shared_postgres_storage
from chat.storage.removal_list import remove_listed

_QUERY_TIMEOUT = 60.0
_LEFT = 10.0
"""Seconds in which processes of a killed restore have ended."""
_PAUSE = 0.1
_PLAIN = "restoring-plain"
"""In the data directory: the decrypted parts, until the restore ends."""


async def restore(
    config: Config,
    backup: Path,
    *,
    report: Callable[[str], None],
    removed_accounts: Path | None = None,
    identities: Identities | None = None,
    replay: Replay | None = None,
) -> Manifest:
    """Restore `backup` into the data directory, the files and the database of `config`, all of which must be empty.

    `identities` decrypt an encrypted backup. With `replay` this WAL is replayed after it, and files that came then are
    brought. Notes the restore mark, so that newer log-ins continue for a day, and removes the accounts again that are
    listed in the file `removed_accounts` (`storage/removal_list.py`). Raises BackupFailed and CannotStart.
    Cancelling: no server starts on the data directory until a restore into it is complete.
    """
    with as_backup_failed(f"cannot restore into {config.data}"):
        manifest = await trio.to_thread.run_sync(read_manifest, backup)
        if manifest.recipients and identities is None:
            raise BackupFailed(f"the backup {backup} is encrypted: pass --identity FILE")
        newest = known_migrations()[-1].version
        if manifest.schema > newest:
            raise BackupFailed(
                f"the backup has schema {manifest.schema}, newer than this release's {newest}: use trio-chat"
                f" {manifest.release} or newer"
            )
        if config.database_url is not None and manifest.database.kind == "base":
            raise BackupFailed("this is a backup of an embedded database: restore it without --database")
        store = config.files_beside(config.data)
        if store is None and manifest.files:
            raise BackupFailed(f"the backup has {manifest.files} attached files: pass --files")
        if store is not None:
            await trio.to_thread.run_sync(_refuse_other_files, store, manifest)
        async with open_asyncio():
            if config.database_url is not None:
                await _refuse_full({"dsn": config.database_url})
            with _taken(config.data):
                await trio.to_thread.run_sync(_empty, config.data)
                if store is not None:
                    report("copying files")
                    await trio.to_thread.run_sync(_put_files, backup / FILES, store, identities)
                plain = backup
                if manifest.recipients and identities is not None:
                    report("decrypting")
                    into = config.data / _PLAIN
                    plain = await trio.to_thread.run_sync(decrypt_parts, backup, into, identities)
                if config.secret is None and (plain / SECRET).exists():
                    write_private(config.data / SECRET, (plain / SECRET).read_bytes())
                if config.database_url is not None:
                    address: DatabaseAddress = {"dsn": config.database_url}
                    await load_dump(plain, manifest, address, report=report)
                    await mark_restored(address, removed_accounts, until=manifest.begun_at)
                else:
                    async with open_placed(
                        plain, manifest, config.data, durable=True, report=report, replay=replay
                    ) as own:
                        if replay is not None and store is not None:
                            await bring_files(own, store, backup.parent)
                        until = manifest.begun_at if replay is None else replay.until
                        await mark_restored(own, removed_accounts, until=until)
                await trio.to_thread.run_sync(partial(_finish, config.data))
        return manifest


async def mark_restored(
    address: DatabaseAddress, removed_accounts: Path | None = None, *, until: float | None = None
) -> None:
    """Bring the tables up to date, note that the database was restored, and remove the listed accounts again.

    The database has everything `until` that Unix time. Raises CannotStart.
    Cancelling: it is noted or not, and some accounts are removed.
    """
    async with open_shared_postgres_storage(address, query_timeout=_QUERY_TIMEOUT) as storage:
        await storage.sessions.mark_restored(until)
        if removed_accounts is not None:
            await remove_listed(storage.account_removals, removed_accounts, await storage.files.store_id())


async def _refuse_full(address: DatabaseAddress) -> None:
    async with open_connection(address) as connection:
        if tables := await connection.count_rows():
            raise BackupFailed(
                f"the database is not empty, it has {len(tables)} tables: make a new one, or drop and create it"
            )


def _refuse_other_files(store: Path, manifest: Manifest) -> None:
    mark = store / FILES_MARK
    if mark.exists() and mark.read_text(encoding="utf-8").strip() != manifest.store_id:
        raise BackupFailed(f"the files in {store} belong to another database: pass another --files")


@contextmanager
def _taken(data: Path) -> Iterator[None]:
    """Hold a data directory that is empty, or that an unfinished restore left. Raises BackupFailed."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    if set(os.listdir(data)) - {"lost+found"} and not (data / RESTORING).exists():
        raise BackupFailed(f"{data} is not empty: move it away, or pass another --data")
    lock = os.open(data / RESTORING, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            lock_file(lock)
        except OSError as error:
            raise BackupFailed(f"another restore into {data} is running: wait for it") from error
        sync_directory(data)
        yield
    finally:
        os.close(lock)


def _empty(data: Path) -> None:
    """Remove what an unfinished restore left; of one killed just now, PostgreSQL may still write for a moment."""
    until = time.monotonic() + _LEFT
    while True:
        try:
            for path in data.iterdir():
                if path.is_dir() and path.name != "lost+found":
                    shutil.rmtree(path)
                elif path.is_file() and path.name != RESTORING:
                    path.unlink()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE)


def _put_files(source: Path, store: Path, identities: Identities | None) -> None:
    """Copy the files that the store lacks, each whole or not at all. Decrypted ones get their digest as their name."""
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    folders = set()
    for file in sorted(source.glob("[0-9a-f][0-9a-f]/*")):
        trio.from_thread.check_cancelled()
        if file.is_symlink():
            raise BackupFailed(f"{file} is a link: a backup has no links, and its target is not restored")
        new, name = store / f"{file.name}.new", file.name
        if file.suffix == SUFFIX and identities is not None:
            new.unlink(missing_ok=True)
            name = identities.decrypt(file, new)
            shutil.copystat(file, new)
        into = store / name[:2]
        into.mkdir(mode=0o700, exist_ok=True)
        folders.add(into)
        if (into / name).exists():
            new.unlink(missing_ok=True)
            continue
        if name == file.name:
            shutil.copy2(file, new)
        with open(new, "rb") as copied:
            os.fsync(copied.fileno())
        os.replace(new, into / name)
    for folder in (*folders, store):
        sync_directory(folder)


def _finish(data: Path) -> None:
    shutil.rmtree(data / _PLAIN, ignore_errors=True)
    mark_data_directory(data)
    (data / RESTORING).unlink()
    sync_directory(data)
