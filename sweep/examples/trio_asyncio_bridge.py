"""trio-asyncio: Trio code awaits asyncio code and the other way round, and is cancelled."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio
import trio_asyncio

SWEPT = trio_asyncio


class World:
    """What asyncio code has begun and ended."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.lock = asyncio.Lock()

    async def work(self) -> int:
        self.begun += 1
        try:
            async with self.lock:
                await asyncio.sleep(0.01)
            return await asyncio.wait_for(self.count(), 5)
        finally:
            self.ended += 1

    async def count(self) -> int:
        await asyncio.gather(asyncio.sleep(0.01), trio_asyncio.trio_as_aio(trio.sleep)(0.01))
        return self.begun


@asynccontextmanager
async def world() -> AsyncGenerator[World]:
    async with trio_asyncio.open_loop():
        yield World()


async def work(world: World) -> None:
    await trio_asyncio.aio_as_trio(world.work)()


async def numbers() -> AsyncGenerator[int]:
    for number in range(3):
        await asyncio.sleep(0.01)
        yield number


async def iterate(_world: World) -> None:
    async for _ in trio_asyncio.aio_as_trio(numbers()):
        await trio.sleep(0.01)


async def a_loop_of_its_own() -> None:
    async with trio_asyncio.open_loop():
        await trio_asyncio.aio_as_trio(asyncio.sleep)(0.01)
        with trio.move_on_after(0.01):
            await trio_asyncio.aio_as_trio(asyncio.sleep)(10)


async def all_has_ended(world: World) -> None:
    with trio.fail_after(5):
        await work(world)
    assert world.begun == world.ended
    assert not world.lock.locked()


SWEEPS = {
    "two tasks with an asyncio lock": ((work, work), world, all_has_ended, {"virtual": False, "limit": 10}),
    "an asyncio generator": (
        (iterate,),
        world,
        all_has_ended,
        {"virtual": False, "limit": 10, "ignore": ["resource"]},
    ),
    "a loop from its start to its end": ((a_loop_of_its_own,), None, None, {"virtual": False, "limit": 10}),
}
