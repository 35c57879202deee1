"""anyio's primitives on Trio: streams, locks, conditions, and its cache of calls."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import anyio.functools
from trio_cancel_sweep import Items

SWEPT = anyio


class Streams:
    """A stream of two places, and what was sent and received."""

    def __init__(self) -> None:
        self.send, self.receive = anyio.create_memory_object_stream[int](2)
        self.items = Items()


@asynccontextmanager
async def streams() -> AsyncGenerator[Streams]:
    world = Streams()
    with world.send, world.receive:
        yield world


async def send(world: Streams) -> None:
    with world.send:
        for item in range(5):
            await world.send.send(item)
            world.items.sent(item)


async def receive(world: Streams) -> None:
    with world.receive.clone() as stream:
        async for item in stream:
            world.items.received(item)


async def nothing_lost(world: Streams) -> None:
    with world.send:
        world.send.close()
    async for item in world.receive:
        world.items.received(item)
    world.items.assert_none_lost()
    world.items.assert_none_twice()


class Meeting:
    """Things that several tasks take in turn."""

    def __init__(self) -> None:
        self.lock = anyio.Lock()
        self.semaphore = anyio.Semaphore(1)
        self.limiter = anyio.CapacityLimiter(1)
        self.condition = anyio.Condition()
        self.is_ready = False


@asynccontextmanager
async def meeting() -> AsyncGenerator[Meeting]:
    yield Meeting()


@asynccontextmanager
async def meeting_that_begins() -> AsyncGenerator[Meeting]:
    """One in which somebody says after a second that it is ready."""
    world = Meeting()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(say_it, world)
        yield world


async def hold(world: Meeting) -> None:
    async with world.lock, world.semaphore, world.limiter:
        await anyio.sleep(1)


async def all_are_free(world: Meeting) -> None:
    with anyio.fail_after(5):
        await hold(world)


async def wait_for_it(world: Meeting) -> None:
    async with world.condition:
        while not world.is_ready:
            await world.condition.wait()


async def say_it(world: Meeting) -> None:
    await anyio.sleep(1)
    async with world.condition:
        world.is_ready = True
        world.condition.notify_all()


async def it_can_be_said(world: Meeting) -> None:
    with anyio.fail_after(5):
        async with world.condition:
            pass


class Cached:
    """A cached call, with room for one result or two."""

    def __init__(self, places: int) -> None:
        @anyio.functools.lru_cache(maxsize=places)
        async def double(number: int) -> int:
            await anyio.sleep(1)
            return 2 * number

        self.double = double


@asynccontextmanager
async def one_place() -> AsyncGenerator[Cached]:
    yield Cached(1)


@asynccontextmanager
async def two_places() -> AsyncGenerator[Cached]:
    yield Cached(2)


async def double_one(world: Cached) -> None:
    assert await world.double(1) == 2


async def double_one_too(world: Cached) -> None:
    assert await world.double(1) == 2


async def double_two(world: Cached) -> None:
    assert await world.double(2) == 4


async def it_counts_right(world: Cached) -> None:
    for number in (1, 2, 1, 2):
        await world.double(number)
    before = world.double.cache_info()
    await world.double(1)
    after = world.double.cache_info()
    assert after.hits == before.hits + 1, f"two places, two numbers, and it computes each anew: {after}"


SWEEPS = {
    "memory object stream, sender and receiver": ((send, receive, receive), streams, nothing_lost, {}),
    "lock, semaphore and limiter, three tasks": ((hold, hold, hold), meeting, all_are_free, {}),
    "condition, three wait and one notifies": ((wait_for_it,) * 3, meeting_that_begins, it_can_be_said, {}),
    "lru_cache of one place, three callers": (
        (double_one, double_one_too, double_two),
        one_place,
        None,
        {"seeds": 5},
    ),
    "lru_cache of two places, a caller": ((double_one,), two_places, it_counts_right, {}),
}
