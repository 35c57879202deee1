"""The LISTEN connection reports everybody's changes, and reconnects after an outage."""

from collections.abc import AsyncGenerator, Sized
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
import trio
from structlog.testing import capture_logs

from chat.storage.postgres import listener
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress
from chat.storage.postgres.listener import listen_for_changes
from chat.storage.postgres.migration_files import known_migrations
from chat.storage.postgres.migrations import migrate
from tests.storage.postgres_line import Line, open_line
from tests.support.databases import execute

PATIENCE = 20.0
"""Seconds for a whole test; far more than any takes, also on a busy machine."""

_ADD = "INSERT INTO users (name, name_key, password_hash) VALUES ('ada', 'ada', 'x'), ('ben', 'ben', 'x')"


@pytest.fixture
async def line(database: DatabaseAddress) -> AsyncGenerator[Line]:
    async with open_asyncio():
        await migrate(database, connect_timeout=10, migrations=known_migrations())
    await execute(database, _ADD)
    async with open_line(database) as line:
        yield line


def ignore(_id: int | None) -> None:
    pass


@asynccontextmanager
async def listening(
    line: Line, *, timeout_each: float = 5.0, of: str = "people"
) -> AsyncGenerator[trio.MemoryReceiveChannel[int | None]]:
    """The reports of people, rooms or settings, after the first None."""
    send, got = trio.open_memory_channel[int | None](100)
    received = [send.send_nowait if each == of else ignore for each in ("people", "rooms", "settings")]
    with trio.fail_after(PATIENCE):
        async with open_asyncio(), trio.open_nursery() as nursery:
            nursery.start_soon(lambda: listen_for_changes(line.address, *received, timeout_each=timeout_each))
            assert await got.receive() is None
            yield got
            nursery.cancel_scope.cancel()


async def test_a_change_by_any_other_database_client_is_reported(
    line: Line, database: DatabaseAddress
) -> None:
    async with listening(line) as got:
        await execute(database, "UPDATE users SET is_operator = true WHERE name = 'ben'")
        assert await got.receive() == 2
        await execute(database, "DELETE FROM users WHERE name = 'ada'")
        assert await got.receive() == 1


async def test_a_deleted_room_is_reported_once_and_other_room_changes_are_not(
    line: Line, database: DatabaseAddress
) -> None:
    async with listening(line, of="rooms") as got:
        rooms = "('room', 'garden', 'garden', 1), ('room', 'attic', 'attic', 1)"
        await execute(database, f"INSERT INTO rooms (kind, name, name_key, creator_id) VALUES {rooms}")
        await execute(database, "UPDATE rooms SET last_seq = 1 WHERE id = 2")
        await execute(database, "UPDATE rooms SET deleted_at = now() WHERE id = 3")
        assert await got.receive() == 3
        await execute(database, "UPDATE rooms SET last_seq = 0 WHERE id = 3; DELETE FROM rooms WHERE id = 3")
        await execute(database, "UPDATE rooms SET deleted_at = now() WHERE id = 2")
        assert await got.receive() == 2


async def test_a_change_of_settings_is_reported_without_an_id(line: Line, database: DatabaseAddress) -> None:
    async with listening(line, of="settings") as got:
        for statement in (
            "INSERT INTO settings VALUES ('registration', '\"closed\"', now(), NULL)",
            "UPDATE settings SET value = '\"open\"'",
            "DELETE FROM settings",
        ):
            await execute(database, statement)
            assert await got.receive() is None


async def test_a_rolled_back_change_is_not_reported(line: Line, database: DatabaseAddress) -> None:
    async with listening(line) as got:
        await execute(database, "BEGIN; UPDATE users SET is_admin = true WHERE id = 1; ROLLBACK")
        await execute(database, "UPDATE users SET is_admin = true WHERE id = 2")
        assert await got.receive() == 2


@pytest.mark.parametrize("payload", ["", "ada", "-1", "1.0", "٣", "9" * 19])
async def test_a_notice_that_names_nobody_is_one_of_everybody(
    line: Line, database: DatabaseAddress, payload: str
) -> None:
    async with listening(line) as got:
        await execute(database, f"NOTIFY chat_people, '{payload}'")
        assert await got.receive() is None


async def test_after_an_outage_it_listens_again_and_reports_a_possible_gap(
    line: Line, database: DatabaseAddress
) -> None:
    with capture_logs() as logs:
        async with listening(line) as got:
            line.cut()
            await execute(database, "UPDATE users SET is_admin = true WHERE id = 1")
            await _until_logged(logs)
            line.open = True
            assert await got.receive() is None
            await execute(database, "UPDATE users SET is_admin = false WHERE id = 1")
            assert await got.receive() == 1
    (lost,) = logs  # once for all tries
    assert lost["event"].startswith("LISTEN connection lost")


async def test_a_silent_listen_connection_is_detected(
    line: Line, database: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_CHECK", 0.2)
    async with listening(line, timeout_each=0.5) as got:
        line.deaf = True
        await execute(database, "UPDATE users SET is_admin = true WHERE id = 1")
        with capture_logs() as logs:
            await _until_logged(logs)
        line.deaf = False
        assert await got.receive() is None


async def test_a_connection_that_cannot_listen_is_closed(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Any] = []

    async def add_listener(connection: object, *_: object) -> None:
        tried.append(connection)
        raise asyncpg.PostgresError("no")

    monkeypatch.setattr(asyncpg.Connection, "add_listener", add_listener)
    with trio.fail_after(PATIENCE):
        async with open_asyncio(), trio.open_nursery() as nursery:
            nursery.start_soon(
                lambda: listen_for_changes(line.address, ignore, ignore, ignore, timeout_each=5)
            )
            await _until_logged(tried)
            while not tried[0].is_closed():  # noqa: ASYNC110 - asyncio ends it
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()


async def test_cancelling_closes_the_connection(line: Line) -> None:
    send, got = trio.open_memory_channel[int | None](100)
    with trio.fail_after(PATIENCE):
        async with open_asyncio():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(
                    lambda: listen_for_changes(line.address, send.send_nowait, ignore, ignore, timeout_each=5)
                )
                assert await got.receive() is None
                assert len(line._scopes) == 1
                nursery.cancel_scope.cancel()
            while line._scopes:  # noqa: ASYNC110 - a relay tells nobody
                await trio.sleep(0.01)


async def _until_logged(logs: Sized) -> None:
    while not len(logs):  # noqa: ASYNC110 - a log tells nobody
        await trio.sleep(0.01)


async def test_where_nobody_answers_there_are_pauses_between_tries(
    autojump_clock: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []

    async def refuse(**_address: object) -> None:
        tries.append(round(trio.current_time() - started, 6))
        assert len(tries) < 100
        raise ConnectionRefusedError

    monkeypatch.setattr(asyncpg, "connect", refuse)
    started = trio.current_time()
    async with open_asyncio():
        with trio.move_on_after(2.5 * listener._PAUSE):
            await listen_for_changes({}, print, print, print, timeout_each=1)
    assert tries == [0, listener._PAUSE, 2 * listener._PAUSE]
