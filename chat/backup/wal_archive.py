"""Archives the embedded PostgreSQL's WAL beside the backups while the server runs, so that any moment can be restored.

`pg_receivewal` writes it, and a replication slot keeps the rest in PostgreSQL while the directory is
away or the server is down. `max_slot_wal_keep_size` bounds that. Once PostgreSQL has given the slot up, there is a gap:
a new series begins, and moments can be restored again from the next backup on.
"""

import os
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TypeVar

import structlog
import trio
from msgspec.structs import replace

from chat.backup.connection import Connection, open_connection
from chat.backup.copies import reach_by_socket
from chat.backup.failures import BackupFailed, as_backup_failed
from chat.backup.keeping import begun_at
from chat.backup.programs import Program, find_program
from chat.backup.target import open_target
from chat.backup.wal_files import FileArchive
from chat.backup.wal_segments import parse_lsn
from chat.backup.wal_series import WAL, WAL_FILES, Origin, bases_of, note_reached, read_series
from chat.backup.wal_state import WalState, forget_wal_state, read_wal_state, write_wal_state
from chat.backup.wal_target import Place, continue_or_begin, hold_archive, is_marked, newest_base_at
from chat.embedded_postgres.process import Process, open_process
from chat.settings.config import Config
from chat.shutdown import ARCHIVE_FLUSH, ARCHIVE_STOP
from chat.storage.postgres.asyncio_bridge import open_asyncio
from chat.storage.postgres.database import DatabaseAddress

SLOT = "chat_wal_archive"
_LEVEL = 6
"""Of gzip, which all builds of pg_receivewal have."""
EVERY = 5.0
"""Seconds between two looks at how far the archive is."""
_FILES_EVERY = 1.0
"""Seconds between two looks for new attached files."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
"""Seconds after a failure."""

_CLUSTER = """
SELECT system_identifier AS system, setting::int AS segment_bytes, pg_current_wal_flush_lsn()::text AS position,
       ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int AS timeline
