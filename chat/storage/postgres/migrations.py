"""Migrates the schema: applies each `sql/NNNN_name.sql` once, in order.

An applied migration must not change; its stored checksum reveals a change. A migration may also serve older servers:
then it says which ones, and they read that when they start (docs/migrations.md).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import structlog
import trio

from chat import __version__
from chat.domain.startup import CannotStart
from chat.storage.postgres.asyncio_bridge import run_in_asyncio
from chat.storage.postgres.database import CONNECTION_LOST, DatabaseAddress, reason_of
from chat.storage.postgres.migration_files import Migration
from chat.storage.postgres.upgrade_plan import UpgradePlan, plan_migrations

_LOCK = 0x63686174_6D696772  # "chatmigr"
_LOCK_TIMEOUT = 60
"""Seconds to wait for the locks of another server that migrates, or that uses a table which a migration changes."""
_LOCK_TRY = 0.2
"""Seconds to wait for each of several tables: PostgreSQL looks for a deadlock later, and would fail one of the two."""
_TRIES = 10
"""Attempts at the transaction when deadlocks with running servers end it."""
_OLDEST = 14
"""The oldest major version of PostgreSQL that this schema is tested on."""

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    integer PRIMARY KEY,
    name       text NOT NULL,
    checksum   text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE schema_migrations ADD IF NOT EXISTS serves integer, ADD IF NOT EXISTS release text"""
"""`serves` is the oldest schema version whose servers may run after the migration; NULL: only newer servers.

`release` is the version of trio-chat that applied the migration, for refusals; releases before 0.2.0 write NULL.
"""

T = TypeVar("T")

logger = structlog.get_logger(__name__)


async def migrate(address: DatabaseAddress, *, connect_timeout: float, migrations: list[Migration]) -> None:
    """Apply the missing migrations in one transaction, under a lock against other servers.

    Raises CannotStart with the reason. Cancelling: nothing was applied, or all of it.
    """

    async def apply() -> None:
        connection = await _connect(address, connect_timeout)
        try:
            async with connection.transaction():
                await connection.execute(_wait())
                await connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
                await _refuse_unfinished(connection)
                await connection.execute(_TABLE)
                rows = await connection.fetch(
                    "SELECT version, checksum, serves, release FROM schema_migrations"
                )
                _check_newer_migrations(migrations, rows)
                applied = {row["version"]: row["checksum"] for row in rows}
                await _apply(connection, _missing(migrations, applied), max(applied, default=0))
        finally:
            connection.terminate()

    async def try_again() -> None:
        for left in reversed(range(_TRIES)):
            try:
                return await run_in_asyncio(apply)
            except asyncpg.DeadlockDetectedError as error:
                if not left:
                    raise CannotStart(f"cannot migrate the database's schema, try again: {error}") from error
                logger.info("the migration deadlocked with a running server; retrying")
        return None

    await _refusing(try_again)


async def plan_upgrade(
    address: DatabaseAddress, *, connect_timeout: float, migrations: list[Migration]
) -> UpgradePlan:
    """Return what `migrate` would do. It changes nothing, and waits for no server.

    Raises CannotStart as `migrate` does. Cancelling ends the query.
    """

    async def plan() -> UpgradePlan:
        connection = await _connect(address, connect_timeout)
        try:
            (known,) = await connection.fetch(_KNOWN)
            has_tables, has_release, has_index = known
            columns = (
                "version, checksum, serves, release" if has_release else "version, checksum, NULL AS serves"
            )
            rows = await connection.fetch(f"SELECT {columns} FROM schema_migrations") if has_tables else []
            _check_newer_migrations(migrations, rows)
            applied = {row["version"]: row["checksum"] for row in rows}
            pending = await plan_migrations(connection, _missing(migrations, applied))
            unindexed = await connection.fetchval(_UNINDEXED) if has_index else 0
            return UpgradePlan(max(applied, default=0), migrations[-1].version, pending, unindexed)
        finally:
            connection.terminate()

    return await _refusing(lambda: run_in_asyncio(plan))


_KNOWN = """
SELECT to_regclass('schema_migrations') IS NOT NULL,
    EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('schema_migrations') AND attname = 'release'),
    to_regclass('words_written') IS NOT NULL"""
_UNINDEXED = """
SELECT last_id - coalesce((SELECT last_id FROM words_written WHERE id = 1), 0) FROM lanes WHERE id = 1"""


async def _connect(address: DatabaseAddress, timeout: float) -> "asyncpg.Connection[asyncpg.Record]":
    connection = await asyncpg.connect(**address, timeout=timeout)
    if connection.get_server_version().major < _OLDEST:
        connection.terminate()
        raise CannotStart(f"the database's PostgreSQL is too old: use version {_OLDEST} or newer")
    return connection


