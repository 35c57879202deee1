"""The server's own PostgreSQL, running for a block and restarted whenever it ends."""

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from chat.domain.startup import CannotStart
from chat.embedded_postgres.cluster import SUPERUSER, prepare_cluster
from chat.embedded_postgres.data_directory import DataDirectory
from chat.embedded_postgres.running import open_cluster
from chat.embedded_postgres.settings import FEWEST_CONNECTIONS, NOT_DURABLE, refuse_required
from chat.embedded_postgres.socket_directory import PORT, find_socket_directory, open_socket_directory
from chat.embedded_postgres.supervisor import START_TIMEOUT, Supervisor


class EmbeddedPostgres:
    """A PostgreSQL of our own. `address` holds the keyword arguments of asyncpg.connect."""

    def __init__(self, supervisor: Supervisor, address: dict[str, Any]) -> None:
        self.address = address
        self._supervisor = supervisor

    @property
    def ready(self) -> bool:
        """Whether it runs and accepts connections."""
        return self._supervisor.ready

    @property
    def restarts(self) -> int:
        """The number of its restarts."""
        return self._supervisor.restarts

    @property
    def pid(self) -> int | None:
        """The postmaster's process id; None while it does not run."""
        return self._supervisor.pid


@asynccontextmanager
async def open_embedded_postgres(
    data: DataDirectory,
    *,
    grace: float,
    connections: int = FEWEST_CONNECTIONS,
    settings: Sequence[str] = (),
    start_timeout: float = START_TIMEOUT,
    durable: bool = True,
) -> AsyncGenerator[EmbeddedPostgres]:
    """Run PostgreSQL on `data` for the block; a missing database is created. Raises CannotStart.

    `connections` is its max_connections, `settings` are the operator's as NAME=VALUE; a start may take `start_timeout`
    seconds. Without `durable` it flushes nothing: for one that is removed soon. Leaving the block stops it within
    `grace` seconds, with clients connected or not. Cancelling stops it the same way; committed data is kept.
    """
    if sys.platform == "win32":
        raise CannotStart("the server can run its own PostgreSQL only on Linux and macOS: pass --database")
    refuse_required(settings)
    if not durable:
        settings = (*settings, *NOT_DURABLE)
    cluster = await prepare_cluster(data.path)
    with open_socket_directory(data.path, cluster.owner) as sockets:
        async with open_cluster(
            data.path,
            cluster,
            sockets,
            grace=grace,
            connections=connections,
            settings=settings,
            start_timeout=start_timeout,
        ) as supervisor:
            yield EmbeddedPostgres(supervisor, address_in(sockets))


def running_address(path: Path) -> dict[str, Any]:
    """Return the address of the PostgreSQL that another process runs on the data directory `path`.

    Raises CannotStart if there is none.
    """
    directory = find_socket_directory(path.absolute())
    if directory is None:
        raise CannotStart(
            f"the server that uses {path} has no PostgreSQL of its own that is ready: try again, or pass --database"
        )
    return address_in(directory)


def address_in(sockets: Path) -> dict[str, Any]:
    """Return the address of the PostgreSQL whose socket is in that directory. Sync and pure."""
    # Explicit values override the PG… variables of the environment.
    return {"host": str(sockets), "port": PORT, "user": SUPERUSER, "database": "postgres", "ssl": False}
