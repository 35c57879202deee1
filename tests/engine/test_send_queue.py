"""The send queue: whole frames in one order, whatever the socket takes; and never a wait for the client."""

import os
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from chat.engine.send_queue import SendQueue


class Pipe:
    """A socket pair, and a send queue on one end with room for little."""

    def __init__(self, limit: int, *, write_through: bool = True) -> None:
        self.near, self.far = socket.socketpair()
        for end in (self.near, self.far):
            end.setblocking(False)
        self.near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        self.overflows = 0
        self.send_queue = SendQueue(
            self.send_some,
            fileno=self.near.fileno if write_through else None,
            limit=limit,
        )
        self.send_queue.when_full(self.overflow)

    async def send_some(self, data: bytes) -> int:
        await trio.lowlevel.wait_writable(self.near)
        return os.write(self.near.fileno(), data[:1000])  # short writes, always

    def overflow(self) -> None:
        self.overflows += 1

    def received(self) -> bytes:
        """What arrived by now."""
        parts = []
        try:
            while part := self.far.recv(65536):
                parts.append(part)
        except BlockingIOError:
            pass
        return b"".join(parts)

    async def receive(self, size: int) -> bytes:
        """Wait for `size` bytes."""
        data = b""
        with trio.fail_after(30):
            while len(data) < size:
                await trio.lowlevel.wait_readable(self.far)
                data += self.received()
        return data

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[trio.Nursery]:
        """With a nursery for the writer task."""
        async with trio.open_nursery() as nursery:
            with self.send_queue.written_by(nursery.start_soon):
                yield nursery
            nursery.cancel_scope.cancel()


@pytest.fixture
def open_pipe() -> Generator[Callable[..., Pipe]]:
    pipes: list[Pipe] = []

    def open_pipe(limit: int, *, write_through: bool = True) -> Pipe:
        pipes.append(Pipe(limit, write_through=write_through))
        return pipes[-1]

    yield open_pipe
    for pipe in pipes:
        pipe.near.close()
        pipe.far.close()


@pytest.fixture
def pipe(open_pipe: Callable[..., Pipe]) -> Pipe:
    return open_pipe(1_000_000)


def frames(count: int, size: int = 100) -> list[bytes]:
    """Numbered frames."""
    return [b"%06d" % n + b"x" * (size - 6) for n in range(count)]


async def test_an_idle_client_is_written_to_at_once_without_the_writer(pipe: Pipe) -> None:
    pipe.send_queue.offer(b"hello")
    assert pipe.received() == b"hello"
    assert pipe.send_queue.queued == 0


async def test_bytes_that_the_socket_does_not_take_arrive_later_in_order(pipe: Pipe) -> None:
    sent = frames(2000)
    async with pipe.writing():
        for frame in sent:
            pipe.send_queue.offer(frame)
        assert pipe.send_queue.queued > 0
        assert await pipe.receive(200_000) == b"".join(sent)
        await pipe.send_queue.wait_until_at_most(0)


async def test_write_through_resumes_after_the_writer_has_caught_up(pipe: Pipe) -> None:
    async with pipe.writing() as nursery:
        for frame in frames(2000):
            pipe.send_queue.offer(frame)
        await pipe.receive(200_000)
        await trio.testing.wait_all_tasks_blocked()
        assert not nursery.child_tasks
        pipe.send_queue.offer(b"now")
        assert pipe.received() == b"now"
        assert not nursery.child_tasks


async def test_frames_offered_while_the_writer_writes_do_not_overtake(pipe: Pipe) -> None:
    sent = frames(4000)
    got = b""
    async with pipe.writing():
        for start in range(0, 4000, 100):
            for frame in sent[start : start + 100]:
                pipe.send_queue.offer(frame)
            await trio.lowlevel.checkpoint()
            got += pipe.received()
        got += await pipe.receive(400_000 - len(got))
    assert got == b"".join(sent)


async def test_a_client_that_does_not_read_overflows_and_is_not_waited_for(
    open_pipe: Callable[..., Pipe],
) -> None:
    pipe = open_pipe(50_000)
    async with pipe.writing():
        for frame in frames(5000):
            pipe.send_queue.offer(frame)
        assert pipe.overflows > 0


@pytest.mark.parametrize("steps", [0, 1, 2, 5, 20])
async def test_once_cut_the_begun_blob_is_finished_and_only_the_last_frame_follows(
    pipe: Pipe, steps: int
) -> None:
    sent = frames(2000, size=777)
    async with pipe.writing():
        for frame in sent:
            pipe.send_queue.offer(frame)
        for _ in range(steps):
            await trio.lowlevel.checkpoint()
        pipe.send_queue.cut()
        pipe.send_queue.offer(b"never")
        pipe.send_queue.finish(b"close")
        pipe.send_queue.finish(b"closed twice")
        got = b""
        with trio.fail_after(30):
            while not got.endswith(b"close"):
                await trio.lowlevel.wait_readable(pipe.far)
                got += pipe.received()
    whole = got.removesuffix(b"close")
    assert len(whole) % 777 == 0
    assert whole == b"".join(sent)[: len(whole)]


