"""The parent of the workers: it holds what all of them share, and serves no client itself."""

import sys
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, contextmanager, suppress
from pathlib import Path
from socket import socket
from typing import Any

import trio
from msgspec import structs

from chat.bus.sockets import open_seat
from chat.domain.startup import CannotStart
from chat.embedded_postgres.data_directory import open_data_directory
from chat.embedded_postgres.embedded import open_embedded_postgres
from chat.embedded_postgres.settings import connections_for
from chat.gateway.balance import Slots
from chat.gateway.binding import Bound, bind
from chat.gateway.tls import open_tls_context
from chat.inspection.control_socket import open_control_socket
from chat.inspection.remote_inspection import RemoteInspection
from chat.settings.config import Config
from chat.settings.passing import settings_to_pass
from chat.shutdown import longest_worker_stop
from chat.workers.inheritance import socket_name
from chat.workers.merged_inspection import MergedInspection
from chat.workers.messages import BusSockets, Listening, Reload, Serve
from chat.workers.process import WorkerProcess, command
from chat.workers.supervisor import Supervisor, open_supervisor


class Workers:
    """Workers that serve. `addresses` are their listeners' URLs."""

    def __init__(self, addresses: tuple[str, ...], estate: "_Estate", supervisor: Supervisor) -> None:
        self.addresses = addresses
        self._estate = estate
        self._supervisor = supervisor

    async def renew_certificate(self, cert: Path, key: Path) -> None:
        """See that certificate and key are of use; reload() has the workers read them.

        Raises CannotStart where they are not. Cancelling changes nothing.
        """
        await trio.to_thread.run_sync(open_tls_context, cert, key, abandon_on_cancel=True)

    async def reload(self, config: Config) -> None:
        """Have all workers take certificate, key and log level from `config`. Cancelling: some may have."""
        self._estate.config = _with_bus(config, self._estate.data)
        await self._supervisor.reload(Reload(settings_to_pass(self._estate.config)))

    def restart(self) -> None:
        """Replace all workers, one by one: each new one serves before an old one sends its clients away. Sync."""
        self._supervisor.restart()


class _Estate:
    """What the parent hands down to each worker."""

    def __init__(
        self,
        config: Config,
        data: Path,
        address: dict[str, Any],
        secret: str,
        bounds: Sequence[Bound],
        metrics_bounds: Sequence[Bound],
        slots: Slots,
        bus_seats: Sequence[tuple[socket, socket]],
    ) -> None:
        self.config = config
        self.data = data
        self._address = address
        self._secret = secret
        self._bounds = bounds
        self._metrics_bounds = metrics_bounds
        self._slots = slots
        self._bus_seats = bus_seats  # none where the settings say which bus there is

    def worker(self, seat: int) -> WorkerProcess:
        """Return a worker for a seat, yet to be run."""
        config = self.config
        listening = _listening(self._bounds)
        metrics_listening = _listening(self._metrics_bounds)
        bus_sockets = _bus_sockets(self._bus_seats, seat) if self._bus_seats else None
        first = Serve(
            settings=settings_to_pass(config),
            data=str(self.data),
            address=self._address,
            secret=self._secret,
            listening=listening,
            metrics_listening=metrics_listening,
            seat=seat,
            seats=self._slots.size,
            slots=self._slots.descriptor,
            bus_sockets=bus_sockets,
        )
        descriptors = [
            self._slots.descriptor,
            *(() if bus_sockets is None else (bus_sockets.receiving, *bus_sockets.others)),
            *(number for each in (*listening, *metrics_listening) for number in each.descriptors),
        ]
        stop_time = longest_worker_stop(config.grace, config.commit_timeout, config.query_timeout)
        return WorkerProcess(command(), first, descriptors, stop_time)

    def vacate(self, seat: int) -> None:
        """The worker in that seat has ended: nobody is compared with it, and its control socket is nobody's."""
        self._slots.vacate(seat)
        with suppress(OSError):
            (self.data / socket_name(seat)).unlink()


@asynccontextmanager
async def open_workers(config: Config) -> AsyncGenerator[Workers]:
    """Serve with `config.workers` processes for as long as the block lasts; each is a whole server.

    In order: data directory, PostgreSQL, listening sockets, workers; leaving the block undoes it in reverse, and the
    workers stop together, each as a single server does. Raises CannotStart. Cancelling: the workers are cut.
    """
    if sys.platform == "win32":
        raise CannotStart("several workers need Linux or macOS")
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(open_data_directory(config.data))
        secret = config.secret or data.secret()
        tls = open_tls_context(
            config.tls_cert, config.tls_key
        )  # so that a bad one is told before anything starts
        if config.database_url is None:
            connections = connections_for(config.workers, config.pool_size)
            postgres = await stack.enter_async_context(
                open_embedded_postgres(data, grace=config.grace, connections=connections)
            )
            address = postgres.address
        else:
            address = {"dsn": config.database_url}
        bounds = [stack.enter_context(closing(await bind(listen))) for listen in config.listen]
        metrics_bounds = [
            stack.enter_context(closing(await bind(listen)))
            for listen in (config.metrics_listen,)
            if listen is not None
        ]
        slots = stack.enter_context(closing(Slots(config.workers + 1)))
        bus_seats = stack.enter_context(_open_bus_seats(config, slots.size))
        estate = _Estate(
            _with_bus(config, data.path), data.path, address, secret, bounds, metrics_bounds, slots, bus_seats
        )
        supervisor = await stack.enter_async_context(
            open_supervisor(
                config.workers, estate.worker, estate.vacate, lambda: estate.config.restart_spread
            )
        )
        inspection = MergedInspection(lambda: _inspections(data.path, supervisor))
        await stack.enter_async_context(open_control_socket(data.path, inspection))
        for bound in (*bounds, *metrics_bounds):
            # Before the workers are told to stop: a socket takes connections until the last process lets go of it.
            stack.callback(bound.close)
        scheme = "http" if tls is None else "https"
        yield Workers(tuple(bound.url(scheme) for bound in bounds), estate, supervisor)


@contextmanager
def _open_bus_seats(config: Config, size: int) -> Generator[list[tuple[socket, socket]]]:
    """Open the sockets of a bus for that many workers, where nobody else can be on their database."""
    with ExitStack() as stack:
        has_own = config.bus is None and config.database_url is None
        seats = [open_seat() for _ in range(size if has_own else 0)]
        for receiving, sending in seats:
            stack.enter_context(receiving)
            stack.enter_context(sending)
        yield seats


def _bus_sockets(seats: Sequence[tuple[socket, socket]], own: int) -> BusSockets:
    others = [sending.fileno() for seat, (_, sending) in enumerate(seats) if seat != own]
    return BusSockets(seats[own][0].fileno(), tuple(others))


def _with_bus(config: Config, data: Path) -> Config:
    """Workers are several servers on one database: PostgreSQL hurries what they have to tell, if nothing else does.

    They have the data directory in common, and so the files in it.
    """
    return structs.replace(config, bus=config.bus or "notify", files=config.files_beside(data))


def _inspections(data: Path, supervisor: Supervisor) -> list[RemoteInspection]:
    return [
        RemoteInspection(data, socket_name(keeper.seat), f"worker {keeper.number}")
        for keeper in supervisor
        if keeper.pid is not None
    ]


def _listening(bounds: Sequence[Bound]) -> tuple[Listening, ...]:
    return tuple(
        Listening(bound.listen, bound.port, tuple(listener.socket.fileno() for listener in bound.listeners))
        for bound in bounds
    )
