"""Conversations by email address in PostgreSQL."""

from chat.features.earlier.port import MOST
from chat.storage.postgres.database import Database

# Visitors are compared with visitors: the address of an account is not in `visits`.
_WITH_ADDRESS = f"""
SELECT r.id FROM rooms own
JOIN visits ON visits.user_id = own.creator_id
JOIN visits AS others ON lower(others.email COLLATE "C") = lower(visits.email COLLATE "C")
JOIN users ON users.id = others.user_id AND users.deleted_at IS NULL
JOIN rooms r ON r.kind = 'support' AND r.creator_id = users.id AND r.deleted_at IS NULL
WHERE own.id = $1 AND r.id <> $1 AND r.creator_id <> $2 AND r.spoken_after_id IS NOT NULL
ORDER BY r.spoken_after_id DESC, r.id DESC LIMIT {MOST}"""


class PostgresEarlier:
    """The port `Earlier`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def with_address_of(self, room_id: int, besides_id: int) -> list[int]:
        rows = await self._database.read(lambda c: c.fetch(_WITH_ADDRESS, room_id, besides_id))
        return [row["id"] for row in rows]
