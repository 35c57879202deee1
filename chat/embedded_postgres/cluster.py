"""PostgreSQL's data directory (cluster): created once, atomically, and freed of an earlier PostgreSQL."""

import os
import re
import secrets
import shutil
from pathlib import Path
from typing import NamedTuple

import structlog
import trio

from chat.domain.startup import CannotStart
from chat.durable import sync_directory
from chat.embedded_postgres.binaries import Binaries, find_binaries
from chat.embedded_postgres.process import run
from chat.embedded_postgres.settling import settle_upgrade, stop_leftovers, version_of
from chat.embedded_postgres.unprivileged import UnixUser, choose_owner, make_home

SUPERUSER = "chat"
FIRST_WITH_BUILTIN_LOCALES = 17
INITDB_TIMEOUT = 120.0
"""Seconds; it takes half a second on a good disk."""
SEGMENT_MIB = 4
"""The size of a segment of WAL: a backup fills the rest of one with zeros twice, for which each commit waits."""

logger = structlog.get_logger(__name__)


class Cluster(NamedTuple):
    """A cluster, the programs that run it, and the user that they run as (None: this process's user)."""

    path: Path
    binaries: Binaries
    owner: UnixUser | None


async def prepare_cluster(data: Path) -> Cluster:
    """Find or create the cluster in the data directory `data`, and find the programs that run it.

    Raises CannotStart. Cancelling: an unfinished cluster is removed.
    """
    home = data / "postgres"
    path = home / "cluster"
    try:
        owner = choose_owner(home)
        make_home(home, owner)
        await stop_leftovers(home)
        settle_upgrade(home)
        for unfinished in home.glob("new-*"):  # its initdb was killed
            shutil.rmtree(unfinished, ignore_errors=True)
        made_by = version_of(path)
        binaries = await find_binaries(data, home, owner, made_by)
        if made_by is None:
            await create_cluster(path, binaries, owner)
        _end_killed_import(path)
    except OSError as error:
        raise CannotStart(f"cannot use PostgreSQL's data in {home}: {error}") from error
    return Cluster(path, binaries, owner)


def _end_killed_import(path: Path) -> None:
    """Undo what an import sets with ALTER SYSTEM while it runs (chat/archive/wal.py). No PostgreSQL may run there."""
    settings = path / "postgresql.auto.conf"
    if not settings.exists():
        return
    kept = [line for line in settings.read_bytes().splitlines(True) if not line.startswith(b"wal_init_zero")]
    status = settings.stat()
    if sum(map(len, kept)) == status.st_size:
        return
    new = settings.with_suffix(".new")
    with new.open("wb") as file:
        file.writelines(kept)
        os.fchmod(file.fileno(), status.st_mode)
        os.fchown(file.fileno(), status.st_uid, status.st_gid)
        os.fsync(file.fileno())
    os.rename(new, settings)
    sync_directory(path)


async def create_cluster(
    path: Path, binaries: Binaries, owner: UnixUser | None, segment_mib: int = SEGMENT_MIB
) -> None:
    """Create a cluster at `path`, atomically, with WAL segments of so many MiB.

    Raises CannotStart, and OSError. Cancelling: there is none.
    """
    home = path.parent
    logger.info("creating the PostgreSQL database", path=str(path), version=binaries.version)
    new = home / f"new-{secrets.token_hex(4)}"
    try:
        status, said = await run(
            (binaries.directory / "initdb", "-D", new, *_options(binaries.version, segment_mib)),
            directory=home,
            owner=owner,
            timeout=INITDB_TIMEOUT,
        )
        if status != 0:
            reasons = [
                line for line in said.splitlines() if re.search("error|fatal|panic", line, re.IGNORECASE)
            ]
            raise CannotStart(
                f"PostgreSQL's initdb failed ({status}): {'; '.join(reasons[:3]) or said[-300:]}"
            )
        os.rename(new, path)
        sync_directory(home)
    except trio.TooSlowError as error:
        raise CannotStart(f"PostgreSQL's initdb did not end within {INITDB_TIMEOUT:.0f} s") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _options(version: int, segment_mib: int) -> list[str]:
    """Return initdb's options. There is no password: the only access is a socket in a private directory.

    Text sorts by code point. Letters are Unicode's where PostgreSQL has a built-in locale; otherwise ASCII's, because
    C is the only locale that every machine has.
    """
    options = [f"--username={SUPERUSER}", "--auth=trust", "--encoding=UTF8", "--locale=C"]
    options += ["--data-checksums", "--no-instructions", f"--wal-segsize={segment_mib}"]
    if version >= FIRST_WITH_BUILTIN_LOCALES:
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return options
