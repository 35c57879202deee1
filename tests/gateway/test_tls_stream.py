"""TLS on a socket: data are written at once, records stay whole, and Trio's rules for streams hold."""

import os
import random
import ssl

import pytest
import trio
import trio.testing
import trustme

from chat.engine.send_queue import SendQueue
from chat.gateway.http1.head import ReplayStream
from chat.gateway.tls_stream import RECORD, TlsStream
from tests.support.encrypted import encrypted_pair

MUCH = 8 << 20
"""Bytes: more than the system keeps for a socket."""

Client = trio.SSLStream[trio.SocketStream]


async def hear(client: Client, size: int) -> bytes:
    received = b""
    while len(received) < size:
        received += await client.receive_some(65_536)
    return received


def tls_of(stream: ReplayStream) -> TlsStream:
    assert stream.tls is not None
    return stream.tls


async def test_a_client_that_reads_a_little_is_seen_to_read_long_before_all_is_sent() -> None:
    progressed, sent = trio.Event(), trio.Event()
    received = 0

    async def send() -> None:
        await stream.send_all(bytes(MUCH))
        sent.set()

    with trio.fail_after(20):
        async with encrypted_pair() as (stream, client), trio.open_nursery() as nursery:
            tls_of(stream).progressed = lambda: progressed.set()
            nursery.start_soon(send)
            await trio.testing.wait_all_tasks_blocked(0.01)
            times = 0
            while received < MUCH:
                progressed = trio.Event()
                while not progressed.is_set() and received < MUCH:
                    received += len(await client.receive_some(16_384))
                times += not sent.is_set()
    assert sent.is_set()
    assert times > 4


async def test_data_that_fits_the_socket_is_one_record_and_one_write_without_a_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writes: list[int] = []
    write = os.write

    def count(descriptor: int, data: bytes) -> int:
        writes.append(len(data))
        return write(descriptor, data)

    async with encrypted_pair() as (stream, client):
        tls = tls_of(stream)
        send_queue = SendQueue(tls.send_some, fileno=None, write_now=tls.write_now, limit=MUCH)
        monkeypatch.setattr(os, "write", count)
        for size in (1, 100, RECORD):
            send_queue.offer(bytes(size))
            assert send_queue.queued == 0
        monkeypatch.undo()
        assert len(writes) == 3
        assert all(0 < written - size < 64 for written, size in zip(writes, (1, 100, RECORD), strict=True))
        with trio.fail_after(10):
            assert len(await hear(client, 101 + RECORD)) == 101 + RECORD


@pytest.mark.parametrize("seed", range(10))
async def test_blobs_of_any_size_arrive_in_their_order_whatever_the_socket_takes(seed: int) -> None:
    chance = random.Random(seed)
    sizes = [chance.choice((1, 200, 5000, RECORD, RECORD + 1, 100_000, 700_000)) for _ in range(30)]
    blobs = [chance.randbytes(size) for size in sizes]
    with trio.fail_after(20):
        async with encrypted_pair() as (stream, client), trio.open_nursery() as nursery:
            tls = tls_of(stream)
            send_queue = SendQueue(tls.send_some, fileno=None, write_now=tls.write_now, limit=64 * MUCH)
            with send_queue.written_by(nursery.start_soon):
                received = b""
                for blob in blobs:
                    send_queue.offer(blob)
                    if chance.random() < 0.5:
                        received += await client.receive_some(chance.choice((100, 300_000)))
                received += await hear(client, sum(sizes) - len(received))
                await send_queue.wait_until_at_most(0)
            assert received == b"".join(blobs)


async def test_a_queue_cut_within_a_record_sends_its_rest_and_the_last_frame() -> None:
    with trio.fail_after(20):
        async with encrypted_pair() as (stream, client), trio.open_nursery() as nursery:
            tls = tls_of(stream)
            send_queue = SendQueue(tls.send_some, fileno=None, write_now=tls.write_now, limit=64 * MUCH)
            with send_queue.written_by(nursery.start_soon):
                begun = 0
                while not send_queue.queued:  # until the socket is full, in the middle of a record
                    send_queue.offer(b"x" * 5000)
                    begun += 5000
                send_queue.offer(b"never sent")
                send_queue.cut()
                send_queue.finish(b"last")
                assert await hear(client, begun + 4) == b"x" * begun + b"last"


