"""What `chat upgrade --check` says: the missing migrations, the tables that they lock, and about how long."""

import pytest
import trio

from chat.domain.startup import CannotStart
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.migration_files import Migration, known_migrations
from chat.storage.postgres.migrations import migrate, plan_upgrade
from chat.storage.postgres.upgrade_plan import UpgradePlan
from tests.support.databases import execute, fetch

FIRST = Migration(1, "first", "CREATE TABLE people (id int); CREATE TABLE rooms (id int)")
FILL = "INSERT INTO people SELECT generate_series(1, 100000); ANALYZE people, rooms"


async def plan(database: DatabaseAddress, *migrations: Migration) -> UpgradePlan:
    with trio.fail_after(30):
        async with open_asyncio():
            return await plan_upgrade(database, connect_timeout=10, migrations=list(migrations))


async def make(database: DatabaseAddress, *migrations: Migration) -> None:
    with trio.fail_after(30):
        async with open_asyncio():
            await migrate(database, connect_timeout=10, migrations=list(migrations))


@pytest.mark.parametrize(
    ("text", "locks", "reads"),
    [
        ("ALTER TABLE people ADD age int", {"people": 100_000}, False),
        ("-- ALTER TABLE people\nALTER TABLE rooms ADD size int", {"rooms": 0}, False),
        ("CREATE INDEX of_people ON people (id)", {"people": 100_000}, True),
        ("UPDATE people SET id = id + 1", {"people": 100_000}, True),
        ("ALTER TABLE people ALTER COLUMN id TYPE bigint", {"people": 100_000}, True),
        ("ALTER TABLE people ADD CONSTRAINT adult CHECK (id > 0) NOT VALID", {"people": 100_000}, False),
        ("ALTER TABLE people ADD CONSTRAINT adult CHECK (id > 0)", {"people": 100_000}, True),
        ("CREATE TABLE more (id int); CREATE INDEX of_more ON more (id)", {}, False),
        (
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ UPDATE people SET id = 1 RETURNING 1 $$",
            {},
            False,
        ),
        ("CREATE TABLE copies AS SELECT * FROM people", {}, True),
    ],
)
async def test_a_plan_names_locked_tables_and_is_longer_if_rows_are_read(
    database: DatabaseAddress, text: str, locks: dict[str, int], reads: bool
) -> None:
    await make(database, FIRST)
    await execute(database, FILL)
    planned = await plan(database, FIRST, Migration(2, "second", text))
    (pending,) = planned.pending
    assert (planned.schema, planned.newest) == (1, 2)
    assert (pending.name, pending.locks) == ("0002_second", locks)
    assert (pending.seconds > 0.4) is reads
    await make(database, FIRST, Migration(2, "second", text))  # PostgreSQL takes the statement


async def test_a_plan_changes_nothing(database: DatabaseAddress) -> None:
    planned = await plan(database, *known_migrations())
    assert (planned.schema, len(planned.pending)) == (0, len(known_migrations()))
    assert await fetch(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


async def test_tables_of_a_newer_release_are_refused_with_its_name(database: DatabaseAddress) -> None:
    await make(database, FIRST, Migration(2, "second", "CREATE TABLE more ()"))
    async with open_asyncio():
        with pytest.raises(CannotStart, match=r"at schema 2, newer than this server's 1: start trio-chat \d"):
            await plan_upgrade(database, connect_timeout=10, migrations=[FIRST])
