"""A new cluster that is filled first and is the data directory's only then: whole, or not there at all."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from chat.domain.startup import CannotStart
from chat.durable import sync_directory
from chat.embedded_postgres.binaries import find_binaries
from chat.embedded_postgres.cluster import Cluster, create_cluster
from chat.embedded_postgres.data_directory import DataDirectory
from chat.embedded_postgres.embedded import address_in
from chat.embedded_postgres.running import open_cluster
from chat.embedded_postgres.settling import IN_THE_MAKING, UPGRADED, settle_upgrade, stop_leftovers
from chat.embedded_postgres.socket_directory import open_socket_directory
from chat.embedded_postgres.unprivileged import choose_owner, make_home
from chat.embedded_postgres.upgrade import make_private


@asynccontextmanager
async def open_new_cluster(data: DataDirectory, *, grace: float) -> AsyncGenerator[dict[str, Any]]:
    """Provide the address of an empty database; leaving the block makes it the one of `data`.

    Raises CannotStart, also if `data` has a database. Cancelling, a kill or an error in the block: it has none.
    """
    home = data.path / "postgres"
    try:
        owner = choose_owner(home)
        make_home(home, owner)
        await stop_leftovers(home)
        settle_upgrade(home)
        if (home / "cluster").exists():
            raise CannotStart(
                f"there is a database in {home / 'cluster'} already: rename it, or pass another --data"
            )
        binaries = await find_binaries(data.path, home, owner, None)
        making = home / IN_THE_MAKING
        make_private(making, owner)
        new = Cluster(making / "cluster", binaries, owner)
        await create_cluster(new.path, binaries, owner)
        with open_socket_directory(data.path, owner) as sockets:
            async with open_cluster(data.path, new, sockets, grace=grace):
                yield address_in(sockets)
        # No await between here and the last rename; a kill in it is completed by whatever starts next.
        os.sync()
        os.rename(new.path, home / UPGRADED)
        sync_directory(home)
        settle_upgrade(home)
    except OSError as error:
        raise CannotStart(f"cannot create PostgreSQL's data in {home}: {error}") from error
    finally:
        if not (home / UPGRADED).exists() and (home / IN_THE_MAKING).exists():
            settle_upgrade(home)
