"""The client on asyncio keeps its promises: it runs in a thread beside the model server, whose Trio has the first."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
import trio

from chat.client import Connected, LoggedOut, NewMessage, Refused, RoomSnapshot, parse_url
from chat.client import open_chat as open_on_trio
from chat.client.asyncio import log_in, open_chat, register
from chat.client.chat import Chat
from tests.client.model import Json, ModelRoom
from tests.client.model_server import ModelServer, RefusedByModel, on_loopback
from tests.client.people import EventChecker

ADA = "token of ada"


async def run(model: ModelServer, program: Callable[[str], Awaitable[None]]) -> None:
    """Serve the model while a program runs on asyncio; nothing of either is left."""

    async def whole(url: str) -> None:
        async with asyncio.timeout(20):
            await program(url)
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left

    def in_thread(url: str) -> None:
        # Not asyncio.run: trio-asyncio, which other tests import, puts its loops there.
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(whole(url))

    with trio.fail_after(30):
        async with on_loopback(model) as url:
            await trio.to_thread.run_sync(in_thread, url)
            while model.sockets:  # noqa: ASYNC110 - the server notices by itself
                await trio.sleep(0.001)


async def take(chat: Chat, count: int) -> list[str]:
    """Take events until so many texts came."""
    texts: list[str] = []
    async for event in chat.events():
        if isinstance(event, NewMessage) and event.kind == "text":
            texts.append(event.text)
        if len(texts) == count:
            break
    return texts


async def test_what_is_sent_comes_as_events_in_the_order_of_the_calls(
    model: ModelServer, garden: ModelRoom
) -> None:
    texts = [f"rose {number}" for number in range(100)]

    async def program(url: str) -> None:
        async with open_chat(url, token=ADA) as chat:
            assert chat.rooms[garden.id].info.id == garden.id
            async with asyncio.TaskGroup() as group:
                for text in texts:
                    group.create_task(chat.send(garden.id, text))
            assert await take(chat, 100) == texts
            assert await chat.ping() > 0
            await chat.start_typing(garden.id)
            assert (await chat.history(garden.id, limit=1)).messages[0].text == "rose 99"

    await run(model, program)


async def test_a_lost_connection_loses_and_doubles_nothing(model: ModelServer, garden: ModelRoom) -> None:
    losses = iter(range(1000))
    model.loses_answer = lambda request: request["type"] == "send" and next(losses) % 7 == 3

    async def program(url: str) -> None:
        checker = EventChecker()

        async def follow(chat: Chat) -> None:
            async for event in chat.events():
                checker.check(event)
                if isinstance(event, NewMessage) and event.text == "the last":
                    return

        async with open_chat(url, token=ADA) as chat:
            following = asyncio.create_task(follow(chat))
            for number in range(10):
                sending = asyncio.create_task(chat.send(garden.id, f"{number}"))
                while not sending.done():
                    chat.reconnect_now()
                    await asyncio.sleep(0)
            sending = asyncio.create_task(chat.send(garden.id, "the last"))
            while not sending.done():
                chat.reconnect_now()
                await asyncio.sleep(0)
            await following
        assert checker.ups > 1

    await run(model, program)
    said = [garden.message_for(1, seq) for seq in range(1, garden.seq + 1)]
    texts = [message["text"] for message in said if message.get("kind", "text") == "text"]
    assert texts == [*map(str, range(10)), "the last"]


async def test_a_cancelled_iteration_loses_no_event(model: ModelServer, garden: ModelRoom) -> None:
    async def program(url: str) -> None:
        async with open_chat(url, token=ADA) as chat:
            checker, events, sent, turns = EventChecker(), chat.events(), 0, 0
            while checker.at.get(garden.id, 0) < 60:
                if checker.events >= sent - 3 and sent < 70:
                    await chat.send(garden.id, str(sent := sent + 1))
                taking = asyncio.ensure_future(anext(events))
                turns += 1
                for _ in range(turns % 7):
                    await asyncio.sleep(0)
                taking.cancel()
                await asyncio.wait((taking,))
                if not taking.cancelled():
                    checker.check(taking.result())

    await run(model, program)


async def test_positions_continue_after_a_restart_on_either_loop(
    model: ModelServer, garden: ModelRoom
) -> None:
    async with on_loopback(model) as url, open_on_trio(url, token=ADA) as chat:
        async for event in chat.events():
            if isinstance(event, Connected):
                break
        positions = chat.positions
        await chat.send(garden.id, "missed")

    async def program(url: str) -> None:
        async with open_chat(url, token=ADA, positions=positions) as chat:
            assert await take(chat, 1) == ["missed"]

    await run(model, program)


async def test_the_end_of_the_session_cancels_the_block_and_its_tasks(
    model: ModelServer, garden: ModelRoom
) -> None:
    def refuse(request: Json) -> None:
        if request["type"] == "edit":
            raise RefusedByModel("forbidden")
        if request["type"] == "ping":
            model.sessions.end_all()
            raise RefusedByModel("unauthenticated")

    model.on_request = refuse

    waiting: list[asyncio.Task[list[str]]] = []

    async def use(url: str) -> None:
        async with open_chat(url, token="token of ben") as chat:
            with pytest.raises(Refused):
                await chat.edit(garden.id, 1, "no")
            waiting.append(asyncio.create_task(take(chat, 1)))
            async with asyncio.TaskGroup() as group:
                group.create_task(take_nothing())
                await chat.ping()

    async def program(url: str) -> None:
        with pytest.raises(LoggedOut):
            await use(url)
        with pytest.raises(LoggedOut):
            await waiting[0]
        task = asyncio.current_task()
        assert task is not None
        assert not task.cancelling()

    async def take_nothing() -> None:
        await asyncio.get_running_loop().create_future()

    await run(model, program)


async def test_clients_of_one_loop_share_a_guest_and_log_in_there(
    model: ModelServer, garden: ModelRoom
) -> None:
    sessions: list[str | None] = []

    async def program(url: str) -> None:
        async with open_chat(url, token=ADA) as ada:
            assert (await log_in(parse_url(url), "ben", "secret")).access
            async with open_chat(
                url, login=("ben", "secret"), on_session=lambda session: sessions.append(session.refresh)
            ) as ben:
                await ada.send(garden.id, "hello")
                assert await take(ben, 1) == ["hello"]
            assert await take(ada, 1) == ["hello"]
        with pytest.raises(ValueError, match="expected a token"):
            async with open_chat(url):
                pass
        with pytest.raises(LoggedOut):
            await log_in(parse_url(url), "ben", "wrong")
        with pytest.raises(Refused, match="taken"):
            await register(parse_url(url), "ben", "secret")

    await run(model, program)
    assert len(sessions) == 1


TWO_LOOPS = """
import asyncio, trio
from chat.client.asyncio import open_chat

