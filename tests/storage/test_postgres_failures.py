"""Reads and writes while the real PostgreSQL stalls, loses data, refuses or goes away."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, cast

import asyncpg
import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked
from trio_asyncio import aio_as_trio, open_loop

from chat import __version__
from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.messages.changes import Edit, Edited
from chat.domain.ports import NewPerson, Taken
from chat.domain.startup import CannotStart
from chat.storage.postgres import migrations
from chat.storage.postgres.asyncio_bridge import open_asyncio, run_in_asyncio
from chat.storage.postgres.database import Database, DatabaseAddress, open_database
from chat.storage.postgres.migration_files import Migration, known_migrations
from chat.storage.postgres.migrations import migrate
from chat.storage.postgres.names import index_older_names
from chat.storage.postgres.storage import PostgresStorage, open_postgres_storage
from chat.storage.postgres.writer import Writer, open_writer
from tests.storage.postgres_line import Line, open_line
from tests.support.databases import execute

PATIENCE = 20.0
"""Seconds for a whole test; far more than any takes, also on a busy machine."""

SHORT = 0.8
"""Seconds of a timeout that a test waits for."""

NOW = 1_700_000_000.0


@asynccontextmanager
async def open_storage(
    address: DatabaseAddress, *, pool_size: int = 2, query_timeout: float = 5.0, commit_timeout: float = 5.0
) -> AsyncGenerator[PostgresStorage]:
    """The storage, for no longer than a test may take."""
    with trio.fail_after(PATIENCE):
        async with open_postgres_storage(
            address, pool_size=pool_size, query_timeout=query_timeout, commit_timeout=commit_timeout
        ) as storage:
            yield storage


@contextmanager
def refused(why: str) -> Generator[None]:
    """Expect CannotStart with this reason, in as many groups as there are nurseries around."""
    refusals: list[CannotStart] = []
    try:
        yield
    except* CannotStart as group:
        refusals += _leaves(group)
    assert [error for error in refusals if why in str(error)], refusals or "it started"


def _leaves(group: BaseExceptionGroup[CannotStart]) -> list[CannotStart]:
    found: list[CannotStart] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


class Psql:
    """Another client of the same database, with a loop and a transaction of its own."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", loop: Any) -> None:
        self._connection = connection
        self._loop = loop

    async def run(self, statement: str, *values: object) -> list[asyncpg.Record]:
        fetch = aio_as_trio(self._connection.fetch, loop=self._loop)
        return list(await fetch(statement, *values))

    async def value(self, query: str, *values: object) -> Any:
        return (await self.run(query, *values))[0][0]

    @asynccontextmanager
    async def holding(self, statement: str) -> AsyncGenerator[None]:
        """Keep the locks that `statement` takes for as long as the block lasts."""
        await self.run("BEGIN")
        try:
            await self.run(statement)
            yield
        finally:
            # A lock left behind would stall the tests after this one.
            with trio.move_on_after(5, shield=True):
                await self.run("COMMIT")

    async def backends(self, name: str) -> list[int]:
        """The process ids of the connections of an application to this database."""
        query = (
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"
        )
        return [row["pid"] for row in await self.run(query, name)]


@asynccontextmanager
async def open_psql(address: DatabaseAddress) -> AsyncGenerator[Psql]:
    async with open_loop() as loop:
        connection = await run_in_asyncio(lambda: asyncpg.connect(**address, timeout=10, command_timeout=10))
        try:
            yield Psql(connection, loop)
        finally:
            connection.terminate()


@pytest.fixture
async def psql(database: DatabaseAddress) -> AsyncGenerator[Psql]:
    async with open_psql(database) as psql:
        yield psql