FROM pg_control_system(), pg_settings WHERE name = 'wal_segment_size'"""
_KEPT = "SELECT restart_lsn::text FROM pg_replication_slots WHERE slot_name = $1 AND wal_status <> 'lost'"
_DROP = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1"
_CREATE = "SELECT pg_create_physical_replication_slot($1, true)"
_BEAT = "SELECT pg_logical_emit_message(true, 'chat', '')"
"""Commits nothing but its time: a restore to a moment ends at the first commit after it, which an idle chat lacks."""
_POSITION = "SELECT pg_current_wal_flush_lsn()::text"
_STORE = "SELECT store_id::text FROM file_store"

_T = TypeVar("_T")

logger = structlog.get_logger(__name__)


@asynccontextmanager
async def open_wal_archive(config: Config, address: DatabaseAddress, data: Path) -> AsyncGenerator[None]:
    """Archive WAL for as long as the block lasts, if the settings want it; otherwise PostgreSQL keeps none for it.

    Args:
        config: the settings of the running server.
        address: its embedded database.
        data: its data directory, which has the state of the archive.

    Leaving the block gives the archive ARCHIVE_FLUSH seconds for the last WAL. Cancelling stops it at once; the next
    start goes on where it was.
    """
    if not config.backup_wal or config.backup is None:
        if config.database_url is None and read_wal_state(data) is not None:
            await _end_archive(address, data)
        yield
        return
    archive = _Archive(config, config.backup, address, data)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(archive.run)
        yield
        archive.stopping.set()
        with trio.move_on_after(ARCHIVE_FLUSH):
            await archive.stopped.wait()
        nursery.cancel_scope.cancel(reason="the server stops")


async def _end_archive(address: DatabaseAddress, data: Path) -> None:
    """Let PostgreSQL remove its WAL: the setting is off now. Cancelling: the next start does it."""
    try:
        async with open_asyncio(), open_connection(address) as connection:
            await connection.rows(_DROP, SLOT)
        forget_wal_state(data)
    except (BackupFailed, OSError) as error:
        logger.warning("PostgreSQL still keeps WAL for an archive that is off", reason=str(error))


class _Archive:
    """The archive of one server. `stopping` has it end once all is received; then it sets `stopped`."""

    def __init__(self, config: Config, target: Path, address: DatabaseAddress, data: Path) -> None:
        self.stopping, self.stopped = trio.Event(), trio.Event()
        self._target = target
        self._address = address
        self._data = data
        self._store = config.files_beside(data)
        known = read_wal_state(data)
        is_same = known is not None and known.target == str(target)
        self._state = known if known and is_same else WalState(target=str(target), since=time.time())
        self._failures = 0

    async def run(self) -> None:
        """Archive until `stopping`. Cancelling: the last WAL may be missing until the next start."""
        while not self.stopping.is_set():
            try:
                with as_backup_failed(f"cannot archive WAL in {self._target}"):
                    await self._run_once()
            except BackupFailed as error:
                self._failures += 1
                self._note(problem=str(error))
                # 1, 2, 4, 8 …: a disk that is away for days does not fill the log.
                if self._failures & (self._failures - 1) == 0:
                    logger.error("WAL is not archived; trying again", times=self._failures, reason=str(error))
                pause = min(_FIRST_PAUSE * 2 ** min(self._failures - 1, 16), _LONGEST_PAUSE)
                with trio.move_on_after(pause):
                    await self.stopping.wait()
        self.stopped.set()

    def _note(self, **changes: object) -> None:
        self._state = replace(self._state, **changes)
        write_wal_state(self._data, self._state)

    async def _run_once(self) -> None:
        """Archive until `stopping`. Raises BackupFailed and OSError, also in groups."""
        async with open_asyncio(), open_connection(self._address) as connection:
            while not await connection.has("file_store"):  # noqa: ASYNC110 - a new database gets its tables just now
                await trio.sleep(0.5)
            program = await find_program("pg_receivewal", connection.postgres)
            store_id = await connection.value(_STORE)
            if not await _on_disk(is_marked, self._target):
                await self._mark(store_id)
            lock = await _on_disk(hold_archive, self._target, store_id)
            try:
                place = await self._choose_place(connection)
                await self._receive(connection, program, place.series)
            finally:
                os.close(lock)

    async def _mark(self, store_id: str) -> None:
        """Make the directory one of backups. Raises BackupFailed if it was one: it may not be mounted."""
        if self._state.until is not None:
            raise BackupFailed(
                f"{self._target} has no backups any more: mount it; if it was emptied on purpose, run"
                f" `chat backup {self._target}`"
            )
        async with open_target(self._target) as target:
            await _on_disk(target.claim, store_id)

    async def _choose_place(self, connection: Connection) -> Place:
        (cluster,) = await connection.rows(_CLUSTER)
        kept = await connection.value(_KEPT, SLOT)
        origin = Origin(
            system=cluster["system"],
            timeline=cluster["timeline"],
            segment_bytes=cluster["segment_bytes"],
        )
        kept_from = None if kept is None else parse_lsn(kept)
        position = parse_lsn(cluster["position"])
        place = await _on_disk(continue_or_begin, self._target, origin, kept_from, position)
        if place.reason is not None:
            logger.error(
                "gap in the WAL archive: moments can be restored up to it, and from the next backup on",
                reason=place.reason,
                archived_until=self._state.until and time.strftime("%FT%TZ", time.gmtime(self._state.until)),
                series=str(place.series),
            )
            self._note(gap_at=time.time())
        if place.is_new or kept is None:
            self._note(wants_base=True)
            await connection.rows(_DROP, SLOT)
            await connection.value(_CREATE, SLOT)
        return place

    async def _receive(self, connection: Connection, program: Program, series: Path) -> None:
        command: list[str | Path] = [
            program.path,
            *reach_by_socket(self._address),
            "--directory",
            series,
            "--slot",
            SLOT,
        ]
        command += ["--no-loop", "--synchronous", f"--compress={_LEVEL}"]
        with TemporaryFile() as output:
            async with (
                open_process(
                    command, directory=Path("/"), owner=None, output=output.fileno(), grace=ARCHIVE_STOP
                ) as process,
                trio.open_nursery() as nursery,
            ):
                nursery.start_soon(_fail_when_ended, process, output)
                if self._store is not None:
                    nursery.start_soon(self._copy_files, self._store, series)
                await self._observe(connection, series)
                nursery.cancel_scope.cancel(reason="all is archived")

    async def _observe(self, connection: Connection, series: Path) -> None:
        """Note again and again how far the archive is; return once all is there after `stopping`."""
        while True:
            is_last = self.stopping.is_set()
            begun = time.time()
            await connection.value(_BEAT)
            position = parse_lsn(await connection.value(_POSITION))
            received = await self._wait_received(connection, position)
            if received >= position:
                await _on_disk(note_reached, series, begun)
                if self._failures or self._state.until is None:
                    logger.info("WAL is archived", series=str(series))
                self._failures = 0
                self._note(until=begun, problem=None)
            wants_base = self._state.wants_base and not await _on_disk(self._has_base, series)
            self._note(received=received, behind=max(position - received, 0), wants_base=wants_base)
            if is_last:
                return
            with trio.move_on_after(EVERY):
                await self.stopping.wait()

    async def _wait_received(self, connection: Connection, position: int) -> int:
        """Wait up to EVERY seconds until the archive has the WAL up to `position`; return up to where it has."""
        received, pause = 0, 0.02
        deadline = trio.current_time() + EVERY
        while received < position and trio.current_time() < deadline:
            await trio.sleep(pause)
            pause = min(2 * pause, 1.0)
            kept = await connection.value(_KEPT, SLOT)
            if kept is None:
                raise BackupFailed(
                    "PostgreSQL keeps no WAL for the archive any more: it was behind for too long"
                )
            received = parse_lsn(kept)
        return received

    def _has_base(self, series: Path) -> bool:
        return bool(bases_of(self._target, read_series(series)))

    async def _copy_files(self, store: Path, series: Path) -> None:
        newest = await _on_disk(newest_base_at, self._target)
        begun = begun_at(series.name)
        since = newest if newest is not None else begun.timestamp() if begun else 0.0
        # Clocks of file systems may differ.
        files = FileArchive(store, self._target / WAL / WAL_FILES, since - 60)
        while True:
            await _on_disk(files.copy_new)
            await trio.sleep(_FILES_EVERY)


async def _fail_when_ended(process: Process, output: IO[bytes]) -> None:
    status = await process.wait()
    output.seek(0)
    lines = output.read().decode(errors="replace").splitlines()
    raise BackupFailed(f"pg_receivewal ended ({status}): {'; '.join(lines[-3:]) or 'it said nothing'}")


async def _on_disk(do: Callable[..., _T], *arguments: object) -> _T:
    """Run a function on the disk of backups in a thread. Cancelling does not wait for it: the disk may hang."""
    return await trio.to_thread.run_sync(partial(do, *arguments), abandon_on_cancel=True)
