"""trio-util: values, events and generators that several tasks wait for."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import trio
import trio_util

SWEPT = trio_util


class World:
    """A value, an event, and a flag."""

    def __init__(self) -> None:
        self.value = trio_util.AsyncValue(0)
        self.event = trio_util.RepeatedEvent()
        self.seen: list[int] = []


@asynccontextmanager
async def world() -> AsyncGenerator[World]:
    yield World()


async def count(world: World) -> None:
    with trio.CancelScope(shield=True):
        for number in range(1, 6):
            await trio.sleep(1)
            world.value.value = number
            world.event.set()


async def wait_for_three(world: World) -> None:
    assert await world.value.wait_value(lambda value: value >= 3) >= 3
    await world.value.wait_value(5, held_for=1)


async def follow(world: World) -> None:
    async for value in world.value.eventual_values():
        world.seen.append(value)
        if value == 5:
            break


async def any_of(world: World) -> None:
    await trio_util.wait_any(world.event.wait, lambda: world.value.wait_value(4))
    async with trio_util.move_on_when(world.value.wait_value, 5):
        await trio.sleep_forever()


def nobody_waits(world: World) -> None:
    for results in (world.value._level_results, world.value._edge_results):
        assert not results.refs_by_key, f"left: {dict(results.refs_by_key)}"


@trio_util.trio_async_generator
async def numbers() -> AsyncIterator[int]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        for number in range(4):
            await trio.sleep(1)
            yield number
        nursery.cancel_scope.cancel()


async def iterate(_world: World) -> None:
    async with numbers() as generator:
        async for _ in generator:
            await trio.sleep(1)


SWEEPS = {
    "values and events, four tasks": (
        (wait_for_three, follow, any_of, count),
        world,
        nobody_waits,
        {"ignore": ["resource"]},
    ),
    "a generator with a nursery": ((iterate,), world, nobody_waits, {}),
}
