"""How a client's stream holds a message to its bounds, how long a client may take to read, and how a stream ends."""

import os
import random
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
import trio
import trio._core._run as trio_run
import trio.socket
import trio.testing
from trio_websocket import ConnectionClosed

from chat.domain.closing import GOING_AWAY
from chat.frames import close_frame
from chat.gateway.http1 import refusal
from chat.gateway.http1.head import ReplayStream
from chat.gateway.websocket.client_stream import ClientStream
from chat.shutdown import CLOSE_ANSWER
from tests.support.encrypted import encrypted_pair
from tests.support.frames import CLOSE, CONTINUATION, TEXT, client_frame

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
"""The one of RFC 6455, section 1.3."""

MUCH = 8 << 20
"""Bytes: more than the system keeps for a socket."""


async def test_a_client_that_does_not_read_is_not_awaited_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal, "LINGER", 60.0)
    ours, theirs = trio.socket.socketpair()
    stream = ClientStream(ReplayStream(trio.SocketStream(ours)), largest=100, limit=2 * MUCH)
    with trio.fail_after(10):
        async with trio.SocketStream(theirs) as client:
            async with trio.open_nursery() as nursery:
                with stream.send_queue.written_by(nursery.start_soon):
                    stream.send_queue.offer(bytes(MUCH))
                    stream.send_queue.finish(close_frame(*GOING_AWAY.content))
                    await stream.flush()
                nursery.cancel_scope.cancel()
            await stream.hang_up()
            received = 0
            while data := await client.receive_some(1 << 20):
                received += len(data)
            assert 0 < received < MUCH


async def test_a_reading_client_gets_everything_although_it_still_sends() -> None:
    ours, theirs = trio.socket.socketpair()
    stream = ClientStream(ReplayStream(trio.SocketStream(ours)), largest=100, limit=2 * MUCH)
    last = close_frame(*GOING_AWAY.content)
    received = bytearray()

    async def read() -> None:
        while data := await client.receive_some(1 << 20):
            received.extend(data)
        await client.aclose()

    with trio.fail_after(10):
        client = trio.SocketStream(theirs)
        async with trio.open_nursery() as nursery:
            with stream.send_queue.written_by(nursery.start_soon):
                await client.send_all(b"nobody reads this any more")
                nursery.start_soon(read)
                stream.send_queue.offer(bytes(MUCH))
                stream.send_queue.finish(last)
                await stream.flush()
            await stream.hang_up()
    assert received == bytes(MUCH) + last


async def test_nothing_is_sent_after_the_close_frame() -> None:
    ours, theirs = trio.socket.socketpair()
    stream = ClientStream(ReplayStream(trio.SocketStream(ours)), largest=100, limit=MUCH)
    with trio.fail_after(10):
        async with trio.SocketStream(theirs) as client, trio.open_nursery() as nursery:
            with stream.send_queue.written_by(nursery.start_soon):
                stream.send_queue.offer(b"said")
                await stream.flush()
                stream.send_queue.offer(b" too late")
            nursery.start_soon(stream.hang_up)
            assert await client.receive_some() == b"said"
            assert await client.receive_some() == b""
            await client.aclose()


async def test_a_slow_reader_under_tls_is_not_cut(mock_clock: trio.testing.MockClock) -> None:
    """Every time that the socket took a little, five seconds pass; after eight without anything it would be cut."""
    much, received = 262_144, 0
    async with encrypted_pair() as (server, client):
        server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # as little as the system allows
        stream = ClientStream(server, largest=100, limit=2 * much)
        cut = trio.CancelScope()
        stream.send_queue.when_full(cut.cancel)

        transport = server.tls
        assert transport is not None
        tell_send_queue = transport.progressed

        def progressed() -> None:
            tell_send_queue()
            mock_clock.jump(5)

        transport.progressed = progressed
        started = trio.current_time()
        async with trio.open_nursery() as nursery:
            with stream.send_queue.written_by(nursery.start_soon):
                stream.send_queue.offer(bytes(much))
                with cut:
                    while received < much:
                        received += len(await client.receive_some(65536))
            nursery.cancel_scope.cancel()
    assert not cut.cancel_called
    assert received == much
    assert trio.current_time() - started > 100


