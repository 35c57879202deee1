"""Transfers in PostgreSQL."""

import asyncpg

from chat.domain.administration.audit import Act, What
from chat.features.transfers.transfers import KEPT, Failure, Kind, Transfer
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_LOCK = f"SELECT pg_advisory_xact_lock({0x7472616E})"  # "tran": one at a time is claimed

_TRANSFER = """
transfers.kind, transfers.name, by_id, extract(epoch FROM asked_at)::float8 AS asked_at, is_due, stage, done, whole,
extract(epoch FROM ended_at)::float8 AS ended_at, failure, problem, transfers.room_id, has_files, size"""
_LASTS = f"coalesce(ended_at, 'infinity') > clock_timestamp() - interval '{KEPT} s'"

_HAS_ROOM = "SELECT EXISTS (SELECT FROM rooms WHERE id = $1 AND deleted_at IS NULL)"
_BEGIN_EXPORT = f"""
INSERT INTO transfers (kind, name, by_id, room_id, has_files)
SELECT 'export', $1, $2, $3, $4
WHERE $3::bigint IS NULL OR EXISTS (SELECT FROM rooms WHERE id = $3 AND deleted_at IS NULL)
ON CONFLICT (kind) DO UPDATE SET name = $1, by_id = $2, asked_at = clock_timestamp(), is_due = true,
    claimed_by = NULL, claimed_until = NULL, stage = NULL, done = 0, whole = 0, ended_at = NULL, failure = NULL,
    problem = NULL, room_id = $3, has_files = $4, size = NULL, link = NULL, link_by = NULL, session_id = NULL,
    generation = NULL
WHERE NOT transfers.is_due
RETURNING {_TRANSFER}"""
_FIND = f"SELECT {_TRANSFER} FROM transfers WHERE kind = $1 AND {_LASTS}"
_REMOVE = "DELETE FROM transfers WHERE kind = $1 RETURNING true"
_IS_MADE = f"kind = 'export' AND ended_at IS NOT NULL AND failure IS NULL AND {_LASTS}"
_MAKE_LINK = f"""
UPDATE transfers SET link_by = $1, session_id = $2, generation = $3, link = $4 WHERE {_IS_MADE} RETURNING {_TRANSFER}"""
_BY_LINK = f"""
SELECT {_TRANSFER} FROM transfers JOIN users ON users.id = link_by
WHERE link = $1 AND {_IS_MADE}
    AND is_admin AND users.deleted_at IS NULL AND disabled_at IS NULL AND token_generation = generation
    AND (session_id IS NULL OR EXISTS (
        SELECT FROM sessions WHERE sessions.id = session_id AND sessions.user_id = link_by
            AND expires_at > clock_timestamp()))"""
_CLAIM = f"""
UPDATE transfers SET claimed_by = $1, claimed_until = clock_timestamp() + make_interval(secs => $2)
WHERE kind = (SELECT kind FROM transfers WHERE is_due ORDER BY asked_at LIMIT 1)
    AND NOT EXISTS (SELECT FROM transfers WHERE is_due AND claimed_until > clock_timestamp() AND claimed_by <> $1)
RETURNING {_TRANSFER}"""
_OURS = "claimed_by = $1 AND transfers.name = $2 AND is_due"
_RENEW = f"""
UPDATE transfers SET claimed_until = clock_timestamp() + make_interval(secs => $3) WHERE {_OURS} RETURNING true"""
_NOTE = f"UPDATE transfers SET stage = $3, done = $4, whole = $5 WHERE {_OURS} RETURNING true"
_FINISH_EXPORT = f"""
UPDATE transfers SET is_due = false, ended_at = clock_timestamp(), size = $3 WHERE {_OURS} RETURNING true"""
_FAIL = f"""
UPDATE transfers SET is_due = false, ended_at = clock_timestamp(), failure = $3, problem = $4 WHERE {_OURS}"""
_CLAIMED = f"SELECT {_TRANSFER} FROM transfers WHERE {_OURS}"
_EXPIRE = f"DELETE FROM transfers WHERE NOT {_LASTS}"


class PostgresTransfers:
    """The port `Transfers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def has_room(self, room_id: int) -> bool:
        return bool(await self._database.read(lambda c: c.fetchval(_HAS_ROOM, room_id)))

    async def begin_export(
        self, name: str, by_id: int, room_id: int | None, has_files: bool
    ) -> Transfer | None:
        return _perhaps(
            await self._database.write_statement(
                lambda c: c.fetchrow(_BEGIN_EXPORT, name, by_id, room_id, has_files)
            )
        )

    async def find(self, kind: Kind) -> Transfer | None:
        return _perhaps(await self._database.read(lambda c: c.fetchrow(_FIND, kind)))

    async def remove(self, kind: Kind) -> bool:
        return bool(await self._database.write_statement(lambda c: c.fetchval(_REMOVE, kind)))

    async def make_link(
        self, by_id: int, session_id: int | None, generation: int, digest: bytes
    ) -> Transfer | None:
        async def make(connection: Connection) -> asyncpg.Record | None:
            row = await connection.fetchrow(_MAKE_LINK, by_id, session_id, generation, digest)
            if row is not None:
                act = Act(by_id=by_id, what=What.ARCHIVE_LINK_MADE, room_id=row["room_id"])
                await note(connection, [act])
            return row

        return _perhaps(await self._database.write(make))

    async def by_link(self, digest: bytes) -> Transfer | None:
        return _perhaps(await self._database.read(lambda c: c.fetchrow(_BY_LINK, digest)))

    async def claim(self, by: int, seconds: float) -> Transfer | None:
        if not await self._database.read(
            lambda c: c.fetchval("SELECT EXISTS (SELECT FROM transfers WHERE is_due)")
        ):
            return None

        async def claim(connection: Connection) -> asyncpg.Record | None:
            await connection.execute(_LOCK)
            return await connection.fetchrow(_CLAIM, by, seconds)

        return _perhaps(await self._database.write(claim))

    async def renew(self, by: int, name: str, seconds: float) -> bool:
        return bool(await self._database.write_statement(lambda c: c.fetchval(_RENEW, by, name, seconds)))

    async def note(self, by: int, name: str, stage: str, done: int, whole: int) -> bool:
        noted = by, name, stage, done, whole
        return bool(await self._database.write_statement(lambda c: c.fetchval(_NOTE, *noted)))

    async def finish_export(self, by: int, name: str, size: int) -> bool:
        return bool(
            await self._database.write_statement(lambda c: c.fetchval(_FINISH_EXPORT, by, name, size))
        )

    async def fail(self, by: int, name: str, failure: Failure, problem: str) -> None:
        await self._database.write_statement(lambda c: c.execute(_FAIL, by, name, failure.value, problem))

    async def claimed(self, by: int, name: str) -> Transfer | None:
        return _perhaps(await self._database.read(lambda c: c.fetchrow(_CLAIMED, by, name)))

    async def expire(self) -> frozenset[str]:
        async def expire(connection: Connection) -> list[asyncpg.Record]:
            await connection.execute(_EXPIRE)
            return await connection.fetch("SELECT name FROM transfers")

        return frozenset(row["name"] for row in await self._database.write(expire))


def _perhaps(row: asyncpg.Record | None) -> Transfer | None:
    return None if row is None else Transfer(**row)
