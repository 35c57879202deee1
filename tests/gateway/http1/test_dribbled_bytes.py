"""Bytes that come one by one are read together after a while: no client makes the loop turn for each of them."""

import math
import socket
from typing import Any

import pytest
import trio
import trio.testing

from chat.domain.limits.pace import Pace
from chat.gateway.http1.head import PIECE_OF_HEAD, READS, READS_AT_ONCE, Head, ReplayStream, read_head
from chat.gateway.http1.pieces import FREE_PIECES
from chat.gateway.listener import Gateway
from chat.gateway.websocket.inbound import InboundFastPath
from chat.inspection.recorder import Record
from tests.support.frames import BINARY, TEXT, client_frame
from tests.support.gateway import OPENING, running, wire_to

BODY = b'{"text": "hello"}'
POST = b"POST /echo HTTP/1.1\r\nHost: localhost\r\n"
OF_KNOWN_LENGTH = b"Content-Length: %d\r\n\r\n" % len(BODY)
LONG = b"Content-Length: 100\r\n\r\n"
IN_CHUNKS = POST + b"Transfer-Encoding: chunked\r\n\r\n"
LENGTH = b"%x\r\n" % len(BODY)


class Dribble:
    """A connection that brings one byte a read, as fast as it is read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.pace = Pace(READS, READS_AT_ONCE)
        self.pushed = b""

    async def receive_ready(self, _max_bytes: int | None) -> bytes:
        await trio.lowlevel.checkpoint()
        byte, self._data = self._data[:1], self._data[1:]
        return byte

    receive_some = receive_ready

    def push_back(self, data: bytes | bytearray) -> None:
        self.pushed = bytes(data)


def took(began: float, reads: int) -> bool:
    """Whether time went by as for so many reads, from a client that had been silent."""
    return abs(trio.current_time() - began - (reads - READS_AT_ONCE) / READS) < PIECE_OF_HEAD / READS


@pytest.mark.parametrize("opcode", [TEXT, BINARY], ids=["ours", "the library's"])
async def test_frames_in_single_bytes(opcode: int, autojump_clock: object) -> None:
    sent = client_frame(opcode, b"x" * 500)
    dribble: Any = Dribble(sent)
    began = trio.current_time()
    inbound = InboundFastPath(dribble, 1000, Record())

    async def read_as_library() -> str:
        left = len(sent)
        while left:
            left -= len(await inbound.receive_for_library(None))
        return "all of it"

    (message,) = await inbound.receive(read_as_library)
    assert message == ("x" * 500 if opcode == TEXT else "all of it")
    assert took(began, len(sent))


async def test_a_first_head_in_single_bytes(autojump_clock: object) -> None:
    raw = OPENING[:-2] + b"X: " + b"x" * 300 + b"\r\n\r\n"
    dribble: Any = Dribble(raw)
    began = trio.current_time()
    assert isinstance(await read_head(dribble, 4096), Head)
    assert dribble.pushed == raw
    assert took(began, PIECE_OF_HEAD * len(raw))


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Each read of the server's, by how much it asked for."""
    reads: list[int | None] = []
    receive = ReplayStream.receive_some

    def counted(self: ReplayStream, max_bytes: int | None = None) -> Any:
        reads.append(max_bytes)
        return receive(self, max_bytes)

    monkeypatch.setattr(ReplayStream, "receive_some", counted)
    return reads


@pytest.mark.parametrize(
    ("start", "dribbled", "end"),
    [
        (b"GET /who HTTP/1.1\r\nHost: localhost\r\nX: ", b"x" * 100, b"\r\n\r\n"),
        (POST + LONG, b"x" * 100, b""),
    ],
    ids=["a later head", "a body"],
)
async def test_a_request_in_single_bytes(
    start: bytes, dribbled: bytes, end: bytes, reads: list[int | None]
) -> None:
    with trio.fail_after(20):
        async with running() as gateway, wire_to(gateway) as wire:
            assert (await wire.get())[0] == 200
            reads.clear()
            began = trio.current_time()
            await wire.send(start)
            for byte in dribbled:
                await wire.send(bytes([byte]))
                await trio.testing.wait_all_tasks_blocked(0.001)
            await wire.send(end)
            assert (await wire.response())[0] == 200
            paced = len(reads) - FREE_PIECES
            assert PIECE_OF_HEAD * (paced - 2) <= READS_AT_ONCE + READS * (trio.current_time() - began)


async def test_whole_requests_are_no_pieces() -> None:
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            for _ in range(50):
                assert (await wire.get())[0] == 200


@pytest.mark.parametrize(
    "segments",
    [
        pytest.param([POST + OF_KNOWN_LENGTH, BODY], id="head, body"),
        pytest.param([POST, OF_KNOWN_LENGTH, BODY[:5], BODY[5:]], id="two of each"),
        pytest.param([IN_CHUNKS, LENGTH + BODY + b"\r\n", b"0\r\n\r\n"], id="head, chunk, end"),
        pytest.param([IN_CHUNKS, LENGTH, BODY, b"\r\n", b"0\r\n\r\n"], id="all of a chunk for itself"),
        pytest.param(
            [POST + b"Expect: 100-continue\r\n" + OF_KNOWN_LENGTH, BODY], id="asked whether to go on"
        ),
    ],
)
async def test_a_request_in_the_segments_of_a_common_library_never_waits(
    segments: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    count = Pace.count

    def noted(self: Pace, number: int = 1) -> float:
        waits.append(count(self, number))
        return waits[-1]

    monkeypatch.setattr(Pace, "count", noted)
    with trio.fail_after(20):
        async with running() as gateway, wire_to(gateway) as wire:
            for _ in range(10):
                for segment in segments:
                    await wire.send(segment)
                    await trio.testing.wait_all_tasks_blocked(0.002)  # it is read, alone
                status, headers, body = await wire.response()
                if b"Expect" in segments[0]:
                    assert status == 100
                    status, headers, body = await wire.response()
                assert (status, body, headers.get("connection")) == (200, BODY, None)
    assert waits
    assert max(waits) == 0.0


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="this system has no TCP_QUICKACK")
async def test_small_writes_are_not_delayed_by_nagle() -> None:
    """Nagle's algorithm keeps the body until the head is acknowledged, which the kernel puts off by 40 ms."""

    async def five_calls(gateway: Gateway, *, collects: bool) -> float:
        async with wire_to(gateway) as wire:
            assert isinstance(wire.stream, trio.SocketStream)
            wire.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, not collects)
            for _ in range(20):  # a new connection acknowledges at once for a while
                assert (await wire.get())[0] == 200
            began = trio.current_time()
            for _ in range(5):
                await wire.send(POST + OF_KNOWN_LENGTH)
                await wire.send(BODY)
                assert (await wire.response())[2] == BODY
            return trio.current_time() - began

    with trio.fail_after(60):
        async with running() as gateway:
            at_once, collected = math.inf, math.inf
            for _ in range(5):  # other processes make single tries slow; the kernel's delay is in each
                at_once = min(at_once, await five_calls(gateway, collects=False))
                collected = min(collected, await five_calls(gateway, collects=True))
    assert collected - at_once < 5 * 0.02
