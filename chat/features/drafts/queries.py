"""Drafts in PostgreSQL: a row for each person, room and thread."""

from collections.abc import Sequence

from chat.features.drafts.use_cases import MOST_DRAFTS, TypedDraft
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_COLUMNS = "room_id, thread, text, reply, extract(epoch FROM typed_at)::float8 AS typed_at"

# By the database's clock, so that devices whose clocks differ agree about what was typed last.
_SAVE = f"""
INSERT INTO drafts (person_id, room_id, thread, text, reply, typed_at)
SELECT users.id, rooms.id, $3, $4, $5, clock_timestamp() - make_interval(secs => $6)
FROM users, rooms
WHERE users.id = $1 AND users.deleted_at IS NULL AND rooms.id = $2 AND rooms.deleted_at IS NULL
ON CONFLICT (person_id, room_id, thread) DO UPDATE
SET text = excluded.text, reply = excluded.reply, typed_at = excluded.typed_at
WHERE drafts.typed_at <= excluded.typed_at
RETURNING {_COLUMNS}, xmax = 0 AS is_new"""
_KEPT = f"SELECT {_COLUMNS} FROM drafts WHERE person_id = $1 AND room_id = $2 AND thread = $3"
_MAKE_ROOM = """
DELETE FROM drafts WHERE person_id = $1 AND (room_id, thread) IN (
    SELECT room_id, thread FROM drafts WHERE person_id = $1 ORDER BY text = '', typed_at DESC OFFSET $2)"""
_ALL = f"SELECT {_COLUMNS} FROM drafts WHERE person_id = $1 ORDER BY drafts.typed_at DESC"


class PostgresDrafts:
    """The port `Drafts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(
        self, person_id: int, room_id: int, thread: int, text: str, reply: int | None, age: float
    ) -> TypedDraft | None:
        async def save(connection: Connection) -> TypedDraft | None:
            where = person_id, room_id, thread
            row = await connection.fetchrow(_SAVE, *where, text, reply, age)
            if row is None:
                row = await connection.fetchrow(_KEPT, *where)
            elif row["is_new"]:
                await connection.execute(_MAKE_ROOM, person_id, MOST_DRAFTS)
            if row is None:
                return None
            return TypedDraft(row["room_id"], row["thread"], row["text"], row["reply"], row["typed_at"])

        return await self._database.write(save)

    async def all(self, person_id: int) -> Sequence[TypedDraft]:
        rows = await self._database.read(lambda connection: connection.fetch(_ALL, person_id))
        return [TypedDraft(**row) for row in rows]
