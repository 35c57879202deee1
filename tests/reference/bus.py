"""A bus within one process, for several servers in one Trio run, as in the simulation."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from chat.bus.bus import can_carry
from chat.bus.receive_buffer import ReceiveBuffer

_LARGEST = 65_536
"""Bytes. Memory needs no limit; tests use a small one to imitate another bus."""


class LocalBus:
    """One server's end of a LocalNetwork."""

    def __init__(self, network: "LocalNetwork") -> None:
        self._network = network
        self.arrived = ReceiveBuffer()  # filled by the network

    @property
    def largest(self) -> int:
        """Bytes of the largest payload that it carries."""
        return self._network.largest

    def publish(self, payload: bytes) -> None:
        """Send to every bus of the network, this one too. Sync: never waits and never raises."""
        if can_carry(payload, self.largest):
            self._network.carry(self, payload)

    async def receive(self) -> list[bytes] | None:
        """Wait for payloads; None at the start and after an overflow. Cancelling: nothing is taken."""
        return await self.arrived.take()


class LocalNetwork:
    """The medium of buses in one process. A payload has arrived everywhere when publish() returns."""

    def __init__(self, largest: int = _LARGEST) -> None:
        self.largest = largest  # bytes
        self.buses: list[LocalBus] = []  # those that are open, in the order of their opening

    @asynccontextmanager
    async def open_bus(self) -> AsyncGenerator[LocalBus]:
        """Open one more end for as long as the block lasts; payloads published before do not arrive there.

        Cancelling: the end is closed.
        """
        bus = LocalBus(self)
        bus.arrived.mark_lossy()
        self.buses.append(bus)
        try:
            yield bus
        finally:
            self.buses.remove(bus)

    def carry(self, sender: LocalBus, payload: bytes) -> None:
        """Deliver a payload to all buses, unless the sender is closed. Sync."""
        if sender in self.buses:
            for bus in self.buses:
                bus.arrived.put(payload)