@pytest.fixture
async def line(database: DatabaseAddress) -> AsyncGenerator[Line]:
    async with open_line(database) as line:
        yield line


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what happens in PostgreSQL and has no event here."""
    while not await true():  # noqa: ASYNC110 - it happens in another process
        await trio.sleep(0.01)


async def add_ada(storage: PostgresStorage) -> int:
    ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
    assert not isinstance(ada, Taken)
    return ada.id


async def say(storage: PostgresStorage, sender: int, *texts: str) -> list[Message]:
    drafts = [Draft(LOBBY_ID, sender, "ada", text, NOW) for text in texts]
    return [message for message in await storage.messages.save(drafts) if message is not None]


async def edit_and_say(storage: PostgresStorage, sender: int, text: str) -> None:
    """A batch of one transaction: BEGIN, the locks, what is edited, the edit, the message, COMMIT."""
    edit = Edit(LOBBY_ID, 1, sender, text, NOW)
    await storage.messages.save([edit, Draft(LOBBY_ID, sender, "ada", text, NOW)])


async def read_log(storage: PostgresStorage, after_id: int) -> list[Message]:
    await storage.messages.settled_id()  # from here on nothing of before can land
    return await storage.messages.read_log(after_id, 1000, 1 << 20)


async def said(storage: PostgresStorage) -> list[str]:
    """What is in the lobby; its `seq` must count without a gap."""
    page = await storage.messages.timeline(LOBBY_ID, 1000, 1 << 20, after=0)
    assert [message.seq for message in page] == list(range(1, len(page) + 1))
    return [message.text for message in page]


LOCK_THE_LOBBY = f"SELECT FROM rooms WHERE id = {LOBBY_ID} FOR UPDATE"

# --- the writer's connection ---


async def test_a_writer_that_lost_its_connection_while_idle_gets_another(
    database: DatabaseAddress, psql: Psql
) -> None:
    async with open_storage(database) as storage:
        ada = await add_ada(storage)
        await say(storage, ada, "one")
        for text in ("two", "three"):
            (backend,) = await psql.backends("chat journal")
            await psql.run("SELECT pg_terminate_backend($1)", backend)
            await until(lambda: _is_lost(storage))
            await say(storage, ada, text)
        assert await said(storage) == ["one", "two", "three"]


async def _is_lost(storage: PostgresStorage) -> bool:
    connection = storage.messages._writer._connection
    return connection is None or connection.is_closed()


async def test_a_second_writer_is_refused_in_time_and_the_first_goes_on(
    database: DatabaseAddress, psql: Psql
) -> None:
    async with open_storage(database) as first:
        ada = await add_ada(first)
        started = trio.current_time()
        with refused("another chat server"):
            async with open_storage(database, commit_timeout=SHORT):
                pass
        assert SHORT <= trio.current_time() - started < SHORT + 3
        await say(first, ada, "still here")
        assert await said(first) == ["still here"]
    await until(lambda: _has_no(psql, "chat journal"))
    async with open_storage(database) as second:
        await say(second, ada, "and now me")
        assert await said(second) == ["still here", "and now me"]


async def _has_no(psql: Psql, name: str) -> bool:
    return not await psql.backends(name)


@pytest.mark.parametrize("write", [say, edit_and_say])
async def test_a_commit_that_takes_too_long_never_lands_once_the_log_was_read(
    database: DatabaseAddress, psql: Psql, write: Callable[[PostgresStorage, int, str], Awaitable[object]]
) -> None:
    async with open_storage(database, commit_timeout=SHORT) as storage:
        ada = await add_ada(storage)
        await say(storage, ada, "before")
        async with psql.holding(LOCK_THE_LOBBY):
            started = trio.current_time()
            with pytest.raises(OutcomeUnknown):
                await write(storage, ada, "stuck")
            assert SHORT <= trio.current_time() - started < SHORT + 3
            assert await read_log(storage, 1) == []
        # The lock is free now: whatever still waited for it would go on.
        assert len(await psql.backends("chat journal")) == 1
        await say(storage, ada, "after")
        assert await said(storage) == ["before", "after"]


async def test_after_a_lost_answer_the_log_has_exactly_the_committed_writes(line: Line) -> None:
    async with open_storage(line.address, commit_timeout=SHORT) as storage:
        ada = await add_ada(storage)
        await say(storage, ada, "before")
        line.deaf = True
        with pytest.raises(OutcomeUnknown):
            await say(storage, ada, "landed", "landed too")
        with pytest.raises((OutcomeUnknown, StorageDown)):  # the line is still deaf
            await read_log(storage, 1)
        line.deaf = False
        landed = await read_log(storage, 1)
        assert [(message.seq, message.text) for message in landed] == [(2, "landed"), (3, "landed too")]
        assert await read_log(storage, 3) == []
        await say(storage, ada, "after")
        assert await said(storage) == ["before", "landed", "landed too", "after"]


@pytest.mark.parametrize(
    ("received", "landed"), [(0, []), (4, []), (6, [Edited, Message])], ids=["nothing", "the edit", "all"]
)
async def test_a_batch_with_a_lost_answer_is_committed_whole_or_not_at_all(
    line: Line, received: int, landed: list[type]
) -> None:
    """The line goes deaf when PostgreSQL has done nothing of the transaction, half of it, or all of it."""
    async with open_storage(line.address, commit_timeout=SHORT) as storage:
        ada = await add_ada(storage)
        await say(storage, ada, "before")
        await edit_and_say(storage, ada, "prepared")  # from here on each statement is one answer
        line.deaf_after = received
        started = trio.current_time()
        with pytest.raises(OutcomeUnknown):
            await edit_and_say(storage, ada, "unknown")
        assert trio.current_time() - started < SHORT + 3
        assert line.deaf
        line.deaf = False
        assert [type(change) for change in await read_log(storage, 3)] == landed
        await say(storage, ada, "after")
        seen = ["unknown", "prepared", "unknown"] if landed else ["prepared", "prepared"]
        assert await said(storage) == [*seen, "after"]


async def test_the_log_is_final_whenever_the_stuck_commit_is_freed(line: Line, psql: Psql) -> None:
    """The client has given up, PostgreSQL has not: the commit waits for a lock that is freed at the same time."""
    async with open_storage(line.address, commit_timeout=SHORT, query_timeout=2) as storage:
        ada = await add_ada(storage)
        got = 0
        for round_number, delay in enumerate((0.0, 0.01, 0.05)):
            async with psql.holding(LOCK_THE_LOBBY):
                line.open = False  # so that asyncpg's own cancel request is lost as well
                with pytest.raises(OutcomeUnknown):
                    await say(storage, ada, f"round {round_number}")
                line.open = True
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_commit_later, psql, delay)
                    settled = await read_log(storage, got)
            seen = await said(storage)
            assert seen[got:] == [message.text for message in settled]
            got = len(seen)
            # Nobody is left who could still write, so nothing is added to what was seen.
            assert len(await psql.backends("chat journal")) == 1
            assert await said(storage) == seen


async def _commit_later(psql: Psql, delay: float) -> None:
    await trio.sleep(delay)
    await psql.run("COMMIT")


async def test_a_begun_save_on_an_abandoned_connection_has_an_unknown_outcome(
    line: Line,
) -> None:
    """Where asyncpg can't even ask to cancel, it gives the connection up; what was sent may still arrive."""
    async with open_storage(line.address, commit_timeout=SHORT) as storage:
        ada = await add_ada(storage)
        await say(storage, ada, "before")
        line.unplug()
        with pytest.raises(OutcomeUnknown):
            await say(storage, ada, "on its way")


