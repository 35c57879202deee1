"""Programs that are far behind: the example bot after a long absence, and one that handles an event slowly.

Each change reaches them, once and in order, and those who chat meanwhile are not held up.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import trio

from chat.client import Chat, NewMessage, open_chat
from tests.campaign.rows import Row, percentile
from tests.client.people import EventChecker
from tests.support.faults.load import register_all
from tests.support.people import PASSWORD, post
from tests.support.processes import child, resident_kib
from tests.support.saved import fetch_sql
from tests.support.server import ServerProcess, data_path, running_server

MISSED = 2500
"""Messages while the bot is away."""
DURING_ONE = 1500
"""Messages while a program works on one event,"""
WORK = 40.0
"""for so many seconds."""
LOBBY = 1
NAMES = ("ada", "ben", "cem", "dora", "eva", "finn", "gwen", "hugo")
BOT = Path(__file__).parents[2] / "examples" / "bot.py"
PATIENCE = 300.0
"""Seconds for the bot's answers, of which a person may give fifty a second."""

_SAID = f"""
SELECT users.name, text FROM messages JOIN users ON users.id = sender_id
WHERE room_id = {LOBBY} AND text <> '' ORDER BY seq"""


def far_behind() -> Iterable[Row]:
    """Yield the rows of both programs."""
    with data_path() as data, running_server(data) as server:
        tokens = register_all(server.url, *NAMES, "echo", "slow")
        yield trio.run(_bot_comes_back, server, tokens)
        yield trio.run(_works_long, server, tokens)


async def _say(server: ServerProcess, token: str, texts: Iterable[str]) -> None:
    async with open_chat(server.url, token=token) as chat:
        for text in texts:
            await chat.send(LOBBY, text)


async def _say_together(server: ServerProcess, tokens: dict[str, str], count: int, text: str) -> None:
    async with trio.open_nursery() as nursery:
        for nth, name in enumerate(NAMES):
            texts = (text.format(n) for n in range(nth, count, len(NAMES)))
            nursery.start_soon(_say, server, tokens[name], texts)


async def _bot_comes_back(server: ServerProcess, tokens: dict[str, str]) -> Row:
    headers = {"Authorization": f"Bearer {tokens['echo']}"}
    new = {"name": "bot", "days": 1, "password": PASSWORD}
    made = post(f"{server.url}/api/v1/me/sessions", new, headers=headers)
    environment = {**os.environ, "CHAT_TOKEN": made.json()["token"]}
    with tempfile.TemporaryDirectory(prefix="chat-") as directory, trio.fail_after(2 * PATIENCE):
        kept = Path(directory) / "positions.json"
        with child(sys.executable, BOT, server.url, kept, env=environment):
            while not kept.exists():  # noqa: ASYNC110 - it is another process's
                await trio.sleep(0.05)
            await _say(server, tokens["ada"], ["!echo first"])
            await _answers(server, 1)
        await _say_together(server, tokens, MISSED, "!echo {}")
        async with open_chat(server.url, token=tokens["ada"]) as ada:
            for seq in range(100, 2000, 50):  # what was missed is not only messages
                await ada.add_reaction(LOBBY, seq, "👍")
            before, begun, took = resident_kib(server.process.pid), time.monotonic(), list[float]()
            with child(sys.executable, BOT, server.url, kept, env=environment):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(_chat_on, ada, took)
                    answers = await _answers(server, MISSED + 1)
                    nursery.cancel_scope.cancel()
            back, grown = time.monotonic() - begun, resident_kib(server.process.pid) - before
    assert sorted(answers) == sorted(["first", *map(str, range(MISSED))]), "each is answered once"
    assert percentile(took, 0.99) < 1.0, "others are held up"
    assert grown < 64 * 1024
    done = (
        f"{len(answers):,} of {MISSED + 1:,} answered, each once; others' messages saved meanwhile in"
        f" {1000 * percentile(took, 0.5):.0f} ms, p99 {1000 * percentile(took, 0.99):.0f};"
        f" the server {max(grown, 0) / 1024:.0f} MiB larger"
    )
    return f"`examples/bot.py` comes back after {MISSED:,} messages", "1 ×", done, f"{back:.0f} s"


async def _chat_on(chat: Chat, took: list[float]) -> None:
    n = 0
    while True:
        begun = time.monotonic()
        await chat.send(LOBBY, f"meanwhile {n}")
        took.append(time.monotonic() - begun)
        n += 1
        await trio.sleep(0.2)


async def _answers(server: ServerProcess, count: int) -> list[str]:
    """Wait for so many answers of the bot; return all."""
    with trio.fail_after(PATIENCE):
        while True:
            said = [text for name, text in await _said(server) if name == "echo"]
            if len(said) >= count:
                return said
            await trio.sleep(0.5)


async def _said(server: ServerProcess) -> list[tuple[str, str]]:
    rows = await trio.to_thread.run_sync(fetch_sql, server.address, _SAID)
    return [(row["name"], row["text"]) for row in rows]


async def _works_long(server: ServerProcess, tokens: dict[str, str]) -> Row:
    checker, worked = EventChecker(), False
    received: list[str] = []
    texts = [f"while it works {n}" for n in range(DURING_ONE)]
    with trio.fail_after(PATIENCE):
        async with open_chat(server.url, token=tokens["slow"]) as chat, trio.open_nursery() as nursery:
            nursery.start_soon(_say_together, server, tokens, DURING_ONE, "while it works {}")
            begun = time.monotonic()
            async for event in chat.events():
                checker.check(event)
                if isinstance(event, NewMessage) and event.text.startswith("while it works"):
                    received.append(event.text)
                    if not worked:
                        worked = True
                        await trio.sleep(WORK)
                        begun = time.monotonic()
                if len(received) == DURING_ONE:
                    break
            back = time.monotonic() - begun
    assert sorted(received) == sorted(texts)
    assert checker.resets == []
    done = f"{len(received):,} of {DURING_ONE:,} told, each once and in order"
    return (
        f"a program works {WORK:.0f} s on one event during {DURING_ONE:,} messages",
        "1 ×",
        done,
        f"{back:.1f} s",
    )
