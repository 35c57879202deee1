"""Databases of a test's own, on the PostgreSQL of a server that runs."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import quote

import asyncpg
import trio

from chat.storage.postgres.asyncio_bridge import open_asyncio, run_in_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.writer import RawConnection
from tests.support.server import ServerProcess

EMPTY = """
DO $$ DECLARE name text; BEGIN
    -- Neither triggers nor foreign keys: nobody is told, and the order does not matter.
    PERFORM set_config('session_replication_role', 'replica', true);
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT IN ('schema_migrations', 'lanes', 'node_numbers', 'file_store')
    LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
    PERFORM set_config('session_replication_role', 'origin', true);
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
    LOOP PERFORM setval(name::regclass, 1, false); END LOOP;
END $$;
INSERT INTO rooms (id, kind, name, name_key) VALUES (1, 'lobby', 'lobby', 'lobby');
SELECT setval(pg_get_serial_sequence('rooms', 'id'), 1)"""
"""Empties a migrated database, but for the ends of its logs. TRUNCATE makes each table and index anew: for the few
rows of a test that costs seven times as much.
"""

_EMPTYING: dict[str, Callable[[str], None]] = {}
"""How databases are emptied, by their names."""


@contextmanager
def open_emptying(address: DatabaseAddress) -> Generator[None]:
    """Let `empty()` empty a migrated database during the block, on one connection: a new one first learns all tables,
    which takes seven times as long.
    """
    name = address["database"]
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        connection = runner.run(asyncpg.connect(**address, timeout=10))
        statement = f"{EMPTY}; UPDATE lanes SET last_id = 0"
        _EMPTYING[name] = lambda also: runner.run(connection.execute(f"{statement}; {also}", timeout=60))
        try:
            yield
        finally:
            del _EMPTYING[name]
            runner.run(connection.close(timeout=10))


def empty(address: DatabaseAddress, also: str = "") -> None:
    """Empty a database in the block of `open_emptying()`, its log too, and run the statements `also`.

    Sync: it blocks the loop of Trio. Not while `open_asyncio()` is open.
    """
    _EMPTYING[address["database"]](also)


@asynccontextmanager
async def new_database(
    server: ServerProcess, template: DatabaseAddress | None = None
) -> AsyncGenerator[DatabaseAddress]:
    """Make a database on the server's PostgreSQL for as long as the block lasts: empty, or a copy of another."""
    name = f"test_{os.urandom(6).hex()}"
    await execute(server.address, _creating(name, template))
    try:
        yield {**server.address, "database": name}
    finally:
        await execute(server.address, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def kept_database(
    server: ServerProcess, template: DatabaseAddress | None = None
) -> Generator[DatabaseAddress]:
    """Make one for a block that is not async, such as many runs of Trio."""
    name = f"test_{os.urandom(6).hex()}"
    trio.run(execute, server.address, _creating(name, template))
    try:
        yield {**server.address, "database": name}
    finally:
        trio.run(execute, server.address, f"DROP DATABASE {name} WITH (FORCE)")


def _creating(name: str, template: DatabaseAddress | None) -> str:
    """Return the statement that makes a database; to copy files takes a sixth of writing each page into the WAL."""
    like = f" TEMPLATE {template['database']}" if template else ""
    return f"CREATE DATABASE {name}{like} STRATEGY FILE_COPY"


def url_of(address: DatabaseAddress) -> str:
    """Return the URL of a database on a PostgreSQL that listens on a socket only. Sync and pure."""
    place = f"host={quote(str(address['host']), safe='')}&port={address['port']}"
    return f"postgresql://{address['user']}@/{address['database']}?{place}"


async def execute(address: DatabaseAddress, statement: str) -> None:
    """Run one statement, on a connection and a loop of its own."""
    await _alone(address, lambda connection: connection.execute(statement))


async def fetch(address: DatabaseAddress, query: str) -> Any:
    """Return the one value that a query has, on a connection and a loop of its own."""
    return await _alone(address, lambda connection: connection.fetchval(query))


async def _alone(address: DatabaseAddress, ask: Callable[[RawConnection], Awaitable[Any]]) -> Any:
    async def connect_and_ask() -> Any:
        connection = await asyncpg.connect(**address, timeout=10)
        try:
            return await ask(connection)
        finally:
            await connection.close(timeout=10)

    async with open_asyncio():
        return await run_in_asyncio(connect_and_ask)
