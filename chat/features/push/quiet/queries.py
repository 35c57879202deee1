"""Quiet hours in PostgreSQL."""

from chat.features.push.missed.statements import LOOK_AGAIN
from chat.features.push.quiet.port import QuietChoice
from chat.features.push.quiet_reading import CHOSEN, hours_of
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_CHOOSE = """
INSERT INTO quiet_hours (user_id, is_on, starts, ends, days, zone)
SELECT id, $2, $3, $4, $5, $6 FROM users WHERE id = $1 AND deleted_at IS NULL
ON CONFLICT (user_id) DO UPDATE SET is_on = $2, starts = $3, ends = $4, days = $5, zone = $6
RETURNING true"""
_PASS_NONE = "DELETE FROM quiet_passes WHERE user_id = $1"
_PASS = """
INSERT INTO quiet_passes (user_id, passing_id)
SELECT $1, id FROM users WHERE id = ANY ($2) AND id <> $1 AND deleted_at IS NULL AND NOT is_visitor"""
_PUSH_AGAIN = """
UPDATE push_decisions SET due_at = now() WHERE person_id = $1 AND due_at IS NOT NULL AND decision = 'quiet'"""


class PostgresQuietTimes:
    """The port `QuietTimes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def choice(self, person_id: int) -> QuietChoice | None:
        row = await self._database.read(lambda c: c.fetchrow(CHOSEN, [person_id]))
        if row is None:
            return None
        return QuietChoice(is_on=row["is_on"], hours=hours_of(row), passing=row["passing"])

    async def choose(self, person_id: int, choice: QuietChoice) -> None:
        hours = choice.hours

        async def choose(connection: Connection) -> None:
            fields = choice.is_on, hours.start, hours.end, sorted(hours.days), hours.zone
            if not await connection.fetchval(_CHOOSE, person_id, *fields):
                return
            await connection.execute(_PASS_NONE, person_id)
            await connection.execute(_PASS, person_id, list(choice.passing))
            await connection.execute(_PUSH_AGAIN, person_id)
            await connection.execute(LOOK_AGAIN, person_id)

        await self._database.write(choose)
