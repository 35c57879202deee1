"""The bus of the workers of one parent: a pair of Unix sockets for each slot, whose sending ends all workers have.

The parent makes the sockets and passes them on, as it does the listening sockets: nothing is connected, and nothing
ends with a worker. Payloads for a slot without a reader, or with a slow one, are dropped once its socket is full.
"""

import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, suppress

import structlog
import trio

from chat.bus.bus import can_carry
from chat.bus.receive_buffer import ReceiveBuffer

KIND = "workers of one parent"
"""The kind of this bus, as other servers see it: only workers of that parent can use it."""

LARGEST = 65_536
"""Bytes of a payload."""

_KERNEL_KEEPS = 4 * 2**20
"""Bytes that may wait in a socket, as asked for; the system allows some 400 KB, which is a commit of thousands."""

_AT_ONCE = 64
"""Payloads that are taken from the socket until the other tasks get their turn."""

logger = structlog.get_logger(__name__)


def open_socket_pair() -> tuple[socket.socket, socket.socket]:
    """Return the receiving and the sending end of one worker's socket. Sync."""
    receiving, sending = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for end in (receiving, sending):
        end.setblocking(False)
        with suppress(OSError):  # more than the system allows: the size stays
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_KEEPS)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KERNEL_KEEPS)
    return receiving, sending


class SocketBus:
    """One worker's end. `others` are the sending ends of all slots but its own."""

    largest = LARGEST

    def __init__(self, others: Sequence[socket.socket]) -> None:
        self._others = others
        self.arrived = ReceiveBuffer()
        self.is_open = True

    def publish(self, payload: bytes) -> None:
        """Send to every worker, this one too. Sync: never waits and never raises."""
        if not (self.is_open and can_carry(payload, LARGEST)):
            return
        self.arrived.put(payload)
        for other in self._others:
            try:
                other.send(payload)
            except BlockingIOError:
                pass  # full: its worker reads slowly, or there is none
            except OSError as error:
                logger.debug("payload not sent to a worker", error=str(error))

    async def receive(self) -> list[bytes] | None:
        """Return what has arrived, or None where some may have been lost. Cancelling: nothing is taken."""
        return await self.arrived.take()


@asynccontextmanager
async def open_socket_bus(
    receiving: socket.socket, others: Sequence[socket.socket]
) -> AsyncGenerator[SocketBus]:
    """Open a worker's end for as long as the block lasts; the sockets stay their owner's.

    `receiving` is the end of its own slot, `others` are the sending ends of all other slots. Payloads from before are
    dropped. Cancelling: payloads that were not received are lost.
    """
    bus = SocketBus(others)
    while _read(receiving):
        pass
    bus.arrived.mark_lossy()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_take_in, receiving, bus.arrived)
        try:
            yield bus
        finally:
            bus.is_open = False
        nursery.cancel_scope.cancel(reason="the bus is left")


async def _take_in(receiving: socket.socket, arrived: ReceiveBuffer) -> None:
    while True:
        await trio.lowlevel.wait_readable(receiving)
        for payload in _read(receiving):
            arrived.put(payload)


def _read(receiving: socket.socket) -> list[bytes]:
    """Return what waits in the socket, _AT_ONCE payloads at the most."""
    payloads: list[bytes] = []
    with suppress(BlockingIOError):
        while len(payloads) < _AT_ONCE:
            payloads.append(receiving.recv(LARGEST))
    return payloads
