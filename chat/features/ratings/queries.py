"""Ratings in PostgreSQL."""

from typing import Any

import asyncpg

from chat.domain.refusals import Refusal
from chat.features.ratings.port import CHANGED_FOR, NOT_CLOSED, RATING_FINAL, OwnRating, Rating
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_COLUMNS = "seq, is_good, comment, extract(epoch FROM rated_at)::float8 AS rated_at"
_MAY_CHANGE = f"rated_at > clock_timestamp() - interval '{CHANGED_FOR} seconds'"

# The closed conversation of a person, with the message behind which it was closed.
_CLOSED = """
rooms r JOIN messages m ON m.room_id = r.id AND m.seq = r.settled_seq
WHERE r.kind = 'support' AND r.creator_id = $1 AND r.is_closed AND r.deleted_at IS NULL"""
_OWN = f"""
SELECT {_COLUMNS}, coalesce({_MAY_CHANGE}, true) AS may_rate
FROM (SELECT m.room_id, m.seq FROM {_CLOSED}) AS closed
LEFT JOIN (SELECT room_id, seq AS rated_seq, is_good, comment, rated_at FROM ratings) AS rating
    ON rating.room_id = closed.room_id AND rated_seq = seq"""
_RATE = f"""
INSERT INTO ratings (room_id, seq, operator_id, comment, is_good)
SELECT r.id, m.seq, r.assignee_id, $2, $3 FROM {_CLOSED}
ON CONFLICT (room_id, seq) DO UPDATE SET comment = $2, is_good = $3 WHERE ratings.{_MAY_CHANGE}
RETURNING room_id, {_COLUMNS}"""
_OF_ROOM = f"SELECT {_COLUMNS} FROM ratings WHERE room_id = $1 ORDER BY seq"


class PostgresRatings:
    """The port `Ratings`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def own(self, person_id: int) -> OwnRating:
        row = await self._database.read(lambda c: c.fetchrow(_OWN, person_id))
        if row is None:
            return OwnRating(may_rate=False, rating=None)
        return OwnRating(row["may_rate"], None if row["is_good"] is None else _rating(row))

    async def rate(self, person_id: int, comment: str, *, is_good: bool) -> tuple[int, Rating] | Refusal:
        async def rate(connection: Connection) -> tuple[int, Rating] | Refusal:
            row = await connection.fetchrow(_RATE, person_id, comment, is_good)
            if row is not None:
                return row["room_id"], _rating(row)
            return RATING_FINAL if await connection.fetchrow(_OWN, person_id) else NOT_CLOSED

        return await self._database.write(rate)

    async def of_room(self, room_id: int) -> list[Rating]:
        rows = await self._database.read(lambda c: c.fetch(_OF_ROOM, room_id))
        return [_rating(row) for row in rows]


def _rating(row: asyncpg.Record) -> Rating:
    fields: dict[str, Any] = {name: row[name] for name in Rating.__struct_fields__}
    return Rating(**fields)
