"""People are found by any part of their name, without reading all of them."""

import os
from collections.abc import AsyncGenerator
from random import Random

import pytest
import trio

from chat.features.registry import FEATURES
from chat.storage.postgres import contacts
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import Database, open_database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.storage import open_postgres_storage
from tests.support.databases import execute
from tests.support.server import ServerProcess

COUNT = 6000
SYLLABLES = "an", "be", "ci", "do", "mü", "ré", "ши", "東"
FEW = 40
"""Rows that may be read besides those that are looked at first."""

_FILL = (
    "ALTER TABLE users DISABLE TRIGGER USER",
    f"""
    INSERT INTO users (name, name_key, password_hash, is_visitor, deleted_at)
    SELECT name, name, '', n % 7 = 0, CASE WHEN n % 11 = 0 THEN now() END FROM (
        SELECT n, (
            SELECT string_agg((ARRAY['{"','".join(SYLLABLES)}'])[1 + abs(hashint8(n * 31 + place)) % 8], '')
            FROM generate_series(1, 4) AS place
        ) || n AS name FROM generate_series(1, {COUNT}) AS n
    ) AS made""",
    "INSERT INTO users (name, name_key, password_hash) VALUES ('xaver', 'xaver', ''), ('юz', 'юz', '')",
    "VACUUM ANALYZE users",
)
_READ = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'users'"


@pytest.fixture
async def filled(server: ServerProcess) -> AsyncGenerator[Database]:
    name = f"people_{os.urandom(6).hex()}"
    address = {**server.address, "database": name}
    with trio.fail_after(60):
        await execute(server.address, f"CREATE DATABASE {name}")
        try:
            async with open_postgres_storage(
                address, pool_size=1, query_timeout=10, commit_timeout=10, features=FEATURES
            ):
                pass
            for statement in _FILL:
                await execute(address, statement)
            async with open_asyncio(), open_database(address, pool_size=1, query_timeout=10) as database:
                yield database
        finally:
            await execute(server.address, f"DROP DATABASE {name} WITH (FORCE)")


async def found(database: Database, part: str) -> tuple[list[str], int]:
    """Return the names that are found, and how many rows were read for them."""

    async def find(connection: Connection) -> tuple[list[str], int]:
        async with connection.transaction():
            before = await connection.fetchval(_READ)
            people = await contacts.find_people(connection, part, "", 50)
            return [row["name"] for row in people], await connection.fetchval(_READ) - before

    return await database.read(find)


async def test_a_part_that_few_or_nobody_have_is_found_without_reading_all(filled: Database) -> None:
    for part, names in (
        ("qqq", []),
        ("q", []),
        ("anq", []),
        ("x", ["xaver"]),
        ("юz", ["юz"]),
        ("юz1", []),
        ("ave", ["xaver"]),
    ):
        people, read = await found(filled, part)
        assert people == names
        assert read <= contacts.NEAR + FEW, part
    people, read = await found(filled, "an")
    assert len(people) == 50
    assert read <= contacts.NEAR + FEW


async def test_those_are_found_whom_a_plain_scan_finds(filled: Database) -> None:
    scan = contacts.FIND

    async def names(connection: Connection, part: str, after: str, limit: int) -> list[str]:
        return [row["name"] for row in await connection.fetch(scan, part, after, limit)]

    chance = Random(3)
    for _ in range(60):
        whole = "".join(chance.choices(SYLLABLES, k=3)) + str(chance.randint(1, 999))
        first = chance.randrange(len(whole))
        part = whole[first : first + chance.randint(1, 5)]
        after = chance.choice(("", "ci", whole))
        limit = chance.choice((1, 50, 3000))
        expected = await filled.read(lambda c, a=(part, after, limit): names(c, *a))  # type: ignore[misc]
        people = await contacts.PostgresContacts(filled).find(part, after, limit)
        assert [each.name for each in people] == expected, (part, after, limit)
