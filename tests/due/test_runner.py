"""The task that handles due items, on the reference model and a virtual clock."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import pairwise

import trio
from trio.testing import MockClock

from chat.domain.failures import StorageDown
from chat.domain.features import Ports
from chat.due.port import DUE, DueItem
from chat.due.runner import LEASE, MOST, DueRunner, Handler, open_due_runner
from chat.due.schedule import Schedule
from tests.features.mail.model import MailModel
from tests.reference.storage.storage import MemoryStorage


class World:
    """A table, and how often it was read."""

    def __init__(self) -> None:
        self.model = MailModel(MemoryStorage(trio.current_time))
        self.schedule = Schedule(Ports({DUE: self.model}))
        self.reads = 0
        self.done: list[tuple[str, float]] = []
        claim = self.model.claim

        async def counted(*asked: object) -> object:
            self.reads += 1
            return await claim(*asked)  # type: ignore[arg-type]

        self.model.claim = counted  # type: ignore[method-assign, assignment]

    async def do(self, item: DueItem) -> float | None:
        await trio.lowlevel.checkpoint()
        self.done.append((item.key, trio.current_time()))
        return None

    @asynccontextmanager
    async def running(self, handler: Handler | None = None) -> AsyncGenerator[None]:
        async with open_due_runner(DueRunner(self.schedule, {"a": handler or self.do})):
            yield


async def test_it_sleeps_until_the_earliest_and_reads_nothing_meanwhile(autojump_clock: MockClock) -> None:
    world = World()
    begun = trio.current_time()
    for n in range(1000):
        await world.schedule.add("a", f"later {n}", 86_400.0)
    async with world.running():
        await trio.sleep(1)
        before = world.reads
        await world.schedule.add("a", "soon", 600.0)
        await trio.sleep(599)
        assert world.done == []
        assert world.reads - before <= 1  # for what was added
        await trio.sleep(2)
        assert [(key, at - begun) for key, at in world.done] == [("soon", 601.0)]


async def test_after_a_day_of_rest_each_is_done_once_and_few_at_a_time(autojump_clock: MockClock) -> None:
    world, running, most = World(), 0, 0
    for n in range(100):
        await world.schedule.add("a", str(n), float(n))
    await trio.sleep(86_400)

    async def slow(item: DueItem) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await trio.sleep(1)
        running -= 1
        await world.do(item)

    async with world.running(slow):
        await trio.sleep(60)
    assert sorted(int(key) for key, _ in world.done) == list(range(100))
    assert most == MOST


async def test_a_kind_whose_items_hang_holds_up_no_other(autojump_clock: MockClock) -> None:
    world = World()

    async def hang(_item: DueItem) -> None:
        await trio.sleep_forever()

    for n in range(100):
        await world.schedule.add("mails", str(n), 0.0)
    async with open_due_runner(DueRunner(world.schedule, {"mails": hang, "resets": world.do})):
        await trio.sleep(1)
        for n in range(20):
            await world.schedule.add("resets", str(n), 0.0)
        await trio.sleep(1)
        assert sorted(int(key) for key, _ in world.done) == list(range(20))
        before = world.reads
        await trio.sleep(60)
        assert world.reads - before <= 1  # full shares are not read about


async def test_what_is_not_ended_is_done_again_after_its_lease(autojump_clock: MockClock) -> None:
    world, tries = World(), []
    await world.schedule.add("a", "one", 0.0)

    async def fail(item: DueItem) -> float | None:
        tries.append((item.tries, trio.current_time()))
        if item.tries == 1:
            raise StorageDown("away")
        if item.tries == 2:
            await trio.sleep_forever()
        if item.tries == 3:
            return 7.0
        return await world.do(item)

    async with world.running(fail):
        await trio.sleep(3 * LEASE)
    times = [at for _, at in tries]
    assert [n for n, _ in tries] == [1, 2, 3, 4]
    assert [round(b - a) for a, b in pairwise(times)] == [LEASE, LEASE, 7]
    assert len(world.done) == 1


async def test_of_two_servers_one_does_each(autojump_clock: MockClock) -> None:
    world = World()
    for n in range(50):
        await world.schedule.add("a", str(n), 0.0)
    async with world.running(), world.running():
        await trio.sleep(10)
    assert sorted(int(key) for key, _ in world.done) == list(range(50))
