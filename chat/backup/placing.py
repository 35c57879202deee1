"""Puts the database of a backup into a data directory, and runs PostgreSQL on it: for a restore, and for a proof."""

import os
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import trio

from chat.backup.copies import LONGEST, reach_by_url
from chat.backup.failures import BackupFailed
from chat.backup.making import DATABASE
from chat.backup.manifest import Manifest, chain_of
from chat.backup.moments import Replay
from chat.backup.pace import Pace
from chat.backup.programs import find_program, run_program
from chat.backup.replaying import LONGEST_REPLAY, not_reached, place_wal, recovery_settings
from chat.backup.scratch import open_scratch
from chat.backup.write_behind import open_write_behind
from chat.domain.startup import CannotStart
from chat.durable import sync_directory
from chat.embedded_postgres.data_directory import DataDirectory
from chat.embedded_postgres.embedded import EmbeddedPostgres, open_embedded_postgres
from chat.embedded_postgres.unprivileged import UnixUser, choose_owner, make_home
from chat.storage.postgres.database import DatabaseAddress

_GRACE = 10.0
"""Seconds for PostgreSQL to stop."""
_PROOF_RATE = 64e6
"""Bytes a second that are copied for a proof: nobody waits for it, and everybody else shares its disk."""
_PIECE = 1 << 20
_FIRST_WITH_LINKS = 18


@asynccontextmanager
async def open_placed(
    backup: Path,
    manifest: Manifest,
    data: Path,
    *,
    durable: bool,
    report: Callable[[str], None],
    replay: Replay | None = None,
) -> AsyncGenerator[DatabaseAddress]:
    """Put the database of `backup` into the directory `data`, and run PostgreSQL on it for the block.

    With `replay` PostgreSQL first replays this WAL. Without `durable` a power cut may leave half of it. Raises
    BackupFailed and CannotStart. Cancelling: a part of it is there, and PostgreSQL is stopped.
    """
    if manifest.database.kind == "base":
        await _place_cluster(backup, manifest, data, durable=durable, report=report, replay=replay)
    async with _open_postgres(data, report, replay, durable=durable) as postgres:
        if manifest.database.kind == "dump":
            await load_dump(backup, manifest, postgres.address, report=report)
        yield postgres.address


@asynccontextmanager
async def _open_postgres(
    data: Path, report: Callable[[str], None], replay: Replay | None, *, durable: bool
) -> AsyncGenerator[EmbeddedPostgres]:
    directory = DataDirectory(data)
    async with AsyncExitStack() as stack:
        if replay is None:
            opening = open_embedded_postgres(directory, grace=_GRACE, durable=durable)
            yield await stack.enter_async_context(opening)
            return
        report(f"replaying {len(replay.segments)} segments of WAL")
        recovering = open_embedded_postgres(
            directory,
            grace=_GRACE,
            settings=recovery_settings(replay),
            durable=durable,
            start_timeout=LONGEST_REPLAY,
        )
        try:
            postgres = await stack.enter_async_context(recovering)
        except CannotStart as error:
            raise not_reached(error, replay) from error
        yield postgres


async def load_dump(
    backup: Path, manifest: Manifest, address: DatabaseAddress, *, report: Callable[[str], None]
) -> None:
    """Load a dump into an empty database, in one transaction. Raises BackupFailed.

    Cancelling: the database stays empty.
    """
    report("loading the dump of the database")
    program = await find_program("pg_restore", manifest.database.program)
    reach, environment = reach_by_url(address)
    flags = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
    await run_program(
        [program.path, *reach, *flags, backup / DATABASE], timeout=LONGEST, environment=environment
    )


async def _place_cluster(
    backup: Path,
    manifest: Manifest,
    data: Path,
    *,
    durable: bool,
    report: Callable[[str], None],
    replay: Replay | None,
) -> None:
    chain = await trio.to_thread.run_sync(chain_of, backup)
    home = data / "postgres"
    owner = choose_owner(home)
    make_home(home, owner)
    new = home / "new-restored"  # removed at the next start if this is killed
    report("copying the files of the database")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(open_write_behind(new))
        whole: Path | None = backup / DATABASE
        if len(chain) > 1:
            whole = None if durable else await _link(chain, manifest.database.postgres, stack)
        if whole is None:
            await _combine(chain, manifest.database.postgres, new, [] if durable else ["--no-sync"])
        else:
            pace = Pace() if durable else Pace(_PROOF_RATE)
            await trio.to_thread.run_sync(_copy_directory, whole, new, pace)
    if replay is not None:
        report("unpacking WAL")
        await trio.to_thread.run_sync(place_wal, new, replay)
    await trio.to_thread.run_sync(_finish, new, home / "cluster", owner, durable)


async def _combine(chain: list[Path], version: int, new: Path, flags: list[str]) -> None:
    program = await find_program("pg_combinebackup", version, version)
    command: list[str | Path] = [program.path, *(each / DATABASE for each in chain), "--output", new]
    await run_program([*command, *flags], timeout=LONGEST)


async def _link(chain: list[Path], version: int, stack: AsyncExitStack) -> Path | None:
    """Put a chain together beside it, by hard links to all that has not changed, for as long as `stack` is open.

    pg_combinebackup writes as fast as it goes; what it links can be copied at a pace. Returns None where it can't.
    """
    if version < _FIRST_WITH_LINKS:
        return None
    try:
        linked = (await stack.enter_async_context(open_scratch(chain[0].parent))) / "linked"
        await _combine(chain, version, linked, ["--no-sync", "--link"])
    except (BackupFailed, OSError):  # as on a disk that nobody may write to, or that has no links
        return None
    return linked


def _copy_directory(source: Path, new: Path, pace: Pace) -> None:
    def copy(old: str, to: str) -> None:
        with open(old, "rb") as file, open(os.open(to, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as copied:
            while piece := file.read(_PIECE):
                pace.wait(len(piece))
                copied.write(piece)

    shutil.copytree(source, new, copy_function=copy)


def _finish(new: Path, cluster: Path, owner: UnixUser | None, durable: bool) -> None:
    if owner is not None:
        for path in (new, *new.rglob("*")):
            os.chown(path, owner.uid, owner.gid)
    if durable:
        os.sync()  # or a power failure leaves the final name with only some of the files
    if cluster.exists():
        raise BackupFailed(f"{cluster} is there already")
    os.rename(new, cluster)
    if durable:
        sync_directory(cluster.parent)
