"""Messages by their times, in PostgreSQL."""

from chat.storage.postgres.database import Database

# Times follow the order of a room, so the place is found by halving: two dozen look-ups in ten million messages, and no
# index by time. Where a clock was set back, one of several places is found.
_FIRST_SINCE = """
WITH RECURSIVE search(low, high, last) AS (
    SELECT first_seq, last_seq + 1, last_seq FROM rooms WHERE id = $1 AND deleted_at IS NULL
    UNION ALL
    SELECT CASE WHEN m.is_before THEN m.seq + 1 ELSE low END,
        CASE WHEN m.is_before THEN high ELSE (low + high) / 2 END, last
    FROM search CROSS JOIN LATERAL (
        SELECT seq, created_at < to_timestamp($2) AS is_before FROM messages
        WHERE room_id = $1 AND seq >= (low + high) / 2 ORDER BY seq LIMIT 1
    ) AS m
    WHERE low < high
)
SELECT low FROM search WHERE low >= high AND low <= last"""


class PostgresDates:
    """The port `Dates`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def first_since(self, room_id: int, time: float) -> int | None:
        found: int | None = await self._database.read(lambda c: c.fetchval(_FIRST_SINCE, room_id, time))
        return found
