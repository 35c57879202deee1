"""A bus that does everything a bus may do: it loses, doubles, delays and reorders payloads, and falls apart.

Everything is drawn from one chance, in the order of publishing: under Trio's MockClock the same seed does the same.
"""

import heapq
import math
import random
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager

import msgspec
import trio

from chat.bus.notify import LARGEST
from tests.reference.bus import LocalBus, LocalNetwork


class Faults(msgspec.Struct, frozen=True):
    """The faults of a payload on its way to each server; without any it arrives at once."""

    lost: float = 0.0  # the share of payloads that never arrive
    doubled: float = 0.0  # the share of payloads that arrive twice
    delay: float = 0.0  # seconds at the most, drawn for each arrival: so one overtakes another


class FaultyNetwork(LocalNetwork):
    """A network whose faults can be changed at any time, and which can be partitioned."""

    def __init__(self, chance: random.Random, faults: Faults, largest: int = LARGEST) -> None:
        super().__init__(largest)
        self.faults = faults
        self._chance = chance
        self._under_way: list[tuple[float, int, LocalBus, bytes]] = []  # a heap, by when they arrive
        self._count = 0  # keeps apart what arrives at the same time
        self._one_side: Collection[LocalBus] = ()
        self._changed = trio.Event()  # set, and made anew, when something arrives sooner than the rest

    def part(self, one_side: Collection[LocalBus]) -> None:
        """Partition the network: nothing passes between the two sides, and no loss is reported. Sync."""
        self._one_side = one_side

    def mend(self) -> None:
        """Join the sides again, and report a possible loss to everybody, as after each reconnect. Sync."""
        self._one_side = ()
        for bus in self.buses:
            bus.arrived.mark_lossy()

    def carry(self, sender: LocalBus, payload: bytes) -> None:
        """Send a payload on its way to each bus; nothing where the sender is closed. Sync."""
        if sender not in self.buses:
            return
        for bus in self.buses:
            is_parted = (sender in self._one_side) != (bus in self._one_side)
            is_lost = self._chance.random() < self.faults.lost
            copies = 2 if self._chance.random() < self.faults.doubled else 1
            for _ in range(copies):
                delay = self._chance.random() * self.faults.delay
                if not (is_parted or is_lost):
                    self._send(bus, payload, delay)

    def _send(self, bus: LocalBus, payload: bytes, delay: float) -> None:
        if delay == 0:
            bus.arrived.put(payload)
            return
        self._count += 1
        heapq.heappush(self._under_way, (trio.current_time() + delay, self._count, bus, payload))
        self._changed.set()

    async def deliver(self) -> None:
        """Deliver payloads in flight, until cancelled."""
        while True:
            self._changed = trio.Event()
            with trio.move_on_at(self._under_way[0][0] if self._under_way else math.inf):
                await self._changed.wait()
            while self._under_way and self._under_way[0][0] <= trio.current_time():
                _due, _count, bus, payload = heapq.heappop(self._under_way)
                if bus in self.buses:
                    bus.arrived.put(payload)


@asynccontextmanager
async def open_faulty_network(
    chance: random.Random, faults: Faults, largest: int = LARGEST
) -> AsyncGenerator[FaultyNetwork]:
    """Open a network for the block; payloads in flight at its end never arrive."""
    network = FaultyNetwork(chance, faults, largest)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(network.deliver)
        yield network
        nursery.cancel_scope.cancel()