async def test_a_send_cancelled_within_a_record_is_repeated_or_dropped_whole() -> None:
    async with encrypted_pair() as (stream, client):
        tls = tls_of(stream)
        data = random.Random(1).randbytes(MUCH)
        sent = 0
        with trio.move_on_after(0.1):
            while True:
                sent += await tls.send_some(data[sent:])
        with pytest.raises(OSError, match="was not sent"):
            tls.write_now(b"something else")
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(tls.send_all, data[sent:])
                assert await hear(client, MUCH) == data


async def test_reading_and_writing_are_concurrent_and_a_cancelled_read_loses_nothing() -> None:
    async with encrypted_pair() as (stream, client):
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.send_all, bytes(100_000))
                nursery.start_soon(stream.send_all, bytes(100_000))
                nursery.start_soon(hear, client, 100_000)
                received = 0
                while received < 100_000:
                    with trio.CancelScope() as scope:
                        scope.cancel()
                        received += len(await stream.receive_some(1000))
                    received += len(await stream.receive_some(1000))
        assert received == 100_000


async def test_garbage_in_place_of_a_handshake_gets_an_alert() -> None:
    authority, ours = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(ours)
    left, right = trio.socket.socketpair()
    with trio.fail_after(10):
        async with trio.SocketStream(right) as client, TlsStream(trio.SocketStream(left), ours) as server:
            await client.send_all(b"\x16\x03\x01\x00\x05hello")
            with pytest.raises(trio.BrokenResourceError):
                await server.do_handshake()
            alert = await client.receive_some()
            assert alert[:1] == b"\x15"


async def test_a_lost_peer_and_a_closed_socket_raise_different_errors() -> None:
    with trio.fail_after(10):
        async with encrypted_pair() as (stream, client):
            await stream.send_all(b"hello")
            assert await client.receive_some() == b"hello"
            await client.transport_stream.aclose()
            assert await stream.receive_some(10) == b""
            with pytest.raises(trio.BrokenResourceError):
                await stream.send_all(b"hello")
        async with encrypted_pair() as (stream, client):
            await stream.aclose()
            with pytest.raises(OSError, match="descriptor"):
                tls_of(stream).write_now(b"hello")
            for call in (lambda: stream.send_all(b"hello"), lambda: stream.receive_some(10)):
                with pytest.raises(trio.ClosedResourceError):
                    await call()


async def test_the_end_of_a_stream_stays_the_end_after_close_notify() -> None:
    with trio.fail_after(10):
        async with encrypted_pair() as (stream, client):
            await client.send_all(b"hello")
            async with trio.open_nursery() as nursery:
                nursery.start_soon(client.unwrap)  # it says goodbye, keeps TCP open, and waits for ours
                assert await stream.receive_some(3) == b"hel"
                assert await stream.receive_some(10) == b"lo"
                assert [await stream.receive_some(10) for _ in range(2)] == [b"", b""]
                nursery.cancel_scope.cancel()


async def test_closing_the_socket_wakes_a_waiting_reader() -> None:
    async def read() -> None:
        with pytest.raises(trio.ClosedResourceError):
            await stream.receive_some(10)

    with trio.fail_after(10):
        async with encrypted_pair() as (stream, _client), trio.open_nursery() as nursery:
            nursery.start_soon(read)
            await trio.testing.wait_all_tasks_blocked()
            stream.socket.close()


async def test_a_stream_as_trio_expects_it() -> None:
    with trio.fail_after(10):
        async with encrypted_pair() as (stream, client):
            await stream.wait_send_all_might_not_block()
            await stream.send_all(bytearray(b"one"))
            await stream.send_all(memoryview(b"two"))
            with trio.testing.assert_checkpoints():
                await stream.send_all(b"")
            assert await hear(client, 6) == b"onetwo"
            await client.send_all(b"and back")
            with trio.testing.assert_checkpoints():
                assert await stream.receive_some(3) == b"and"
            with trio.testing.assert_checkpoints():
                assert await stream.receive_some() == b" back"
            await stream.send_eof()
            assert await client.receive_some() == b""


async def test_in_plain_everything_arrives() -> None:
    left, right = trio.socket.socketpair()
    stream = ReplayStream(trio.SocketStream(left))
    with trio.fail_after(10):
        async with stream, trio.SocketStream(right) as client:
            assert stream.tls is None
            await stream.send_all(b"hello")
            assert await client.receive_some(10) == b"hello"
