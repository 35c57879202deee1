"""Databases of a test's own, on the PostgreSQL of a server that runs."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg

from chat.storage.postgres.crossing import cross, open_asyncio
from chat.storage.postgres.database import DatabaseAddress
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


async def execute(address: DatabaseAddress, statement: str) -> None:
    """Run one statement, on a connection and a loop of its own."""

    async def execute() -> None:
        connection = await asyncpg.connect(**address, timeout=10)
        try:
            await connection.execute(statement)
        finally:
            await connection.close(timeout=10)

    async with open_asyncio():
        await cross(execute)
