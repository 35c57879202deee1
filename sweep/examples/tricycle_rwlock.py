"""tricycle's readers-writer lock: a task that waits is cancelled, and whoever waits behind it must go on."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import tricycle
import trio

SWEPT = tricycle


class World:
    """A lock that somebody reads under for ten seconds; a writer waits for it, and a reader behind the writer."""

    def __init__(self) -> None:
        self.lock = tricycle.RWLock()
        self.has_written = False
        self.read_at = 0.0
        self.began = trio.current_time()

    async def read_for_long(self, task_status: trio.TaskStatus[None]) -> None:
        async with self.lock.read_locked():
            task_status.started()
            await trio.sleep(10)


@asynccontextmanager
async def held_for_reading() -> AsyncGenerator[World]:
    world = World()
    async with trio.open_nursery() as nursery:
        await nursery.start(world.read_for_long)
        yield world


async def write(world: World) -> None:
    async with world.lock.write_locked():
        world.has_written = True


async def read_behind(world: World) -> None:
    await trio.sleep(1)
    async with world.lock.read_locked():
        world.read_at = trio.current_time() - world.began


def no_reader_waits_for_readers(world: World) -> None:
    """Where the writer has gone, only readers are left, who share the lock."""
    if not world.has_written and world.read_at:
        assert world.read_at < 10, f"a reader waited for a reader, {world.read_at:.0f} s"


@asynccontextmanager
async def free() -> AsyncGenerator[tricycle.RWLock]:
    yield tricycle.RWLock()


async def write_and_read(lock: tricycle.RWLock) -> None:
    async with lock.write_locked():
        await trio.sleep(1)
    async with lock.read_locked():
        await trio.sleep(1)


def nobody_has_it(lock: tricycle.RWLock) -> None:
    assert not lock.locked()
    assert not lock.statistics().readers_waiting
    assert not lock.statistics().writers_waiting


SWEEPS = {
    "three tasks that read and write": ((write_and_read,) * 3, free, nobody_has_it, {}),
    "a reader behind a writer that gives up": (
        (write, read_behind),
        held_for_reading,
        no_reader_waits_for_readers,
        {"grace": 20},
    ),
}
