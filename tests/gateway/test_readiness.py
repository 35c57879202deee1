"""Waiting for readable sockets, over real ones."""

import os
import select
import socket
from collections.abc import AsyncGenerator

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.gateway.readiness import ReadableSockets, Readiness

pytestmark = pytest.mark.skipif(not hasattr(select, "epoll"), reason="this system has no epoll")


class Watched:
    """One watched socket, and its other side."""

    def __init__(self, sockets: ReadableSockets, serving: trio.CancelScope) -> None:
        ours, self.theirs = socket.socketpair()
        ours.setblocking(False)
        self.ours = trio.socket.from_stdlib_socket(ours)
        self.sockets = sockets
        self.serving = serving
        self.readiness = Readiness(self.ours, sockets)

    def read(self) -> bytes:
        return os.read(self.ours.fileno(), 100)

    def close(self) -> None:
        self.sockets.closing(self.ours)
        self.ours.close()
        self.theirs.close()


@pytest.fixture
async def watched(nursery: trio.Nursery) -> AsyncGenerator[Watched]:
    sockets, serving = ReadableSockets(), trio.CancelScope()

    async def serve() -> None:
        with serving:
            await sockets.serve()

    nursery.start_soon(serve)
    await wait_all_tasks_blocked()
    one = Watched(sockets, serving)
    yield one
    one.close()


async def test_a_wait_ends_when_bytes_come_and_each_time_again(watched: Watched) -> None:
    for text in (b"one", b"two"):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watched.readiness.wait)
            await wait_all_tasks_blocked()
            watched.theirs.send(text)
        assert watched.read() == text


async def test_bytes_that_came_while_nobody_waited_end_the_next_wait(watched: Watched) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await watched.readiness.wait()
    watched.theirs.send(b"early")
    await wait_all_tasks_blocked(0.001)
    assert watched.sockets.watched == {}
    await watched.readiness.wait()
    assert watched.read() == b"early"


async def test_a_socket_is_watched_while_the_resumed_task_has_not_read_it_yet(watched: Watched) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watched.readiness.wait)
        await wait_all_tasks_blocked()
        for _ in range(2):  # as epoll says it in two passes of the loop
            watched.readiness.wake()
            assert list(watched.sockets.watched.values()) == [watched.readiness]
    watched.readiness.wake()
    assert watched.sockets.watched == {}


async def test_a_socket_is_watched_no_more_while_its_task_waits_for_a_turn(watched: Watched) -> None:
    """A loop that is woken for it in each pass is never idle, and turns come when it is."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watched.readiness.wait)
        await wait_all_tasks_blocked()
        for _ in range(3):  # the task has no turn yet
            watched.readiness.wake()
        assert watched.sockets.watched == {}
    watched.theirs.send(b"next")
    await watched.readiness.wait()
    assert watched.read() == b"next"


async def test_an_end_that_nobody_reads_keeps_the_loop_idle(watched: Watched) -> None:
    watched.theirs.send(b"last")
    watched.theirs.close()
    for _ in range(3):
        await watched.readiness.wait()
    await wait_all_tasks_blocked(0.001)  # which a loop that turns forever prevents
    assert watched.read() == b"last"
    await watched.readiness.wait()
    assert watched.read() == b""


async def test_closing_ends_a_wait_and_another_socket_may_have_the_descriptor(watched: Watched) -> None:
    descriptor = watched.ours.fileno()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watched.readiness.wait)
        await wait_all_tasks_blocked()
        watched.sockets.closing(watched.ours)
        watched.ours.close()
    later = Watched(watched.sockets, watched.serving)
    assert later.ours.fileno() == descriptor
    later.theirs.send(b"of another")
    await later.readiness.wait()
    watched.readiness.close()
    await later.readiness.wait()
    later.close()


async def test_a_socket_that_was_closed_before_ends_a_wait_at_once(watched: Watched) -> None:
    watched.close()
    await watched.readiness.wait()
    with pytest.raises(OSError, match="Bad file descriptor"):
        watched.read()


async def test_one_task_may_wait(watched: Watched) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(watched.readiness.wait)
        await wait_all_tasks_blocked()
        with pytest.raises(trio.BusyResourceError):
            await watched.readiness.wait()
        nursery.cancel_scope.cancel()


async def test_when_serving_ends_a_wait_goes_on_without_it(watched: Watched) -> None:
    texts: list[bytes] = []

    async def read() -> None:
        while not texts:
            await watched.readiness.wait()
            try:
                texts.append(watched.read())
            except BlockingIOError:
                continue

    async with trio.open_nursery() as reading:
        reading.start_soon(read)
        await wait_all_tasks_blocked()
        watched.serving.cancel()
        await wait_all_tasks_blocked()
        assert (watched.sockets.watched, texts) == ({}, [])
        watched.theirs.send(b"late")
    assert texts == [b"late"]
