"""sqlite-anyio on Trio: a transaction is cancelled; it is there as a whole or not at all, and over in any case."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import sqlite_anyio

SWEPT = sqlite_anyio


@asynccontextmanager
async def database() -> AsyncGenerator[sqlite_anyio.Connection]:
    connection = await sqlite_anyio.connect(":memory:")
    try:
        await connection.execute("CREATE TABLE entries (account TEXT, amount INT)")
        yield connection
    finally:
        await connection.close()


async def transfer(connection: sqlite_anyio.Connection) -> None:
    async with connection:
        await connection.execute("INSERT INTO entries VALUES ('ada', -5)")
        await connection.execute("INSERT INTO entries VALUES ('ben', 5)")


async def whole_and_over(connection: sqlite_anyio.Connection) -> None:
    assert not connection._real_connection.in_transaction, "the block is over, its transaction is open"
    cursor = await connection.execute("SELECT coalesce(sum(amount), 0) FROM entries")
    assert await cursor.fetchone() == (0,)


SWEEPS = {
    "a transfer of two statements": (
        (transfer,),
        database,
        whole_and_over,
        {"virtual": False, "limit": 10, "ignore": ["swallowed"]},
    ),
}