@pytest.mark.parametrize("order", range(8))
async def test_an_answer_that_came_while_the_loop_stood_still_is_read(
    order: int, mock_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the same pass of the loop the bytes are there and the time is over; either task may run first."""
    monkeypatch.setattr(trio_run, "_r", random.Random(order))
    ours, theirs = trio.socket.socketpair()
    stream = ClientStream(ReplayStream(trio.SocketStream(ours)), largest=100, limit=MUCH)
    async with trio.SocketStream(theirs) as client, trio.open_nursery() as nursery:
        with stream.send_queue.written_by(nursery.start_soon):
            connection = stream.accept(KEY, nursery, 100)
            stream.receive_no_more()

            async def close() -> None:
                with trio.move_on_after(CLOSE_ANSWER):
                    await connection.aclose(*GOING_AWAY.content)

            nursery.start_soon(close)
            await trio.testing.wait_all_tasks_blocked()
            code, reason = GOING_AWAY.content
            os.write(theirs.fileno(), client_frame(CLOSE, code.to_bytes(2) + reason.encode()))
            mock_clock.jump(2 * CLOSE_ANSWER)
            await trio.testing.wait_all_tasks_blocked()
            assert connection.closed is not None
            assert (connection.closed.code, connection.closed.reason) == (code, reason)
            await client.aclose()
            await stream.hang_up()
        nursery.cancel_scope.cancel()


class Narrow(ReplayStream):
    """A connection that brings at most so many bytes a read."""

    def __init__(self, inner: trio.SocketStream, most: int) -> None:
        super().__init__(inner)
        self._most = most
        self.reads = 0

    async def receive_ready(self, max_bytes: int) -> bytes:
        self.reads += 1
        return await super().receive_ready(min(max_bytes, self._most))

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        self.reads += 1
        return await super().receive_some(self._most)


@asynccontextmanager
async def accepted(most: int) -> AsyncGenerator[tuple[ClientStream, Narrow, trio.SocketStream]]:
    """A client's stream behind its handshake, its connection, and the client."""
    ours, theirs = trio.socket.socketpair()
    narrow = Narrow(trio.SocketStream(ours), most)
    stream = ClientStream(narrow, largest=100, limit=MUCH)
    async with trio.SocketStream(theirs) as client, narrow, trio.open_nursery() as nursery:
        with stream.send_queue.written_by(nursery.start_soon):
            stream.accept(KEY, nursery, 65_536)
            yield stream, narrow, client
        nursery.cancel_scope.cancel()


def fragments(*payloads: str) -> bytes:
    """One message in as many frames."""
    last = len(payloads) - 1
    return b"".join(
        client_frame(CONTINUATION if number else TEXT, payload.encode(), fin=number == last)
        for number, payload in enumerate(payloads)
    )


async def test_a_message_that_comes_in_many_reads_has_no_more_fragments_than_frames() -> None:
    whole = "\N{EURO SIGN}" * 1500
    with trio.fail_after(20):
        async with accepted(1) as (stream, narrow, client), trio.open_nursery() as nursery:
            nursery.start_soon(client.send_all, fragments(whole[:700], whole[700:]))
            assert await stream.receive() == (whole,)
            assert narrow.reads > 4500
            assert stream.record.most_fragments == 2


async def test_an_unfinished_message_is_not_kept_letter_by_letter() -> None:
    whole = "\N{EURO SIGN}" * 5000
    most = 0
    with trio.fail_after(20):
        async with accepted(3) as (stream, narrow, client), trio.open_nursery() as nursery:

            async def count() -> None:
                nonlocal most
                while True:
                    assert stream.connection is not None
                    most = max(most, len(stream.connection._message_parts))
                    await trio.lowlevel.checkpoint()

            nursery.start_soon(count)
            nursery.start_soon(client.send_all, fragments(whole))
            assert await stream.receive() == (whole,)
            assert narrow.reads > 5000
            nursery.cancel_scope.cancel()
    assert 1000 < most <= 1025


@pytest.mark.parametrize("most", [7, 16_384])
async def test_a_message_has_1024_fragments_and_not_one_more(most: int) -> None:
    with trio.fail_after(20):
        async with accepted(most) as (stream, _, client):
            assert await client.receive_some() != b""
            for _ in range(2):  # what counts is the frames of one message
                await client.send_all(fragments(*["x"] * 1024))
                assert await stream.receive() == ("x" * 1024,)
            await client.send_all(fragments(*["x"] * 1025))
            with pytest.raises(ConnectionClosed):
                await stream.receive()
            assert stream.record.too_many_fragments
            assert (await client.receive_some())[2:4] == (1009).to_bytes(2)


PING = b"\x89\x80\0\0\0\0"
TOO_BIG_BINARY = b"\x82\xff" + (1 << 17).to_bytes(8) + bytes(4 + (1 << 17))


@pytest.mark.parametrize("late", [PING, TOO_BIG_BINARY], ids=["a ping", "too big"])
async def test_frames_after_our_close_frame_do_not_cut_queued_bytes(late: bytes) -> None:
    last = close_frame(*GOING_AWAY.content)
    goodbye = b"\x88\x82\0\0\0\0" + GOING_AWAY.code.to_bytes(2)
    with trio.fail_after(20):
        async with accepted(16_384) as (stream, _, client), trio.open_nursery() as nursery:
            received = bytearray(await client.receive_some()).partition(b"\r\n\r\n")[2]
            assert stream.connection is not None
            stream.send_queue.offer(bytes(MUCH))
            stream.receive_no_more()
            nursery.start_soon(stream.connection.aclose, *GOING_AWAY.content)
            await trio.testing.wait_all_tasks_blocked()
            assert stream.send_queue.queued > len(last), "the close frame does not wait"
            for _ in range(3 if late == PING else 1):
                await client.send_all(late)
                await trio.testing.wait_all_tasks_blocked(0.01)
            while len(received) < MUCH + len(last):
                data = await client.receive_some()
                assert data, "the rest was not sent"
                received += data
            assert received == bytes(MUCH) + last
            if late != PING:
                # trio-websocket reads no more, so whoever says goodbye has a deadline of their own.
                nursery.cancel_scope.cancel()
                return
            await client.send_all(goodbye)
            assert await client.receive_some() == b""


async def test_a_close_frame_of_the_library_is_the_last_that_is_sent() -> None:
    ours, theirs = trio.socket.socketpair()
    stream = ClientStream(ReplayStream(trio.SocketStream(ours)), largest=100, limit=1000)
    first, last = b"\x81\x02hi", close_frame(1000, "")
    with trio.fail_after(10):
        async with trio.SocketStream(theirs) as client:
            async with trio.open_nursery() as nursery:
                with stream.send_queue.written_by(nursery.start_soon):
                    for frame in (first, last, first, b""):
                        await stream.send_all(frame)
                    await stream.send_queue.wait_until_at_most(0)
                nursery.cancel_scope.cancel()
            stream._stream.socket.close()
            received = b""
            while data := await client.receive_some():
                received += data
    assert received == first + last
