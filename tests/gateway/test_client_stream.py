"""How a client's stream ends, and how long it may take to read."""

import socket

import pytest
import trio
import trio.socket
import trio.testing
from test_progress import encrypted_pair

from chat.gateway import refusal
from chat.gateway.client_stream import ClientStream, close_frame
from chat.gateway.head import ReplayStream
from chat.model.closing import GOING_AWAY

MUCH = 8 << 20
"""Bytes: more than the system keeps for a socket."""


async def test_who_does_not_read_is_not_waited_for_any_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal, "LINGER", 60.0)
    ours, theirs = trio.socket.socketpair()
    stream = ClientStream(ReplayStream(trio.SocketStream(ours)), b"", largest=100, limit=2 * MUCH)
    with trio.fail_after(10):
        async with trio.SocketStream(theirs) as client:
            async with trio.open_nursery() as nursery:
                with stream.outbox.written_by(nursery.start_soon):
                    stream.outbox.offer(bytes(MUCH))
                    stream.outbox.finish(close_frame(*GOING_AWAY))
                    await stream.flush()
                nursery.cancel_scope.cancel()
            await stream.hang_up()
            heard = 0
            while data := await client.receive_some(1 << 20):
                heard += len(data)
            assert 0 < heard < MUCH


async def test_who_reads_has_everything_before_the_end_also_if_it_still_sends() -> None:
    ours, theirs = trio.socket.socketpair()
    stream = ClientStream(ReplayStream(trio.SocketStream(ours)), b"", largest=100, limit=2 * MUCH)
    last = close_frame(*GOING_AWAY)
    heard = bytearray()

    async def read() -> None:
        while data := await client.receive_some(1 << 20):
            heard.extend(data)
        await client.aclose()

    with trio.fail_after(10):
        client = trio.SocketStream(theirs)
        async with trio.open_nursery() as nursery:
            with stream.outbox.written_by(nursery.start_soon):
                await client.send_all(b"nobody reads this any more")
                nursery.start_soon(read)
                stream.outbox.offer(bytes(MUCH))
                stream.outbox.finish(last)
                await stream.flush()
            await stream.hang_up()
    assert heard == bytes(MUCH) + last


async def test_who_reads_slowly_under_tls_is_not_too_slow(mock_clock: trio.testing.MockClock) -> None:
    """Every time that the socket took a little, five seconds pass; after eight without anything it would be cut."""
    much, heard = 262_144, 0
    async with encrypted_pair() as (server, client):
        server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1)  # as little as the system allows
        stream = ClientStream(server, b"", largest=100, limit=2 * much)
        cut = trio.CancelScope()
        stream.overflow = cut.cancel

        transport = server._inner.transport_stream  # type: ignore[union-attr]
        tell_outbox = transport.progressed

        def progressed() -> None:
            tell_outbox()
            mock_clock.jump(5)

        transport.progressed = progressed
        started = trio.current_time()
        async with trio.open_nursery() as nursery:
            with stream.outbox.written_by(nursery.start_soon):
                stream.outbox.offer(bytes(much))
                with cut:
                    while heard < much:
                        heard += len(await client.receive_some(65536))
            nursery.cancel_scope.cancel()
    assert not cut.cancel_called
    assert heard == much
    assert trio.current_time() - started > 100
