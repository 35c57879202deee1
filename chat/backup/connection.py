"""One connection to the database for a backup: long reads, and the row that holds back the removal of files."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncpg
import trio

from chat.backup.failures import BackupFailed
from chat.storage.postgres.asyncio_bridge import run_in_asyncio
from chat.storage.postgres.database import CONNECTION_LOST, DatabaseAddress, reason_of

_T = TypeVar("_T")

_CONNECT_TIMEOUT = 10.0
_LONGEST_QUERY = 3600.0
"""Seconds; counting the rows of a large table is the longest."""

_HOLD = 900.0
"""Seconds for which a hold lasts without a renewal: a killed backup holds nothing for longer."""
_RENEW_EVERY = 120.0

_HELD = "INSERT INTO removal_holds (until) VALUES (now() + make_interval(secs => $1)) RETURNING id"
_RENEW = """
UPDATE removal_holds SET until = now() + make_interval(secs => $2) WHERE id = $1 AND until > now() RETURNING true"""
_RELEASE = "DELETE FROM removal_holds WHERE id = $1 OR until < now()"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


class Connection:
    """A connection. One task uses it at a time. Each method raises BackupFailed; cancelling ends the query."""

    def __init__(self, raw: "asyncpg.Connection[asyncpg.Record]") -> None:
        self._raw = raw

    @property
    def postgres(self) -> int:
        """The server's major version."""
        return self._raw.get_server_version().major

    async def value(self, query: str, *values: object) -> Any:  # noqa: ANN401 - as many types as there are queries
        """Return the one value of a query."""
        return await _translated(self._raw.fetchval, query, *values)

    async def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Return the rows of a query."""
        return await _translated(self._raw.fetch, query, *values)

    async def execute(self, statement: str) -> None:
        """Run a statement."""
        await _translated(self._raw.execute, statement)

    async def finish(self, insert: str, value: object, statement: str) -> None:
        """Insert with one value and run a statement, in one transaction."""

        async def both() -> None:
            async with self._raw.transaction():
                await self._raw.execute(insert, value)
                await self._raw.execute(statement)

        await _translated(both)

    async def has(self, table: str) -> bool:
        """Whether the schema has this table: one of an older release may lack it."""
        return await self.value("SELECT to_regclass($1)::text", f"public.{table}") is not None

    async def tables(self) -> list[str]:
        """Return the names of all tables, sorted."""
        return [row["tablename"] for row in await self.rows(_TABLES)]

    async def count_rows(self, tables: Collection[str] | None = None) -> dict[str, int]:
        """Return the number of rows of each of these tables that is there; None: of all."""
        there = [table for table in await self.tables() if tables is None or table in tables]
        return {table: await self.value(f'SELECT count(*) FROM "{table}"') for table in there}


async def _translated(ask: Callable[..., Awaitable[_T]], *arguments: object) -> _T:
    try:
        return await run_in_asyncio(ask, *arguments)
    except (asyncpg.PostgresError, *CONNECTION_LOST) as error:
        # A cancelled query may fail in any of these ways; then raise Cancelled instead.
        await trio.lowlevel.checkpoint_if_cancelled()
        raise BackupFailed(f"the database fails: {reason_of(error)}") from error


@asynccontextmanager
async def open_connection(address: DatabaseAddress) -> AsyncGenerator[Connection]:
    """Keep a connection open for the block, inside `open_asyncio`. Raises BackupFailed."""
    settings = {"application_name": "chat backup"}

    async def connect() -> "asyncpg.Connection[asyncpg.Record]":
        return await asyncpg.connect(
            **address, timeout=_CONNECT_TIMEOUT, command_timeout=_LONGEST_QUERY, server_settings=settings
        )

    raw = await _translated(connect)
    try:
        yield Connection(raw)
    finally:
        raw.terminate()


@asynccontextmanager
async def open_hold(address: DatabaseAddress) -> AsyncGenerator[None]:
    """Hold back the removal of files' bytes for the block. Raises BackupFailed if the hold lapsed in it.

    A schema older than 0.2.0 lacks the table: its servers remove only files that are an hour old. Cancelling releases
    the hold, or it ends by itself.
    """
    async with open_connection(address) as connection:
        if not await connection.has("removal_holds"):
            yield
            return
        hold = await connection.value(_HELD, _HOLD)

        async def renew() -> None:
            if not await connection.value(_RENEW, hold, _HOLD):
                raise BackupFailed(
                    "the database was away for too long: files may have been removed; try again"
                )

        async def keep() -> None:
            while True:
                await trio.sleep(_RENEW_EVERY)
                await renew()

        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(keep)
                yield
                nursery.cancel_scope.cancel(reason="the files are copied")
            await renew()
        finally:
            # Without the shield a cancelled backup keeps bytes for some minutes longer.
            with trio.move_on_after(2, shield=True), suppress(BackupFailed):
                await connection.value(_RELEASE, hold)