async def _refuse_unfinished(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    if await connection.fetchval("SELECT to_regclass('unfinished_move') IS NOT NULL"):
        raise CannotStart(
            "a move into this database did not end: run chat move again, or use the old database"
        )


async def _refusing(work: Callable[[], Awaitable[T]]) -> T:
    """Do the work; raise asyncpg's exceptions as CannotStart."""
    try:
        return await work()
    except asyncpg.InvalidAuthorizationSpecificationError as error:
        raise CannotStart(f"the database refuses the user or password: {error}") from error
    except asyncpg.LockNotAvailableError as error:
        raise CannotStart(
            "the database's schema is locked, perhaps by another server's migration: try again"
        ) from error
    except (*CONNECTION_LOST, asyncpg.PostgresError, ValueError) as error:
        if isinstance(error, ValueError) and not isinstance(error, asyncpg.InterfaceError):
            # From urllib or int(): its text quotes a part of the URL, perhaps of the password.
            raise CannotStart("cannot parse the database URL: expected postgresql://USER@HOST/NAME") from None
        # The same cancellation stops an embedded PostgreSQL, which may end the connection first.
        await trio.lowlevel.checkpoint_if_cancelled()
        raise CannotStart(f"the database does not answer: {reason_of(error)}") from error


def _check_newer_migrations(migrations: list[Migration], rows: list[asyncpg.Record]) -> None:
    """Raise CannotStart if the database has newer migrations that do not serve this server."""
    newest = max((migration.version for migration in migrations), default=0)
    ahead = {row["version"]: row for row in rows if row["version"] > newest}
    if any(row["serves"] is None or row["serves"] > newest for row in ahead.values()):
        release = ahead[max(ahead)]["release"]
        raise CannotStart(
            f"the database is at schema {max(ahead)}, newer than this server's {newest}: "
            + (f"start trio-chat {release} or newer" if release else "start a newer release")
        )
    if ahead:
        logger.info(
            "the database's schema is newer than this server, and compatible with it",
            schema=max(ahead),
            own=newest,
        )


def _missing(migrations: list[Migration], applied: dict[int, str]) -> list[Migration]:
    """Return the migrations to apply. Raises CannotStart if an applied one has changed."""
    for migration in migrations:
        if applied.get(migration.version, migration.checksum) != migration.checksum:
            raise CannotStart(
                f"migration {migration.version:04} differs from the one that was applied: "
                "restore the released file"
            )
    return [migration for migration in migrations if migration.version not in applied]


async def _apply(
    connection: "asyncpg.Connection[asyncpg.Record]", missing: list[Migration], schema: int
) -> None:
    if not missing:
        return
    started, newest = trio.current_time(), missing[-1].version
    if schema:
        planned = await plan_migrations(connection, missing)
        locks = sorted({table for each in planned for table in each.locks})
        logger.info(
            "upgrading the database's tables; other servers may wait for it",
            schema=schema,
            to=newest,
            locks=locks,
            estimated_seconds=round(sum(each.seconds for each in planned), 1),
        )
        await _lock(connection, locks)
    else:
        logger.info("creating the database's tables")
    for migration in missing:
        if schema:
            logger.info("applying a migration", migration=f"{migration.version:04}_{migration.name}")
        await _apply_one(connection, migration)
    logger.info(
        "upgraded the database's tables" if schema else "created the database's tables",
        schema=newest,
        seconds=round(trio.current_time() - started, 1),
    )


def _wait() -> str:
    return f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}s'"


async def _lock(connection: "asyncpg.Connection[asyncpg.Record]", tables: list[str]) -> None:
    """Lock all tables before any is changed; running servers use them between two tries.

    Raises LockNotAvailableError after _LOCK_TIMEOUT.
    """
    if not tables:
        return
    deadline = trio.current_time() + _LOCK_TIMEOUT
    while True:
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{_LOCK_TRY}s'")
                await connection.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
                await connection.execute(_wait())
                return
        except asyncpg.LockNotAvailableError:
            if trio.current_time() > deadline:
                raise
        await asyncio.sleep(random.uniform(_LOCK_TRY / 2, _LOCK_TRY))


async def _apply_one(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration) -> None:
    try:
        await connection.execute(migration.text)
    except asyncpg.DeadlockDetectedError:
        raise  # the migration is not at fault
    except asyncpg.PostgresError as error:
        raise CannotStart(f"migration {migration.version:04} failed: {error}") from error
    await connection.execute(
        "INSERT INTO schema_migrations (version, name, checksum, serves, release) VALUES ($1, $2, $3, $4, $5)",
        migration.version,
        migration.name,
        migration.checksum,
        migration.serves,
        __version__,
    )
