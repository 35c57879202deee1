"""Private notes in PostgreSQL."""

import asyncpg

from chat.domain.entities import Peer
from chat.domain.refusals import NO_ROOM, Refusal
from chat.features.notes.port import MOST, TOO_MANY_NOTES, Note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

# Of several writers in one conversation one at a time counts and writes.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('notes', $1))"
_COUNT = "SELECT count(*) FROM notes WHERE room_id = $1 AND removed_at IS NULL"

_NOTE = """
SELECT note.id, seq, author_id, users.name AS author, text, extract(epoch FROM note.created_at)::float8 AS created_at"""
_PAGE = f"""{_NOTE}
FROM notes AS note JOIN users ON users.id = author_id
WHERE room_id = $1 AND note.id < $2 AND removed_at IS NULL ORDER BY note.id DESC LIMIT $3"""
# The message is locked, so that it is not removed before the note is there.
_ADD = f"""
WITH newest AS (
    SELECT room_id, seq FROM messages WHERE room_id = $1 ORDER BY seq DESC LIMIT 1 FOR KEY SHARE
), author AS (
    SELECT id FROM users WHERE id = $2 AND deleted_at IS NULL FOR KEY SHARE
), note AS (
    INSERT INTO notes (room_id, seq, author_id, text) SELECT room_id, seq, author.id, $3 FROM newest, author
    RETURNING *
) {_NOTE} FROM note JOIN users ON users.id = author_id"""
_AUTHOR = "SELECT author_id FROM notes WHERE room_id = $1 AND id = $2 AND removed_at IS NULL"
_REMOVE = """
WITH note AS (
    SELECT id, is_note_held(room_id, author_id) AS is_held FROM notes WHERE id = $1 AND removed_at IS NULL FOR UPDATE
), kept AS (
    UPDATE notes SET removed_at = now() FROM note WHERE notes.id = note.id AND is_held
)
DELETE FROM notes USING note WHERE notes.id = note.id AND NOT is_held"""


class PostgresNotes:
    """The port `Notes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, room_id: int, before_id: int, limit: int) -> list[Note]:
        rows = await self._database.read(lambda c: c.fetch(_PAGE, room_id, before_id, limit))
        return [_note(row) for row in rows]

    async def add(self, room_id: int, author_id: int, text: str) -> Note | Refusal:
        async def add(connection: Connection) -> Note | Refusal:
            await connection.execute(_LOCK, room_id)
            if await connection.fetchval(_COUNT, room_id) >= MOST:
                return TOO_MANY_NOTES
            row = await connection.fetchrow(_ADD, room_id, author_id, text)
            return NO_ROOM if row is None else _note(row)

        return await self._database.write(add)

    async def author(self, room_id: int, note_id: int) -> int | None:
        found: int | None = await self._database.read(lambda c: c.fetchval(_AUTHOR, room_id, note_id))
        return found

    async def remove(self, note_id: int) -> None:
        await self._database.write_statement(lambda c: c.execute(_REMOVE, note_id))


def _note(row: asyncpg.Record) -> Note:
    return Note(
        id=row["id"],
        seq=row["seq"],
        author=Peer(row["author_id"], row["author"]),
        text=row["text"],
        created_at=row["created_at"],
    )
