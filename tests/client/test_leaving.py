"""However a program leaves, the server sees a client that closed its connection."""

from contextlib import suppress

import pytest
import trio

from chat.client import open_chat
from tests.support.watched_server import open_watched


class Enough(Exception):
    """What a program raises to leave the block."""


@pytest.mark.parametrize("way", ["ends", "raises", "is cancelled"])
async def test_a_program_that_leaves_is_not_listed_as_lost(way: str) -> None:
    async with open_watched() as watched:
        admin, ada = await watched.token("grace", admin=True), await watched.token("ada")
        with trio.CancelScope() as scope, suppress(Enough):
            async with open_chat(watched.url, token=ada):
                match way:
                    case "raises":
                        raise Enough
                    case "is cancelled":
                        scope.cancel()
                        await trio.sleep_forever()
        while (report := await watched.ask("/admin/why/1", admin)).status_code == 200:
            if report.json()["summary"]["ended_ago"] is not None:
                break
            await trio.sleep(0.01)
        assert (await watched.ask("/admin/why", admin)).json() == []
