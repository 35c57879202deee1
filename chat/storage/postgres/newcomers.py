"""Which writes of a batch newcomers may not make, in PostgreSQL; asyncio-flavoured.

A batch without links and files needs no query.
"""

from collections.abc import Mapping, Sequence

from chat.domain.entities import Draft
from chat.domain.messages.changes import Write
from chat.domain.messages.mentions import author_of
from chat.domain.messages.newcomers import Newcomer, is_not_for_newcomers
from chat.domain.refusals import Refusal
from chat.storage.postgres.session import Connection
from chat.storage.postgres.used_keys import used_keys
from chat.storage.postgres.writer import RawConnection

# Those of these people who are newcomers now, by the setting `newcomer_hours`; none without it.
_NEWCOMERS = """
SELECT users.id, rule.hours, rule.hours * 3600 - extract(epoch FROM clock_timestamp() - created_at)::float8 AS rest
FROM (
    SELECT CASE jsonb_typeof(value) WHEN 'number' THEN value::text::float8 ELSE 0 END AS hours
    FROM settings WHERE name = 'newcomer_hours'
) AS rule
JOIN users ON users.id = ANY($1::bigint[])
WHERE NOT (is_admin OR is_moderator OR is_operator OR is_visitor OR vouched)
  AND created_at > clock_timestamp() - rule.hours * interval '1 hour'"""


async def newcomers(
    connection: "Connection | RawConnection", person_ids: Sequence[int]
) -> dict[int, Newcomer]:
    """Return those of these people who are newcomers now."""
    rows = await connection.fetch(_NEWCOMERS, person_ids)
    return {row["id"]: Newcomer(int(row["hours"]), row["rest"]) for row in rows}


async def refused_newcomers(connection: RawConnection, writes: Sequence[Write]) -> Mapping[int, Refusal]:
    """Return why newcomers may not make some of these writes, by their place; none of a saved message."""
    asked = {nth: write for nth, write in enumerate(writes) if is_not_for_newcomers(write)}
    if not asked:
        return {}
    found = await newcomers(connection, sorted({author_of(write) for write in asked.values()}))
    refused = {nth: write for nth, write in asked.items() if author_of(write) in found}
    if not refused:
        return {}
    used = await used_keys(connection, [each for each in refused.values() if isinstance(each, Draft)])
    return {
        nth: found[author_of(write)].refusal
        for nth, write in refused.items()
        if not isinstance(write, Draft) or (write.sender_id, write.key) not in used
    }
