"""What a worker gets from its parent; a single server opens the same for itself."""

import socket
from pathlib import Path
from typing import Any, NamedTuple

import trio

from chat.gateway.balance import ConnectionCounts, WorkerSlot
from chat.gateway.binding import Bound
from chat.inspection.control_path import SOCKET
from chat.inspection.inspection import Inspection
from chat.inspection.remote_inspection import RemoteInspection
from chat.workers.messages import BusSockets, Listening, Serve


class WorkerContext(NamedTuple):
    """Access to the database, the sockets to accept from, and the inspection of all workers."""

    number: int
    """The worker's number, from 1."""
    address: dict[str, Any]
    """asyncpg.connect's keyword arguments."""
    secret: str
    bounds: tuple[Bound, ...]
    metrics_bounds: tuple[Bound, ...]
    """The sockets of the metrics' own port, if they have one."""
    slot: WorkerSlot
    data: Path
    """The data directory, which the parent holds."""
    socket_name: str
    """The file name of this worker's control socket in there."""
    everybody: Inspection
    bus_sockets: tuple[socket.socket, tuple[socket.socket, ...]] | None = None
    """The receiving end of its slot, and the sending ends of the others, where workers have a bus of their own."""


def open_worker_context(told: Serve) -> WorkerContext:
    """Open the descriptors that the parent passed. To be called once, within Trio. Sync."""
    data = Path(told.data)
    return WorkerContext(
        told.slot + 1,
        told.address,
        told.secret,
        tuple(map(_bound, told.listening)),
        tuple(map(_bound, told.metrics_listening)),
        WorkerSlot(ConnectionCounts(told.slots, told.counts), told.slot),
        data,
        socket_name(told.slot),
        RemoteInspection(data, SOCKET, "the parent of the workers"),
        None if told.bus_sockets is None else _bus_sockets(told.bus_sockets),
    )


def socket_name(slot: int) -> str:
    """Return the file name of the control socket of the worker in this slot."""
    return f"worker-{slot + 1}.socket"


def _bus_sockets(given: BusSockets) -> tuple[socket.socket, tuple[socket.socket, ...]]:
    return socket.socket(fileno=given.receiving), tuple(
        socket.socket(fileno=descriptor) for descriptor in given.others
    )


def _bound(listening: Listening) -> Bound:
    sockets = (socket.socket(fileno=descriptor) for descriptor in listening.descriptors)
    listeners = tuple(trio.SocketListener(trio.socket.from_stdlib_socket(each)) for each in sockets)
    return Bound(listening.listen, listening.port, listeners)
