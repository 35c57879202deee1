"""Bytes that come one by one are read together after a while: no client makes the loop turn for each of them."""

from typing import Any

import pytest
import trio

from chat.domain.pace import Pace
from chat.gateway.http1.head import PIECE_OF_HEAD, READS, READS_AT_ONCE, Head, ReplayStream, read_head
from chat.gateway.websocket.inbound import InboundFastPath
from chat.inspection.recorder import Record
from tests.support.frames import BINARY, TEXT, client_frame
from tests.support.gateway import OPENING, running, wire_to


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
    inbound = InboundFastPath(dribble, b"handshake", 1000, Record())
    assert await inbound.receive_for_library(None) == b"handshake"

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


async def test_a_later_head_in_single_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = 0
    receive = ReplayStream.receive_some

    def counted(self: ReplayStream, max_bytes: int | None = None) -> Any:
        nonlocal reads
        reads += 1
        return receive(self, max_bytes)

    monkeypatch.setattr(ReplayStream, "receive_some", counted)
    head = b"GET /who HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 100 + b"\r\n\r\n"
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            assert (await wire.get())[0] == 200
            before, began = reads, trio.current_time()
            for byte in head:
                await wire.send(bytes([byte]))
                await trio.testing.wait_all_tasks_blocked(0.001)
            assert (await wire.response())[0] == 200
            took = trio.current_time() - began
    assert PIECE_OF_HEAD * (reads - before) <= READS_AT_ONCE + READS * took + 2 * PIECE_OF_HEAD


async def test_whole_requests_are_no_pieces() -> None:
    with trio.fail_after(10):
        async with running() as gateway, wire_to(gateway) as wire:
            for _ in range(50):
                assert (await wire.get())[0] == 200
