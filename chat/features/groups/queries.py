"""Groups in PostgreSQL: rooms with a `people_key`."""

from collections.abc import Sequence

from chat.domain.refusals import BLOCKED, NO_PERSON, Refusal
from chat.domain.text.rules import same_name_key
from chat.features.groups.names import made_name
from chat.features.groups.use_cases import Group
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_KNOWN = """
SELECT id, ARRAY(
    SELECT asked.person_id FROM unnest($2::bigint[]) AS asked(person_id)
    WHERE NOT EXISTS (SELECT FROM memberships WHERE room_id = rooms.id AND user_id = asked.person_id)
    ORDER BY asked.person_id
) AS missing
FROM rooms WHERE people_key = $1 AND deleted_at IS NULL
  AND NOT EXISTS (SELECT FROM users WHERE id = ANY ($2::bigint[]) AND users.deleted_at IS NOT NULL)"""
_PEOPLE = """
SELECT name, EXISTS (SELECT FROM blocks WHERE user_id = users.id AND blocked_id = $2) AS is_blocking
FROM users WHERE id = ANY ($1::bigint[]) AND deleted_at IS NULL AND NOT is_visitor ORDER BY id"""
# It has no creator: nobody owns it. Others may name a room the same.
_MAKE = """
INSERT INTO rooms (kind, name, name_key, is_private, people_key)
VALUES ('room', $1, $2 || E'\\n' || gen_random_uuid(), true, $3)
ON CONFLICT (people_key) WHERE people_key IS NOT NULL DO NOTHING"""


class PostgresGroups:
    """The port `Groups`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, maker_id: int, people: Sequence[int]) -> Group | Refusal:
        key, ids = ",".join(map(str, people)), list(people)

        async def known(connection: Connection) -> Group | None:
            row = await connection.fetchrow(_KNOWN, key, ids)
            return None if row is None else Group(row["id"], row["missing"])

        async def make(connection: Connection) -> Refusal | None:
            found = await connection.fetch(_PEOPLE, ids, maker_id)
            if len(found) < len(ids):
                return NO_PERSON
            if any(row["is_blocking"] for row in found):
                return BLOCKED
            name = made_name([row["name"] for row in found])
            await connection.execute(_MAKE, name, same_name_key(name), key)
            return None

        group = await self._database.read(known)
        if group is not None:
            return group
        refusal = await self._database.write(make)
        return refusal or await self._database.read(known) or NO_PERSON  # deleted meanwhile
