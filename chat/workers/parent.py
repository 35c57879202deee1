"""The parent of the workers: it holds their shared resources, and serves no client itself."""

import sys
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
    suppress,
)
from pathlib import Path
from socket import socket
from typing import Any

import trio
from msgspec import structs

from chat.bus.sockets import open_socket_pair
from chat.domain.startup import CannotStart
from chat.embedded_postgres.data_directory import open_data_directory
from chat.embedded_postgres.embedded import open_embedded_postgres
from chat.embedded_postgres.settings import connections_for
from chat.gateway.balance import ConnectionCounts
from chat.gateway.binding import Bound, bind
from chat.gateway.tls import open_tls_context
from chat.inspection.control_socket import open_control_socket
from chat.inspection.remote_inspection import RemoteInspection
from chat.settings.config import Config
from chat.settings.passing import settings_to_pass
from chat.shutdown import longest_worker_stop
from chat.workers.merged_inspection import MergedInspection
from chat.workers.messages import BusSockets, Listening, Reload, Serve
from chat.workers.process import WorkerProcess, command
from chat.workers.supervisor import Supervisor, open_supervisor
from chat.workers.worker_context import socket_name


class Workers:
    """Workers that serve. `addresses` are their listeners' URLs."""

    def __init__(self, addresses: tuple[str, ...], shared: "SharedResources", supervisor: Supervisor) -> None:
        self.addresses = addresses
        self._shared = shared
        self._supervisor = supervisor

    async def renew_certificate(self, cert: Path, key: Path) -> None:
        """Check certificate and key; reload() has the workers read them.

        Raises CannotStart where they are of no use. Cancelling changes nothing.
        """
        await trio.to_thread.run_sync(open_tls_context, cert, key, abandon_on_cancel=True)

    async def reload(self, config: Config) -> None:
        """Have all workers take certificate, key and log level from `config`. Cancelling: some may have."""
        self._shared.config = _with_bus(config, self._shared.data)
        await self._supervisor.reload(Reload(settings_to_pass(self._shared.config)))

    def restart(self) -> None:
        """Replace all workers, one by one: each new one serves before an old one sends its clients away. Sync."""
        self._supervisor.restart()


class SharedResources:
    """The resources that the parent passes to each worker."""

    def __init__(
        self,
        config: Config,
        data: Path,
        address: dict[str, Any],
        secret: str,
        bounds: Sequence[Bound],
        metrics_bounds: Sequence[Bound],
        counts: ConnectionCounts,
        bus_pairs: Sequence[tuple[socket, socket]],
    ) -> None:
        self.config = config
        self.data = data
        self._address = address
        self._secret = secret
        self._bounds = bounds
        self._metrics_bounds = metrics_bounds
        self._counts = counts
        self._bus_pairs = bus_pairs  # empty where the settings name a bus

    def worker(self, slot: int) -> WorkerProcess:
        """Return a worker for a slot, yet to be run."""
        config = self.config
        listening = _listening(self._bounds)
        metrics_listening = _listening(self._metrics_bounds)
        bus_sockets = _bus_sockets(self._bus_pairs, slot) if self._bus_pairs else None
        first = Serve(
            settings=settings_to_pass(config),
            data=str(self.data),
            address=self._address,
            secret=self._secret,
            listening=listening,
            metrics_listening=metrics_listening,
            slot=slot,
            slots=self._counts.size,
            counts=self._counts.descriptor,
            bus_sockets=bus_sockets,
        )
        descriptors = [
            self._counts.descriptor,
            *(() if bus_sockets is None else (bus_sockets.receiving, *bus_sockets.others)),
            *(number for each in (*listening, *metrics_listening) for number in each.descriptors),
        ]
        stop_time = longest_worker_stop(config.grace, config.commit_timeout, config.query_timeout)
        return WorkerProcess(command(), first, descriptors, stop_time)

    def vacate(self, slot: int) -> None:
        """The worker in that slot has ended: free its count, and remove its control socket."""
        self._counts.vacate(slot)
        with suppress(OSError):
            (self.data / socket_name(slot)).unlink()


