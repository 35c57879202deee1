"""sqlite-anyio 0.3.2: a block that is cancelled at its commit is neither committed nor rolled back; the next one does it.

pip install sqlite-anyio==0.3.2 trio && python sqlite_anyio_commit.py
"""

import anyio
import sqlite_anyio


async def main() -> None:
    connection = await sqlite_anyio.connect(":memory:")
    await connection.execute("CREATE TABLE entries (what TEXT)")

    with anyio.CancelScope() as scope:
        async with connection:
            await connection.execute("INSERT INTO entries VALUES ('of the cancelled block')")
            scope.cancel()
    print("cancelled:", scope.cancelled_caught)

    async with connection:
        await connection.execute("INSERT INTO entries VALUES ('of the next block')")
    cursor = await connection.execute("SELECT what FROM entries")
    print("committed:", await cursor.fetchall())
    await connection.close()


anyio.run(main, backend="trio")