async def test_a_cut_takes_as_long_however_much_waits(open_pipe: Callable[..., Pipe]) -> None:
    """One fan-out may cut a hundred, and everybody else waits for it."""
    calls = []
    for blobs in (10, 500):
        pipe = open_pipe(10**6)
        async with pipe.writing():
            for _ in range(blobs):
                pipe.send_queue.offer(b"y" * 20_000)
            await trio.testing.wait_all_tasks_blocked()
            calls.append(calls_in(pipe.send_queue.cut))
            assert 0 < pipe.send_queue.queued <= 20_000
    assert calls[1] == calls[0] < 60


def calls_in(action: Callable[[], None]) -> int:
    """How many functions of Python and of C an action calls."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    return calls


async def test_the_same_bytes_again_are_sent_again() -> None:
    frame, may_send = b"z" * 100, trio.Event()
    sent: list[bytes] = []

    async def send_some(data: bytes) -> int:
        await may_send.wait()
        sent.append(data)
        return len(data)

    send_queue = SendQueue(send_some, fileno=None, limit=1000)
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            with send_queue.written_by(nursery.start_soon):
                send_queue.offer(frame)
                await trio.testing.wait_all_tasks_blocked()
                send_queue.offer(frame)
                may_send.set()
                await send_queue.wait_until_at_most(0)
    assert b"".join(sent) == 2 * frame


async def test_finish_sends_queued_bytes_first(pipe: Pipe) -> None:
    sent = frames(1000)
    async with pipe.writing():
        for frame in sent:
            pipe.send_queue.offer(frame)
        pipe.send_queue.finish(b"close")
        pipe.send_queue.offer(b"never")
        assert await pipe.receive(100_005) == b"".join(sent) + b"close"


async def test_send_waits_while_half_of_the_limit_is_queued(open_pipe: Callable[..., Pipe]) -> None:
    pipe = open_pipe(20_000)
    async with pipe.writing():
        while pipe.send_queue.queued <= 10_000:
            pipe.send_queue.offer(b"x" * 100)
        sent: list[bytes] = []

        async def send(data: bytes) -> None:
            await pipe.send_queue.send(data)
            sent.append(data)

        async with trio.open_nursery() as impatient:
            impatient.start_soon(send, b"never")
            await trio.testing.wait_all_tasks_blocked()
            impatient.cancel_scope.cancel()
        assert sent == []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send, b"later")
            got = b""
            with trio.fail_after(30):
                while not got.endswith(b"later"):
                    await trio.lowlevel.wait_readable(pipe.far)
                    got += pipe.received()
        assert set(got.removesuffix(b"later")) == set(b"x")
        assert sent == [b"later"]


async def test_an_answer_larger_than_the_limit_is_no_sign_of_slowness(open_pipe: Callable[..., Pipe]) -> None:
    pipe = open_pipe(20_000)
    async with pipe.writing():
        await pipe.send_queue.send(b"x" * 300_000)
        pipe.send_queue.offer(b"live")
        assert pipe.overflows == 0
        assert (await pipe.receive(300_004)).endswith(b"xlive")
        await pipe.send_queue.wait_until_at_most(0)
        for frame in frames(5000):
            pipe.send_queue.offer(frame)
        assert pipe.overflows > 0


async def test_answers_to_a_client_that_does_not_read_wait_outside_the_limit(
    open_pipe: Callable[..., Pipe],
) -> None:
    """However many it asked for: each answer waits until the one before has left enough room."""
    pipe = open_pipe(100_000)
    most = 0

    async def answer() -> None:
        nonlocal most
        for _ in range(5):
            await pipe.send_queue.send(b"x" * 40_000)
            most = max(most, pipe.send_queue.queued)

    async with pipe.writing() as nursery:
        for _ in range(16):
            nursery.start_soon(answer)
        received = 0
        with trio.fail_after(20):
            while received < 16 * 5 * 40_000:
                await trio.lowlevel.wait_readable(pipe.far)
                received += len(pipe.far.recv(3000))
    assert most <= 100_000
    assert pipe.overflows == 0


async def test_of_two_large_answers_the_second_waits_until_the_first_is_sent(
    open_pipe: Callable[..., Pipe],
) -> None:
    pipe = open_pipe(20_000)
    most = 0
    async with pipe.writing() as nursery:
        for _ in range(5):
            nursery.start_soon(pipe.send_queue.send, b"x" * 300_000)
        received = 0
        with trio.fail_after(20):
            while received < 5 * 300_000:
                await trio.lowlevel.wait_readable(pipe.far)
                received += len(pipe.received())
                most = max(most, pipe.send_queue.queued)
    assert 200_000 < most <= 310_000


async def test_a_large_answer_leaves_room_for_exactly_the_limit(
    open_pipe: Callable[..., Pipe],
) -> None:
    pipe = open_pipe(20_000)
    async with pipe.writing():
        await pipe.send_queue.send(b"x" * 300_000)
        assert pipe.send_queue.room == 20_000
        pipe.send_queue.offer(b"y" * 20_000)
        assert (pipe.send_queue.room, pipe.overflows) == (0, 0)
        pipe.send_queue.offer(b"z")
        assert pipe.overflows == 1


async def test_each_callback_runs_once_in_order_after_its_bytes_were_sent(
    open_pipe: Callable[..., Pipe],
) -> None:
    pipe = open_pipe(1_000_000)
    left: list[int] = []
    async with pipe.writing():
        pipe.send_queue.offer(b"now")
        pipe.send_queue.when_written(lambda: left.append(0))
        assert left == [0], "the socket took it at once"
        for n in range(1, 101):
            pipe.send_queue.offer(b"%03d" % n + b"x" * 997)
            pipe.send_queue.when_written(lambda n=n: left.append(n))  # type: ignore[misc]
        received = 3
        while pipe.send_queue.queued:
            assert len(left) - 1 <= (100_003 - pipe.send_queue.queued - 3) // 1000
            await trio.lowlevel.checkpoint()
            received += len(pipe.received())
        assert left == list(range(101))


async def test_each_message_of_a_batch_counts_as_written_when_its_own_bytes_have_left(
    open_pipe: Callable[..., Pipe],
) -> None:
    pipe = open_pipe(10_000_000)
    left: list[int] = []

    def offer(first: int, last: int) -> None:
        pipe.send_queue.offer(b"x" * 1000 * (last - first))
        for n in range(first, last):
            pipe.send_queue.when_written(lambda n=n: left.append(n), (last - n - 1) * 1000)  # type: ignore[misc]

    async with pipe.writing():
        offer(0, 500)
        offer(500, 1000)
        for _ in range(5):
            await trio.lowlevel.checkpoint()
        taken = 1_000_000 - pipe.send_queue.queued
        assert 0 < taken < 500_000
        assert left == list(range(taken // 1000))
        assert len(await pipe.receive(1_000_000)) == 1_000_000
        await pipe.send_queue.wait_until_at_most(0)
        assert left == list(range(1000))


@pytest.mark.parametrize("write_through", [True, False])
async def test_of_an_overflowing_batch_only_the_sent_part_counts(
    open_pipe: Callable[..., Pipe], write_through: bool
) -> None:
    pipe = open_pipe(100_000, write_through=write_through)
    pipe.send_queue.when_full(pipe.send_queue.cut)
    left: list[int] = []
    async with pipe.writing():
        pipe.send_queue.offer(b"x" * 500_000)
        for n in range(500):
            pipe.send_queue.when_written(lambda n=n: left.append(n), (499 - n) * 1000)  # type: ignore[misc]
        pipe.send_queue.offer(b"y" * 1000)
        pipe.send_queue.when_written(lambda: left.append(-1))
        pipe.send_queue.finish(b"close")
        got = b""
        with trio.fail_after(30):
            while not got.endswith(b"close"):
                await trio.lowlevel.wait_readable(pipe.far)
                got += pipe.received()
        await pipe.send_queue.wait_until_at_most(0)
    assert got in ((b"x" * 500_000 + b"close",) if write_through else (b"close",))
    assert left == list(range(len(got) // 1000))


async def test_bytes_dropped_by_a_disconnect_never_count_as_written(open_pipe: Callable[..., Pipe]) -> None:
    pipe = open_pipe(10_000_000)
    left: list[int] = []
    async with pipe.writing():
        for n in range(3000):
            pipe.send_queue.offer(b"x" * 1000)
            pipe.send_queue.when_written(lambda n=n: left.append(n))  # type: ignore[misc]
        for _ in range(5):
            await trio.lowlevel.checkpoint()
        pipe.send_queue.cut()
        pipe.send_queue.when_written(lambda: left.append(-1))
        pipe.send_queue.finish(b"close")
        got = b""
        with trio.fail_after(30):
            while not got.endswith(b"close"):
                await trio.lowlevel.wait_readable(pipe.far)
                got += pipe.received()
        await pipe.send_queue.wait_until_at_most(0)
    assert len(got) % 1000 == 5
    assert 0 < len(got) // 1000 < 3000
    assert left == list(range(len(got) // 1000))


async def test_a_disconnect_drops_coalesced_frames_and_finish_sends_them(pipe: Pipe) -> None:
    pipe.send_queue.offer_coalesced(b"soon ")
    pipe.send_queue.finish(b"close")
    assert pipe.received() == b"soon close"


async def test_a_disconnected_client_gets_no_coalesced_frames(pipe: Pipe) -> None:
    pipe.send_queue.offer_coalesced(b"soon ")
    pipe.send_queue.cut()
    pipe.send_queue.finish(b"close")
    assert pipe.received() == b"close"


async def test_without_write_through_the_writer_sends_everything(open_pipe: Callable[..., Pipe]) -> None:
    pipe = open_pipe(1_000_000, write_through=False)
    async with pipe.writing():
        pipe.send_queue.offer(b"a")
        assert pipe.received() == b""
        pipe.send_queue.offer(b"b")
        assert await pipe.receive(2) == b"ab"


async def test_without_a_nursery_a_full_socket_ends_the_send_queue(pipe: Pipe) -> None:
    sent = frames(2000)
    for frame in sent:
        pipe.send_queue.offer(frame)
    got = pipe.received()
    assert got == b"".join(sent)[: len(got)]
    pipe.send_queue.offer(b"never")
    assert pipe.received() == b""


async def test_a_closed_socket_is_never_written_to_again(pipe: Pipe) -> None:
    pipe.near.close()
    other, far = socket.socketpair()  # may well get the same descriptor
    with other, far:
        far.setblocking(False)
        pipe.send_queue.offer(b"for somebody else")
        with pytest.raises(BlockingIOError):
            far.recv(100)


async def test_a_stalled_writer_counts_as_too_slow(autojump_clock: object) -> None:
    async def never(_data: bytes) -> int:
        await trio.sleep_forever()
        return 0

    overflows = []
    send_queue = SendQueue(never, fileno=None, limit=1000)
    send_queue.when_full(lambda: overflows.append(trio.current_time()))
    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        with send_queue.written_by(nursery.start_soon):
            send_queue.offer(b"x")
            await trio.sleep(20)
            send_queue.offer(b"y")
            assert send_queue.queued == 1, "a stalled client takes nothing more"
    assert len(overflows) == 1
    assert overflows[0] - started <= 10


async def test_a_write_that_makes_progress_is_not_stalled_however_long_it_takes(
    autojump_clock: object,
) -> None:
    send_queue: SendQueue

    async def slow(data: bytes) -> int:
        for _ in range(100):
            await trio.sleep(1)
            send_queue.progressed()
        return len(data)

    overflows: list[None] = []
    send_queue = SendQueue(slow, fileno=None, limit=1000)
    send_queue.when_full(lambda: overflows.append(None))
    async with trio.open_nursery() as nursery:
        with send_queue.written_by(nursery.start_soon):
            send_queue.offer(b"x")
    assert not overflows
    send_queue.progressed()  # of nothing: changes nothing


async def test_an_overflow_before_a_handler_is_set_is_kept() -> None:
    async def never(_data: bytes) -> int:
        await trio.sleep_forever()
        return 0

    send_queue = SendQueue(never, fileno=None, limit=1000)
    cuts: list[str] = []
    async with trio.open_nursery() as nursery:
        with send_queue.written_by(nursery.start_soon):
            send_queue.offer(b"x" * 2000)
            assert send_queue.queued == 2000
            send_queue.when_full(lambda: cuts.append("cut"))
            send_queue.offer(b"y")
            assert cuts == ["cut"]
        nursery.cancel_scope.cancel()


async def test_one_byte_over_the_limit_overflows_also_after_a_sent_long_answer() -> None:
    reads = True

    async def send_some(data: bytes) -> int:
        await (trio.lowlevel.checkpoint if reads else trio.sleep_forever)()
        return len(data)

    send_queue, cuts = SendQueue(send_some, fileno=None, limit=1000), list[str]()
    send_queue.when_full(lambda: cuts.append("cut"))
    async with trio.open_nursery() as nursery:
        with send_queue.written_by(nursery.start_soon):
            await send_queue.send(b"x" * 5000)
            await trio.testing.wait_all_tasks_blocked()
            assert send_queue.queued == 0
            reads = False
            send_queue.offer(b"y" * 1000)
            assert cuts == []
            send_queue.offer(b"z")
            assert cuts == ["cut"]
        nursery.cancel_scope.cancel()