async def test_a_save_that_found_no_connection_was_not_begun(line: Line, psql: Psql) -> None:
    async with open_storage(line.address, commit_timeout=SHORT) as storage:
        ada = await add_ada(storage)
        (backend,) = await psql.backends("chat journal")
        await psql.run("SELECT pg_terminate_backend($1)", backend)
        await until(lambda: _is_lost(storage))
        line.deaf = True  # who connects now is accepted and hears nothing
        with pytest.raises(StorageDown):
            await say(storage, ada, "lost")
        line.deaf = False
        await say(storage, ada, "after")
        assert await said(storage) == ["after"]


@pytest.mark.parametrize("lost", [b"BEGIN", b"COMMIT"])
async def test_a_join_of_unknown_outcome_is_a_message_and_a_membership_or_neither(
    line: Line, lost: bytes
) -> None:
    async with open_storage(line.address, commit_timeout=SHORT) as storage:
        ada = await add_ada(storage)
        ben = await storage.users.add(NewPerson(name="ben", password_hash=b"x"))
        assert not isinstance(ben, Taken)
        room = await storage.rooms.create("garden", ada, is_private=False)
        assert not isinstance(room, Taken)
        await say(storage, ada, "before")
        line.deaf_from = lost
        with pytest.raises(OutcomeUnknown):
            await storage.messages.save([Draft(room.id, ben.id, "ben", "", NOW, MessageKind.JOIN)])
        line.deaf_from, line.deaf = None, False
        landed = [(message.kind, message.sender_id) for message in await read_log(storage, 1)]
        assert landed == ([(MessageKind.JOIN, ben.id)] if lost == b"COMMIT" else [])
        assert await storage.rooms.is_member(room.id, ben.id) == (lost == b"COMMIT")


