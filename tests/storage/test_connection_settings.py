"""Commits are durable whatever the database's settings; settings that a connection can't change are warned of once."""

from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs

from chat.domain.entities import LOBBY_ID
from chat.domain.messages.reading import ReadMark
from chat.embedded_postgres.data_directory import open_data_directory
from chat.embedded_postgres.embedded import open_embedded_postgres
from chat.embedded_postgres.settings import SETTINGS
from chat.storage.postgres.database import Database, DatabaseAddress, Operation
from chat.storage.postgres.rooms import MARK_DELIVERED
from chat.storage.postgres.session import Connection, configure
from chat.storage.postgres.storage import PostgresStorage, open_postgres_storage
from tests.support.databases import execute

_SYNC = "SHOW synchronous_commit"


async def commits(storage: PostgresStorage) -> set[str]:
    """How the journal and the pool commit."""
    journal = await storage.messages._writer.run(lambda c: c.fetchval(_SYNC))
    pool = [
        await storage._database.read(lambda c: c.fetchval(_SYNC)),
        await storage._database.write(lambda c: c.fetchval(_SYNC)),
    ]
    assert {*pool} == {journal}
    return {journal}


@pytest.mark.parametrize(
    ("given", "used"),
    [("off", "on"), *((kept, kept) for kept in ("local", "remote_write", "on", "remote_apply"))],
)
async def test_a_commit_is_on_disk_whatever_the_database_is_set_to(
    database: DatabaseAddress, given: str, used: str
) -> None:
    await execute(database, f"ALTER DATABASE {database['database']} SET synchronous_commit = {given}")
    with trio.fail_after(30):
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10
        ) as storage:
            assert await commits(storage) == {used}
            storage.messages._writer.disconnect()
            assert await commits(storage) == {used}, "also on the next connection"


async def test_marks_that_nobody_waits_for_are_committed_without_waiting_for_the_disk(
    database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages' commits would wait behind them."""
    shown: list[str] = []

    async def watched(self: Database, operation: Operation[object]) -> object:
        async def watched_operation(connection: Connection) -> object:
            done = await operation(connection)
            shown.append(await connection.fetchval(_SYNC))
            return done

        return await self.write(watched_operation)

    monkeypatch.setattr(Database, "write_statement", watched)
    with trio.fail_after(30):
        async with open_postgres_storage(
            database, pool_size=1, query_timeout=10, commit_timeout=10
        ) as storage:
            await storage.timelines.mark_read({(LOBBY_ID, 1): ReadMark(1)}, durable=False)
            await storage.timelines.mark_read({(LOBBY_ID, 1): ReadMark(1)})
    assert shown == ["off", "on"]


async def test_a_transaction_that_stands_still_lets_go_of_the_log(database: DatabaseAddress) -> None:
    """As where its server is stopped: the others' commits wait behind its locks, half of their time at most."""
    with trio.fail_after(30):
        async with open_postgres_storage(
            database, pool_size=1, query_timeout=10, commit_timeout=10
        ) as storage:
            ask = "SHOW idle_in_transaction_session_timeout"
            assert await storage.messages._writer.run(lambda c: c.fetchval(ask)) == "5s"
            assert await storage._database.write(lambda c: c.fetchval(ask)) == "5s"


async def test_the_first_deliveries_on_a_connection_are_one_statement(
    database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """asyncpg asks for the types that it does not know, with a query that takes PostgreSQL some milliseconds."""
    statements: list[str] = []

    async def set_up_and_listen(connection: Connection, timeout: float) -> None:
        await configure(connection, timeout)
        connection.add_query_logger(lambda query: statements.append(query.query))

    monkeypatch.setattr("chat.storage.postgres.database.configure", set_up_and_listen)
    with trio.fail_after(30):
        async with open_postgres_storage(
            database, pool_size=1, query_timeout=10, commit_timeout=10
        ) as storage:
            statements.clear()  # of the start
            await storage.rooms.mark_delivered({(1, 1): 1, (1, 2): 2})
    assert statements == [MARK_DELIVERED]


async def test_unsafe_postgresql_settings_are_warned_of_once(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a PostgreSQL of its own: these are settings of the whole server."""
    monkeypatch.setitem(SETTINGS, "fsync", "off")
    monkeypatch.setitem(SETTINGS, "full_page_writes", "off")
    with trio.fail_after(60):
        async with (
            open_data_directory(data) as directory,
            open_embedded_postgres(directory, grace=5) as postgres,
        ):
            assert await _warnings(postgres.address) == ["fsync", "full_page_writes"]


async def test_nothing_is_warned_of_where_commits_last(database: DatabaseAddress) -> None:
    assert await _warnings(database) == []


async def _warnings(database: DatabaseAddress) -> list[str]:
    with capture_logs() as entries:
        async with open_postgres_storage(
            database, pool_size=2, query_timeout=10, commit_timeout=10
        ) as storage:
            storage.messages._writer.disconnect()
            await storage.messages._writer.run(lambda c: c.fetchval("SELECT 1"))  # connected anew
    return [entry["off"] for entry in entries if "may lose" in entry["event"]]
