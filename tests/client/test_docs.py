"""The snippets of docs/client.md run as they stand there."""

import os
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import trio

from chat.client import Connected, NewMessage, Restored, open_chat
from tests.client.model import ModelRoom
from tests.client.model_server import ModelServer, on_loopback
from tests.client.people import texts
from tests.client.reference_writer import page
from tests.support.processes import child

PAGE = (Path(__file__).parents[2] / "docs" / "client.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
PROGRAMS = {block.split()[1].strip(","): block for block in BLOCKS if block.startswith("import ")}
SNIPPETS = [block for block in BLOCKS if block not in PROGRAMS.values()]


@pytest.mark.parametrize("snippet", SNIPPETS)
async def test_a_snippet_runs(snippet: str, model: ModelServer, garden: ModelRoom) -> None:
    model.sessions.answers = {"/api/v1/rooms/public?q=gard&limit=100": (200, {"rooms": []})}.get
    events = {"Connected": Connected, "NewMessage": NewMessage, "Restored": Restored}
    names: dict[str, Any] = {"open_chat": open_chat, "trio": trio, **events}
    exec("async def run(url, token):\n" + textwrap.indent(snippet, "    "), names)
    with trio.fail_after(30):
        async with on_loopback(model) as url:
            await names["run"](url, "token of ada")
    assert any(request["type"] == "sync" for _, request in model.requests)


def test_there_are_snippets() -> None:
    assert len(SNIPPETS) == 8
    assert [*PROGRAMS] == ["os", "asyncio"]
    assert all(len(re.findall(r"^.*\S", program, re.MULTILINE)) <= 10 for program in PROGRAMS.values())


@pytest.mark.parametrize("name", PROGRAMS)
async def test_a_bot_answers(name: str, model: ModelServer, garden: ModelRoom) -> None:
    with trio.fail_after(30):
        async with on_loopback(model) as url:
            environment = {**os.environ, "SERVER": url, "TOKEN": "token of ben"}
            with child(sys.executable, "-c", PROGRAMS[name], env=environment):
                while not any(each.is_live for each in model.sockets):  # noqa: ASYNC110 - of the bot
                    await trio.sleep(0.01)
                async with open_chat(url, token="token of ada") as chat:
                    await chat.send(garden.id, "!ping")
                    assert await texts(chat, 2) == ["!ping", "pong"]


def test_every_call_and_every_field_stands_in_the_reference() -> None:
    assert page() == PAGE, "python -m tests.client.reference_writer"
