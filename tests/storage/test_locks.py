"""Transactions that change the same rows take their locks in one order, whatever plan each of them has."""

import asyncpg
import trio

from chat.storage.postgres.asyncio_bridge import open_asyncio, run_in_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.migration_files import known_migrations
from chat.storage.postgres.migrations import migrate
from chat.storage.postgres.rooms import MARK_DELIVERED

ADA = 1
ROOMS = 1000

# The rows of memberships lie in the table in the reverse order of their keys.
_FILL = f"""
INSERT INTO users (name, name_key, password_hash) VALUES ('ada', 'ada', 'x');
INSERT INTO rooms (id, kind) SELECT n, 'direct' FROM generate_series(2, {ROOMS}) AS n;
INSERT INTO memberships (room_id, user_id) SELECT n, {ADA} FROM generate_series({ROOMS}, 2, -1) AS n;
ANALYZE"""

_BY_THE_TABLE = "SET enable_nestloop = off; SET enable_mergejoin = off; SET enable_indexscan = off"
_BY_THE_KEY = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off"
_WAITING = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"""

MARKS = ([10, 500, 900], [ADA] * 3, [7] * 3)
IN_TEXT = [[str(number) for number in column] for column in MARKS]


async def test_positions_are_marked_without_a_deadlock_whatever_the_plans(database: DatabaseAddress) -> None:
    """One goes by the table and one by the key, and both have begun when they meet a lock in the middle."""
    with trio.fail_after(60):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations())
            connections = [
                await run_in_asyncio(lambda: asyncpg.connect(**database, timeout=10)) for _ in range(4)
            ]
            first, second, middle, watching = connections
            try:
                await run_in_asyncio(watching.execute, _FILL)
                await run_in_asyncio(first.execute, _BY_THE_TABLE)
                await run_in_asyncio(second.execute, _BY_THE_KEY)
                await run_in_asyncio(middle.execute, "BEGIN")
                await run_in_asyncio(middle.execute, "SELECT FROM memberships WHERE room_id = 500 FOR UPDATE")
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(run_in_asyncio, first.execute, MARK_DELIVERED, *IN_TEXT)
                    nursery.start_soon(run_in_asyncio, second.execute, MARK_DELIVERED, *IN_TEXT)
                    while await run_in_asyncio(watching.fetchval, _WAITING) < 2:  # noqa: ASYNC110 - it happens in PostgreSQL
                        await trio.sleep(0.01)
                    await run_in_asyncio(middle.execute, "COMMIT")
                got = "SELECT room_id FROM memberships WHERE delivered_seq = 7 ORDER BY room_id"
                assert [row["room_id"] for row in await run_in_asyncio(watching.fetch, got)] == MARKS[0]
            finally:
                for connection in connections:
                    connection.terminate()
