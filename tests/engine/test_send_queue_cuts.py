"""Writes that the socket cuts at any byte: the client's own decoder never meets a torn frame, nor one after a close."""

import os
import socket
from collections.abc import Generator, Iterable, Iterator

import pytest
import trio
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import CloseConnection, Event, Ping, Pong, TextMessage

from chat.engine.send_queue import SendQueue
from chat.frames import text_frame

PING, PONG, CLOSE = b"\x89\x02hi", b"\x8a\x02ho", b"\x88\x02\x03\xe9"
FIRST = text_frame(b"first") + text_frame("zweite, längere Zeile".encode())


class Choked:
    """A socket that takes only so many bytes of each write, as many as `takes` says in turn; 0 is none for now.

    Both ways to it are choked: os.write, with which the send queue writes through, and the writer's `send_some`.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.near, self.far = socket.socketpair()
        self.near.setblocking(False)
        self.far.setblocking(False)
        self.takes: Iterator[int] = iter(())
        self.cuts = 0
        """Writes of which a part was not taken."""
        self._write = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, descriptor: int, data: bytes) -> int:
        if descriptor != self.near.fileno():
            return self._write(descriptor, data)
        most = next(self.takes, len(data))
        self.cuts += most < len(data)
        if not most:
            raise BlockingIOError
        return self._write(descriptor, data[:most])

    async def send_some(self, data: bytes) -> int:
        while True:
            await trio.lowlevel.wait_writable(self.near)
            try:
                return self.write(self.near.fileno(), data)
            except BlockingIOError:
                continue
            except OSError as error:
                raise trio.BrokenResourceError from error

    def open_send_queue(self, takes: Iterable[int], *, write_through: bool = True) -> SendQueue:
        self.takes = iter(takes)
        fileno = self.near.fileno if write_through else None
        return SendQueue(self.send_some, fileno=fileno, limit=100_000)

    def close(self) -> None:
        self.near.close()
        self.far.close()


@pytest.fixture
def choked(monkeypatch: pytest.MonkeyPatch) -> Generator[Choked]:
    choked = Choked(monkeypatch)
    yield choked
    choked.close()


class Client:
    """What a client's library makes of the bytes."""

    def __init__(self, far: socket.socket) -> None:
        self._far = far
        self._connection = Connection(ConnectionType.CLIENT)
        self._text = ""
        self.received: list[object] = []

    async def hear_to_the_end(self) -> None:
        with trio.fail_after(30):
            while True:
                await trio.lowlevel.wait_readable(self._far)
                data = self._far.recv(65536)
                if not data:
                    return
                self._connection.receive_data(data)
                for event in self._connection.events():
                    self._note(event)

    def _note(self, event: Event) -> None:
        match event:
            case TextMessage():
                self._text += event.data
                if event.message_finished:
                    self.received.append(self._text)
                    self._text = ""
            case Ping() | Pong():
                self.received.append((type(event), bytes(event.payload)))
            case CloseConnection():
                self.received.append(event.code)


def takes(first: int, then: int) -> Generator[int]:
    """The first write is cut here, those after it into small pieces, with refusals between."""
    yield first
    while True:
        yield then
        yield 0


TOLD = ["first", "zweite, längere Zeile", (Ping, b"hi"), "third", (Pong, b"ho"), "fourth", 1001]


@pytest.mark.parametrize("steps", [0, 1, 3])
@pytest.mark.parametrize("write_through", [True, False])
async def test_a_write_cut_at_any_byte_tears_no_frame(
    monkeypatch: pytest.MonkeyPatch, steps: int, write_through: bool
) -> None:
    """Lines, a ping of ours, a pong of the library's and a close frame, with `steps` turns of the loop between."""
    for cut in range(len(FIRST) + 1):
        choked = Choked(monkeypatch)
        client = Client(choked.far)
        send_queue = choked.open_send_queue(takes(cut, 1 + cut % 7), write_through=write_through)
        async with trio.open_nursery() as nursery:
            with send_queue.written_by(nursery.start_soon):
                for blob in (FIRST, PING, text_frame(b"third"), PONG, text_frame(b"fourth")):
                    send_queue.offer(blob)
                    for _ in range(steps):
                        await trio.lowlevel.checkpoint()
                send_queue.finish(CLOSE)
                send_queue.finish(CLOSE)
                send_queue.offer(text_frame(b"after the close frame"))
                with trio.fail_after(30):
                    await send_queue.wait_until_at_most(0)
        choked.near.close()
        await client.hear_to_the_end()
        assert client.received == TOLD
        assert choked.cuts > 0
        choked.close()


async def test_a_client_cut_within_a_frame_gets_the_whole_frame_and_the_reason(choked: Choked) -> None:
    """At every byte: what the socket has begun to take is finished, what waits is dropped."""
    client = Client(choked.far)
    send_queue = choked.open_send_queue([11, *[1] * 1000])
    async with trio.open_nursery() as nursery:
        with send_queue.written_by(nursery.start_soon):
            send_queue.offer(FIRST)
            send_queue.offer(text_frame(b"dropped"))
            send_queue.cut()
            send_queue.offer(text_frame(b"refused"))
            send_queue.finish(CLOSE)
            with trio.fail_after(30):
                await send_queue.wait_until_at_most(0)
    choked.near.close()
    await client.hear_to_the_end()
    assert client.received == ["first", "zweite, längere Zeile", 1001]


@pytest.mark.parametrize("cut", range(1, len(FIRST), 3))
async def test_a_reset_in_mid_write_ends_the_send_queue(choked: Choked, cut: int) -> None:
    send_queue = choked.open_send_queue(takes(cut, 1))
    with pytest.RaisesGroup(trio.BrokenResourceError):
        async with trio.open_nursery() as nursery:
            with send_queue.written_by(nursery.start_soon):
                send_queue.offer(FIRST)
                send_queue.offer(text_frame(b"never"))
                choked.far.close()
                with trio.move_on_after(5):
                    await send_queue.wait_until_at_most(0)
    writes = choked.cuts
    choked.takes = iter([0])
    send_queue.offer(text_frame(b"never"))
    send_queue.finish(CLOSE)
    assert choked.cuts == writes
