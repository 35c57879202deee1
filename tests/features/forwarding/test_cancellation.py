"""Forwarding, cancelled at many points: it is sent once or not, and what is answered is so."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from trio_cancel_sweep import CANCELLING, Run, Sweeper

from chat.storage.file_store import open_file_store
from tests.cancellation.gateway_scenarios import Wire, config, one_connection
from tests.support.chat_world import World

_API = "/api/v1"


async def over_http(run: Run) -> None:
    """Forward a message with a file twice with one key, and one that is not there."""

    async def speak(wire: Wire, world: World) -> None:
        ada = await world.add("ada")
        garden, token = (await world.make_room(ada)).id, world.token(ada)
        room, shed = f"{_API}/rooms/{garden}", (await world.make_room(ada, "shed")).id
        file: Any = await wire.asks("POST", f"{room}/files?name=rose", {"roses": "x" * 4000}, token)
        file_id = file["id"] if isinstance(file, dict) and "id" in file else 1
        await wire.asks("POST", f"{room}/messages", {"key": "k", "text": "look", "files": [file_id]}, token)
        for _ in range(2):
            got: Any = await wire.asks("POST", f"{room}/messages/1/forward", {"to": shed, "key": "f"}, token)
            assert run.fired or got == {"room": shed, "seq": 1}
        await wire.asks("POST", f"{room}/messages/9/forward", {"to": shed, "key": "g"}, token)
        page = await world.storage.timelines.history(ada.id, shed, 9, 1 << 20, 2**53, after=None, before=None)
        said = () if page is None else page.messages
        assert [each.text for each in said] in ([], ["> look\n>\n> — ada, #garden"])
        assert all(len(each.files) == 1 for each in said)
        await wire.stream.aclose()

    with TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as smaller:
        smaller.setattr("chat.storage.file_store._GATHERED", 2000)
        store = await open_file_store(Path(directory), "mark")
        await one_connection(run, speak, config(), file_store=store)


def test_over_http(cancel_sweep: Sweeper) -> None:
    every = 5 if cancel_sweep.is_whole else 15
    cancel_sweep.scenario(
        over_http, "forwarding", flavours=CANCELLING, virtual=False, limit=20, every=every, seeds=1
    )
