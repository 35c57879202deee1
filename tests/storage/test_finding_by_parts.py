"""People and rooms are found by any part of their names, without reading all of them."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from random import Random

import asyncpg
import pytest
import trio

from chat.storage.postgres import contacts, member_queries, user_queries
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import Database, DatabaseAddress, open_database
from chat.storage.postgres.name_parts import NEAR
from chat.storage.postgres.rooms import find_joinable, find_summaries
from chat.storage.postgres.session import Connection
from chat.storage.postgres.users import find_page
from tests.support.databases import execute, kept_database
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
    "UPDATE users SET email = 'at' || name || '@x.org', email_key = 'at' || name_key || '@x.org' "
    "WHERE id % 5 = 0 AND NOT is_visitor AND deleted_at IS NULL",
    "UPDATE users SET is_admin = true WHERE name = 'xaver'",
    """
    INSERT INTO rooms (kind, name, name_key, is_private, archived_at)
    SELECT 'room', name, name_key, id % 3 = 0, CASE WHEN id % 13 = 0 THEN now() END FROM users""",
    f"INSERT INTO rooms (kind) SELECT 'direct' FROM generate_series(1, {COUNT})",
    "VACUUM ANALYZE users, rooms",
)
_READ = """
SELECT sum(seq_tup_read + idx_tup_fetch)::bigint FROM pg_stat_xact_user_tables WHERE relname IN ('users', 'rooms')"""

_ACCOUNTS = """
SELECT name FROM users WHERE id > $2 AND deleted_at IS NULL AND NOT is_visitor
    AND (position($1 IN name_key) > 0 OR position($1 IN email_key) > 0) ORDER BY id LIMIT $3"""


@pytest.fixture(scope="module")
def many(server: ServerProcess, template: DatabaseAddress) -> Generator[DatabaseAddress]:
    """A database with many people and rooms, which is only read."""
    with kept_database(server, template) as address:
        for statement in _FILL:
            trio.run(execute, address, statement)
        yield address


@pytest.fixture
async def filled(many: DatabaseAddress) -> AsyncGenerator[Database]:
    with trio.fail_after(60):
        async with open_asyncio(), open_database(many, pool_size=1, query_timeout=10) as database:
            yield database


Find = Callable[[Connection, str], Awaitable[list[asyncpg.Record]]]


async def people(connection: Connection, part: str) -> list[asyncpg.Record]:
    return await contacts.find_people(connection, part, "", 50)


async def accounts(connection: Connection, part: str) -> list[asyncpg.Record]:
    return await find_page(connection, part, 0, 50)


async def admins(connection: Connection, part: str) -> list[asyncpg.Record]:
    return await find_page(connection, part, 0, 50, "admin")


async def joinable(connection: Connection, part: str) -> list[asyncpg.Record]:
    return await find_joinable(connection, 1, part, "", 50)


async def summaries(connection: Connection, part: str) -> list[asyncpg.Record]:
    return await find_summaries(connection, part, 0, 50)


async def found(database: Database, look: Find, part: str) -> tuple[list[str], int]:
    """Return the names that are found, and how many rows were read for them."""

    async def find(connection: Connection) -> tuple[list[str], int]:
        async with connection.transaction():
            before = await connection.fetchval(_READ)
            rows = await look(connection, part)
            return [row["name"] for row in rows], await connection.fetchval(_READ) - before

    return await database.read(find)


@pytest.mark.parametrize("look", [people, accounts, joinable, summaries])
async def test_a_part_that_few_or_nobody_have_is_found_without_reading_all(
    filled: Database, look: Find
) -> None:
    for part, names in (
        ("qqq", []),
        ("q", []),
        ("anq", []),
        ("xav", ["xaver"]),
        ("юz", ["юz"]),
        ("юz1", []),
        ("ave", ["xaver"]),
    ):
        own, read = await found(filled, look, part)
        assert own == names
        assert read <= NEAR + FEW, part
    own, read = await found(filled, look, "an")
    assert len(own) == 50
    assert read <= NEAR + 3 * 50 + FEW


async def test_pages_of_admins_read_no_others(filled: Database) -> None:
    for part in ("", "ave", "qqq"):
        own, read = await found(filled, admins, part)
        assert own == ([] if part == "qqq" else ["xaver"])
        assert read <= FEW


async def count(connection: Connection, _part: str) -> list[asyncpg.Record]:
    return await connection.fetch(
        f"SELECT 'xaver' AS name FROM ({user_queries.COUNT}) AS counted WHERE count > 4000"
    )


async def test_people_are_counted_without_reading_their_rows(filled: Database) -> None:
    assert await found(filled, count, "") == (["xaver"], 0)


async def test_those_are_found_whom_a_plain_scan_finds(filled: Database) -> None:
    chance = Random(3)
    storage = contacts.PostgresContacts(filled)

    for _ in range(60):
        whole = "".join(chance.choices(SYLLABLES, k=3)) + str(chance.randint(1, 999))
        first = chance.randrange(len(whole))
        part = whole[first : first + chance.randint(1, 5)]
        after = chance.choice(("", "ci", whole))
        after_id = chance.choice((0, 700, COUNT - 200))
        limit = chance.choice((1, 50, 3000))

        async def both(
            c: Connection, asked: tuple[str, str, int, int] = (part, after, after_id, limit)
        ) -> None:
            part, after, after_id, limit = asked
            for rows, scanned in (
                (await contacts.find_people(c, part, after, limit), (contacts.FIND, part, after, limit)),
                (await find_page(c, part, after_id, limit), (_ACCOUNTS, part, after_id, limit)),
                (
                    await find_joinable(c, 1, part, after, limit),
                    (member_queries.JOINABLE, part, 1, after, limit),
                ),
                (
                    await find_summaries(c, part, after_id, limit),
                    (member_queries.SUMMARIES, part, after_id, limit),
                ),
            ):
                expected = [row["name"] for row in await c.fetch(*scanned)]
                assert [row["name"] for row in rows] == expected, (scanned, asked)

        await filled.read(both)
    assert [each.name for each in await storage.find("ave", "", 5)] == ["xaver"]
