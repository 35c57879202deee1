"""Exports in PostgreSQL."""

import asyncpg

from chat.domain.administration.audit import Act, What
from chat.features.exports.requests import KEPT, PAUSE, Asked, Export, Failure, Names
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_LOCK = f"SELECT pg_advisory_xact_lock({0x6578706F})"  # "expo": one at a time is claimed

_EXPORT = """
user_id AS person_id, exports.name, extract(epoch FROM asked_at)::float8 AS asked_at, share::float8 AS share,
extract(epoch FROM made_at)::float8 AS made_at, size, extract(epoch FROM failed_at)::float8 AS failed_at, failure"""
_LASTS = f"coalesce(made_at, failed_at, 'infinity') > clock_timestamp() - interval '{KEPT} s'"

_OF_PERSON = f"SELECT {_EXPORT} FROM exports WHERE user_id = $1 AND {_LASTS}"
_WAIT = f"""
SELECT extract(epoch FROM asked_at - clock_timestamp())::float8 + {PAUSE} AS wait, made_at, failed_at
FROM exports WHERE user_id = $1 FOR UPDATE"""
_ASK = f"""
INSERT INTO exports (user_id, name) VALUES ($1, $2)
ON CONFLICT (user_id) DO UPDATE SET name = $2, asked_at = clock_timestamp(), share = 0, claimed_by = NULL,
    claimed_until = NULL, made_at = NULL, size = NULL, failed_at = NULL, failure = NULL, link = NULL,
    session_id = NULL, generation = NULL
RETURNING {_EXPORT}"""
_MAKE_LINK = f"""
UPDATE exports SET session_id = $2, generation = $3, link = $4
WHERE user_id = $1 AND made_at IS NOT NULL AND {_LASTS} RETURNING {_EXPORT}"""
_BY_LINK = f"""
SELECT {_EXPORT} FROM exports JOIN users ON users.id = user_id
WHERE link = $1 AND made_at IS NOT NULL AND {_LASTS}
    AND deleted_at IS NULL AND disabled_at IS NULL AND token_generation = generation
    AND (session_id IS NULL OR EXISTS (
        SELECT FROM sessions WHERE sessions.id = session_id AND sessions.user_id = exports.user_id
            AND expires_at > clock_timestamp()))"""
_OPEN = "made_at IS NULL AND failed_at IS NULL"
_CLAIM = f"""
UPDATE exports SET claimed_by = $1, claimed_until = clock_timestamp() + make_interval(secs => $2), share = 0
WHERE user_id = (
        SELECT user_id FROM exports JOIN users ON users.id = user_id
        WHERE {_OPEN} AND deleted_at IS NULL AND disabled_at IS NULL ORDER BY asked_at LIMIT 1
    ) AND NOT EXISTS (
        SELECT FROM exports WHERE {_OPEN} AND claimed_until > clock_timestamp() AND claimed_by <> $1)
RETURNING {_EXPORT}"""
_OURS = f"claimed_by = $1 AND exports.name = $2 AND {_OPEN}"
_RENEW = f"""
UPDATE exports SET claimed_until = clock_timestamp() + make_interval(secs => $3), share = $4
FROM users WHERE {_OURS} AND users.id = user_id AND deleted_at IS NULL AND disabled_at IS NULL RETURNING true"""
_FINISH = f"""
UPDATE exports SET made_at = clock_timestamp(), share = 1, size = $3 WHERE {_OURS} RETURNING true"""
_FAIL = f"UPDATE exports SET failed_at = clock_timestamp(), failure = $3 WHERE {_OURS}"
_EXPIRE = f"""
DELETE FROM exports USING users
WHERE users.id = user_id AND (NOT {_LASTS} OR deleted_at IS NOT NULL OR disabled_at IS NOT NULL)"""
_NAMES = f"""
SELECT exports.name, made_at IS NOT NULL AS is_made, {_OPEN} AND claimed_until > clock_timestamp() AS is_claimed
FROM exports"""


class PostgresExportRequests:
    """The port `ExportRequests`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, person_id: int, name: str) -> Asked:
        async def ask(connection: Connection) -> Asked:
            before = await connection.fetchrow(_WAIT, person_id)
            if before is not None and before["failed_at"] is None:
                is_under_way = before["made_at"] is None
                if is_under_way or before["wait"] > 0:
                    found = await connection.fetchrow(_OF_PERSON, person_id)
                    assert found is not None
                    return Asked(_export(found), False, max(before["wait"], 1.0))
            act = Act(by_id=person_id, what=What.EXPORT_ASKED, person_id=person_id)
            await note(connection, [act])
            made = await connection.fetchrow(_ASK, person_id, name)
            assert made is not None
            return Asked(_export(made), True, PAUSE)

        return await self._database.write(ask)

    async def of_person(self, person_id: int) -> Export | None:
        return _perhaps(await self._database.read(lambda c: c.fetchrow(_OF_PERSON, person_id)))

    async def make_link(
        self, person_id: int, session_id: int | None, generation: int, digest: bytes
    ) -> Export | None:
        async def make(connection: Connection) -> asyncpg.Record | None:
            row = await connection.fetchrow(_MAKE_LINK, person_id, session_id, generation, digest)
            if row is not None:
                act = Act(by_id=person_id, what=What.EXPORT_LINK_MADE, person_id=person_id)
                await note(connection, [act])
            return row

        return _perhaps(await self._database.write(make))

    async def by_link(self, digest: bytes) -> Export | None:
        return _perhaps(await self._database.read(lambda c: c.fetchrow(_BY_LINK, digest)))

    async def claim(self, by: int, seconds: float) -> Export | None:
        if not await self._database.read(
            lambda c: c.fetchval(f"SELECT EXISTS (SELECT FROM exports WHERE {_OPEN})")
        ):
            return None

        async def claim(connection: Connection) -> asyncpg.Record | None:
            await connection.execute(_LOCK)
            return await connection.fetchrow(_CLAIM, by, seconds)

        return _perhaps(await self._database.write(claim))

    async def renew(self, by: int, name: str, seconds: float, share: float) -> bool:
        return bool(
            await self._database.write_statement(lambda c: c.fetchval(_RENEW, by, name, seconds, share))
        )

    async def finish(self, by: int, name: str, size: int) -> bool:
        return bool(await self._database.write_statement(lambda c: c.fetchval(_FINISH, by, name, size)))

    async def fail(self, by: int, name: str, failure: Failure) -> None:
        await self._database.write_statement(lambda c: c.execute(_FAIL, by, name, failure.value))

    async def expire(self) -> Names:
        async def expire(connection: Connection) -> list[asyncpg.Record]:
            await connection.execute(_EXPIRE)
            return await connection.fetch(_NAMES)

        rows = await self._database.write(expire)
        return Names(
            frozenset(row["name"] for row in rows if row["is_made"]),
            frozenset(row["name"] for row in rows if row["is_claimed"]),
        )


def _export(row: asyncpg.Record) -> Export:
    return Export(**row)


def _perhaps(row: asyncpg.Record | None) -> Export | None:
    return None if row is None else _export(row)
