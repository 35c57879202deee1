"""The database is read as of one moment, also while somebody writes."""

import asyncio
from collections.abc import Generator
from typing import Any

import asyncpg
import pytest

from tests.support.people import register
from tests.support.saved import saved_lines, write_beside
from tests.support.server import ServerProcess, running_server, used_data_path


@pytest.fixture
def server() -> Generator[ServerProcess]:
    """A server of the test's own: it publishes what other processes write."""
    with used_data_path() as data, running_server(data) as server:
        yield server


def test_a_write_during_the_read_makes_no_gap(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    register(server.url, "beside-a-reader")
    before = saved_lines(server.address)
    fetch = asyncpg.Connection.fetch
    reads = 0

    async def fetch_before_a_writer(connection: Any, query: str, *values: object) -> Any:
        nonlocal reads
        rows = await fetch(connection, query, *values)
        reads += 1
        await asyncio.to_thread(write_beside, server.address, 2, sender="beside-a-reader")
        return rows

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(asyncpg.Connection, "fetch", fetch_before_a_writer)
        assert saved_lines(server.address) == before
    assert reads
    assert len(saved_lines(server.address)) == len(before) + 2 * reads
