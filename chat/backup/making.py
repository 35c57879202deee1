"""Makes a backup beside the running server: database, files, secret, settings, and last the manifest.

The order is the promise. No bytes are removed from before the database is copied until the files are, so each row of
the copy has its bytes. A backup has its name only once all of it is on the disk.
"""

import math
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from pathlib import Path
from secrets import token_hex
from typing import NamedTuple, TypeVar

import msgspec
import structlog
import trio
from msgspec import structs

from chat import __version__
from chat.backup.connection import Connection, open_connection, open_hold
from chat.backup.copies import Before, can_be_continued, copy_base, copy_dump
from chat.backup.encryption import SUFFIX, Identities, Recipients
from chat.backup.failures import BackupFailed, as_backup_failed
from chat.backup.files import Copied, Encrypted, copy_files
from chat.backup.keeping import Keep
from chat.backup.kept import keep_plain, kept_before
from chat.backup.manifest import (
    ENCRYPTED_FORMAT,
    MANIFEST,
    Manifest,
    bytes_below,
    chain_of,
    write_manifest,
    write_private,
)
from chat.backup.pace import Pace
from chat.backup.scratch import PLAIN, open_scratch
from chat.backup.target import Target, open_target
from chat.backup.wal_series import remove_unneeded_wal
from chat.backup.write_behind import open_write_behind
from chat.settings.config import Config
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress

SECRET = "secret"
SETTINGS = "settings.json"
FILES = "files"
DATABASE = "database"
ENCRYPTED = "checksums.json"
"""In an encrypted backup: the SHA-256 of its attached files, encrypted as they are, by their paths."""

