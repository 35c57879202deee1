"""What a worker has from its parent in place of what a single server opens for itself."""

import socket
from pathlib import Path
from typing import Any, NamedTuple

import trio

from chat.gateway.balance import Seat, Slots
from chat.gateway.binding import Bound
from chat.inspection.control_path import SOCKET
from chat.inspection.inspection import Inspection
from chat.inspection.remote_inspection import RemoteInspection
from chat.workers.messages import BusSockets, Listening, Serve


class Inheritance(NamedTuple):
    """How to reach the database, the sockets to accept from, and who answers for all workers."""

    number: int
    """Of the worker, from 1."""
    address: dict[str, Any]
    """asyncpg.connect's keyword arguments."""
    secret: str
    bounds: tuple[Bound, ...]
    metrics_bounds: tuple[Bound, ...]
    """Of the metrics' own port, if they have one."""
    seat: Seat
    data: Path
    """The data directory, which the parent holds."""
    socket_name: str
    """Where in there this worker answers for itself."""
    everybody: Inspection
    bus_sockets: tuple[socket.socket, tuple[socket.socket, ...]] | None = None
    """The receiving end of its seat, and the sending ends of the others, where workers have a bus of their own."""


def inherit(told: Serve) -> Inheritance:
    """Open what the parent handed down by its descriptors. To be called once, within Trio. Sync."""
    data = Path(told.data)
    return Inheritance(
        told.seat + 1,
        told.address,
        told.secret,
        tuple(map(_bound, told.listening)),
        tuple(map(_bound, told.metrics_listening)),
        Seat(Slots(told.seats, told.slots), told.seat),
        data,
        socket_name(told.seat),
        RemoteInspection(data, SOCKET, "the parent of the workers"),
        None if told.bus_sockets is None else _bus_sockets(told.bus_sockets),
    )


def socket_name(seat: int) -> str:
    """The control socket of the worker in this seat, in the data directory."""
    return f"worker-{seat + 1}.socket"


def _bus_sockets(given: BusSockets) -> tuple[socket.socket, tuple[socket.socket, ...]]:
    return socket.socket(fileno=given.receiving), tuple(
        socket.socket(fileno=descriptor) for descriptor in given.others
    )


def _bound(listening: Listening) -> Bound:
    sockets = (socket.socket(fileno=descriptor) for descriptor in listening.descriptors)
    listeners = tuple(trio.SocketListener(trio.socket.from_stdlib_socket(each)) for each in sockets)
    return Bound(listening.listen, listening.port, listeners)
