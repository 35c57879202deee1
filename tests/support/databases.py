"""Databases of a test's own, on the PostgreSQL of a server that runs."""

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
import trio

from chat.storage.postgres.crossing import cross, open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.writer import RawConnection
from tests.support.server import ServerProcess


@asynccontextmanager
async def new_database(server: ServerProcess) -> AsyncGenerator[DatabaseAddress]:
    """Make an empty database on the server's PostgreSQL for as long as the block lasts."""
    name = f"test_{os.urandom(6).hex()}"
    await execute(server.address, f"CREATE DATABASE {name}")
    try:
        yield {**server.address, "database": name}
    finally:
        await execute(server.address, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def kept_database(server: ServerProcess) -> Generator[DatabaseAddress]:
    """Make one for a block that is not async, such as many runs of Trio."""
    name = f"test_{os.urandom(6).hex()}"
    trio.run(execute, server.address, f"CREATE DATABASE {name}")
    try:
        yield {**server.address, "database": name}
    finally:
        trio.run(execute, server.address, f"DROP DATABASE {name} WITH (FORCE)")


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
        return await cross(connect_and_ask)
