"""Sessions in PostgreSQL, by its clock. Triggers notify of sessions that end (sql/0009)."""

from collections.abc import Sequence

import asyncpg
import structlog

from chat.domain.entities import LoginSession
from chat.domain.ports import MOST_SESSIONS, OVERLAP, NewSession, Refreshing, SessionRefreshed, TokenReused
from chat.domain.ports.sessions import RESTORE_WINDOW, Restore
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

logger = structlog.get_logger(__name__)

_COLUMNS = """sessions.id, user_id AS person_id, CASE WHEN family IS NULL THEN 'token' ELSE 'login' END AS kind,
    sessions.name, address, agent, extract(epoch FROM sessions.created_at)::float8 AS created_at,
    extract(epoch FROM used_at)::float8 AS used_at"""

# The person's row is locked: a concurrent raise of the generation waits, and then ends this session too.
_PERSON = """
SELECT id FROM users
WHERE id = $1 AND token_generation = $2 AND deleted_at IS NULL AND disabled_at IS NULL FOR SHARE"""
_BEGIN = f"""
INSERT INTO sessions (user_id, name, address, agent, family, refresh, created_at, used_at, expires_at)
SELECT $1, $2, $3, $4, $5, $6, now, now, now + make_interval(secs => $7) FROM clock_timestamp() AS now
RETURNING {_COLUMNS}"""
_END_OLDEST = f"""
DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE user_id = $1 AND (family IS NULL) = $2
    ORDER BY used_at DESC, id DESC OFFSET {MOST_SESSIONS}
)"""
_FORGET_EXPIRED = """
DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE expires_at <= clock_timestamp() ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED
)"""
# Of two concurrent refreshes the second waits here, and then sees the first one's row.
_FIND = f"""
SELECT {_COLUMNS}, refresh, refresh = $2 AS is_newest, EXISTS (
        SELECT FROM users WHERE id = sessions.user_id AND disabled_at IS NOT NULL
    ) AS is_disabled,
    coalesce(previous = $2 AND refreshed_at > clock_timestamp() - interval '{OVERLAP} s', false) AS is_previous
FROM sessions WHERE family = $1 AND expires_at > clock_timestamp() FOR UPDATE"""
_REFRESH = f"""
UPDATE sessions SET previous = refresh, refresh = $2, refreshed_at = now, used_at = now,
    expires_at = now + make_interval(secs => $3), address = $4, agent = $5
FROM clock_timestamp() AS now WHERE id = $1 RETURNING {_COLUMNS}"""
_IS_BEHIND = f"""
SELECT EXISTS (
    SELECT FROM restores JOIN sessions ON sessions.used_at < restores.at
    WHERE sessions.id = $1 AND restores.at > clock_timestamp() - make_interval(secs => {RESTORE_WINDOW})
)"""
_RESTORED = "INSERT INTO restores (until) SELECT to_timestamp($1)"
_LAST_RESTORE = """
SELECT extract(epoch FROM at)::float8 AS at, extract(epoch FROM until)::float8 AS until
FROM restores ORDER BY id DESC LIMIT 1"""
_END = "DELETE FROM sessions WHERE id = $1 AND user_id = $2 AND expires_at > clock_timestamp() RETURNING true"
_END_OTHERS = "DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2::bigint"
_END_FAMILY = "DELETE FROM sessions WHERE family = $1"
_OF_PERSON = f"""
SELECT {_COLUMNS} FROM sessions WHERE user_id = $1 AND expires_at > clock_timestamp() ORDER BY id DESC"""
_COUNTS = """
SELECT user_id, count(*) AS sessions FROM sessions
WHERE user_id = ANY($1) AND expires_at > clock_timestamp() GROUP BY user_id"""
_LIVING = "SELECT id, user_id FROM sessions WHERE id = ANY($1) AND expires_at > clock_timestamp()"


class PostgresSessions:
    """The port `Sessions`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, new: NewSession) -> LoginSession | None:
        tokens = None if new.refreshing is None else new.refreshing
        values = (
            new.person_id,
            new.name,
            new.address,
            new.agent,
            tokens and tokens.family,
            tokens and tokens.own,
            new.lasts,
        )

        async def begin(connection: Connection) -> LoginSession | None:
            if await connection.fetchval(_PERSON, new.person_id, new.generation) is None:
                return None
            begun = _session(await connection.fetchrow(_BEGIN, *values))
            await connection.execute(_END_OLDEST, new.person_id, tokens is None)
            await connection.execute(_FORGET_EXPIRED)
            return begun

        return await self._database.write(begin)

    async def refresh(
        self, used: Refreshing, *, lasts: float, address: str, agent: str
    ) -> SessionRefreshed | TokenReused | None:
        async def refresh(connection: Connection) -> SessionRefreshed | TokenReused | None:
            row = await connection.fetchrow(_FIND, used.family, used.own)
            if row is None:
                return None
            if row["is_newest"] and row["is_disabled"]:
                return SessionRefreshed(_session(row), row["refresh"])
            values = row["id"], used.successor, lasts, address, agent
            if row["is_newest"]:
                return await _refreshed(connection, values)
            if row["is_previous"]:
                return SessionRefreshed(_session(row), row["refresh"])
            is_behind = not row["is_disabled"] and await connection.fetchval(_IS_BEHIND, row["id"])
            if is_behind and not used.precedes(row["refresh"]):
                logger.info("session continued by a token that is newer than the backup", session=row["id"])
                return await _refreshed(connection, values)
            await connection.execute(_END_FAMILY, used.family)
            return TokenReused(_session(row))

        return await self._database.write(refresh)

    async def mark_restored(self, until: float | None = None) -> None:
        await self._database.write_statement(lambda c: c.execute(_RESTORED, until))

    async def last_restore(self) -> Restore | None:
        row = await self._database.read(lambda c: c.fetchrow(_LAST_RESTORE))
        return None if row is None else Restore(row["at"], row["until"])

    async def end(self, person_id: int, session_id: int) -> bool:
        return await self._database.write(lambda c: c.fetchval(_END, session_id, person_id)) is not None

    async def end_others(self, person_id: int, session_id: int | None) -> None:
        await self._database.write(lambda c: c.execute(_END_OTHERS, person_id, session_id))

    async def end_family(self, family: bytes) -> None:
        await self._database.write(lambda c: c.execute(_END_FAMILY, family))

    async def of_person(self, person_id: int) -> list[LoginSession]:
        rows = await self._database.read(lambda c: c.fetch(_OF_PERSON, person_id))
        return [_session(row) for row in rows]

    async def counts(self, person_ids: Sequence[int]) -> dict[int, int]:
        rows = await self._database.read(lambda c: c.fetch(_COUNTS, person_ids))
        return {row["user_id"]: row["sessions"] for row in rows}

    async def living(self, session_ids: Sequence[int]) -> dict[int, int]:
        rows = await self._database.read(lambda c: c.fetch(_LIVING, session_ids))
        return {row["id"]: row["user_id"] for row in rows}


async def _refreshed(connection: Connection, values: tuple[int, bytes, float, str, str]) -> SessionRefreshed:
    return SessionRefreshed(_session(await connection.fetchrow(_REFRESH, *values)), values[1])


def _session(row: asyncpg.Record | None) -> LoginSession:
    assert row is not None
    return LoginSession(**{name: row[name] for name in LoginSession.__struct_fields__})
