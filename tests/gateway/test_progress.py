"""Whoever writes through TLS hears of every part that the socket takes."""

import pytest
import trio
import trio.testing

from chat.gateway.http1.head import ReplayStream
from chat.gateway.progress import ProgressStream
from tests.support.encrypted import encrypted_pair

MUCH = 8 << 20
"""Bytes: more than the system keeps for a socket."""


async def test_a_client_that_reads_a_little_is_seen_to_read_long_before_all_is_sent() -> None:
    progressed, sent = trio.Event(), trio.Event()
    heard = 0

    async def send() -> None:
        await stream.send_all(bytes(MUCH))
        sent.set()

    with trio.fail_after(20):
        async with encrypted_pair() as (stream, client), trio.open_nursery() as nursery:
            stream.on_progress(lambda: progressed.set())
            nursery.start_soon(send)
            await trio.testing.wait_all_tasks_blocked(0.01)
            times = 0
            while heard < MUCH:
                progressed = trio.Event()
                while not progressed.is_set() and heard < MUCH:
                    heard += len(await client.receive_some(16_384))
                times += not sent.is_set()
    assert sent.is_set()
    assert times > 4


async def test_in_plain_nobody_is_told_and_everything_arrives() -> None:
    left, right = trio.socket.socketpair()
    stream = ReplayStream(trio.SocketStream(left))
    stream.on_progress(lambda: pytest.fail("whoever writes to the socket sees its progress by itself"))
    with trio.fail_after(10):
        async with stream, trio.SocketStream(right) as client:
            await stream.send_all(b"hello")
            assert await client.receive_some(10) == b"hello"


async def test_a_peer_that_is_gone_and_a_socket_that_is_closed_are_told_apart() -> None:
    left, right = trio.socket.socketpair()
    stream = ProgressStream(trio.SocketStream(left))
    with trio.fail_after(10):
        right.close()
        with pytest.raises(trio.BrokenResourceError):
            await stream.send_all(b"hello")
        await stream.aclose()
        with pytest.raises(trio.ClosedResourceError):
            await stream.send_all(b"hello")


async def test_a_stream_as_trio_expects_it() -> None:
    """Trio's own checks of a half-closeable stream: conflicts aside, which SSLStream sees to."""
    left, right = trio.socket.socketpair()
    stream = ProgressStream(trio.SocketStream(left))
    with trio.fail_after(10):
        async with stream, trio.SocketStream(right) as client:
            await stream.wait_send_all_might_not_block()
            await stream.send_all(bytearray(b"one"))
            await stream.send_all(memoryview(b"two"))
            with trio.testing.assert_checkpoints():
                await stream.send_all(b"")
            await stream.send_eof()
            heard = b""
            while data := await client.receive_some():
                heard += data
            assert heard == b"onetwo"
            await client.send_all(b"and back")
            assert await stream.receive_some() == b"and back"
