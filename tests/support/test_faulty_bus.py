"""The faulty bus has each of its faults, reports them like a real one, and is repeatable."""

import random
from collections import Counter

import pytest
import trio
from trio.testing import MockClock

from tests.reference.bus import LocalBus
from tests.support.faulty_bus import Faults, open_faulty_network

COUNT = 500


async def arrivals(bus: LocalBus, seconds: float = 10) -> list[int]:
    """All that arrives in that time."""
    arrived: list[int] = []
    with trio.move_on_after(seconds):
        while True:
            arrived += map(int, await bus.receive() or [])
    return arrived


async def arrived_of(faults: Faults, seed: int) -> list[int]:
    """Return the numbers that arrive when they are published one after another."""
    async with open_faulty_network(random.Random(seed), faults) as network, network.open_bus() as bus:
        for n in range(COUNT):
            bus.publish(b"%d" % n)
            await trio.sleep(0.01)
        return await arrivals(bus)


async def test_without_faults_it_is_a_network_like_another(autojump_clock: MockClock) -> None:
    assert await arrived_of(Faults(), 1) == list(range(COUNT))


async def test_it_loses(autojump_clock: MockClock) -> None:
    arrived = await arrived_of(Faults(lost=0.2), 1)
    assert 0.7 * COUNT < len(arrived) < 0.9 * COUNT
    assert arrived == sorted(set(arrived))


async def test_it_doubles(autojump_clock: MockClock) -> None:
    times = Counter(await arrived_of(Faults(doubled=0.2), 1))
    assert set(times) == set(range(COUNT))
    assert 0.1 * COUNT < list(times.values()).count(2) < 0.3 * COUNT


async def test_it_delays_and_so_reorders(autojump_clock: MockClock) -> None:
    arrived = await arrived_of(Faults(delay=0.5), 1)
    assert arrived != sorted(arrived)
    assert sorted(arrived) == list(range(COUNT))
    assert max(abs(place - n) for place, n in enumerate(arrived)) <= 50, "later than the delay"


@pytest.mark.parametrize("seed", range(5))
def test_the_same_seed_does_the_same(seed: int) -> None:
    faults = Faults(lost=0.1, doubled=0.1, delay=0.3)
    one, two, other = (
        trio.run(arrived_of, faults, each, clock=MockClock(autojump_threshold=0))
        for each in (seed, seed, seed + 1)
    )
    assert one == two
    assert one != other


async def test_the_sides_of_a_partition_receive_nothing_from_each_other(autojump_clock: MockClock) -> None:
    async with (
        open_faulty_network(random.Random(1), Faults()) as network,
        network.open_bus() as one,
        network.open_bus() as two,
        network.open_bus() as other,
    ):
        for bus in (one, two, other):
            assert await bus.receive() is None
        network.part([one, two])
        one.publish(b"1")
        other.publish(b"2")
        assert await one.receive() == await two.receive() == [b"1"]
        assert await other.receive() == [b"2"]
        network.mend()
        for bus in (one, two, other):
            assert await bus.receive() is None
        one.publish(b"3")
        assert await one.receive() == await two.receive() == await other.receive() == [b"3"]


async def test_payloads_in_flight_to_a_leaving_server_are_dropped(autojump_clock: MockClock) -> None:
    async with (
        open_faulty_network(random.Random(1), Faults(delay=5)) as network,
        network.open_bus() as staying,
    ):
        async with network.open_bus() as leaving:
            staying.publish(b"1")
        assert await arrivals(staying) == [1]
        assert len(leaving.arrived._payloads) == 0
