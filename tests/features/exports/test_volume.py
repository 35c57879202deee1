"""An export of many messages: it is read in small pieces, and leaves most of the time to others."""

from collections.abc import AsyncGenerator
from functools import partial

import pytest
import trio
from trio.testing import MockClock

from chat.features.exports.maker import _SHARE, _Progress
from chat.storage.postgres.storage import open_shared_postgres_storage
from tests.support.databases import fetch
from tests.support.people import register
from tests.support.saved import write_beside
from tests.support.server import ServerProcess


async def test_many_messages_are_read_in_small_pieces(server: ServerProcess) -> None:
    """Decoding a piece stops everybody for so long."""
    register(server.url, "exporting eve")
    beside = partial(write_beside, server.address, 1200, sender="exporting eve")
    await trio.to_thread.run_sync(beside)
    eve = await fetch(server.address, "SELECT id FROM users WHERE name = 'exporting eve'")
    sizes = []
    async with open_shared_postgres_storage(server.address, query_timeout=30) as storage:
        async for kind, lines in storage.exports.kinds(eve):
            if kind == "messages":
                sizes.append(len(lines))
    assert sum(sizes) == 1200
    assert max(sizes) <= 500


async def test_others_have_most_of_the_time(autojump_clock: MockClock) -> None:
    async def kinds() -> AsyncGenerator[tuple[str, list[str]]]:
        for _ in range(3):
            await trio.sleep(0.2)  # read
            yield "messages", []

    began = trio.current_time()
    async for _ in _Progress(3, 0).counted(kinds()):
        await trio.sleep(0.1)  # written
    assert trio.current_time() - began == pytest.approx(3 * 0.3 / _SHARE)
