"""A frame's way in: through how many files a message passes before the journal has it."""

import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import trio

import chat
from chat.domain.entities import LOBBY_ID
from chat.engine.dialect import Dialect
from chat.engine.journal import Journal
from chat.protocols.native.wire.codec import NATIVE
from chat.protocols.talker.codec import TALKER
from tests.support.chat_world import Client, World, open_world

PACKAGE = Path(chat.__file__).parent

READER = "gateway/websocket/inbound.py"
"""It reads the frame of a real connection; here frames come from a channel."""


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as world:
        yield world


async def way_in(client: Client, world: World, frame: dict[str, Any]) -> list[str]:
    """The files that one frame passes, rules and values of the domain left out, in the order of their first call.

    Only calls of the task that submits the message count: others may run meanwhile.
    """
    by_task: dict[trio.lowlevel.Task, list[str]] = {}
    passed: list[str] = []
    submit = Journal.submit.__code__

    def note(called: FrameType, event: str, _argument: object) -> None:
        path = Path(called.f_code.co_filename)
        if event == "call" and path.is_relative_to(PACKAGE) and trio.lowlevel.in_trio_task():
            name = str(path.relative_to(PACKAGE))
            files = by_task.setdefault(trio.lowlevel.current_task(), [READER])
            if name not in files and not name.startswith("domain/"):
                files.append(name)
            if called.f_code is submit:
                sys.setprofile(None)
                passed.extend(files)

    sys.setprofile(note)
    try:
        client.send(frame)
        await world.rest()
    finally:
        sys.setprofile(None)
    assert passed[-1] == "engine/journal.py", "it has come to the journal"
    return passed


CASES = (
    (TALKER, {"name": "ada", "message": "hello"}, 8),
    (NATIVE, {"type": "send", "id": 9, "room": LOBBY_ID, "key": "k", "text": "hello"}, 10),
)


@pytest.mark.parametrize(("dialect", "frame", "most"), CASES, ids=[each.name for each, *_ in CASES])
async def test_a_message_passes_few_files_on_its_way_to_the_journal(
    world: World, dialect: Dialect, frame: dict[str, Any], most: int
) -> None:
    ada = await world.add("ada")
    client = await world.connect(dialect, ada if dialect is TALKER else None)
    if dialect is NATIVE:
        client.send({"type": "hello", "id": 1, "token": world.token(ada)})
        client.send({"type": "sync", "id": 2})
    await world.rest()
    passed = await way_in(client, world, frame)
    assert len(passed) <= most, passed