# --- reads, and writes of the pool ---


async def test_cancelled_reads_leave_the_pool_whole_and_no_query_running(
    database: DatabaseAddress, psql: Psql
) -> None:
    async with open_storage(database, pool_size=4) as storage:
        async with psql.holding("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE"):
            for _ in range(3):
                async with trio.open_nursery() as nursery:
                    for _ in range(8):  # four run and wait for the lock, four wait for a connection
                        nursery.start_soon(storage.messages.timeline, LOBBY_ID, 10, 1 << 20)
                    await until(lambda: _so_many_wait(psql, 4))
                    nursery.cancel_scope.cancel()
            await until(lambda: _so_many_wait(psql, 0))
        async with trio.open_nursery() as nursery:
            for _ in range(16):
                nursery.start_soon(storage.messages.timeline, LOBBY_ID, 10, 1 << 20)
        assert len(await psql.backends("chat")) <= 4


async def _so_many_wait(psql: Psql, count: int) -> bool:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'messages'::regclass"
    return bool(await psql.value(waiting) == count)


async def test_a_cancelled_read_is_no_database_that_is_down(database: DatabaseAddress) -> None:
    began = trio.Event()

    async def lose_the_connection(_connection: object) -> None:
        began.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise asyncpg.InterfaceError("as asyncpg does now and then") from None

    with trio.fail_after(20):
        async with (
            open_asyncio(),
            open_database(database, pool_size=1, query_timeout=10) as opened,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(opened.read, lose_the_connection)
            await began.wait()
            nursery.cancel_scope.cancel()
    assert nursery.cancel_scope.cancelled_caught


async def test_a_read_that_takes_too_long_is_given_up_and_the_next_is_answered(
    database: DatabaseAddress, psql: Psql
) -> None:
    async with open_storage(database, query_timeout=SHORT) as storage:
        async with psql.holding("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE"):
            started = trio.current_time()
            async with trio.open_nursery() as nursery:
                for _ in range(4):  # twice as many as connections: waiting for one is bounded too
                    nursery.start_soon(_is_down, storage)
            assert trio.current_time() - started < 2 * SHORT + 3
        assert await said(storage) == []


async def _is_down(storage: PostgresStorage) -> None:
    with pytest.raises(StorageDown):
        await storage.messages.timeline(LOBBY_ID, 10, 1 << 20, after=0)


async def test_a_cancelled_write_is_whole_or_was_not_begun(database: DatabaseAddress, psql: Psql) -> None:
    async with open_storage(database) as storage:
        ada = await add_ada(storage)
        for n in range(20):
            with trio.move_on_after(n / 5000):
                await storage.rooms.create(f"room {n}", ada, is_private=False)
    rooms = await psql.value("SELECT count(*) FROM rooms WHERE kind = 'room'")
    assert rooms == await psql.value("SELECT count(*) FROM memberships")


async def test_losing_the_race_for_a_direct_room_leaves_no_second_one(
    database: DatabaseAddress, psql: Psql
) -> None:
    async with open_storage(database, pool_size=6) as storage:
        ada = await add_ada(storage)
        async with trio.open_nursery() as nursery:
            for _ in range(12):
                nursery.start_soon(storage.rooms.direct_room, ada, ada)
        assert await storage.rooms.direct_room(ada, 99) is None
    assert await psql.value("SELECT count(*) FROM rooms WHERE kind = 'direct'") == 1
    assert await psql.value("SELECT count(*) FROM memberships") == 1


# --- no database ---


async def test_a_lost_database_raises_storage_down_and_is_used_again_later(
    line: Line,
) -> None:
    async with open_storage(line.address, commit_timeout=SHORT, query_timeout=SHORT) as storage:
        ada = await add_ada(storage)
        await say(storage, ada, "before")
        line.cut()
        await until(lambda: _is_lost(storage))
        for attempt in (
            lambda: storage.ping(),
            lambda: storage.users.by_id(ada),
            lambda: say(storage, ada, "lost"),
            lambda: storage.rooms.create("garden", ada, is_private=False),
            lambda: read_log(storage, 0),
        ):
            with pytest.raises(StorageDown):
                await attempt()
        line.open = True
        await storage.ping()
        await say(storage, ada, "after")
        assert await said(storage) == ["before", "after"]


async def test_a_dropped_database_is_down(database: DatabaseAddress, psql: Psql) -> None:
    async with open_storage(database, commit_timeout=SHORT, query_timeout=SHORT) as storage:
        ada = await add_ada(storage)
        name = database["database"]
        await execute({**database, "database": "postgres"}, f"DROP DATABASE {name} WITH (FORCE)")
        await until(lambda: _is_lost(storage))
        with pytest.raises(StorageDown):
            await storage.ping()
        with pytest.raises(StorageDown):
            await say(storage, ada, "lost")
        # For the fixture to drop.
        await execute({**database, "database": "postgres"}, f"CREATE DATABASE {name}")


async def test_a_server_does_not_start_without_its_database(line: Line) -> None:
    line.cut()
    with refused("does not answer"):
        async with open_storage(line.address, query_timeout=SHORT, commit_timeout=SHORT):
            pass
    with refused("PostgreSQL is not running: its socket is missing"):
        async with open_storage({**line.address, "host": f"{line.address['host']}/no such"}):
            pass


@pytest.mark.parametrize("dsn", ["postgresql://chat:hunter2", "postgresql://db/chat?hunter2"])
async def test_an_error_in_the_address_does_not_quote_it(dsn: str) -> None:
    with refused("cannot parse the database URL"):
        async with open_storage({"dsn": dsn}):
            pass


# --- migrations ---

FIRST = Migration(1, "first", "CREATE TABLE one (id int); INSERT INTO one VALUES (1)")
SECOND = Migration(2, "second", "CREATE TABLE two (id int)")
FAILING = Migration(3, "failing", "CREATE TABLE three (id int); INSERT INTO three VALUES ('x')")


async def apply(address: DatabaseAddress, *wanted: Migration) -> None:
    with trio.fail_after(PATIENCE):
        async with open_asyncio():
            await migrate(address, connect_timeout=5, migrations=list(wanted))


async def tables(psql: Psql) -> set[str]:
    return {row[0] for row in await psql.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


async def test_migrations_are_applied_once_and_in_order(database: DatabaseAddress, psql: Psql) -> None:
    await apply(database, FIRST)
    await apply(database, FIRST)
    await apply(database, FIRST, SECOND)
    assert await tables(psql) == {"schema_migrations", "one", "two"}
    assert await psql.value("SELECT count(*) FROM one") == 1
    applied = await psql.run("SELECT version, name FROM schema_migrations ORDER BY version")
    assert [tuple(row) for row in applied] == [(1, "first"), (2, "second")]


async def test_an_upgrade_says_what_it_does_and_how_long_it_takes(database: DatabaseAddress) -> None:
    with capture_logs() as new:
        await apply(database, FIRST)
    assert [entry["event"] for entry in new] == [
        "creating the database's tables",
        "created the database's tables",
    ]
    with capture_logs() as again:
        await apply(database, FIRST)
    assert again == []
    with capture_logs() as logs:
        await apply(database, FIRST, SECOND)
    assert [(entry["event"], entry.get("schema"), entry.get("migration")) for entry in logs] == [
        ("upgrading the database's tables; other servers may wait for it", 1, None),
        ("applying a migration", None, "0002_second"),
        ("upgraded the database's tables", 2, None),
    ]
    assert logs[0]["to"] == 2
    assert logs[0]["estimated_seconds"] == pytest.approx(0.1, abs=0.1)
    assert logs[-1]["seconds"] >= 0


async def test_a_failing_migration_takes_back_those_before_it(database: DatabaseAddress, psql: Psql) -> None:
    with refused("0003 failed"):
        await apply(database, FIRST, SECOND, FAILING)
    assert await tables(psql) == set()
    await apply(database, FIRST, SECOND)
    with refused("0003 failed"):
        await apply(database, FIRST, SECOND, FAILING)
    assert await tables(psql) == {"schema_migrations", "one", "two"}


async def test_a_migration_that_was_changed_after_it_was_applied_is_noticed(
    database: DatabaseAddress, psql: Psql
) -> None:
    await apply(database, FIRST)
    with refused("0001 differs from the one that was applied"):
        await apply(database, FIRST._replace(text="CREATE TABLE other (id int)"), SECOND)
    assert await tables(psql) == {"schema_migrations", "one"}


async def test_a_database_of_a_newer_server_is_left_alone(database: DatabaseAddress, psql: Psql) -> None:
    await apply(database, FIRST, SECOND)
    with refused("schema 2, newer than this server's 1"):
        await apply(database, FIRST)
    assert await psql.value("SELECT count(*) FROM schema_migrations") == 2


async def test_a_refusal_names_the_release_that_the_newer_schema_needs(
    database: DatabaseAddress, psql: Psql
) -> None:
    await apply(database, FIRST, SECOND)
    with refused(f"start trio-chat {__version__} or newer"):
        await apply(database, FIRST)
    await psql.run("ALTER TABLE schema_migrations DROP release")  # applied by a release that noted none
    with refused("start a newer release"):
        await apply(database, FIRST)


SERVING = Migration(2, "serving", "-- Adds a table.\n-- Serves: 1\nCREATE TABLE two (id int)")
SERVING_TOO = Migration(3, "serving_too", "-- Serves: 1\nCREATE TABLE three (id int)")
LEAVING_BEHIND = Migration(3, "leaving_behind", "-- Serves: 2\nDROP TABLE one")


@pytest.mark.parametrize("newer", [[SERVING], [SERVING, SERVING_TOO]], ids=["one", "two"])
async def test_a_server_starts_on_a_newer_schema_that_serves_it(
    database: DatabaseAddress, psql: Psql, newer: list[Migration]
) -> None:
    await apply(database, FIRST, *newer)
    with capture_logs() as logs:
        await apply(database, FIRST)
    assert [(log["event"], log["schema"], log["own"]) for log in logs] == [
        ("the database's schema is newer than this server, and compatible with it", 1 + len(newer), 1)
    ]
    assert await psql.value("SELECT count(*) FROM schema_migrations") == 1 + len(newer)
    await apply(database, FIRST, *newer)


async def test_each_of_several_newer_migrations_has_to_serve_a_server(database: DatabaseAddress) -> None:
    await apply(database, FIRST, SERVING, LEAVING_BEHIND)
    with refused("schema 3, newer than this server's 1"):
        await apply(database, FIRST)
    await apply(database, FIRST, SERVING)


async def test_a_newer_schema_that_serves_this_server_is_no_excuse_for_a_changed_migration(
    database: DatabaseAddress,
) -> None:
    await apply(database, FIRST, SERVING)
    with refused("0001 differs from the one that was applied"):
        await apply(database, FIRST._replace(text="CREATE TABLE other (id int)"))


async def test_older_migrations_without_a_version_serve_no_older_release(
    database: DatabaseAddress, psql: Psql
) -> None:
    await apply(database, FIRST, SECOND)
    await psql.run("ALTER TABLE schema_migrations DROP serves")
    with refused("schema 2, newer than this server's 1"):
        await apply(database, FIRST)
    await apply(database, FIRST, SECOND)


async def test_servers_that_start_at_once_apply_each_migration_once(
    database: DatabaseAddress, psql: Psql
) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(apply, database, FIRST, SECOND)
    assert await psql.value("SELECT count(*) FROM one") == 1
    assert await psql.value("SELECT count(*) FROM schema_migrations") == 2


async def test_a_server_does_not_wait_for_ever_for_another_that_migrates(
    database: DatabaseAddress, psql: Psql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrations, "_LOCK_TIMEOUT", 1)
    async with psql.holding(f"SELECT pg_advisory_xact_lock({migrations._LOCK})"):
        with refused("the database's schema is locked"):
            await apply(database, FIRST)
    await apply(database, FIRST)
    async with psql.holding("LOCK TABLE one"):  # an older server uses what the migration changes
        with refused("the database's schema is locked"):
            await apply(database, FIRST, Migration(2, "drop", "DROP TABLE one"))
    assert await tables(psql) == {"schema_migrations", "one"}


async def test_a_cancelled_migration_was_not_begun_or_is_whole(database: DatabaseAddress, psql: Psql) -> None:
    slow = Migration(2, "slow", "CREATE TABLE two (id int); SELECT pg_sleep(60)")
    asleep = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    )

    async def is_under_way() -> bool:
        return bool(await psql.value(asleep) == 1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(apply, database, FIRST, slow)
        await until(is_under_way)
        nursery.cancel_scope.cancel()
    assert nursery.cancel_scope.cancelled_caught
    assert await tables(psql) == set()
    await apply(database, FIRST, SECOND)  # nothing holds the lock any more
    assert await tables(psql) == {"schema_migrations", "one", "two"}


@pytest.mark.parametrize("step", ["the schema", "the writer", "the names"])
async def test_a_cancelled_start_logs_no_database_error(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """An embedded PostgreSQL is stopped by the same cancellation, and may end a connection before it arrives."""
    with trio.CancelScope() as start:

        async def end(*_arguments: object) -> None:
            start.cancel()
            with trio.CancelScope(shield=True):
                await wait_all_tasks_blocked()  # asyncio's loop passes the cancellation on
            raise asyncpg.AdminShutdownError("terminating connection due to administrator command")

        async def is_down(*_arguments: object) -> None:
            start.cancel()
            raise StorageDown("terminating connection due to administrator command")

        monkeypatch.setattr("chat.storage.postgres.migrations.run_in_asyncio", end)
        monkeypatch.setattr(Database, "write", is_down)
        monkeypatch.setattr(Writer, "run", is_down)
        match step:
            case "the schema":
                await apply({}, FIRST)
            case "the writer":
                async with open_writer({}, timeout_each=1):
                    pass
            case "the names":
                await index_older_names(Database(cast("Any", None), 1))
    assert start.cancelled_caught


def test_the_migrations_that_we_bring_are_numbered_without_a_gap() -> None:
    versions = [migration.version for migration in known_migrations()]
    assert versions == list(range(1, len(versions) + 1))
