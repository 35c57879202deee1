"""Checks and imports a file that an admin uploaded; it goes on where it was cut off."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import trio
from msgspec import structs

from chat.archive.directory import ArchiveReader
from chat.archive.load import Load
from chat.archive.plan import Plan
from chat.features.transfers.found import Counts, Found
from chat.features.transfers.transfers import Transfer
from chat.imports.registry import converted
from chat.storage.file_store import DiskFileStore
from chat.storage.postgres.database import Database

# Of all imports from a source: what they brought and is still here. Their rooms have messages of people too.
_PEOPLE = "SELECT count(*) FROM imported_people JOIN imports ON imports.id = import_id WHERE source = $1"
_ROOMS = """
SELECT coalesce(array_agg(room_id), '{}') FROM imported_rooms JOIN imports ON imports.id = import_id
JOIN rooms ON rooms.id = room_id AND rooms.deleted_at IS NULL WHERE source = $1 AND opened_by IS NOT NULL"""
_SPANS = "SELECT first_id, end_id FROM imported_ids ORDER BY first_id"
_BROUGHT = """
WITH brought AS (SELECT room_id, seq FROM messages WHERE id >= $1 AND id < $2 AND room_id = ANY($3::bigint[]))
SELECT (SELECT count(*) FROM brought), (SELECT count(*) FROM files JOIN brought USING (room_id, seq))"""

_COUNTED = 100_000
"""Messages that one query counts, in some tenths of a second: it ends long before the database's deadline."""


class Importing:
    """One import.

    Args:
        database: the server's.
        store: the server's files; None: files are left out.
        place: the directory of the files of transfers.
        unusable_hash: the password hash of accounts that nobody can log in to yet.
        report: called with the stage, and how much of it is done. Sync.
    """

    def __init__(
        self,
        database: Database,
        store: DiskFileStore | None,
        place: Path,
        unusable_hash: bytes,
        report: Callable[[str, int, int], object],
    ) -> None:
        self._database = database
        self._store = store
        self._place = place
        self._unusable_hash = unusable_hash
        self._report = report

    async def run(self, transfer: Transfer) -> Found:
        """Check the file, and import it if that was asked for. Raises BadArchive, StorageError and OSError.

        Cancelling: the next run goes on.
        """
        assert transfer.source is not None
        upload = self._place / f"{transfer.name}.upload"
        directory = self._place / f"{transfer.name}.archive"
        lost = await trio.to_thread.run_sync(
            partial(converted, transfer.source, upload, directory, partial(self._report, "converting"))
        )
        reader = ArchiveReader(directory)
        load = Load(
            self._database,
            self._store,
            reader,
            self._unusable_hash,
            lambda at: self._report(*at),
            by_id=transfer.by_id,
        )
        plan = await load.plan()
        found = _found(reader.head.source, plan, lost)
        if transfer.step == "check":
            return found
        if transfer.found is not None:  # what was here before the first run
            found = structs.replace(found, before=transfer.found.before)
        await load.run(plan)
        return structs.replace(
            found, here=await self._count_here(reader.head.source), lost=dict(plan.lost + lost)
        )

    async def _count_here(self, source: str) -> Counts:
        people = await self._database.read(lambda c: c.fetchval(_PEOPLE, source))
        rooms = await self._database.read(lambda c: c.fetchval(_ROOMS, source))
        spans = await self._database.read(lambda c: c.fetch(_SPANS))
        messages = files = 0
        for first, end in spans:
            for begin in range(first, end, _COUNTED):
                some = begin, min(begin + _COUNTED, end), rooms
                row = await self._database.read(lambda c, some=some: c.fetchrow(_BROUGHT, *some))  # type: ignore[misc]
                messages += row[0]
                files += row[1]
        return Counts(people=people, rooms=len(rooms), messages=messages, files=files)


def _found(source: str, plan: Plan, lost: Counter[str]) -> Found:
    rooms = plan.rooms.values()
    return Found(
        source=source,
        inside=Counts(
            people=len(plan.people),
            rooms=len(rooms),
            messages=plan.new + plan.added + plan.known,
            files=plan.all_files,
        ),
        before=Counts(
            rooms=sum(room.is_there for room in rooms),
            messages=plan.known,
            files=plan.all_files - plan.files,
        ),
        lost=dict(plan.lost + lost),
    )
