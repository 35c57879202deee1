"""Two concurrent look-alike names on two connections of one PostgreSQL: one is given."""

import asyncio

import pytest
import trio

from chat.domain.ports import NewPerson, Taken
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import Database, DatabaseAddress, open_database
from chat.storage.postgres.migration_files import known_migrations
from chat.storage.postgres.migrations import migrate
from chat.storage.postgres.session import Connection
from chat.storage.postgres.users import PostgresUsers

_FIRST = """
WITH added AS (INSERT INTO users (name, name_key, password_hash) VALUES ('Tom', 'tom', 'x') RETURNING id)
INSERT INTO name_skeletons (skeleton, user_id)
SELECT skeleton, id FROM added, unnest('{TOM,torn}'::text[]) AS skeleton"""
_SOMEBODY_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"


@pytest.mark.parametrize("change", ["add", "rename"])
async def test_a_concurrent_look_alike_name_is_refused(change: str, database: DatabaseAddress) -> None:
    begun = trio.Event()

    async def first(connection: Connection) -> None:
        await connection.execute(_FIRST)
        begun.set()
        while not await connection.fetchval(_SOMEBODY_WAITS):  # noqa: ASYNC110 - locks tell nobody
            await asyncio.sleep(0.01)

    async def take(opened: Database) -> None:
        await opened.write(first)

    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=known_migrations())
            async with open_database(database, pool_size=2, query_timeout=10) as opened:
                users = PostgresUsers(opened)
                ben = await users.add(NewPerson(name="Ben", password_hash=b"x"))
                assert not isinstance(ben, Taken)
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(take, opened)
                    await begun.wait()
                    if change == "add":
                        second = await users.add(NewPerson(name="ТОМ", password_hash=b"x"))
                    else:
                        second = await users.rename(ben.id, "ТОМ") or ben
                    assert second == Taken("look")
                assert [person.name for person in await users.everyone()] == ["Ben", "Tom"]
                assert await users.look_alikes() == []
