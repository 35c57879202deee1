"""Statuses in PostgreSQL: columns of `users`, and one due item for the earliest end."""

from collections.abc import Sequence

from chat.due.queries import due_no_later, settle_due
from chat.features.statuses.use_cases import ALL, STATUS_END, PersonStatus
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_SET = """
UPDATE users SET status_emoji = $2, status_text = $3, status_until = to_timestamp($4)
WHERE id = $1 AND deleted_at IS NULL AND NOT is_visitor RETURNING true"""
_CLEAR = """
UPDATE users SET status_emoji = NULL, status_text = '', status_until = NULL
WHERE id = $1 AND (status_emoji, status_text) IS DISTINCT FROM (NULL, '') AND deleted_at IS NULL"""
_LOCK = "SELECT FROM due WHERE kind = $1 AND key = $2 FOR UPDATE"
_END = """
UPDATE users SET status_emoji = NULL, status_text = '', status_until = NULL
WHERE id IN (
    SELECT id FROM users WHERE status_until <= clock_timestamp() ORDER BY status_until LIMIT $1 FOR NO KEY UPDATE)
RETURNING id"""
_NEXT = "SELECT extract(epoch FROM min(status_until))::float8 FROM users WHERE status_until IS NOT NULL"


class PostgresPersonStatuses:
    """The port `PersonStatuses`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def set_status(self, person_id: int, status: PersonStatus | None) -> bool:
        if status is None:
            await self._database.write_statement(lambda c: c.execute(_CLEAR, person_id))
            return True

        async def set_(connection: Connection) -> bool:
            # The due item is locked first, here and in `end`: so neither waits for the other's person, and an end that
            # is set meanwhile is never overlooked.
            if status.until is not None:
                await due_no_later(connection, STATUS_END, ALL, status.until)
            row = person_id, status.emoji, status.text, status.until
            return bool(await connection.fetchval(_SET, *row))

        return await self._database.write(set_)

    async def end(self, most: int) -> Sequence[int]:
        async def end(connection: Connection) -> list[int]:
            await connection.execute(_LOCK, STATUS_END, ALL)
            ended = [row["id"] for row in await connection.fetch(_END, most)]
            await settle_due(connection, STATUS_END, ALL, await connection.fetchval(_NEXT))
            return ended

        return await self._database.write(end)