Prove = Callable[[Path, Path, set[str]], Awaitable[str | None]]
"""Proves a plain backup in a directory for databases that run for a while; the attached files are elsewhere, with these
digests. Returns the failure of the proof, or None.
"""

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
    rate: float = math.inf,
    with_files: bool = True,
    recipients: Recipients | None = None,
    prove: Prove | None = None,
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
        rate: the most bytes a second that are copied, so that others need not wait; a dump is as fast as it goes.
        with_files: copy the attached files too.
        recipients: encrypt it to these. The plain copy of the database is made in the data directory. It stays there if
            the next backup can continue it.
        prove: proves the plain copy before it is encrypted, if it does not stay.
        report: called with the name of each step.

    Raises BackupFailed. Cancelling: there is no new backup, and the older ones stay.
    """
    begun, pace = time.time(), Pace(rate)
    with as_backup_failed(f"cannot write the backup to {target}"):
        async with (
            AsyncExitStack() as stack,
            open_asyncio(),
            open_target(target) as directory,
            open_connection(address) as connection,
        ):
            store_id = await _value(connection, "file_store", "SELECT store_id::text FROM file_store", "")
            newest_id = await _value(connection, "lanes", "SELECT last_id FROM lanes WHERE id = 1", 0)
            schema = await _value(
                connection, "schema_migrations", "SELECT max(version) FROM schema_migrations", 0
            )
            if not schema:
                raise BackupFailed("the database has no tables of a chat server: nothing to back up")
            directory.claim(store_id)
            before = continued = _before(directory, recipients)
            copies_files = config.database_url is None and not exclude_search
            partial = await trio.to_thread.run_sync(directory.begin)
            plain = partial
            if recipients is not None:
                plain = (await stack.enter_async_context(open_scratch(config.data / PLAIN))).parent / "plain"
                plain.mkdir(mode=0o700)
                continued = before and await trio.to_thread.run_sync(kept_before, config.data, before.name)
            into = plain / DATABASE
            async with open_hold(address), open_write_behind(partial, plain):
                if copies_files:
                    database = await copy_base(
                        address,
                        connection,
                        into,
                        continued,
                        spread=spread,
                        pace=pace,
                        report=report,
                    )
                else:
                    database = await copy_dump(
                        address, connection, into, exclude_search=exclude_search, report=report
                    )
                store = config.files_beside(config.data) if with_files else None
                copied = Copied()
                if store is not None:
                    last = before.path / FILES if before else None
                    encrypted = None
                    if recipients is not None:
                        known = _known(before) if before else {}
                        encrypted = Encrypted(recipients, _secret_of(config) or token_hex(), known)
                    copied = await copy_files(store, partial / FILES, last, report, pace, encrypted)
            checksums = await trio.to_thread.run_sync(_write_others, config, plain)
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
            shown = manifest
            if recipients is not None:
                await trio.to_thread.run_sync(write_manifest, plain, manifest)
                if (
                    prove is not None
                    and not can_be_continued(database)
                    and (wrong := await prove(plain, config.data / PLAIN, copied.digests))
                ):
                    raise BackupFailed(f"the copy cannot be restored whole, and is not kept: {wrong}")
                report("encrypting")
                async with open_write_behind(partial):
                    checksums = await trio.to_thread.run_sync(
                        _encrypt, plain, partial, recipients, copied, pace
                    )
                shown = structs.replace(
                    manifest,
                    format=ENCRYPTED_FORMAT,
                    ended_at=time.time(),
                    database=structs.replace(database, rows={}, checksums={}),
                    damaged=[],
                    checksums=checksums,
                    recipients=recipients.keys,
                )
            # No await between here and the name: a backup that was cancelled before has none.
            path = directory.finish(partial, shown)
            if recipients is not None and can_be_continued(database):
                # Cancelling here: the next backup copies the whole database.
                await trio.to_thread.run_sync(
                    keep_plain, config.data, plain, path.name, manifest, copied.digests
                )
            removed = await trio.to_thread.run_sync(directory.remove_unneeded, keep)
            await trio.to_thread.run_sync(remove_unneeded_wal, target, keep)
            return Backup(path, structs.replace(manifest, ended_at=shown.ended_at), removed)


def _before(directory: Target, recipients: Recipients | None) -> Before | None:
    """Return the newest backup, only if all that it needs is there, and it is encrypted to the same recipients."""
    newest = directory.newest()
    if newest is None or newest[1].recipients != (recipients.keys if recipients else ()):
        return None
    chain = chain_of(newest[0])
    return Before(newest[0].name, newest[0], newest[1]) if chain else None


def _known(before: Before) -> dict[str, str]:
    """Return the checksums of the encrypted attached files of the backup before, by their paths in its files."""
    begin = f"{FILES}/"
    return {name.removeprefix(begin): each for name, each in read_checksums(before.path).items()}


def _encrypt(
    plain: Path, partial: Path, recipients: Recipients, copied: Copied, pace: Pace
) -> dict[str, str]:
    """Encrypt all but the attached files, which are; return the checksums of what they became. It blocks."""
    tar = f"{DATABASE}.tar{SUFFIX}"
    found = {tar: recipients.encrypt_directory(plain / DATABASE, partial / tar, pace)}
    for name in (MANIFEST, SECRET, SETTINGS):
        if (plain / name).exists():
            found[f"{name}{SUFFIX}"] = recipients.encrypt(plain / name, partial / f"{name}{SUFFIX}", pace)[1]
    files = {f"{FILES}/{name}": checksum for name, checksum in copied.checksums.items()}
    found[ENCRYPTED] = write_private(partial / ENCRYPTED, msgspec.json.encode(files))
    return found


def decrypt_parts(backup: Path, into: Path, identities: Identities) -> Path:
    """Make a plain backup of an encrypted one and of each that it needs, without the attached files. It blocks.

    Returns its directory, in the new directory `into`. Raises BackupFailed and OSError.
    """
    into.mkdir(mode=0o700)
    for each in chain_of(backup):
        plain = into / each.name
        plain.mkdir(mode=0o700)
        identities.decrypt_directory(each / f"{DATABASE}.tar{SUFFIX}", plain / DATABASE)
        for name in (MANIFEST, SECRET, SETTINGS):
            if (each / f"{name}{SUFFIX}").exists():
                identities.decrypt(each / f"{name}{SUFFIX}", plain / name)
    return into / backup.name


def read_checksums(backup: Path) -> dict[str, str]:
    """Return the checksums of encrypted attached files, by their paths. It blocks. Raises BackupFailed."""
    try:
        found = msgspec.json.decode((backup / ENCRYPTED).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.MsgspecError) as error:
        raise BackupFailed(f"cannot read {backup / ENCRYPTED}: {error}") from error
    return found


async def _value(connection: Connection, table: str, query: str, without: _T) -> _T:
    """Return a value of a table that an older schema may lack."""
    found: _T = await connection.value(query) if await connection.has(table) else without
    return found


def _secret_of(config: Config) -> str | None:
    """Return the server's secret; None: there is none yet. It blocks for a small file."""
    if config.secret is not None:
        return config.secret
    try:
        return (config.data / SECRET).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def _write_others(config: Config, partial: Path) -> dict[str, str]:
    """Write secret and settings; return their checksums. It blocks."""
    secret = _secret_of(config)
    shown = {name: value for name, value in config.__rich_repr__() if name != SECRET}
    settings = msgspec.json.format(msgspec.json.encode(shown, enc_hook=str))
    parts = {SETTINGS: settings} | ({SECRET: f"{secret}\n".encode()} if secret else {})
    return {name: write_private(partial / name, content) for name, content in parts.items()}
