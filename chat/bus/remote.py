"""The common part of buses whose medium is another process: notify and redis."""

import math
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
import trio

from chat.bus.bus import can_carry
from chat.bus.receive_buffer import ReceiveBuffer
from chat.bus.send_buffer import SendBuffer
from chat.shutdown import BUS_FLUSH

PAUSE = 0.25
"""Seconds between two tries to connect."""

logger = structlog.get_logger(__name__)


class RemoteBus:
    """One server's end: publish() fills a buffer that one task sends; another task fills the buffer of receive()."""

    def __init__(self, name: str, largest: int) -> None:
        self.name = name  # of the medium, for the log
        self.waiting = SendBuffer()
        self.arrived = ReceiveBuffer()
        self._largest = largest
        self._failing: set[str] = set()  # the tasks without a connection

    @property
    def largest(self) -> int:
        """Bytes of the largest payload that it carries."""
        return self._largest

    def publish(self, payload: bytes) -> None:
        """Send to every server that listens, this one too. Sync: never waits and never raises."""
        if can_carry(payload, self._largest):
            self.waiting.put(payload)

    async def receive(self) -> list[bytes] | None:
        """Wait for payloads; None: some may have been lost. Cancelling: nothing is taken."""
        return await self.arrived.take()

    def failed(self, task: str, error: str) -> None:
        """Log once that the bus is lost, for all tries of all tasks. Sync."""
        if trio.current_effective_deadline() == -math.inf:
            return  # we are leaving the bus: that ends connections too
        if not self._failing:
            logger.warning(
                "bus lost: changes made by other servers are delayed until it reconnects",
                bus=self.name,
                error=error,
            )
        self._failing.add(task)

    def works(self, task: str) -> None:
        """Log that the bus is back, once all tasks have connections. Sync."""
        if task in self._failing:
            self._failing.remove(task)
            if not self._failing:
                logger.info("bus reconnected", bus=self.name)


@asynccontextmanager
async def run_bus(
    bus: RemoteBus, *tasks: Callable[[RemoteBus], Awaitable[None]]
) -> AsyncGenerator[RemoteBus]:
    """Run the tasks, which connect again and again, for as long as the block lasts.

    Leaving sends the waiting payloads, if there is a connection, for at most half a second. Cancelling drops them.
    """
    async with trio.open_nursery() as nursery:
        for task in tasks:
            nursery.start_soon(task, bus)
        yield bus
        with trio.move_on_after(BUS_FLUSH):
            await bus.waiting.drain()
        nursery.cancel_scope.cancel(reason="the bus is left")