@asynccontextmanager
async def _nothing_beside(_config: Config, _address: dict[str, Any]) -> AsyncGenerator[None]:
    """Do nothing: the database is used as it is."""
    yield


@asynccontextmanager
async def open_workers(
    config: Config,
    open_beside: Callable[[Config, dict[str, Any]], AbstractAsyncContextManager[None]] = _nothing_beside,
) -> AsyncGenerator[Workers]:
    """Serve with `config.workers` processes for as long as the block lasts; each is a whole server.

    In order: data directory, PostgreSQL, `open_beside` with its address, listening sockets, workers; leaving the block
    undoes it in reverse, and the workers stop together, each as a single server does. Raises CannotStart. Cancelling:
    the workers are cut.
    """
    if sys.platform == "win32":
        raise CannotStart("several workers need Linux or macOS")
    async with AsyncExitStack() as stack:
        data = await stack.enter_async_context(open_data_directory(config.data))
        secret = config.secret or data.secret()
        tls = open_tls_context(config.tls_cert, config.tls_key)  # before anything starts: it may be bad
        if config.database_url is None:
            connections = connections_for(config.workers, config.pool_size)
            postgres = await stack.enter_async_context(
                open_embedded_postgres(
                    data, grace=config.grace, connections=connections, settings=config.postgres_settings
                )
            )
            address = postgres.address
        else:
            address = {"dsn": config.database_url}
        await stack.enter_async_context(open_beside(config, address))
        bounds = [stack.enter_context(closing(await bind(listen))) for listen in config.listeners]
        metrics_bounds = [
            stack.enter_context(closing(await bind(listen)))
            for listen in (config.metrics_listen,)
            if listen is not None
        ]
        counts = stack.enter_context(closing(ConnectionCounts(config.workers + 1)))
        bus_pairs = stack.enter_context(_open_bus_pairs(config, counts.size))
        shared = SharedResources(
            _with_bus(config, data.path),
            data.path,
            address,
            secret,
            bounds,
            metrics_bounds,
            counts,
            bus_pairs,
        )
        supervisor = await stack.enter_async_context(
            open_supervisor(
                config.workers, shared.worker, shared.vacate, lambda: shared.config.restart_spread
            )
        )
        inspection = MergedInspection(lambda: _inspections(data.path, supervisor))
        await stack.enter_async_context(open_control_socket(data.path, inspection))
        for bound in (*bounds, *metrics_bounds):
            # Before the workers are told to stop: a socket takes connections until the last process lets go of it.
            stack.callback(bound.close)
        urls = [bound.url(bound.listen.scheme(is_encrypted=tls is not None)) for bound in bounds]
        yield Workers(tuple(urls), shared, supervisor)


@contextmanager
def _open_bus_pairs(config: Config, size: int) -> Generator[list[tuple[socket, socket]]]:
    """Open the sockets of a bus for that many workers, where no other server can use their database."""
    with ExitStack() as stack:
        has_own = config.bus is None and config.database_url is None
        slots = [open_socket_pair() for _ in range(size if has_own else 0)]
        for receiving, sending in slots:
            stack.enter_context(receiving)
            stack.enter_context(sending)
        yield slots


def _bus_sockets(slots: Sequence[tuple[socket, socket]], own: int) -> BusSockets:
    others = [sending.fileno() for slot, (_, sending) in enumerate(slots) if slot != own]
    return BusSockets(slots[own][0].fileno(), tuple(others))


def _with_bus(config: Config, data: Path) -> Config:
    """Return the settings of workers, which are several servers on one database: with a bus, by default PostgreSQL's.

    They share the data directory, and so the files in it.
    """
    return structs.replace(config, bus=config.bus or "notify", files=config.files_beside(data))


def _inspections(data: Path, supervisor: Supervisor) -> list[RemoteInspection]:
    return [
        RemoteInspection(data, socket_name(runner.slot), f"worker {runner.number}")
        for runner in supervisor
        if runner.pid is not None
    ]


def _listening(bounds: Sequence[Bound]) -> tuple[Listening, ...]:
    return tuple(
        Listening(bound.listen, bound.port, tuple(listener.socket.fileno() for listener in bound.listeners))
        for bound in bounds
    )
