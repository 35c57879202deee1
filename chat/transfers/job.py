"""One export or import of the page, in a process of its own.

The process notes its progress in the database, and ends when the claim ends that it works for: the transfer was
removed, or another server does it. Cut off, the next process goes on with what is there.
"""

import errno
import shutil
from pathlib import Path

import trio

from chat.archive.directory import HEAD, BadArchive
from chat.archive.export import Export
from chat.archive.format import Scope
from chat.archive.packing import pack
from chat.domain.failures import StorageError
from chat.features.transfers.found import Cause
from chat.features.transfers.transfers import AGAIN, TRANSFERS, Failure, Transfer
from chat.storage.disk_space import check_space
from chat.storage.file_store import DiskFileStore
from chat.storage.postgres.storage import PostgresStorage
from chat.transfers.importing import Importing

STATUS_AGAIN = AGAIN
"""The status with which the process asks to be started again; commands know no features."""

_NOTE = 1.0
"""Seconds between two notes of the progress."""


class Job:
    """Does one transfer.

    Args:
        storage: the server's.
        store: the server's files; None: it has none.
        place: the directory of the files of transfers.
        claim: the number of the claim that this process works for.
        unusable_hash: the password hash of imported accounts, which nobody can log in to yet.
    """

    def __init__(
        self,
        storage: PostgresStorage,
        store: DiskFileStore | None,
        place: Path,
        claim: int,
        unusable_hash: bytes = b"",
    ) -> None:
        self._storage = storage
        self._store = store
        self._place = place
        self._claim = claim
        self._unusable_hash = unusable_hash
        self._transfers = storage.feature_ports[TRANSFERS]
        self._progress = "log", 0, 0

    async def run(self, name: str) -> None:
        """Do the transfer of this name, if the claim lasts. Raises StorageError: it is to be done again.

        Cancelling: the next process goes on.
        """
        transfer = await self._transfers.claimed(self._claim, name)
        if transfer is None:
            return
        self._progress = "log" if transfer.kind == "export" else "converting", 0, 0
        outage: StorageError | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._note, name, nursery.cancel_scope)
            try:
                await self._do(transfer)
            except StorageError as error:
                outage = error
            nursery.cancel_scope.cancel(reason="it is done")
        if outage is not None:
            raise outage

    async def _do(self, transfer: Transfer) -> None:
        cause: Cause | None = None
        try:
            await (self._export if transfer.kind == "export" else self._import)(transfer)
        except BadArchive as error:
            failure, problem = Failure.BAD, self._without_paths(transfer, str(error))
            if error.problem is not None:
                values = {name: self._without_paths(transfer, value) for name, value in error.values.items()}
                cause = Cause(error.problem, values)
        except OSError as error:
            failure = Failure.NO_SPACE if error.errno == errno.ENOSPC else Failure.DISK
            problem = error.strerror or str(error)
        else:
            return
        await self._transfers.fail(self._claim, transfer.name, failure, problem, cause)

    async def _export(self, transfer: Transfer) -> None:
        self._place.mkdir(mode=0o700, exist_ok=True)
        directory = self._place / f"{transfer.name}.archive"
        path = self._place / f"{transfer.name}.zip"
        if not (directory / HEAD).exists() and not path.exists():
            export = Export(
                self._storage.database,
                self._store if transfer.has_files else None,
                directory,
                Scope(room=transfer.room_id, person=transfer.person_id),
                lambda at: self._report(*at),
                transfer.by_id,
            )
            await export.run()
        if not path.exists():
            await trio.to_thread.run_sync(
                pack, directory, path, lambda done, whole: self._report("packing", done, whole)
            )
        await trio.to_thread.run_sync(lambda: shutil.rmtree(directory, ignore_errors=True))
        await self._transfers.finish_export(self._claim, transfer.name, path.stat().st_size)

    async def _import(self, transfer: Transfer) -> None:
        importing = Importing(
            self._storage.database, self._store, self._place, self._unusable_hash, self._report
        )
        found = await importing.run(transfer)
        if transfer.step == "check":
            await self._transfers.checked(self._claim, transfer.name, found)
        elif await self._transfers.finish_import(self._claim, transfer.name, found):
            await trio.to_thread.run_sync(self._remove_files, transfer.name)

    def _remove_files(self, name: str) -> None:
        shutil.rmtree(self._place / f"{name}.archive", ignore_errors=True)
        (self._place / f"{name}.upload").unlink(missing_ok=True)

    def _without_paths(self, transfer: Transfer, text: str) -> str:
        """Return a text with the name that an admin knows the file by. Sync."""
        for suffix in ("upload", "archive"):
            for path in (str(self._place / f"{transfer.name}.{suffix}"), f"{transfer.name}.{suffix}"):
                text = text.replace(path, transfer.file_name or path)
        return text

    def _report(self, stage: str, done: int, whole: int) -> None:
        if stage != self._progress[0] or done // 1000 != self._progress[1] // 1000:
            check_space(self._place)
        self._progress = stage, done, whole

    async def _note(self, name: str, scope: trio.CancelScope) -> None:
        while True:
            try:
                if not await self._transfers.note(self._claim, name, *self._progress):
                    scope.cancel(reason="the claim has ended")
                    return
            except StorageError:
                pass  # the work stops by itself if the database stays away
            await trio.sleep(_NOTE)
