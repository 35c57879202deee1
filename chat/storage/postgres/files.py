"""Files that people attach, in PostgreSQL: the rows, and which drafts may have which of them."""

from collections.abc import Collection, Sequence

import asyncpg
from msgspec import structs

from chat.domain.entities import Draft, File
from chat.domain.messages.files import FILES, NO_SUCH_FILES, UNATTACHED_KEPT, UNKNOWN_KEPT
from chat.domain.ports.files import KeptFile, NewFile
from chat.domain.refusals import Refusal
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.writer import RawConnection

_COLUMNS = "f.id, f.room_id, f.owner_id, f.seq, f.name, f.type, f.size, f.width, f.height, f.digest"

_KEEP = """
INSERT INTO files (room_id, owner_id, name, type, size, width, height, digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id"""
_FILE = f"""
SELECT {_COLUMNS} FROM files f JOIN rooms r ON r.id = f.room_id AND r.deleted_at IS NULL WHERE f.id = $1"""
_UNNEEDED = """
WITH asked AS (
    SELECT digest, EXISTS (SELECT FROM files WHERE files.digest = asked.digest) AS is_used
    FROM unnest($1::bytea[]) AS asked(digest)
), deleted AS (
    SELECT digest FROM asked
    WHERE NOT is_used AND EXISTS (SELECT FROM deleted_files WHERE deleted_files.digest = asked.digest)
), unknown AS (
    SELECT digest FROM asked WHERE NOT is_used EXCEPT SELECT digest FROM deleted
), seen AS (
    INSERT INTO unknown_files (digest) SELECT digest FROM unknown ORDER BY digest ON CONFLICT DO NOTHING
), known AS (
    DELETE FROM unknown_files USING asked WHERE unknown_files.digest = asked.digest AND is_used
)
SELECT digest FROM (
    SELECT digest FROM deleted
    UNION ALL
    SELECT digest FROM unknown JOIN unknown_files USING (digest) WHERE seen_at < now() - make_interval(secs => $2)
) AS unneeded
WHERE NOT EXISTS (SELECT FROM removal_holds WHERE until > now())
    AND NOT EXISTS (SELECT FROM retention_holds)  -- what is held may have had any of them"""
_REMOVED = """
WITH deleted AS (DELETE FROM deleted_files WHERE digest = ANY($1::bytea[]))
DELETE FROM unknown_files WHERE digest = ANY($1::bytea[])"""
_FORGET = """
WITH old AS (
    SELECT id FROM files WHERE seq IS NULL AND created_at < now() - make_interval(secs => $1)
        AND NOT EXISTS (  -- they may be sent yet
            SELECT FROM held_messages h WHERE h.author_id = files.owner_id AND files.id = ANY(h.file_ids)
                AND state IN ('waiting', 'allowed'))
    ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
), removed AS (
    DELETE FROM files USING old WHERE files.id = old.id AND files.seq IS NULL RETURNING files.id
)
SELECT count(*) FROM removed"""
_STORE_ID = "SELECT store_id::text FROM file_store"

# Of these drafts: which keys are known, and which files are there to be had.
_KNOWN_KEYS = """
SELECT asked.sender_id, asked.client_key FROM unnest($1::bigint[], $2::text[]) AS asked(sender_id, client_key)
CROSS JOIN LATERAL (
    SELECT FROM messages m WHERE m.sender_id = asked.sender_id AND m.client_key = asked.client_key LIMIT 1
) AS known"""
_WAITING = f"SELECT {_COLUMNS} FROM files f WHERE f.id = ANY($1::bigint[]) AND f.seq IS NULL FOR UPDATE"


class PostgresFiles:
    """The port `Files`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep_file(self, new: NewFile) -> File:
        row = new.room_id, new.owner_id, new.name, new.type, new.size, new.width, new.height, new.digest
        file_id = await self._database.write(lambda c: c.fetchval(_KEEP, *row))
        return File(file_id, new.name, new.type, new.size, new.width, new.height)

    async def file(self, file_id: int) -> KeptFile | None:
        row = await self._database.read(lambda c: c.fetchrow(_FILE, file_id))
        return (
            None
            if row is None
            else KeptFile(_file(row), row["room_id"], row["owner_id"], row["digest"], row["seq"])
        )

    async def unneeded(self, digests: Collection[bytes]) -> set[bytes]:
        rows = await self._database.write_statement(lambda c: c.fetch(_UNNEEDED, [*digests], UNKNOWN_KEPT))
        return {row["digest"] for row in rows}

    async def removed(self, digests: Collection[bytes]) -> None:
        await self._database.write_statement(lambda c: c.execute(_REMOVED, [*digests]))

    async def forget_files(self, limit: int) -> bool:
        async def forget(connection: Connection) -> bool:
            return bool(await connection.fetchval(_FORGET, UNATTACHED_KEPT, limit) == limit)

        return await self._database.write(forget)

    async def store_id(self) -> str:
        return str(await self._database.read(lambda c: c.fetchval(_STORE_ID)))


async def attach_files(connection: RawConnection, drafts: Sequence[Draft]) -> list[Draft | Refusal]:
    """Return drafts with their files, or why they can't have them; asyncio-flavoured.

    The caller has the log's lock, so nobody else attaches the same file. A draft whose key is known stays as it is: it
    has been answered, whatever has become of its files.
    """
    keyed = [draft for draft in drafts if draft.key is not None]
    known = await connection.fetch(
        _KNOWN_KEYS, [draft.sender_id for draft in keyed], [draft.key for draft in keyed]
    )
    done = {(row["sender_id"], row["client_key"]) for row in known}
    ids = sorted({file_id for draft in drafts for file_id in draft.file_ids})
    waiting = {row["id"]: row for row in await connection.fetch(_WAITING, ids)}
    attached: list[Draft | Refusal] = []
    for draft in drafts:
        if (draft.sender_id, draft.key) in done:
            attached.append(draft)
            continue
        own = draft.sender_id, draft.room_id
        rows = [waiting[each] for each in draft.file_ids if each in waiting]
        files = [_file(row) for row in rows if (row["owner_id"], row["room_id"]) == own]
        if len(files) < len(draft.file_ids):
            attached.append(NO_SUCH_FILES)
            continue
        for file in files:
            del waiting[file.id]
        if draft.key is not None:
            done.add((draft.sender_id, draft.key))
        attached.append(structs.replace(draft, files=tuple(files)))
    return attached


def files_of(row: asyncpg.Record) -> tuple[File, ...]:
    """Return the files of a message whose row has the column `files`."""
    return FILES.decode(row["files"]) if row["files"] else ()


def _file(row: asyncpg.Record) -> File:
    return File(row["id"], row["name"], row["type"], row["size"], row["width"], row["height"])
