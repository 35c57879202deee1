"""How a server joins the others on its database: over the bus that the settings name."""

import socket
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from chat import __version__
from chat.bus.bus import Bus
from chat.bus.opening import kind_of, open_bus
from chat.bus.seals import Seals
from chat.bus.sockets import KIND, open_socket_bus
from chat.domain.nodes import digest_of
from chat.engine.cluster.servers import ClusterConfig
from chat.settings.config import Config
from chat.workers.worker_context import WorkerContext


@asynccontextmanager
async def open_cluster_config(
    config: Config, address: dict[str, Any], secret: str, worker: WorkerContext | None
) -> AsyncGenerator[ClusterConfig | None]:
    """Open the bus for as long as the block lasts. Yields None for a server that is alone.

    `address` is the database's. Cancelling drops payloads that wait to be sent: the log has their changes.
    """
    if config.bus is None:
        yield None
        return
    if worker is not None and worker.bus_sockets is not None:
        opening: AbstractAsyncContextManager[Bus] = open_socket_bus(*worker.bus_sockets)
        kind = KIND
        seals = None  # the workers of one parent alone have these sockets
    else:
        previous = config.previous_secret
        opening = open_bus(config.bus, address, secret, previous=previous, timeout=config.query_timeout)
        kind = kind_of(config.bus)
        seals = Seals(secret, previous=previous)
    async with opening as bus:
        yield ClusterConfig(
            bus=bus,
            seals=seals,
            bus_kind=kind,
            secret_digest=digest_of(secret),
            previous_digest=None if config.previous_secret is None else digest_of(config.previous_secret),
            address=_own_address(config, worker),
            version=__version__,
        )


def _own_address(config: Config, worker: WorkerContext | None) -> str:
    """Return the server's address for people: host name, port of its first listener, and number of the worker."""
    if worker is None:
        return f"{socket.gethostname()}:{config.listen[0].port}"
    return f"{socket.gethostname()}:{worker.bounds[0].port} worker {worker.number}"
