"""Settles an upgrade of the cluster that was killed: it is completed if the new one is whole, otherwise undone."""

import os
import shutil
from pathlib import Path

import structlog

from chat.domain.startup import CannotStart
from chat.durable import sync_directory
from chat.embedded_postgres.leftover import stop_all_below, stop_leftover

IN_THE_MAKING = "upgrade"
UPGRADED = "upgraded"

logger = structlog.get_logger(__name__)


async def stop_leftovers(home: Path) -> None:
    """Stop what a killed server or a killed upgrade left running in `home`. Raises CannotStart.

    Cancelling: it may still run.
    """
    making = home / IN_THE_MAKING
    await stop_leftover(making / "cluster")
    await stop_all_below(making.resolve())  # first: pg_upgrade starts the old cluster, and disables it
    await stop_leftover(home / "cluster")


def settle_upgrade(home: Path) -> None:
    """Complete or undo an upgrade in `home`, PostgreSQL's directory. No PostgreSQL may run there.

    Sync; may raise OSError. A kill in it changes nothing: the next call goes on.
    """
    cluster, upgraded = home / "cluster", home / UPGRADED
    if upgraded.exists():
        if cluster.exists():
            version = version_of(cluster)
            assert version is not None
            os.rename(cluster, kept_as(home, version))
        os.rename(upgraded, cluster)
        sync_directory(home)
        logger.info("the upgrade of PostgreSQL's data is complete", version=version_of(cluster))
    control = cluster / "global" / "pg_control"
    disabled = control.with_name("pg_control.old")
    if disabled.exists() and not control.exists():
        # pg_upgrade --link did this before it linked the first file. The new cluster has not run.
        os.rename(disabled, control)
        sync_directory(control.parent)
        logger.info("undid an upgrade of PostgreSQL's data that was cut short", path=str(cluster))
    if (home / IN_THE_MAKING).exists():
        shutil.rmtree(home / IN_THE_MAKING)


def kept_as(home: Path, version: int) -> Path:
    """Return the name under which the old cluster is kept: one that is free. Sync."""
    names = [f"cluster-{version}", *(f"cluster-{version}-{number}" for number in range(2, 100))]
    return next(home / name for name in names if not (home / name).exists())


def version_of(cluster: Path) -> int | None:
    """Return the major version of PostgreSQL that created the cluster; None: there is no cluster. Sync."""
    if not cluster.exists():
        return None
    try:
        return int((cluster / "PG_VERSION").read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise CannotStart(f"{cluster} is damaged: it has no readable PG_VERSION; restore a backup") from error
