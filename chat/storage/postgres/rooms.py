"""Rooms in PostgreSQL."""

from chat.model.entities import Room, RoomKind
from chat.storage.postgres.database import Database

_BY_ID = """
SELECT id, kind, name, creator_id, is_private, last_seq, extract(epoch FROM created_at)::float8 AS created_at
FROM rooms WHERE id = $1"""


class PostgresRooms:
    """The port `Rooms`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_id(self, room_id: int) -> Room | None:
        row = await self._database.read(lambda c: c.fetchrow(_BY_ID, room_id))
        return None if row is None else Room(**{**row, "kind": RoomKind(row["kind"])})
