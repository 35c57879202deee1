"""Upgrades the cluster to a newer major version of PostgreSQL, and keeps the old one.

In PostgreSQL's directory (`postgres/` of the data directory):

    upgrade/     the new cluster in the making; removed by whatever starts next
    upgraded/    the new cluster, whole: from this name on the upgrade is done
    cluster/     the one in use
    cluster-15/  the old one, kept until the operator removes it

A kill leaves the old cluster in use, or `upgraded/`; `settle_upgrade` then undoes or completes the rest.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import structlog
import trio

from chat.domain.startup import CannotStart
from chat.durable import sync_directory
from chat.embedded_postgres.binaries import Binaries, find_binaries
from chat.embedded_postgres.cluster import SEGMENT_MIB, SUPERUSER, Cluster, create_cluster
from chat.embedded_postgres.data_directory import DataDirectory
from chat.embedded_postgres.process import run
from chat.embedded_postgres.running import open_cluster
from chat.embedded_postgres.settling import (
    IN_THE_MAKING,
    UPGRADED,
    kept_as,
    settle_upgrade,
    stop_leftovers,
    version_of,
)
from chat.embedded_postgres.socket_directory import PORT, open_socket_directory
from chat.embedded_postgres.unprivileged import UnixUser, choose_owner, make_home

NEEDED_OF_OLD = ("postgres", "pg_controldata", "pg_ctl", "pg_resetwal")
NEEDED_OF_NEW = ("pg_upgrade", "pg_dump", "pg_dumpall", "pg_restore", "psql", "vacuumdb")
"""The programs without which pg_upgrade does not run."""

LONGEST = 86_400.0
"""Seconds for one program."""
SPARE = 256 << 20
"""Bytes that stay free on the disk."""

_COUNTS = r"""
SELECT format('SELECT %L, count(*) FROM %I.%I', schemaname || '.' || tablename, schemaname, tablename)
FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1 \gexec
"""

_SEGMENT_MIB = "SELECT setting::bigint >> 20 FROM pg_settings WHERE name = 'wal_segment_size'"

logger = structlog.get_logger(__name__)


class Upgraded(NamedTuple):
    """A done upgrade: the versions, and where the old cluster is."""

    old: int
    new: int
    kept: Path
    seconds: float


async def upgrade_cluster(
    data: DataDirectory, *, link: bool, grace: float, report: Callable[[str], None]
) -> Upgraded | int:
    """Upgrade the cluster in `data` to the newest PostgreSQL here; return its version if it needs no upgrade.

    Args:
        data: the data directory, which the caller holds.
        link: share the files of the old cluster instead of copying them: it takes seconds and no space, but the old
            one cannot be used any more.
        grace: seconds for each stop of PostgreSQL.
        report: called with the name of each step.

    Raises CannotStart; the old cluster is in use then. Cancelling: the same.
    """
    home = data.path / "postgres"
    owner = choose_owner(home)
    try:
        make_home(home, owner)
        await stop_leftovers(home)
        settle_upgrade(home)
        version = version_of(home / "cluster")
        if version is None:
            raise CannotStart(f"there is no database of PostgreSQL in {data.path}: nothing to upgrade")
        newest = await find_binaries(data.path, home, owner, None)
        if newest.version <= version:
            return version
        programs = await find_binaries(data.path, home, owner, version)
        with open_socket_directory(data.path, owner) as sockets:
            upgrade = _Upgrade(
                data, Cluster(home / "cluster", programs, owner), newest, sockets, grace, report
            )
            return await upgrade.run(link)
    except OSError as error:
        raise CannotStart(f"cannot upgrade PostgreSQL's data in {home}: {error}") from error
    except trio.TooSlowError as error:
        raise CannotStart(f"a program of PostgreSQL did not end within {LONGEST / 3600:.0f} hours") from error


class _Upgrade:
    """One upgrade, from the cluster `old` to the programs `newest`."""

    def __init__(
        self,
        data: DataDirectory,
        old: Cluster,
        newest: Binaries,
        sockets: Path,
        grace: float,
        report: Callable[[str], None],
    ) -> None:
        self._data = data.path
        self._old = old
        self._home = old.path.parent
        self._making = self._home / IN_THE_MAKING
        self._new = Cluster(self._making / "cluster", newest, old.owner)
        self._sockets = sockets
        self._grace = grace
        self._report = report

    async def run(self, link: bool) -> Upgraded:
        began = trio.current_time()
        size = await trio.to_thread.run_sync(_bytes_below, self._old.path)
        by_pg_upgrade = _has(self._old.binaries, NEEDED_OF_OLD) and _has(self._new.binaries, NEEDED_OF_NEW)
        if link and not by_pg_upgrade:
            raise CannotStart(
                f"--link needs all programs of PostgreSQL {self._old.binaries.version}, and"
                f" {self._old.binaries.directory} lacks some: install it whole, or leave --link out"
            )
        self._refuse_full_disk(0 if link else size)
        how = "linking" if link else "copying" if by_pg_upgrade else "dumping and restoring"
        self._report(
            f"upgrading {size / 1e6:,.0f} MB from PostgreSQL {self._old.binaries.version} to"
            f" {self._new.binaries.version} by {how} them; the server cannot run meanwhile"
        )
        make_private(self._making, self._old.owner)
        try:
            before, segment_mib = await self._look_at_old(dump=not by_pg_upgrade)
            # pg_upgrade takes the WAL's segments as they are.
            size_of_segments = segment_mib if by_pg_upgrade else SEGMENT_MIB
            await create_cluster(self._new.path, self._new.binaries, self._old.owner, size_of_segments)
            if by_pg_upgrade:
                self._report(f"pg_upgrade runs; its log: {self._new.path / 'pg_upgrade_output.d'}")
                await self._pg_upgrade(link)
            if not (by_pg_upgrade and link):  # a linked cluster that has run leaves no way back
                await self._complete_and_compare(before, restore=not by_pg_upgrade)
            return self._swap(began)
        finally:
            # Without the shield a cancelled upgrade leaves servers that pg_upgrade has started.
            with trio.move_on_after(30, shield=True):
                await stop_leftovers(self._home)
                settle_upgrade(self._home)

    def _refuse_full_disk(self, needed: int) -> None:
        free = shutil.disk_usage(self._home).free
        if free < needed + SPARE:
            raise CannotStart(
                f"the disk of {self._home} has {free / 1e6:,.0f} MB free, and the upgrade needs"
                f" {(needed + SPARE) / 1e6:,.0f} MB: make room, or pass --link, which needs little and leaves no way"
                " back"
            )

    async def _look_at_old(self, *, dump: bool) -> tuple[str, int]:
        """Start the old cluster, which recovers if it was killed.

        Returns the number of rows of each table, and the MiB of a segment of its WAL.
        """
        async with open_cluster(self._data, self._old, self._sockets, grace=self._grace):
            if dump:
                self._report("dumping the old database")
                await self._refuse_others()
                await self._program("pg_dump", "--format=custom", "--compress=0", f"--file={self._dump}")
            return await self._counts(), int(await self._program("psql", "-XAtc", _SEGMENT_MIB))

    async def _complete_and_compare(self, before: str, *, restore: bool) -> None:
        """Start the new cluster, fill it by the dump if there is one, and count its rows."""
        async with open_cluster(self._data, self._new, self._sockets, grace=self._grace):
            if restore:
                self._report("restoring it into the new one")
                await self._program("pg_restore", "--exit-on-error", "--single-transaction", self._dump)
            self._report("comparing both, and collecting statistics for queries")
            if await self._counts() != before:
                raise CannotStart("the new database has other rows than the old one, which stays in use")
            await self._program("vacuumdb", "--analyze-only", "--quiet")

    async def _refuse_others(self) -> None:
        query = "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'"
        others = (await self._program("psql", "-XAtc", query)).split()
        if others:
            raise CannotStart(
                f"the cluster has other databases ({', '.join(others)}), which a dump would leave out: install"
                f" PostgreSQL {self._old.binaries.version} whole, so that pg_upgrade can take them along"
            )

    async def _counts(self) -> str:
        script = self._making / "counts.sql"
        script.write_text(_COUNTS, encoding="utf-8")
        script.chmod(0o644)
        return await self._program("psql", "-XAt", "-v", "ON_ERROR_STOP=1", "-f", script)

    @property
    def _dump(self) -> Path:
        return self._making / "dump"

    async def _program(self, name: str, *arguments: str | Path) -> str:
        """Run a program of the new PostgreSQL against the server that runs; return what it says."""
        where = ("-h", self._sockets, "-p", str(PORT), "-U", SUPERUSER, "-d", "postgres")
        return await self._run(self._new.binaries.directory / name, *where, *arguments)

    async def _pg_upgrade(self, link: bool) -> None:
        await self._run(
            self._new.binaries.directory / "pg_upgrade",
            f"--old-bindir={self._old.binaries.directory}",
            f"--new-bindir={self._new.binaries.directory}",
            f"--old-datadir={self._old.path}",
            f"--new-datadir={self._new.path}",
            f"--username={SUPERUSER}",
            f"--socketdir={self._sockets}",
            "--link" if link else "--copy",
        )

    async def _run(self, program: Path, *arguments: str | Path) -> str:
        status, said = await run(
            (program, *arguments), directory=self._making, owner=self._old.owner, timeout=LONGEST
        )
        if status != 0:
            lines = [line.strip() for line in said.splitlines() if line.strip()]
            raise CannotStart(
                f"{program.name} failed ({status}): {'; '.join(lines[-6:]) or 'it said nothing'}; the database is as"
                " it was"
            )
        return said

    def _swap(self, began: float) -> Upgraded:
        """Put the new cluster in the old one's place. Sync: from the first rename on it is completed after a kill."""
        os.sync()
        kept = kept_as(self._home, self._old.binaries.version)
        os.rename(self._new.path, self._home / UPGRADED)
        sync_directory(self._home)
        settle_upgrade(self._home)
        return Upgraded(
            self._old.binaries.version, self._new.binaries.version, kept, trio.current_time() - began
        )


def _has(binaries: Binaries, programs: tuple[str, ...]) -> bool:
    return all((binaries.directory / name).exists() for name in programs)


def make_private(directory: Path, owner: UnixUser | None) -> None:
    """Make a directory for PostgreSQL's user alone. Sync; may raise OSError."""
    directory.mkdir(mode=0o700)
    if owner is not None:
        os.chown(directory, owner.uid, owner.gid)


def _bytes_below(directory: Path) -> int:
    return sum(path.lstat().st_size for path in directory.rglob("*"))
