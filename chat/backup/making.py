"""Makes a backup beside the running server: database, files, secret, settings, and last the manifest.

The order is the promise. No bytes are removed from before the database is copied until the files are, so each row of
the copy has its bytes. A backup has its name only once all of it is on the disk.
"""

import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
import structlog
import trio

from chat import __version__
from chat.backup.connection import Connection, open_connection, open_hold
from chat.backup.copies import Before, copy_base, copy_dump
from chat.backup.failures import BackupFailed, as_backup_failed
from chat.backup.files import Copied, copy_files
from chat.backup.keeping import Keep
from chat.backup.manifest import Manifest, bytes_below, read_manifest, write_private
from chat.backup.target import Target, open_target
from chat.settings.config import Config
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress

SECRET = "secret"
SETTINGS = "settings.json"
FILES = "files"
DATABASE = "database"

_BACK = 50
"""Backups that one may need below it, by their manifests; more is a circle."""

_T = TypeVar("_T")

logger = structlog.get_logger(__name__)


class Backup(NamedTuple):
    """A backup that is whole, and the names of those that were removed after it."""

    path: Path
    manifest: Manifest
    removed: list[str]


def _ignore(_what: str) -> None:
    """Report nothing."""


async def back_up(
    config: Config,
    address: DatabaseAddress,
    target: Path,
    *,
    keep: Collection[Keep] = (),
    exclude_search: bool = False,
    spread: bool = False,
    with_files: bool = True,
    report: Callable[[str], None] = _ignore,
) -> Backup:
    """Back the server of `config` up into a new directory in `target`, also while it runs.

    Args:
        config: the settings; they name data, secret and files.
        address: its database; `open_address` of chat.data_access gives it.
        target: the directory of backups, which is made if it is missing.
        keep: which backups stay; none: all.
        exclude_search: leave the search's tables out, which a server fills again; the database is dumped then.
        spread: let the embedded PostgreSQL write for minutes first, so that nobody waits for the disk.
        with_files: copy the attached files too.
        report: called with the name of each step.

    Raises BackupFailed. Cancelling: there is no new backup, and the older ones stay.
    """
    begun = time.time()
    with as_backup_failed(f"cannot write the backup to {target}"):
        async with open_asyncio(), open_target(target) as directory, open_connection(address) as connection:
            store_id = await _value(connection, "file_store", "SELECT store_id::text FROM file_store", "")
            newest_id = await _value(connection, "lanes", "SELECT last_id FROM lanes WHERE id = 1", 0)
            schema = await _value(
                connection, "schema_migrations", "SELECT max(version) FROM schema_migrations", 0
            )
            if not schema:
                raise BackupFailed("the database has no tables of a chat server: nothing to back up")
            directory.claim(store_id)
            before = _before(directory)
            partial = await trio.to_thread.run_sync(directory.begin)
            into = partial / DATABASE
            async with open_hold(address):
                if config.database_url is None and not exclude_search:
                    database = await copy_base(
                        address, connection, into, before, spread=spread, report=report
                    )
                else:
                    database = await copy_dump(
                        address, connection, into, exclude_search=exclude_search, report=report
                    )
                store = config.files_beside(config.data) if with_files else None
                copied = Copied()
                if store is not None:
                    last = before.path / FILES if before else None
                    copied = await copy_files(store, partial / FILES, last, report)
            checksums = await trio.to_thread.run_sync(_write_others, config, partial)
            size = await trio.to_thread.run_sync(bytes_below, into)
            manifest = Manifest(
                begun_at=begun,
                ended_at=time.time(),
                release=__version__,
                schema=schema,
                store_id=store_id,
                newest_id=newest_id,
                database=database,
                files=None if store is None else copied.files,
                files_bytes=copied.bytes,
                copied_bytes=size + copied.new_bytes,
                damaged=copied.damaged,
                checksums=checksums,
                excludes_search=exclude_search,
            )
            # No await between here and the name: a backup that was cancelled before has none.
            path = directory.finish(partial, manifest)
            removed = await trio.to_thread.run_sync(directory.remove_unneeded, keep)
            return Backup(path, manifest, removed)


def _before(directory: Target) -> Before | None:
    """Return the newest backup, and only if all that it needs is there."""
    newest = directory.newest()
    if newest is None:
        return None
    chain = chain_of(newest[0])
    return Before(newest[0].name, newest[0], newest[1]) if chain else None


def chain_of(backup: Path) -> list[Path]:
    """Return the backups that one needs, oldest first and itself last. It blocks. Raises BackupFailed."""
    chain = [backup]
    for _ in range(_BACK):
        on = read_manifest(chain[0]).database.on
        if on is None:
            return chain
        chain.insert(0, backup.parent / on)
    raise BackupFailed(f"the backup {backup} needs more than {_BACK} others")


async def _value(connection: Connection, table: str, query: str, without: _T) -> _T:
    """Return a value of a table that an older schema may lack."""
    found: _T = await connection.value(query) if await connection.has(table) else without
    return found


def _write_others(config: Config, partial: Path) -> dict[str, str]:
    """Write secret and settings; return their checksums. It blocks."""
    secret = config.secret
    if secret is None:
        try:
            secret = (config.data / SECRET).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            secret = None
    shown = {name: value for name, value in config.__rich_repr__() if name != SECRET}
    settings = msgspec.json.format(msgspec.json.encode(shown, enc_hook=str))
    parts = {SETTINGS: settings} | ({SECRET: f"{secret}\n".encode()} if secret else {})
    return {name: write_private(partial / name, content) for name, content in parts.items()}
