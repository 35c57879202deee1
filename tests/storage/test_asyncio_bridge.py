"""The bridge between Trio and asyncio: many concurrent operations share passes of Trio's loop."""

import asyncio
import socket
from collections.abc import Callable
from itertools import count, takewhile
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.storage.postgres.asyncio_bridge import open_asyncio, run_in_asyncio

OPERATIONS, STEPS = 30, 10


class Passes(trio.abc.Instrument):
    """Counts the passes of Trio's loop."""

    count = 0

    def before_io_wait(self, timeout: float) -> None:
        self.count += 1


async def in_steps() -> None:
    for _ in range(STEPS):
        await asyncio.sleep(0)


async def never_idle(ended: Callable[[], bool]) -> None:
    for _ in takewhile(lambda _: not ended(), count()):
        await asyncio.sleep(0)


async def test_callbacks_of_many_operations_run_in_the_same_passes() -> None:
    passes = Passes()
    async with open_asyncio():
        trio.lowlevel.add_instrument(passes)
        async with trio.open_nursery() as nursery:
            for _ in range(OPERATIONS):
                nursery.start_soon(run_in_asyncio, in_steps)
        trio.lowlevel.remove_instrument(passes)
    assert passes.count < 5 * STEPS  # one in each pass would be OPERATIONS * STEPS


async def test_an_answer_is_known_in_the_pass_in_which_its_bytes_are_read() -> None:
    """From the bytes to the end of the operation it is a future, its task, and what waits for that."""
    passes, answered = Passes(), trio.Event()
    ours, theirs = socket.socketpair()
    with trio.fail_after(30), ours, theirs:
        ours.setblocking(False)
        async with open_asyncio(), trio.open_nursery() as nursery:

            async def recv() -> bytes:
                return await asyncio.get_running_loop().sock_recv(ours, 1)

            async def ask() -> None:
                await run_in_asyncio(recv)
                answered.set()

            nursery.start_soon(ask)
            await wait_all_tasks_blocked()
            trio.lowlevel.add_instrument(passes)
            theirs.send(b"x")
            await answered.wait()
            trio.lowlevel.remove_instrument(passes)
    assert passes.count <= 4


async def test_a_callback_that_calls_for_another_lets_trio_tasks_run_in_between() -> None:
    turns = 0
    with trio.fail_after(30):
        async with open_asyncio(), trio.open_nursery() as nursery:
            nursery.start_soon(run_in_asyncio, never_idle, lambda: turns == STEPS)
            while turns < STEPS:
                await trio.lowlevel.checkpoint()
                turns += 1


async def test_timers_are_on_time_beside_callbacks() -> None:
    ended = trio.Event()
    with trio.fail_after(30):
        async with open_asyncio(), trio.open_nursery() as nursery:
            nursery.start_soon(run_in_asyncio, never_idle, ended.is_set)
            await run_in_asyncio(asyncio.sleep, 0.01)
            ended.set()


async def test_an_exception_reaches_only_the_operation_that_raised_it() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("mine")

    async with open_asyncio(), trio.open_nursery() as nursery:
        for _ in range(OPERATIONS):
            nursery.start_soon(run_in_asyncio, in_steps)
        with pytest.raises(ValueError, match="mine"):
            await run_in_asyncio(fails)


async def test_timers_of_calls_that_ended_in_time_are_released() -> None:
    async def in_time() -> None:
        async with asyncio.timeout(3600):
            await asyncio.sleep(0)

    async def timers() -> int:
        loop: Any = asyncio.get_running_loop()
        return len(loop._timers)

    async with open_asyncio(), trio.open_nursery() as nursery:
        nursery.start_soon(run_in_asyncio, asyncio.sleep, 0.01)  # one that is still to come
        for _ in range(1000):
            await run_in_asyncio(in_time)
        assert await run_in_asyncio(timers) < 250
