"""Transfers in PostgreSQL."""

from typing import Any

import asyncpg
import msgspec

from chat.domain.administration.audit import Act, What
from chat.features.transfers.found import Cause, Found
from chat.features.transfers.transfers import KEPT, Failure, Kind, Transfer, removal_act, stop_act
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_LOCK = f"SELECT pg_advisory_xact_lock({0x7472616E})"  # "tran": one at a time is claimed

_TRANSFER = """
transfers.kind, transfers.name, by_id, extract(epoch FROM asked_at)::float8 AS asked_at, is_due, stage, done, whole,
extract(epoch FROM ended_at)::float8 AS ended_at, failure, problem, cause, transfers.room_id, person_id, has_files,
size, step, source, file_name, received, found, extract(epoch FROM touched_at)::float8 AS touched_at,
coalesce((SELECT rooms.name FROM rooms WHERE rooms.id = transfers.room_id),
    (SELECT people.name FROM users AS people WHERE people.id = person_id)) AS of"""
_LASTS = f"(is_due OR coalesce(ended_at, touched_at) > clock_timestamp() - interval '{KEPT} s')"
_TOUCHED = "touched_at = clock_timestamp()"

_HAS_ROOM = "SELECT EXISTS (SELECT FROM rooms WHERE id = $1 AND deleted_at IS NULL)"
_HAS_PERSON = "SELECT EXISTS (SELECT FROM users WHERE id = $1 AND deleted_at IS NULL)"
_BEGIN_EXPORT = f"""
INSERT INTO transfers (kind, name, by_id, room_id, has_files, person_id)
SELECT 'export', $1, $2, $3, $4, $5
WHERE ($3::bigint IS NULL OR EXISTS (SELECT FROM rooms WHERE id = $3 AND deleted_at IS NULL))
    AND ($5::bigint IS NULL OR EXISTS (SELECT FROM users WHERE id = $5 AND deleted_at IS NULL))
ON CONFLICT (kind) DO UPDATE SET name = $1, by_id = $2, asked_at = clock_timestamp(), is_due = true,
    claimed_by = NULL, claimed_until = NULL, stage = NULL, done = 0, whole = 0, ended_at = NULL, failure = NULL,
    problem = NULL, cause = NULL, room_id = $3, person_id = $5, has_files = $4, size = NULL, link = NULL,
    link_by = NULL, session_id = NULL, generation = NULL
WHERE NOT transfers.is_due
RETURNING {_TRANSFER}"""
_BEGIN_IMPORT = f"""
INSERT INTO transfers (kind, name, by_id, source, file_name, size, is_due, step, received)
VALUES ('import', $1, $2, $3, $4, $5, false, 'upload', 0)
ON CONFLICT (kind) DO UPDATE SET name = $1, by_id = $2, source = $3, file_name = $4, size = $5, is_due = false,
    step = 'upload', received = 0, asked_at = clock_timestamp(), {_TOUCHED}, claimed_by = NULL, claimed_until = NULL,
    stage = NULL, done = 0, whole = 0, ended_at = NULL, failure = NULL, problem = NULL, cause = NULL,
    found = NULL
WHERE NOT transfers.is_due AND (transfers.ended_at IS NOT NULL AND transfers.failure IS NULL
    OR NOT (coalesce(transfers.ended_at, transfers.touched_at) > clock_timestamp() - interval '{KEPT} s'))
RETURNING {_TRANSFER}"""
_RECEIVE = f"""
UPDATE transfers SET received = $2::bigint + $3::bigint, {_TOUCHED}, is_due = size = $2::bigint + $3::bigint,
    step = CASE WHEN size = $2::bigint + $3::bigint THEN 'check' ELSE step END
WHERE kind = 'import' AND transfers.name = $1 AND step = 'upload' AND received = $2::bigint
RETURNING {_TRANSFER}"""
_START_IMPORT = f"""
UPDATE transfers SET is_due = true, step = CASE WHEN step = 'ready' THEN 'import' ELSE step END, {_TOUCHED},
    ended_at = NULL, failure = NULL, problem = NULL, cause = NULL, stage = NULL, done = 0, whole = 0
WHERE kind = 'import' AND NOT is_due AND {_LASTS} AND (step = 'ready' OR failure IS NOT NULL)
RETURNING {_TRANSFER}"""
_STOP_IMPORT = f"""
UPDATE transfers SET is_due = false, ended_at = clock_timestamp(), failure = '{Failure.CANCELLED}', problem = NULL
WHERE kind = 'import' AND is_due RETURNING {_TRANSFER}"""
_FIND = f"SELECT {_TRANSFER} FROM transfers WHERE kind = $1 AND {_LASTS}"
_REMOVE = f"DELETE FROM transfers WHERE kind = $1 RETURNING {_TRANSFER}"
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
_CHECKED = f"""
UPDATE transfers SET is_due = false, step = 'ready', found = $3, stage = NULL, {_TOUCHED} WHERE {_OURS}
RETURNING true"""
_FINISH_IMPORT = f"""
UPDATE transfers SET is_due = false, ended_at = clock_timestamp(), found = $3 WHERE {_OURS} RETURNING true"""
_FAIL = f"""
UPDATE transfers SET is_due = false, ended_at = clock_timestamp(), failure = $3, problem = $4, cause = $5
WHERE {_OURS}"""
_CLAIMED = f"SELECT {_TRANSFER} FROM transfers WHERE {_OURS}"
_EXPIRE = f"DELETE FROM transfers WHERE NOT {_LASTS}"


