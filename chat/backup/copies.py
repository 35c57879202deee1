"""Copies the database: the embedded PostgreSQL's files by pg_basebackup, any other one by pg_dump."""

import json
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import trio

from chat.backup.connection import Connection
from chat.backup.failures import BackupFailed, as_backup_failed
from chat.backup.manifest import Database, Manifest, WalRange, digest_of
from chat.backup.pace import Pace
from chat.backup.priority import have_queries_go_last, have_senders_go_last
from chat.backup.programs import find_program, run_program
from chat.backup.wal_segments import parse_lsn
from chat.storage.postgres.database import DatabaseAddress

_FIRST_WITH_SYNC_METHOD = 17
FIRST_INCREMENTAL = 17
"""The first PostgreSQL that copies only what changed."""
MOST_ON = 13
"""Backups that one may need below it: then a full one, so that a restore reads a fortnight at most."""
LONGEST = 86_400.0
"""Seconds for one program."""
_SLOWEST, _FASTEST = 32 << 10, 1 << 30
"""The bytes a second that pg_basebackup takes as a pace."""
SEARCH = ("message_words", "words_written")
"""Tables of the search, which a server fills by itself. Partitions of the first begin with its name."""


COUNTED = frozenset({"users", "rooms", "memberships", "direct_rooms", "files", "edits", "audit"})
"""Tables whose rows are counted for a copy of files: between two counts others lose and get rows all the time.

Messages and changes are not: reading ten millions twice takes longer than copying what changed, and each room says how
many it has.
"""
_SYNCFS_SINCE = 5, 8
"""The first Linux that reports in syncfs() what could not be written."""


class Before(NamedTuple):
    """The backup before: its name, its directory and its manifest."""

    name: str
    path: Path
    manifest: Manifest


async def copy_base(
    address: DatabaseAddress,
    connection: Connection,
    into: Path,
    before: Before | None,
    *,
    spread: bool,
    pace: Pace,
    report: Callable[[str], None],
) -> Database:
    """Copy the files of the embedded PostgreSQL at `address`, only what changed since `before` where that works.

    With `spread` PostgreSQL takes minutes for its checkpoint, so that nobody waits for the disk. `pace` is how fast it
    sends the files. Raises BackupFailed. Cancelling: the copy is incomplete.
    """
    program = await find_program("pg_basebackup", connection.postgres, connection.postgres)
    command: list[str | Path] = [
        program.path,
        *reach_by_socket(address),
        "--pgdata",
        into,
        "--wal-method=stream",
    ]
    command += [f"--checkpoint={'spread' if spread else 'fast'}", "--manifest-checksums=SHA256"]
    if pace.bytes_per_second < _FASTEST:
        command += [f"--max-rate={max(int(pace.bytes_per_second) >> 10, _SLOWEST >> 10)}k"]
    if connection.postgres >= _FIRST_WITH_SYNC_METHOD and _has_syncfs():
        command += [
            "--sync-method=syncfs"
        ]  # each of a thousand small files takes milliseconds to sync by itself
    if connection.postgres >= FIRST_INCREMENTAL:
        await _record_changes(connection)
    await have_queries_go_last(connection)
    fewest = await connection.count_rows(COUNTED)
    last = _continues(before, connection.postgres)
    if last is not None:
        report("copying what changed in the database")
        try:
            manifest = last.path / "database" / "backup_manifest"
            await _run_last([*command, "--incremental", manifest], connection)
        except BackupFailed as error:
            # As when its records of changes do not reach back that far.
            report(f"copying the whole database, as PostgreSQL cannot tell what changed: {error}")
            await trio.to_thread.run_sync(partial(shutil.rmtree, into, ignore_errors=True))
            last = None
    if last is None:
        report("copying the database")
        await _run_last(command, connection)
    ended_at = time.time()
    most = await connection.count_rows(COUNTED)
    system = await connection.value("SELECT system_identifier FROM pg_control_system()")
    wal = await trio.to_thread.run_sync(_wal_range, into / "backup_manifest", system, ended_at)
    checksum = await trio.to_thread.run_sync(digest_of, into / "backup_manifest")
    return Database(
        kind="base",
        postgres=connection.postgres,
        program=program.version,
        on=last and last.name,
        depth=last.manifest.database.depth + 1 if last else 0,
        rows={name: _range(fewest[name], most[name]) for name in fewest.keys() & most.keys()},
        checksums={"backup_manifest": checksum},
        wal=wal,
    )


async def _run_last(command: list[str | Path], connection: Connection) -> None:
    """Run pg_basebackup, and have everything else go before it. Raises BackupFailed."""
    with as_backup_failed("cannot run pg_basebackup"):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(have_senders_go_last, connection)
            await run_program(command, timeout=LONGEST)
            nursery.cancel_scope.cancel(reason="it has ended")


