"""Spares others the wait for new segments of the WAL while an import writes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.embedded_postgres.settings import IS_EMBEDDED
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection


@asynccontextmanager
async def unfilled_segments(database: Database) -> AsyncGenerator[None]:
    """Have PostgreSQL make segments of the WAL without filling them, for the block, if it is the server's own.

    To fill one takes some fifteen milliseconds, for which each commit waits
    (docs/decisions/0123-new-segments-of-the-wal-delay-commits.md). Raises StorageDown. Leaving the block and cancelling
    end it; after a kill, PostgreSQL's next start does, or the end of another import.
    """
    if not await database.read(lambda connection: connection.fetchval(f"SELECT {IS_EMBEDDED}")):
        yield
        return
    try:
        await _switch(database, "SET wal_init_zero = off")
        yield
    finally:
        await _switch(database, "RESET wal_init_zero")


async def _switch(database: Database, change: str) -> None:
    async def switch(connection: Connection) -> None:
        await connection.execute(f"ALTER SYSTEM {change}")  # SET reaches only this session
        await connection.execute("SELECT pg_reload_conf()")

    with suppress(StorageDown, OutcomeUnknown):  # an operator may forbid it, and an import works without
        await database.write_statement(switch)
