"""Labels in PostgreSQL."""

from collections import defaultdict

from chat.domain.refusals import Refusal
from chat.features.labels.port import (
    LABEL_TAKEN,
    MOST,
    MOST_CLOSED,
    NO_LABEL,
    TOO_MANY_LABELS,
    Colour,
    Label,
)
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

# Of several writers one at a time looks and writes.
_LOCK = f"SELECT pg_advisory_xact_lock({0x6C61626C})"  # "labl"

_ALL = "SELECT id, name, colour FROM labels ORDER BY id"
_COUNT = "SELECT count(*) FROM labels"
_IS_TAKEN = "SELECT true FROM labels WHERE name_key = $1 AND id <> $2"
_ADD = "INSERT INTO labels (name, name_key, colour) VALUES ($1, $2, $3) RETURNING id"
_CHANGE = "UPDATE labels SET name = $2, name_key = $3, colour = $4 WHERE id = $1 RETURNING true"
_REMOVE = "DELETE FROM labels WHERE id = $1 RETURNING true"

_LOCK_LABEL = "SELECT true FROM labels WHERE id = $1 FOR KEY SHARE"
_GIVE = "INSERT INTO conversation_labels (room_id, label_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_TAKE = "DELETE FROM conversation_labels WHERE room_id = $1 AND label_id = $2"
_OF_ROOM = "SELECT label_id FROM conversation_labels WHERE room_id = $1 ORDER BY label_id"
_LABELLED = f"""
WITH labelled AS (
    SELECT r.id, r.is_closed, row_number() OVER (PARTITION BY r.is_closed ORDER BY r.spoken_after_id DESC) AS place
    FROM rooms r
    WHERE r.kind = 'support' AND r.deleted_at IS NULL AND r.creator_id <> $1
        AND EXISTS (SELECT FROM conversation_labels WHERE room_id = r.id)
)
SELECT room_id, label_id FROM labelled JOIN conversation_labels ON room_id = labelled.id
WHERE NOT is_closed OR place <= {MOST_CLOSED} ORDER BY room_id, label_id"""


class PostgresLabels:
    """The port `Labels`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Label]:
        rows = await self._database.read(lambda c: c.fetch(_ALL))
        return [Label(**row) for row in rows]

    async def add(self, name: str, key: str, colour: Colour) -> Label | Refusal:
        async def add(connection: Connection) -> Label | Refusal:
            await connection.execute(_LOCK)
            if await connection.fetchval(_IS_TAKEN, key, 0):
                return LABEL_TAKEN
            if await connection.fetchval(_COUNT) >= MOST:
                return TOO_MANY_LABELS
            added: int = await connection.fetchval(_ADD, name, key, colour)
            return Label(id=added, name=name, colour=colour)

        return await self._database.write(add)

    async def change(self, label: Label, key: str) -> Refusal | None:
        async def change(connection: Connection) -> Refusal | None:
            await connection.execute(_LOCK)
            if await connection.fetchval(_IS_TAKEN, key, label.id):
                return LABEL_TAKEN
            is_there = await connection.fetchval(_CHANGE, label.id, label.name, key, label.colour)
            return None if is_there else NO_LABEL

        return await self._database.write(change)

    async def remove(self, label_id: int) -> bool:
        return bool(await self._database.write(lambda c: c.fetchval(_REMOVE, label_id)))

    async def switch(self, room_id: int, label_id: int, *, on: bool) -> list[int] | Refusal:
        async def switch(connection: Connection) -> list[int] | Refusal:
            if not await connection.fetchval(_LOCK_LABEL, label_id):
                return NO_LABEL
            await connection.execute(_GIVE if on else _TAKE, room_id, label_id)
            return [row["label_id"] for row in await connection.fetch(_OF_ROOM, room_id)]

        return await self._database.write(switch)

    async def labelled(self, besides_id: int) -> dict[int, list[int]]:
        rows = await self._database.read(lambda c: c.fetch(_LABELLED, besides_id))
        found = defaultdict[int, list[int]](list)
        for row in rows:
            found[row["room_id"]].append(row["label_id"])
        return dict(found)