async def _record_changes(connection: Connection) -> None:
    """Have PostgreSQL record from now on which pages change, for the next backup: it costs each write a little."""
    if await connection.value("SHOW summarize_wal") == "off":
        await connection.execute("ALTER SYSTEM SET summarize_wal = on")
        await connection.value("SELECT pg_reload_conf()")


def _wal_range(manifest: Path, system: int, ended_at: float) -> WalRange:
    """Return the range of WAL that PostgreSQL's own manifest names. It blocks."""
    ranges = json.loads(manifest.read_bytes())["WAL-Ranges"]
    last = ranges[-1]
    return WalRange(
        system=system,
        timeline=last["Timeline"],
        start=parse_lsn(last["Start-LSN"]),
        end=parse_lsn(last["End-LSN"]),
        ended_at=ended_at,
    )


def _has_syncfs() -> bool:
    """Whether one call makes all files of a file system durable, and reports what failed. Sync."""
    version = re.match(r"(\d+)\.(\d+)", platform.release())
    return (
        sys.platform == "linux"
        and version is not None
        and (int(version[1]), int(version[2])) >= _SYNCFS_SINCE
    )


def _range(one: int, other: int) -> tuple[int, int]:
    """The copy is of a moment between two counts. Rows may have come and gone meanwhile: allow as many again."""
    moved = abs(one - other)
    return max(min(one, other) - moved, 0), max(one, other) + moved


def can_be_continued(database: Database) -> bool:
    """Whether another backup can have only the changes since this one. Sync and pure."""
    return database.kind == "base" and database.postgres >= FIRST_INCREMENTAL


def _continues(before: Before | None, postgres: int) -> Before | None:
    """Return the backup before if a new one can continue it."""
    if before is None or postgres < FIRST_INCREMENTAL:
        return None
    database = before.manifest.database
    suits = database.kind == "base" and database.postgres == postgres and database.depth < MOST_ON
    return before if suits else None


async def copy_dump(
    address: DatabaseAddress,
    connection: Connection,
    into: Path,
    *,
    exclude_search: bool,
    report: Callable[[str], None],
) -> Database:
    """Dump the database at `address` as of one moment, in which its rows are counted too.

    Raises BackupFailed. Cancelling: the dump is incomplete.
    """
    program = await find_program("pg_dump", connection.postgres)
    await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    snapshot = await connection.value("SELECT pg_export_snapshot()")
    report("dumping the database")
    reach, environment = reach_by_url(address)
    command: list[str | Path] = [program.path, *reach, "--format=directory", "--file", into]
    command += [f"--snapshot={snapshot}", "--no-owner", "--no-privileges"]
    if exclude_search:
        command += [f"--exclude-table-data={table}*" for table in SEARCH]
    await run_program(command, timeout=LONGEST, environment=environment)
    rows = await connection.count_rows()
    await connection.execute("ROLLBACK")
    if exclude_search:
        rows |= {table: 0 for table in rows if table.startswith(SEARCH)}
    checksums = await trio.to_thread.run_sync(_close_and_sum, into)
    return Database(
        kind="dump",
        postgres=connection.postgres,
        program=program.version,
        rows={name: (count, count) for name, count in rows.items()},
        checksums=checksums,
    )


def _close_and_sum(directory: Path) -> dict[str, str]:
    """Make a dump's files private and durable, and return their checksums. It blocks."""
    directory.chmod(0o700)
    checksums = {}
    for path in sorted(directory.iterdir()):
        path.chmod(0o600)
        checksums[path.name] = digest_of(path)
        with open(path, "rb") as file:
            os.fsync(file.fileno())
    return checksums


def reach_by_socket(address: DatabaseAddress) -> list[str]:
    """Return the flags with which PostgreSQL's programs reach the embedded database. Sync and pure."""
    return [
        "--host",
        str(address["host"]),
        "--port",
        str(address["port"]),
        "--username",
        str(address["user"]),
        "--no-password",
    ]


def reach_by_url(address: DatabaseAddress) -> tuple[list[str], dict[str, str]]:
    """Return the flags and the environment with which PostgreSQL's programs reach a database. Sync and pure.

    The password is in the environment only: everybody on the machine can read flags.
    """
    variables = {name: value for name, value in os.environ.items() if name.startswith("PG")}
    variables |= {
        name: os.environ[name] for name in ("HOME",) if name in os.environ
    }  # ~/.pgpass, ~/.postgresql
    if "dsn" not in address:
        return [*reach_by_socket(address), "--dbname", str(address["database"])], {}
    url = urlsplit(address["dsn"])
    user, at, hosts = url.netloc.rpartition("@")
    name, colon, password = user.partition(":")
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    if colon:
        variables["PGPASSWORD"] = unquote(password)
    if "password" in query:
        variables["PGPASSWORD"] = query.pop("password")
    plain = urlunsplit(("postgresql", f"{name}{at}{hosts}", url.path, urlencode(query), ""))
    return ["--dbname", plain, "--no-password"], variables
