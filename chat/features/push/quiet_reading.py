"""How people's quiet hours are read beside what they hold back."""

from collections.abc import Sequence

import asyncpg

from chat.features.push.quiet_hours import Quiet, QuietHours
from chat.storage.postgres.session import Connection

CHOSEN = """
SELECT user_id, is_on, starts, ends, days, zone,
       ARRAY(SELECT passing_id FROM quiet_passes WHERE user_id = chosen.user_id ORDER BY passing_id) AS passing
FROM quiet_hours AS chosen WHERE user_id = ANY ($1)"""


async def read_quiet(connection: Connection, people: Sequence[int]) -> dict[int, Quiet]:
    """Return the quiet hours of those of these people who have some; asyncio-flavoured."""
    rows = await connection.fetch(CHOSEN, people)
    return {row["user_id"]: Quiet(hours_of(row), frozenset(row["passing"])) for row in rows if row["is_on"]}


def hours_of(row: asyncpg.Record) -> QuietHours:
    """Return the hours of a row of `quiet_hours`. Sync."""
    return QuietHours(start=row["starts"], end=row["ends"], days=frozenset(row["days"]), zone=row["zone"])
