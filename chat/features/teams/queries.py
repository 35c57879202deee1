"""Teams in PostgreSQL."""

from collections.abc import Sequence
from typing import Any

import asyncpg

from chat.domain.entities import Peer
from chat.domain.refusals import Refusal
from chat.features.teams.port import (
    MOST,
    MOST_CLOSED,
    MOST_GIVEN,
    NO_TEAM,
    TEAM_TAKEN,
    TOO_MANY_TEAMS,
    Team,
    Unassigned,
    Waiting,
)
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.support_queries import OLDEST_UNANSWERED

# Of several writers one at a time looks and writes.
_LOCK = f"SELECT pg_advisory_xact_lock({0x7465616D})"  # "team"

_OPERATORS = "users.is_operator AND users.disabled_at IS NULL AND users.deleted_at IS NULL"
_ALL = f"""
SELECT id, name, in_turn, is_default, ARRAY(
    SELECT person_id FROM team_members JOIN users ON users.id = person_id AND {_OPERATORS}
    WHERE team_id = teams.id ORDER BY person_id
) AS members
FROM teams ORDER BY id"""
_COUNT = "SELECT count(*) FROM teams"
_IS_TAKEN = "SELECT true FROM teams WHERE name_key = $1 AND id <> $2"
_NO_DEFAULT = "UPDATE teams SET is_default = false WHERE is_default AND id <> $1"
_ADD = "INSERT INTO teams (name, name_key, in_turn, is_default) VALUES ($1, $2, $3, $4) RETURNING id"
_CHANGE = """
UPDATE teams SET name = $2, name_key = $3, in_turn = $4, is_default = $5 WHERE id = $1 RETURNING id"""
_REMOVE = "DELETE FROM teams WHERE id = $1 RETURNING true"
_LEAVE = "DELETE FROM team_members WHERE team_id = $1 AND person_id <> ALL($2::bigint[])"
_ENTER = """
INSERT INTO team_members (team_id, person_id) SELECT $1, id FROM users WHERE id = ANY($2::bigint[])
ON CONFLICT DO NOTHING"""

_ROOMS = f"""
WITH mine AS (
    SELECT r.id, r.is_closed, team_id,
        row_number() OVER (PARTITION BY r.is_closed ORDER BY r.spoken_after_id DESC) AS place
    FROM conversation_teams JOIN rooms r ON r.id = room_id AND r.deleted_at IS NULL AND r.creator_id <> $1
)
SELECT id, team_id FROM mine WHERE NOT is_closed OR place <= {MOST_CLOSED}"""
_LOCK_TEAM = "SELECT true FROM teams WHERE id = $1 FOR KEY SHARE"
_TEAM_OF = "SELECT team_id FROM conversation_teams WHERE room_id = $1"
_GIVE = """
INSERT INTO conversation_teams (room_id, team_id) VALUES ($1, $2)
ON CONFLICT (room_id) DO UPDATE SET team_id = EXCLUDED.team_id"""
_TAKE = "DELETE FROM conversation_teams WHERE room_id = $1"
_OWN = """
SELECT r.id, r.is_closed OR r.spoken_after_id IS NULL AS is_new, teams.id AS team_id
FROM rooms r JOIN teams ON teams.name_key = $2 WHERE r.kind = 'support' AND r.creator_id = $1 AND r.deleted_at IS NULL
FOR KEY SHARE OF teams"""

_TEAM = """
FROM rooms r JOIN teams ON teams.id = coalesce(
    (SELECT team_id FROM conversation_teams WHERE room_id = r.id), (SELECT id FROM teams WHERE is_default))
JOIN users AS person ON person.id = r.creator_id AND person.deleted_at IS NULL"""
_OPEN = "r.kind = 'support' AND NOT r.is_closed AND r.deleted_at IS NULL AND r.spoken_after_id IS NOT NULL"
_UNASSIGNED = f"""
SELECT r.id AS room_id, person.id AS person_id, person.name AS person_name, teams.id AS team_id
{_TEAM} WHERE {_OPEN} AND teams.in_turn AND r.assignee_id IS NULL ORDER BY r.spoken_after_id LIMIT {MOST_GIVEN}"""
_WAITING = f"""
SELECT r.id AS room_id, person.id AS person_id, person.name AS person_name,
    users.id AS assignee_id, users.name AS assignee_name, {_OPERATORS} AS is_operator
{_TEAM} JOIN users ON users.id = r.assignee_id CROSS JOIN LATERAL ({OLDEST_UNANSWERED}) AS oldest
WHERE {_OPEN} ORDER BY oldest.id LIMIT 1000"""
_NEXT = f"""
UPDATE team_members SET turn_at = clock_timestamp()
FROM (
    SELECT person_id, users.name FROM team_members JOIN users ON users.id = person_id AND {_OPERATORS}
    WHERE team_id = $1 AND person_id = ANY($2::bigint[]) ORDER BY turn_at, person_id LIMIT 1
) AS next
WHERE team_id = $1 AND team_members.person_id = next.person_id RETURNING next.person_id, next.name"""
_ABSENT = """
INSERT INTO absent_assignees (room_id, person_id) VALUES ($1, $2)
ON CONFLICT (room_id) DO UPDATE SET person_id = $2, since = CASE
    WHEN absent_assignees.person_id = $2 THEN absent_assignees.since ELSE clock_timestamp() END
RETURNING extract(epoch FROM clock_timestamp() - since)::float8"""
_PRESENT = "DELETE FROM absent_assignees WHERE room_id <> ALL($1::bigint[])"


