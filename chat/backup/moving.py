"""Moves a chat from one PostgreSQL to another: dump, restore, compare. The source is only read.

The target is marked until all is compared: no server starts on it, and the next try empties it. The rows of
`schema_migrations` come last, in the transaction that removes the mark.
"""

import re
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trio

from chat.backup.connection import Connection, open_connection
from chat.backup.copies import LONGEST, reach_by_url
from chat.backup.failures import BackupFailed, as_backup_failed
from chat.backup.programs import find_program, run_program
from chat.embedded_postgres.process import run
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.migration_files import known_migrations
from chat.storage.postgres.writer import WriterLock

_JOBS = "2"
_BYTES_A_SECOND = 10e6
"""Measured on two slow cores: 15 MB, with all indexes and the comparison; a million short messages take 25 s."""

_LEASES = "nodes"
"""A table of servers that run: it stays behind."""
_MARK = "unfinished_move"
_SIZE = "SELECT pg_database_size(current_database())"
_EMPTY = """
DO $$ DECLARE each record; BEGIN
    FOR each IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
    LOOP EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', each.tablename); END LOOP;  -- partitions go with theirs
    FOR each IN SELECT oid::regprocedure AS name FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    LOOP EXECUTE format('DROP FUNCTION %s CASCADE', each.name); END LOOP;
END $$"""
_SAME_TEXT = (
    "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET intervalstyle = 'postgres'; SET bytea_output = 'hex'"
)
_DIGEST = """
SELECT count(*) || ' ' || coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint::numeric), 0) FROM "{}" AS t"""
_SEQUENCES = """
SELECT coalesce(string_agg(sequencename || ' ' || coalesce(last_value, 0), ', ' ORDER BY sequencename), '')
FROM pg_sequences WHERE schemaname = 'public'"""
_MIGRATIONS = "SELECT json_agg(m ORDER BY version)::text FROM schema_migrations AS m"
_ADD_MIGRATIONS = """
INSERT INTO schema_migrations SELECT * FROM json_populate_recordset(NULL::schema_migrations, $1::json)"""

# A newer pg_restore sets this, and an older PostgreSQL does not know it.
_UNKNOWN_THERE = 'unrecognized configuration parameter "transaction_timeout"'


class Moved(NamedTuple):
    """A done move: the number of tables and messages, and how many seconds it took."""

    tables: int
    messages: int
    seconds: float


async def move(
    source: DatabaseAddress, target: DatabaseAddress, scratch: Path, report: Callable[[str], None]
) -> Moved:
    """Move the chat at `source` into the empty database at `target`; `scratch` is a directory to make for the dump.

    No server may use the source meanwhile. Raises BackupFailed; the source is as it was then, and the target is marked
    as unfinished. Cancelling: the same.
    """
    began = trio.current_time()
    with as_backup_failed("cannot move the database"), _made(scratch):
        async with open_asyncio(), open_connection(source) as old, open_connection(target) as new:
            await _check(old, new)
            size = await old.value(_SIZE)
            seconds = max(size / _BYTES_A_SECOND, 5)
            report(f"moving {size / 1e6:,.0f} MB takes about {seconds:.0f} s; no server may run meanwhile")
            await new.execute(_EMPTY)
            await new.execute(f"CREATE TABLE {_MARK} ()")
            await _copy(source, target, old, new, scratch, report)
            report("comparing every table")
            tables = await _compare(old, new)
            await new.execute("ANALYZE")
            await new.finish(_ADD_MIGRATIONS, await old.value(_MIGRATIONS), f"DROP TABLE {_MARK}")
            messages = await new.value("SELECT count(*) FROM messages")
            return Moved(len(tables), messages, trio.current_time() - began)


@contextmanager
def _made(scratch: Path) -> Generator[None]:
    """Make the directory for the block; what a killed move left there is removed first."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    try:
        yield
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


async def _check(old: Connection, new: Connection) -> None:
    """Refuse a source that is in use or of another release, and a target that has tables."""
    known = known_migrations()[-1].version
    if await old.has(_MARK) or not await old.has("schema_migrations"):
        raise BackupFailed("the source has no tables of a chat server: nothing to move")
    if (schema := await old.value("SELECT max(version) FROM schema_migrations")) != known:
        raise BackupFailed(
            f"the source's tables are of schema {schema} and this release has {known}: run chat upgrade on it first"
        )
    if not await old.value(WriterLock.EXCLUSIVE.value):
        raise BackupFailed(
            "a server uses the source: stop it first, so that nothing is said that would be left behind"
        )
    found = await new.tables()
    if found and _MARK not in found:
        raise BackupFailed(
            f"the target has tables already ({', '.join(found[:3])} …): give an empty database"
        )


async def _copy(
    source: DatabaseAddress,
    target: DatabaseAddress,
    old: Connection,
    new: Connection,
    scratch: Path,
    report: Callable[[str], None],
) -> None:
    # The source's own one if it is here: minor releases note what a newer, but earlier pg_dump does not know.
    dump = await find_program("pg_dump", old.postgres)
    restore = await find_program("pg_restore", max(dump.version, new.postgres))
    report("dumping")
    reach, environment = reach_by_url(source)
    without = [f"--exclude-table-data={table}" for table in ("schema_migrations", _LEASES)]
    into = scratch / "dump"
    shape = ("--no-owner", "--no-privileges", f"--jobs={_JOBS}")
    await run_program(
        [dump.path, *reach, "--format=directory", "--compress=0", "--file", into, *shape, *without],
        timeout=LONGEST,
        environment=environment,
    )
    report("restoring")
    reach, environment = reach_by_url(target)
    status, said = await run(
        [restore.path, *reach, *shape, into],
        directory=Path("/"),
        owner=None,
        timeout=LONGEST,
        environment=environment,
    )
    errors = [line for line in re.findall(r"error: (.*)", said) if _UNKNOWN_THERE not in line]
    if status != 0 and (errors or _UNKNOWN_THERE not in said):
        raise BackupFailed(
            f"pg_restore failed: {errors[0] if errors else said[-300:]}; the source is as it was"
        )


async def _compare(old: Connection, new: Connection) -> dict[str, str]:
    """Return the digest of each table, by its name. Raises BackupFailed if the two differ."""
    here, there = await _digests(old), await _digests(new)
    different = sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))
    if different:
        raise BackupFailed(
            f"the target differs in {', '.join(different)}: do not use it; the source is as it was"
        )
    if await old.value(_SEQUENCES) != await new.value(_SEQUENCES):
        raise BackupFailed("the target's sequences differ: do not use it; the source is as it was")
    return here


async def _digests(connection: Connection) -> dict[str, str]:
    await connection.execute(_SAME_TEXT)
    names = set(await connection.tables())
    names -= {_MARK, _LEASES, "schema_migrations"}
    return {name: await connection.value(_DIGEST.format(name)) for name in sorted(names)}