class PostgresTransfers:
    """The port `Transfers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def has_room(self, room_id: int) -> bool:
        return bool(await self._database.read(lambda c: c.fetchval(_HAS_ROOM, room_id)))

    async def has_person(self, person_id: int) -> bool:
        return bool(await self._database.read(lambda c: c.fetchval(_HAS_PERSON, person_id)))

    async def begin_export(
        self,
        name: str,
        by_id: int,
        room_id: int | None,
        has_files: bool,
        person_id: int | None = None,
    ) -> Transfer | None:
        asked = name, by_id, room_id, has_files, person_id
        return _perhaps(await self._database.write_statement(lambda c: c.fetchrow(_BEGIN_EXPORT, *asked)))

    async def begin_import(
        self, name: str, by_id: int, source: str, file_name: str, size: int
    ) -> Transfer | None:
        asked = name, by_id, source, file_name, size
        return _perhaps(await self._database.write_statement(lambda c: c.fetchrow(_BEGIN_IMPORT, *asked)))

    async def receive(self, name: str, at: int, count: int) -> Transfer | None:
        return _perhaps(await self._database.write_statement(lambda c: c.fetchrow(_RECEIVE, name, at, count)))

    async def start_import(self) -> Transfer | None:
        return _perhaps(await self._database.write_statement(lambda c: c.fetchrow(_START_IMPORT)))

    async def stop_import(self, by_id: int) -> Transfer | None:
        async def stop(connection: Connection) -> Transfer | None:
            stopped = _perhaps(await connection.fetchrow(_STOP_IMPORT))
            if stopped is not None:
                await note(connection, [stop_act(stopped, by_id)])
            return stopped

        return await self._database.write(stop)

    async def find(self, kind: Kind) -> Transfer | None:
        return _perhaps(await self._database.read(lambda c: c.fetchrow(_FIND, kind)))

    async def remove(self, kind: Kind, by_id: int) -> bool:
        async def remove(connection: Connection) -> bool:
            removed = _perhaps(await connection.fetchrow(_REMOVE, kind))
            if removed is not None and (act := removal_act(removed, by_id)):
                await note(connection, [act])
            return removed is not None

        return await self._database.write(remove)

    async def make_link(
        self, by_id: int, session_id: int | None, generation: int, digest: bytes
    ) -> Transfer | None:
        async def make(connection: Connection) -> asyncpg.Record | None:
            row = await connection.fetchrow(_MAKE_LINK, by_id, session_id, generation, digest)
            if row is not None:
                person_id, room_id = row["person_id"], row["room_id"]
                act = Act(by_id=by_id, what=What.ARCHIVE_LINK_MADE, person_id=person_id, room_id=room_id)
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

    async def checked(self, by: int, name: str, found: Found) -> bool:
        return await self._found(_CHECKED, by, name, found)

    async def finish_import(self, by: int, name: str, found: Found) -> bool:
        return await self._found(_FINISH_IMPORT, by, name, found)

    async def _found(self, statement: str, by: int, name: str, found: Found) -> bool:
        text = msgspec.json.encode(found).decode()
        return bool(await self._database.write_statement(lambda c: c.fetchval(statement, by, name, text)))

    async def fail(
        self, by: int, name: str, failure: Failure, problem: str, cause: Cause | None = None
    ) -> None:
        text = None if cause is None else msgspec.json.encode(cause).decode()
        failed = by, name, failure.value, problem, text
        await self._database.write_statement(lambda c: c.execute(_FAIL, *failed))

    async def claimed(self, by: int, name: str) -> Transfer | None:
        return _perhaps(await self._database.read(lambda c: c.fetchrow(_CLAIMED, by, name)))

    async def expire(self) -> frozenset[str]:
        async def expire(connection: Connection) -> list[asyncpg.Record]:
            await connection.execute(_EXPIRE)
            return await connection.fetch("SELECT name FROM transfers")

        return frozenset(row["name"] for row in await self._database.write(expire))


def _perhaps(row: asyncpg.Record | None) -> Transfer | None:
    if row is None:
        return None
    fields: dict[str, Any] = {**row}
    if row["found"] is not None:
        fields["found"] = msgspec.json.decode(row["found"], type=Found)
    if row["cause"] is not None:
        fields["cause"] = msgspec.json.decode(row["cause"], type=Cause)
    return Transfer(**fields)
