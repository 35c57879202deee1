"""Recent messages in PostgreSQL."""

from chat.features.clean_up.use_cases import Found
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_WINDOW = 5_000
"""Ids of the log in one window: its messages are read by their key in some ten milliseconds. No index has senders."""

_WINDOWS = 20
"""Windows for one request."""

_SKEW = 60.0
"""Seconds by which messages may be older than the one before them in the log: servers have clocks of their own."""

# Those that `deletion_refusal` of domain/rooms/room_rights.py lets the person moderate.
_MODERATED = """
SELECT r.id FROM users u JOIN memberships m ON m.user_id = u.id JOIN rooms r ON r.id = m.room_id
WHERE u.id = $1 AND r.kind = 'room' AND r.deleted_at IS NULL AND (
    m.role IN ('moderator', 'owner') OR (NOT r.is_private AND (u.is_moderator OR u.is_admin))
)
UNION ALL
SELECT r.id FROM users u JOIN rooms r ON r.kind = 'lobby' WHERE u.id = $1 AND (u.is_moderator OR u.is_admin)"""
_END = "SELECT last_id + 1 FROM lanes WHERE id = 1"
_SAID = """
SELECT id, room_id, seq FROM messages
WHERE id >= $1 AND id < $2 AND sender_id = $3 AND kind = 'message' AND deleted_at IS NULL
    AND created_at >= to_timestamp($4::float8) AND room_id = ANY($5::bigint[])
ORDER BY id DESC LIMIT $6"""
# The times of imported messages ascend among themselves alone, so the recent ones may be in several places.
_PLACES = "SELECT low, high FROM ids_between(to_timestamp($1::float8), NULL, $2)"


class PostgresRecentMessages:
    """The port `RecentMessages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self, moderator_id: int, person_id: int, since: float, before_id: int | None, most: int
    ) -> Found:
        async def find(connection: Connection) -> Found:
            rooms = [row["id"] for row in await connection.fetch(_MODERATED, moderator_id)]
            if not rooms:
                return Found([], None)
            high = await connection.fetchval(_END)
            if before_id is not None:
                high = min(high, before_id)
            found: list[tuple[int, int]] = []
            windows = 0
            for first, end in await connection.fetch(_PLACES, since - _SKEW, high):
                while end > first:
                    if windows == _WINDOWS:
                        return Found(found, end)
                    windows += 1
                    low = max(end - _WINDOW, first)
                    rows = await connection.fetch(_SAID, low, end, person_id, since, rooms, most - len(found))
                    found += [(row["room_id"], row["seq"]) for row in rows]
                    if len(found) == most:
                        return Found(found, rows[-1]["id"])
                    end = low
            return Found(found, None)

        return await self._database.read(find)