class PostgresTeams:
    """The port `Teams`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[Team]:
        rows = await self._database.read(lambda c: c.fetch(_ALL))
        return [_team(row) for row in rows]

    async def save(self, team: Team, key: str) -> Team | Refusal:
        async def save(connection: Connection) -> Team | Refusal:
            await connection.execute(_LOCK)
            if await connection.fetchval(_IS_TAKEN, key, team.id):
                return TEAM_TAKEN
            if not team.id and await connection.fetchval(_COUNT) >= MOST:
                return TOO_MANY_TEAMS
            if team.is_default:
                await connection.execute(_NO_DEFAULT, team.id)
            values = team.name, key, team.in_turn, team.is_default
            if team.id:
                saved = await connection.fetchval(_CHANGE, team.id, *values)
            else:
                saved = await connection.fetchval(_ADD, *values)
            if saved is None:
                return NO_TEAM
            await connection.execute(_LEAVE, saved, team.members)
            await connection.execute(_ENTER, saved, team.members)
            return next(_team(row) for row in await connection.fetch(_ALL) if row["id"] == saved)

        return await self._database.write(save)

    async def remove(self, team_id: int) -> bool:
        return bool(await self._database.write(lambda c: c.fetchval(_REMOVE, team_id)))

    async def rooms(self, besides_id: int) -> dict[int, int]:
        rows = await self._database.read(lambda c: c.fetch(_ROOMS, besides_id))
        return {row["id"]: row["team_id"] for row in rows}

    async def give(self, room_id: int, team_id: int | None) -> int | Refusal | None:
        async def give(connection: Connection) -> int | Refusal | None:
            before: int | None = await connection.fetchval(_TEAM_OF, room_id)
            if team_id is None:
                await connection.execute(_TAKE, room_id)
            elif not await connection.fetchval(_LOCK_TEAM, team_id):
                return NO_TEAM
            else:
                await connection.execute(_GIVE, room_id, team_id)
            return before

        return await self._database.write(give)

    async def choose(self, person_id: int, key: str) -> int | Refusal | None:
        async def choose(connection: Connection) -> int | Refusal | None:
            row = await connection.fetchrow(_OWN, person_id, key)
            if row is None:
                return NO_TEAM
            if not row["is_new"]:
                return None
            await connection.execute(_GIVE, row["id"], row["team_id"])
            chosen: int = row["id"]
            return chosen

        return await self._database.write(choose)

    async def unassigned(self) -> list[Unassigned]:
        rows = await self._database.read(lambda c: c.fetch(_UNASSIGNED))
        return [Unassigned(row["room_id"], _peer(row, "person"), row["team_id"]) for row in rows]

    async def waiting(self) -> list[Waiting]:
        rows = await self._database.read(lambda c: c.fetch(_WAITING))
        return [
            Waiting(row["room_id"], _peer(row, "person"), _peer(row, "assignee"), row["is_operator"])
            for row in rows
        ]

    async def next_in_turn(self, team_id: int, online: Sequence[int]) -> Peer | None:
        row = await self._database.write_statement(lambda c: c.fetchrow(_NEXT, team_id, online))
        return None if row is None else Peer(row["person_id"], row["name"])

    async def absent(self, room_id: int, person_id: int) -> float:
        seconds: float = await self._database.write_statement(
            lambda c: c.fetchval(_ABSENT, room_id, person_id)
        )
        return seconds

    async def present(self, room_ids: Sequence[int]) -> None:
        await self._database.write_statement(lambda c: c.execute(_PRESENT, room_ids))


def _team(row: asyncpg.Record) -> Team:
    fields: dict[str, Any] = {**row, "members": tuple(row["members"])}
    return Team(**fields)


def _peer(row: asyncpg.Record, who: str) -> Peer:
    return Peer(row[f"{who}_id"], row[f"{who}_name"])