async def connect():
    async with open_chat("http://127.0.0.1:1", token="one"):
        pass

async def main():
    asyncio.run(connect())

trio.run(main)
"""


def test_where_trio_runs_it_says_so() -> None:
    done = subprocess.run([sys.executable, "-c", TWO_LOOPS], capture_output=True, text=True, timeout=30)
    assert "RuntimeError: Trio runs in this thread already" in done.stderr


async def test_cancelled_anywhere_it_leaves_nothing(model: ModelServer, garden: ModelRoom) -> None:
    async def work(url: str) -> None:
        async with open_chat(url, token=ADA) as chat:
            sent = asyncio.create_task(chat.send(garden.id, "one"))
            async for event in chat.events():
                if isinstance(event, RoomSnapshot):
                    break
            await sent
            await chat.history(garden.id)

    async def program(url: str) -> None:
        is_whole, turns, threads = False, 0, threading.active_count()
        while not is_whole:
            working = asyncio.create_task(work(url))
            for _ in range(turns):
                await asyncio.sleep(0)
            is_whole = working.done()
            working.cancel()
            working.cancel()  # impatient
            await asyncio.wait((working,))
            for each in asyncio.all_tasks() - {asyncio.current_task()}:
                with suppress(asyncio.CancelledError):
                    await each
            turns += 1 + turns // 8
        await working
        assert threading.active_count() <= threads + 2  # one waits for sockets, one is kept for the next

    await run(model, program)
