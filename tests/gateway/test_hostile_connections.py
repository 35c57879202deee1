"""Connections that do harm, many at once, while innocent ones go on as if nothing was."""

import random
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.lowlevel
import trio.testing
from trio_websocket import WebSocketConnection, open_websocket_url

from chat.gateway.http1 import refusal
from chat.gateway.http1.connection import WRITE_TIMEOUT
from chat.gateway.listener import Gateway
from tests.support.gateway import (
    OPENING,
    Wire,
    connect,
    make_app,
    none_left,
    nothing_logged,
    reset,
    running,
    until,
)

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

ATTACKS = {
    "nothing": b"",
    "half a head": GET,
    "half an opening": OPENING[:-2],
    "an opening": OPENING,
    "an opening without its key": OPENING.replace(b"Sec-WebSocket-Key", b"X"),
    "an opening of another version": OPENING.replace(b": 13", b": 12"),
    "an opening with other letters": OPENING.replace(b": Upgrade", b": Upgrade, \xff"),
    "an opening with a host that is no name": OPENING.replace(b"Host: localhost", b"Host: xn--99999999"),
    "an opening and rubbish": OPENING + b"\xff" * 200,
    "an opening and a frame without a mask": OPENING + b"\x81\x01a",
    "an opening, a close and a ping": OPENING + b"\x88\x80\x00\x00\x00\x00\x89\x80\x00\x00\x00\x00",
    "half a frame": OPENING + b"\x81\xfe\x10\x00\x00\x00\x00\x00abc",
    "an opening with a body": OPENING.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\nhello"),
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "rubbish": b"\xff\xfe" * 500,
    "blank lines": b"\r\n" * 500,
    "an endless line": b"GET /" + b"a" * 100_000,
    "an endless header": GET + b"X: " + b"a" * 100_000,
    "endless headers": GET + b"a:\r\n" * 20_000,
    "endless blanks": GET + b"X:" + b" " * 60_000 + b"\x00\r\n\r\n",
    "h2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9),
    "two lengths": POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a negative length": POST + b"Content-Length: -5\r\n\r\nhello",
    "an endless length": POST + b"Content-Length: 99999999999999999999\r\n\r\nhello",
    "a length and chunks": POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET ",
    "half a body": POST + b"Content-Length: 50\r\n\r\nhello",
    "a chunk that is none": CHUNKED + b"zz\r\nhello",
    "half a chunk": CHUNKED + b"5\r\nhel",
    "a chunk without its end": CHUNKED + b"5\r\nhelloworld",
    "an endless chunk size": CHUNKED + b"1;" + b" " * 60_000 + b"\n\r\n",
    "endless trailers": CHUNKED + b"0\r\nx:" + b" " * 60_000 + b"\x00\r\n\r\n",
    "endless tiny chunks": CHUNKED + b"1\r\na\r\n" * 10_000,
    "chunks for nobody": CHUNKED.replace(b"/echo", b"/ignore") + b"1\r\na\r\n" * 10_000,
    "an expectation": POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    "pipelined rubbish": (GET + b"\r\n") * 20 + b"rubbish\r\n\r\n",
    "pipelined openings": GET + b"\r\n" + OPENING * 20,
    "a connect": b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n" + b"\x16\x03\x01" * 20,
}
"""What is sent. Each is tried with every end: the end of the sending side, a close, a reset, silence."""


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_attack_reaches_nobody_else(attack: str) -> None:
    with trio.fail_after(60), nothing_logged():
        async with running(head_timeout=300.0, grace=0.3) as gateway, innocents(gateway):
            await _attack_all_at_once(gateway, ATTACKS[attack])


async def test_300_halves_of_a_head_keep_nobody_waiting_nor_a_stop() -> None:
    with trio.fail_after(60), nothing_logged():
        async with running(head_timeout=300.0, grace=300.0) as gateway, innocents(gateway):
            halves = [await connect(gateway) for _ in range(300)]
            for number, wire in enumerate(halves):
                await wire.send(OPENING[: number % (len(OPENING) - 1) + 1])
            await until(lambda: gateway.connections == 302)
        for wire in halves:
            assert await wire.until_closed() == b""
            await wire.stream.aclose()


async def test_halves_of_a_head_go_in_time() -> None:
    with trio.fail_after(60), nothing_logged():
        async with running(head_timeout=0.3) as gateway:
            halves = [await connect(gateway) for _ in range(50)]
            for wire in halves:
                await wire.send(OPENING[:-1])
            for wire in halves:
                assert await wire.until_closed() == b""
                await wire.stream.aclose()
            await none_left(gateway)


async def test_a_head_that_dribbles_is_cut_in_time() -> None:
    with trio.fail_after(60), nothing_logged():
        async with running(head_timeout=0.3) as gateway:
            wire = await connect(gateway)
            begin = time.perf_counter()
            sent = 0
            with pytest.raises(trio.BrokenResourceError):  # noqa: PT012
                for byte in OPENING:
                    await wire.send(bytes([byte]))
                    await trio.sleep(0.02)
                    sent += 1
            assert time.perf_counter() - begin > 0.2
            assert sent < 50  # a second, where the machine is quick, and fewer where it is slow
            await wire.stream.aclose()


async def test_a_head_over_the_limit_is_answered_with_431_and_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal, "LINGER", 60.0)
    with trio.fail_after(60), nothing_logged():
        async with running(max_head_bytes=4096) as gateway:
            wire = await connect(gateway)
            await wire.send(b"GET /" + b"a" * 500_000)  # unread bytes must not turn the answer into a reset
            assert (await wire.response())[0] == 431
            assert await wire.until_closed() == b""  # it says so, and does not only stop
            await wire.stream.aclose()


