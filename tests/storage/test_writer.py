"""The journal's own connection: its reconnects, and the results for its callers."""

import asyncpg
import pytest
import trio
from trio.testing import MockClock

from chat.domain.entities import LOBBY_ID, Draft
from chat.domain.failures import OutcomeUnknown, StorageDown, WriteRejected
from chat.domain.ports import NewPerson, Taken
from chat.storage.postgres import writer
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.session import configure
from chat.storage.postgres.storage import open_postgres_storage
from chat.storage.postgres.writer import RawConnection, Writer
from tests.support.databases import execute


async def test_where_there_is_no_database_there_are_pauses_between_tries(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []

    async def refuse(**_address: object) -> RawConnection:
        tries.append(round(trio.current_time() - started, 6))
        assert len(tries) < 100
        raise ConnectionRefusedError

    monkeypatch.setattr(writer.asyncpg, "connect", refuse)
    started = trio.current_time()
    async with open_asyncio():
        with pytest.raises(StorageDown):
            await Writer({}, 2.5 * writer._PAUSE).run(lambda connection: connection.fetchval("SELECT 1"))
    assert tries == [0, writer._PAUSE, 2 * writer._PAUSE]


async def test_a_connection_that_can_not_be_set_up_is_closed(
    database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[RawConnection] = []

    async def fail_once(connection: RawConnection, timeout: float) -> None:
        made.append(connection)
        if len(made) == 1:
            raise asyncpg.TooManyConnectionsError("one too many")
        await configure(connection, timeout)

    monkeypatch.setattr(writer, "configure", fail_once)
    with trio.fail_after(20):
        async with open_asyncio():
            journal = Writer(database, 10)
            assert await journal.run(lambda connection: connection.fetchval("SELECT 1")) == 1
            assert [connection.is_closed() for connection in made] == [True, False]
            journal.disconnect()


async def test_the_reason_for_an_unknown_outcome_is_reported(database: DatabaseAddress) -> None:
    """And the connection is not used again, also where it still seems to be good."""

    async def fail(_connection: RawConnection) -> None:
        raise asyncpg.InternalClientError("the server has taken its leave")

    with trio.fail_after(20):
        async with open_asyncio():
            journal = Writer(database, 10)
            backend = await journal.run(lambda connection: connection.fetchval("SELECT pg_backend_pid()"))
            with pytest.raises(OutcomeUnknown, match="taken its leave"):
                await journal.run(fail)
            other = await journal.run(lambda connection: connection.fetchval("SELECT pg_backend_pid()"))
            journal.disconnect()
    assert other != backend


async def test_a_taken_log_id_is_reported_and_not_retried_for_ever(
    database: DatabaseAddress,
) -> None:
    """As only a damaged database has it: the keys of messages alone may be used by another server meanwhile."""
    with trio.fail_after(20):
        async with open_postgres_storage(
            database, pool_size=1, query_timeout=10, commit_timeout=10
        ) as storage:
            ada = await storage.users.add(NewPerson(name="ada", password_hash=b"x"))
            assert not isinstance(ada, Taken)
            first, second = (Draft(LOBBY_ID, ada.id, "ada", "hello", 1.0, key=key) for key in ("one", "two"))
            assert await storage.messages.save([first])
            await execute(database, "UPDATE lanes SET last_id = 0")
            with pytest.raises(WriteRejected):
                await storage.messages.save([second])
