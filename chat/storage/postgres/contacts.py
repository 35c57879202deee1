"""People as others see them, in PostgreSQL."""

from collections.abc import Collection, Iterable

import asyncpg

from chat.domain.accounts.contacts import BlocksNow
from chat.domain.entities import Person
from chat.domain.text.rules import same_name_key
from chat.storage.postgres.database import Database
from chat.storage.postgres.name_parts import NEAR, find_by_part
from chat.storage.postgres.session import Connection

PUBLIC = """u.id, u.name, u.display_name, u.picture, u.is_operator, u.is_moderator, u.is_admin, u.is_visitor,
    u.status_emoji, u.status_text, extract(epoch FROM u.status_until)::float8 AS status_until,
    extract(epoch FROM u.created_at)::float8 AS created_at,
    extract(epoch FROM coalesce(u.changed_at, u.created_at))::float8 AS changed_at"""

FIND = f"""
SELECT {PUBLIC} FROM users u
WHERE u.name_key > $2 AND position($1 IN u.name_key) > 0 AND u.deleted_at IS NULL AND NOT u.is_visitor
ORDER BY u.name_key LIMIT $3"""

# The same among the first people only.
FIND_NEAR = f"""
SELECT {PUBLIC} FROM (SELECT * FROM users WHERE name_key > $2 ORDER BY name_key LIMIT {NEAR}) AS u
WHERE position($1 IN u.name_key) > 0 AND u.deleted_at IS NULL AND NOT u.is_visitor
ORDER BY u.name_key LIMIT $3"""

# The same by the index of parts: $4 are those of $1. Nothing in `found` may suit another index: our sessions prefer
# any to a bitmap, and this index has no other way to be read.
FIND_BY_PARTS = f"""
WITH found AS MATERIALIZED (
    SELECT * FROM users WHERE name_parts(name_key) @> $4::text[] AND NOT is_visitor
)
SELECT {PUBLIC} FROM found u WHERE u.name_key > $2 AND position($1 IN u.name_key) > 0 AND u.deleted_at IS NULL
ORDER BY u.name_key LIMIT $3"""

_MOST_LOOKED_AT = 10_000
"""The most recently changed profiles that are read: a client that was away for longer has few of them cached."""

CHANGED_SINCE = f"""
WITH me AS MATERIALIZED (SELECT id, is_operator FROM users WHERE id = $1 AND deleted_at IS NULL),
own AS MATERIALIZED (SELECT id FROM rooms WHERE kind = 'support' AND creator_id = $1 AND spoken_after_id IS NOT NULL)
SELECT {PUBLIC}
FROM me CROSS JOIN LATERAL (
    SELECT * FROM users WHERE changed_at > to_timestamp($2::float8) ORDER BY changed_at DESC LIMIT {_MOST_LOOKED_AT}
) AS u
WHERE (u.deleted_at IS NULL OR EXISTS (SELECT FROM account_removals WHERE user_id = u.id AND how <> 'leave')) AND (
    u.id = me.id
    OR EXISTS (
        SELECT FROM memberships theirs JOIN memberships mine ON mine.room_id = theirs.room_id AND mine.user_id = me.id
        JOIN rooms r ON r.id = theirs.room_id AND r.deleted_at IS NULL
        WHERE theirs.user_id = u.id
    )
    OR (u.is_operator AND EXISTS (SELECT FROM own))
    OR (me.is_operator AND EXISTS (
        SELECT FROM rooms r
        WHERE r.kind = 'support' AND r.creator_id = u.id AND r.spoken_after_id IS NOT NULL
    ))
    OR (me.is_operator AND u.is_operator)
)
ORDER BY u.changed_at DESC LIMIT $3"""

_BLOCK = """
WITH them AS (SELECT id FROM users WHERE id = $2 AND deleted_at IS NULL), made AS (
    INSERT INTO blocks (user_id, blocked_id) SELECT $1, id FROM them ON CONFLICT DO NOTHING
)
SELECT true FROM them"""
_UNBLOCK = "DELETE FROM blocks WHERE user_id = $1 AND blocked_id = $2"
_BLOCKED = f"""
SELECT {PUBLIC} FROM blocks b JOIN users u ON u.id = b.blocked_id AND u.deleted_at IS NULL
WHERE b.user_id = $1 AND u.name_key > $2 ORDER BY u.name_key LIMIT $3"""
_BLOCKED_IDS = "SELECT blocked_id FROM blocks WHERE user_id = $1"
_BLOCKS_SINCE = """
SELECT user_id, extract(epoch FROM at)::float8 AS at,
       ARRAY(SELECT blocked_id FROM blocks WHERE blocks.user_id = c.user_id ORDER BY blocked_id) AS people
FROM block_changes c WHERE user_id = ANY ($1) AND at > to_timestamp($2::float8)"""


class PostgresContacts:
    """The port `Contacts`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, part: str, after: str, limit: int) -> list[Person]:
        return _people(await self._database.read(lambda c: find_people(c, part, after, limit)))

    async def changed_since(self, person_id: int, since: float, limit: int) -> list[Person]:
        return _people(await self._database.read(lambda c: c.fetch(CHANGED_SINCE, person_id, since, limit)))

    async def block(self, person_id: int, other_id: int) -> bool:
        return bool(await self._database.write(lambda c: c.fetchval(_BLOCK, person_id, other_id)))

    async def unblock(self, person_id: int, other_id: int) -> None:
        async def unblock(connection: Connection) -> None:
            await connection.execute(_UNBLOCK, person_id, other_id)

        await self._database.write(unblock)

    async def blocked(self, person_id: int, after: str, limit: int) -> list[Person]:
        key = same_name_key(after)
        return _people(await self._database.read(lambda c: c.fetch(_BLOCKED, person_id, key, limit)))

    async def blocked_ids(self, person_id: int) -> frozenset[int]:
        rows = await self._database.read(lambda c: c.fetch(_BLOCKED_IDS, person_id))
        return frozenset(row["blocked_id"] for row in rows)

    async def blocks_since(self, person_ids: Collection[int], since: float) -> dict[int, BlocksNow]:
        rows = await self._database.read(lambda c: c.fetch(_BLOCKS_SINCE, list(person_ids), since))
        return {row["user_id"]: BlocksNow(row["at"], tuple(row["people"])) for row in rows}


async def find_people(connection: Connection, part: str, after: str, limit: int) -> list[asyncpg.Record]:
    """Return the rows of `Contacts.find`: of the first people, or else by the index of parts."""
    key = same_name_key(part)
    asked = key, same_name_key(after), limit
    if not key:
        return await connection.fetch(FIND, *asked)
    return await find_by_part(connection, FIND_NEAR, FIND_BY_PARTS, *asked[:2], limit=limit)


def _people(rows: Iterable[asyncpg.Record]) -> list[Person]:
    return [Person(**row) for row in rows]
