"""What a worker gets from its parent: database address, sockets, data directory. A single server opens its own."""

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
    """The sockets of the separate port for metrics, if there is one."""
    slot: WorkerSlot
    data: Path
    """The data directory, whose lock the parent holds."""
    socket_name: str
    """The file name of this worker's control socket in `data`."""
    everybody: Inspection
    bus_sockets: tuple[socket.socket, tuple[socket.socket, ...]] | None = None
    """The receiving end of this slot and the sending ends of the others, if the workers have a bus of their own."""


def open_worker_context(serve: Serve) -> WorkerContext:
    """Open the descriptors that the parent passed in `serve`. To be called once, within Trio. Sync."""
    data = Path(serve.data)
    return WorkerContext(
        serve.slot + 1,
        serve.address,
        serve.secret,
        tuple(map(_bound, serve.listening)),
        tuple(map(_bound, serve.metrics_listening)),
        WorkerSlot(ConnectionCounts(serve.slots, serve.counts), serve.slot),
        data,
        socket_name(serve.slot),
        RemoteInspection(data, SOCKET, "the parent of the workers"),
        None if serve.bus_sockets is None else _bus_sockets(serve.bus_sockets),
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