async def test_a_refusal_has_a_deadline_of_its_own(
    monkeypatch: pytest.MonkeyPatch, mock_clock: trio.testing.MockClock
) -> None:
    monkeypatch.setattr(refusal, "LINGER", 600.0)
    mock_clock.rate = 1.0
    async with running(max_head_bytes=4096, head_timeout=100.0) as gateway:
        wire = await connect(gateway)
        await wire.send(GET + b"X: " + b"x" * 5000)
        assert (await wire.response())[0] == 431
        mock_clock.jump(101)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert gateway.connections == 1, "what it still sends is read away"
        mock_clock.jump(500)
        await until(lambda: not gateway.connections)
        await wire.stream.aclose()


async def test_a_chunk_that_is_none_and_a_half_close_are_answered_with_400() -> None:
    """Kills `hypercorn.trio.serve`."""
    with trio.fail_after(30), nothing_logged():
        async with running() as gateway, innocents(gateway), trio.open_nursery() as nursery:
            for path in (
                b"/echo",
                b"/ignore",
                b"/none",
            ) * 20:  # at once: handlers and readers answer in any order
                nursery.start_soon(_is_refused, gateway, CHUNKED.replace(b"/echo", path) + b"zz\r\nhello")


async def _is_refused(gateway: Gateway, request: bytes) -> None:
    wire = await connect(gateway)
    async with wire.stream:
        await wire.send(request)
        await wire.stream.send_eof()  # type: ignore[attr-defined]
        assert (await wire.response())[0] in (200, 400, 404)
        await wire.until_closed()


async def test_an_upgrade_followed_by_garbage_is_harmless() -> None:
    """Kills `hypercorn.trio.serve` on a connection that has served a request."""
    with trio.fail_after(60), nothing_logged():
        async with running(head_timeout=1.0) as gateway, innocents(gateway):
            wire = await connect(gateway)
            await wire.get()
            await wire.send(OPENING.replace(b"/ws", b"/none") + b"\x81\x80trailing")
            assert (await wire.response())[0] == 101
            await wire.send(b"\xff" * 10)
            await wire.until_closed()
            await wire.stream.aclose()


@pytest.mark.parametrize("length", [1, 40, 100, len(OPENING) - 1, len(OPENING), len(OPENING) + 3])
async def test_a_reset_in_any_phase_is_no_news(length: int) -> None:
    with trio.fail_after(60), nothing_logged():
        async with running() as gateway, innocents(gateway):
            for _ in range(20):
                wire = await connect(gateway)
                await wire.send((OPENING + b"\x81\x85\x00\x00\x00\x00hello")[:length])
                if random.Random(length).random() < 0.5:
                    await trio.lowlevel.checkpoint()
                reset(wire)


async def test_clients_that_do_not_read_hold_nobody_up() -> None:
    app = make_app()
    with trio.fail_after(60), nothing_logged():
        async with running(app, grace=0.2) as gateway:
            async with innocents(gateway) as answered:
                wires = [await connect(gateway) for _ in range(10)]
                for wire in wires:
                    await wire.send(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
                for wire in wires:
                    # The answer has begun, and is larger than what is under way.
                    await wire.stream.receive_some(1)
                for kind in answered:
                    before = answered[kind]
                    await until(lambda kind=kind, before=before: answered[kind] >= before + 30)
            begin = time.perf_counter()
        assert time.perf_counter() - begin < WRITE_TIMEOUT / 2
        for wire in wires:
            await wire.stream.aclose()


async def _attack_all_at_once(gateway: Gateway, data: bytes) -> None:
    async with trio.open_nursery() as nursery:
        for number in range(12):
            nursery.start_soon(_attack, gateway, data, number)


async def _attack(gateway: Gateway, data: bytes, number: int) -> None:
    wire = await connect(gateway)
    async with wire.stream:
        try:
            await wire.send(data)
            match number % 4:
                case 0:
                    await wire.stream.send_eof()  # type: ignore[attr-defined]
                    await _hear(wire)
                case 1:
                    pass
                case 2:
                    await trio.sleep(0.01 * (number % 3))
                    reset(wire)
                case 3:
                    await _hear(wire)
        except trio.BrokenResourceError:
            pass  # it was cut while it still sent


async def _hear(wire: Wire) -> None:
    with trio.move_on_after(0.1):
        await wire.until_closed()


@asynccontextmanager
async def innocents(gateway: Gateway) -> AsyncGenerator[dict[str, int]]:
    """One who chats and one who asks, all through the block; each gets every answer, and none waits for it.

    Yields how many answers each has got so far.
    """
    answered = {"chat": 0, "ask": 0}
    async with open_websocket_url(gateway.addresses[0].replace("http", "ws", 1) + "/ws") as ws:
        wire = await connect(gateway)
        async with wire.stream, trio.open_nursery() as nursery:
            nursery.start_soon(_chat, ws, answered)
            nursery.start_soon(_ask, wire, answered)
            yield answered
            nursery.cancel_scope.cancel()
        with trio.fail_after(20):  # the same connections, once more
            await ws.send_message("last")
            while await ws.get_message() != "last":
                pass


async def _chat(ws: WebSocketConnection, answered: dict[str, int]) -> None:
    for number in range(1_000_000):
        with trio.fail_after(20):
            await ws.send_message(str(number))
            assert await ws.get_message() == str(number)
        answered["chat"] += 1
        await trio.sleep(0.01)


async def _ask(wire: Wire, answered: dict[str, int]) -> None:
    while True:
        with trio.fail_after(20):
            assert (await wire.get())[0] == 200
        answered["ask"] += 1
        await trio.sleep(0.01)
