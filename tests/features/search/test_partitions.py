"""The words of messages are in partitions: hits are those of a plain scan, also if no partition can be added."""

from collections.abc import AsyncGenerator, Sequence
from random import Random

import asyncpg
import pytest
import trio
from structlog.testing import capture_logs

from chat.features.registry import FEATURES
from chat.features.search import queries, statements
from chat.features.search.queries import PostgresSearchIndex
from chat.storage.postgres.asyncio_bridge import open_asyncio, run_in_asyncio
from chat.storage.postgres.database import Database, DatabaseAddress, open_database
from chat.storage.postgres.migration_files import known_migrations
from chat.storage.postgres.migrations import migrate
from chat.storage.postgres.storage import open_postgres_storage
from tests.features.search.test_buckets import ROOMS, Said, World, any_search, conversation, scanned, words
from tests.support.campaign import in_campaign
from tests.support.databases import execute, fetch, new_database
from tests.support.server import ServerProcess

PARTITIONED = 40
"""The migration."""
STEP = 500
"""Messages that are written before the next look: their ids take 27 partitions."""

_STARTS = "SELECT array_agg(part_start ORDER BY part_start) FROM word_partitions(0, 9223372036854775807)"
_COUNT = "SELECT count(*) FROM message_words"


@pytest.fixture
async def empty(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[DatabaseAddress]:
    monkeypatch.setattr(statements, "NEWEST", 20)
    monkeypatch.setattr(queries, "_MOST_AT_ONCE", 40)
    with trio.fail_after(60):
        async with new_database(server) as address:
            yield address


async def write(address: DatabaseAddress, said: Sequence[Said]) -> None:
    """Write words as an indexer of any release does; the trigger adds the buckets."""
    await execute(address, f"INSERT INTO message_words (id, room_id, words) VALUES {words(said)}")
    newest = said[-1].id
    await execute(address, f"UPDATE lanes SET last_id = {newest} WHERE id = 1")
    await execute(
        address,
        f"INSERT INTO words_written (id, last_id, bucketed_from) VALUES (1, {newest}, 0)"
        " ON CONFLICT (id) DO UPDATE SET last_id = excluded.last_id",
    )


async def compare(database: Database, address: DatabaseAddress, said: list[Said], chance: Random) -> None:
    world = World(database, address, said)
    for _ in range(25):
        search, asked = any_search(chance)
        assert await world.found(search) == scanned(said, **asked), (len(said), asked)


@in_campaign
async def test_hits_are_those_of_a_plain_scan_while_partitions_are_added(empty: DatabaseAddress) -> None:
    chance, said = Random(11), conversation(Random(5))
    async with open_postgres_storage(
        empty, pool_size=1, query_timeout=10, commit_timeout=10, features=FEATURES
    ):
        pass
    await execute(empty, ROOMS)
    async with open_asyncio(), open_database(empty, pool_size=1, query_timeout=10) as database:
        index = PostgresSearchIndex(database)
        assert await fetch(empty, _STARTS) == [0, 1 << 17]
        for end in range(STEP, len(said) + 1, STEP):
            await write(
                empty, said[end - STEP : end]
            )  # beyond the end of the last but one, as by older servers
            await compare(database, empty, said[:end], chance)
            before = await fetch(empty, _STARTS)
            for _ in range(3):
                await index.index(1)
            starts = await fetch(empty, _STARTS)
            assert starts[: len(before)] == before
            assert len(before) < len(starts) <= len(before) + 2
            assert starts[-1] - said[end - 1].id > 1 << 16, "there is one ahead"
            await compare(database, empty, said[:end], chance)
    partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = '{}'::regclass"
    assert await fetch(empty, partitions.format("message_words_words")) == len(starts), "each has its index"


async def test_words_are_written_while_a_dump_keeps_partitions_from_being_added(
    empty: DatabaseAddress,
) -> None:
    said = conversation(Random(5))[:STEP]
    async with open_postgres_storage(
        empty, pool_size=1, query_timeout=10, commit_timeout=10, features=FEATURES
    ):
        pass
    await write(empty, said)
    async with open_asyncio(), open_database(empty, pool_size=1, query_timeout=10) as database:
        index = PostgresSearchIndex(database)
        dump = await run_in_asyncio(lambda: asyncpg.connect(**empty, timeout=10))
        try:
            await run_in_asyncio(dump.execute, f"BEGIN; {_COUNT}")
            with capture_logs() as logs:
                for _ in range(2):
                    assert (await index.index(1)).last_id == said[-1].id
            assert [each["event"] for each in logs] == [
                "no new partition of the search's words yet; trying again"
            ], "and not each time"
        finally:
            dump.terminate()
        assert await fetch(empty, _STARTS) == [0, 1 << 17]
        # As if the crash of a server ended the transaction.
        await execute(empty, f"BEGIN; SELECT add_word_partition({said[-1].id}); ROLLBACK")
        assert await fetch(empty, _STARTS) == [0, 1 << 17]
        await PostgresSearchIndex(database).index(1)
        assert len(await fetch(empty, _STARTS)) == 3
        assert await fetch(empty, _COUNT) == STEP


async def test_words_of_before_become_the_first_partition(empty: DatabaseAddress) -> None:
    said, known = conversation(Random(5)), known_migrations()
    async with open_asyncio():
        await migrate(empty, connect_timeout=10, migrations=known[: PARTITIONED - 1])
    await execute(empty, ROOMS)
    before, after = said[:2000], said[2000:]
    await write(empty, before)
    async with (
        open_asyncio(),
        open_database(empty, pool_size=1, query_timeout=10) as old,
        open_database(empty, pool_size=1, query_timeout=10) as database,
    ):
        count = (
            "INSERT INTO message_words (id, room_id, words) VALUES ($1, 3, '') ON CONFLICT (id) DO NOTHING"
        )
        await old.write(lambda connection: connection.execute(count, before[0].id))
        await migrate(empty, connect_timeout=10, migrations=known)
        first, last = await fetch(empty, _STARTS)
        assert first == 0
        assert before[-1].id < last <= before[-1].id + (1 << 13)
        assert await fetch(empty, "SELECT count(*) FROM message_words_from_0") == len(before)
        await compare(database, empty, before, Random(13))
        # A connection of a server that ran meanwhile, with what it has prepared.
        await old.write(lambda connection: connection.execute(count, after[-1].id + 1))
        assert (
            await fetch(empty, f"SELECT words FROM message_words_from_{last}")
            == f"'~{after[-1].id + 1 >> 16}'"
        )
        await write(empty, after)
        await compare(database, empty, said, Random(17))
