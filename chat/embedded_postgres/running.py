"""Runs PostgreSQL on a cluster for a block."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from chat.domain.startup import CannotStart
from chat.embedded_postgres.cluster import Cluster
from chat.embedded_postgres.server_log import ServerLog
from chat.embedded_postgres.settings import FEWEST_CONNECTIONS
from chat.embedded_postgres.supervisor import START_TIMEOUT, Supervisor


@asynccontextmanager
async def open_cluster(
    data: Path,
    cluster: Cluster,
    sockets: Path,
    *,
    grace: float,
    connections: int = FEWEST_CONNECTIONS,
    settings: Sequence[str] = (),
    start_timeout: float = START_TIMEOUT,
) -> AsyncGenerator[Supervisor]:
    """Run PostgreSQL on `cluster` with its socket in `sockets` and its log in `data`, for the block.

    It is restarted whenever it ends. Raises CannotStart if it does not start. Leaving the block and cancelling stop it
    within `grace` seconds.
    """
    log = ServerLog(data / "postgres.log")
    supervisor = Supervisor(cluster, sockets, log, grace, connections, settings, start_timeout)
    async with trio.open_nursery() as nursery:
        refusal = await nursery.start(supervisor.run)
        if refusal is None:
            nursery.start_soon(log.keep_short)
            try:
                yield supervisor
            finally:
                nursery.cancel_scope.cancel(reason="PostgreSQL is no longer needed")
    if refusal is not None:  # outside the nursery, which would wrap it
        raise CannotStart(refusal)
