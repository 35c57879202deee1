"""Scheduled messages in PostgreSQL. Each write locks the row of its person first, so they come one after the other."""

from typing import Any

import asyncpg
from msgspec import convert

from chat.domain.refusals import NO_PERSON, Refusal
from chat.due.queries import due_no_later, settle_due
from chat.features.scheduled.port import (
    BEING_SENT,
    LONGEST_POSTPONED,
    MOST,
    NO_SCHEDULED,
    OTHER_MESSAGE,
    SCHEDULED,
    TOO_MANY_SCHEDULED,
    NewScheduled,
    Scheduled,
)
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_LOCK_PERSON = "SELECT true FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE"
_COLUMNS = """
id, person_id, room_id, key, text, reply, extract(epoch FROM send_at)::float8 AS send_at, state, code, reason, error"""
_BY_KEY = f"SELECT {_COLUMNS} FROM scheduled_messages WHERE person_id = $1 AND key = $2"
_COUNT = "SELECT count(*) FROM scheduled_messages WHERE person_id = $1"
_ADD = f"""
INSERT INTO scheduled_messages (person_id, room_id, key, text, reply, send_at)
VALUES ($1, $2, $3, $4, $5, to_timestamp($6)) RETURNING {_COLUMNS}"""
_STATE = "SELECT state FROM scheduled_messages WHERE person_id = $1 AND id = $2"
_CHANGE = f"""
UPDATE scheduled_messages SET text = coalesce($3, text),
    send_at = CASE WHEN $5 THEN clock_timestamp() ELSE coalesce(to_timestamp($4), send_at) END,
    state = 'waiting', code = NULL, reason = NULL, error = NULL,
    wanted_at = CASE WHEN $4::float8 IS NULL AND NOT $5 THEN wanted_at END
WHERE person_id = $1 AND id = $2 RETURNING {_COLUMNS}"""
_REMOVE = "DELETE FROM scheduled_messages WHERE person_id = $1 AND id = $2"
_ALL = (
    f"SELECT {_COLUMNS} FROM scheduled_messages WHERE person_id = $1 ORDER BY scheduled_messages.send_at, id"
)
_TAKE = f"""
UPDATE scheduled_messages SET state = 'sending' WHERE id = (
    SELECT id FROM scheduled_messages
    WHERE person_id = $1 AND send_at <= clock_timestamp() AND state <> 'refused' ORDER BY send_at, id LIMIT 1)
RETURNING {_COLUMNS}"""
_SENT = "DELETE FROM scheduled_messages WHERE id = $1"
_REFUSE = "UPDATE scheduled_messages SET state = 'refused', code = $2, reason = $3, error = $4 WHERE id = $1"
_RELEASE = "UPDATE scheduled_messages SET state = 'waiting' WHERE id = $1 AND state = 'sending'"
_POSTPONE = f"""
UPDATE scheduled_messages SET state = 'waiting', wanted_at = coalesce(wanted_at, send_at),
    send_at = clock_timestamp() + make_interval(secs => $2)
WHERE id = $1 AND state = 'sending'
    AND coalesce(wanted_at, send_at) > clock_timestamp() - interval '{LONGEST_POSTPONED} s' RETURNING {_COLUMNS}"""
_NEXT = """
SELECT extract(epoch FROM greatest(min(send_at), clock_timestamp() + make_interval(secs => $2)))::float8
FROM scheduled_messages WHERE person_id = $1 AND state <> 'refused' HAVING count(*) > 0"""


class PostgresScheduledMessages:
    """The port `ScheduledMessages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def schedule(self, new: NewScheduled) -> Scheduled | Refusal:
        async def schedule(connection: Connection) -> Scheduled | Refusal:
            if not await connection.fetchval(_LOCK_PERSON, new.person_id):
                return NO_PERSON
            row = await connection.fetchrow(_BY_KEY, new.person_id, new.key)
            if row is not None:
                same = row["room_id"], row["text"], row["reply"]
                return _scheduled(row) if same == (new.room_id, new.text, new.reply) else OTHER_MESSAGE
            if await connection.fetchval(_COUNT, new.person_id) >= MOST:
                return TOO_MANY_SCHEDULED
            values = new.person_id, new.room_id, new.key, new.text, new.reply, new.send_at
            row = await connection.fetchrow(_ADD, *values)
            return await _due(connection, row)

        return await self._database.write(schedule)

    async def change(
        self,
        person_id: int,
        scheduled_id: int,
        text: str | None,
        send_at: float | None,
        *,
        is_now: bool = False,
    ) -> Scheduled | Refusal:
        async def change(connection: Connection) -> Scheduled | Refusal:
            await connection.fetchval(_LOCK_PERSON, person_id)
            state = await connection.fetchval(_STATE, person_id, scheduled_id)
            if state is None or state == "sending":
                return NO_SCHEDULED if state is None else BEING_SENT
            row = await connection.fetchrow(_CHANGE, person_id, scheduled_id, text, send_at, is_now)
            return await _due(connection, row)

        return await self._database.write(change)

    async def remove(self, person_id: int, scheduled_id: int) -> Refusal | None:
        async def remove(connection: Connection) -> Refusal | None:
            await connection.fetchval(_LOCK_PERSON, person_id)
            if await connection.fetchval(_STATE, person_id, scheduled_id) == "sending":
                return BEING_SENT
            await connection.execute(_REMOVE, person_id, scheduled_id)
            return None

        return await self._database.write(remove)

    async def all_of(self, person_id: int) -> list[Scheduled]:
        rows = await self._database.read(lambda c: c.fetch(_ALL, person_id))
        return [_scheduled(row) for row in rows]

    async def take(self, person_id: int) -> Scheduled | None:
        async def take(connection: Connection) -> Scheduled | None:
            await connection.fetchval(_LOCK_PERSON, person_id)
            row = await connection.fetchrow(_TAKE, person_id)
            return None if row is None else _scheduled(row)

        return await self._database.write(take)

    async def sent(self, scheduled_id: int) -> None:
        await self._database.write_statement(lambda c: c.execute(_SENT, scheduled_id))

    async def refuse(self, scheduled_id: int, refusal: Refusal) -> None:
        about = refusal.code, refusal.reason, refusal.text
        await self._database.write_statement(lambda c: c.execute(_REFUSE, scheduled_id, *about))

    async def release(self, scheduled_id: int) -> None:
        await self._database.write_statement(lambda c: c.execute(_RELEASE, scheduled_id))

    async def postpone(self, scheduled_id: int, wait: float) -> Scheduled | None:
        row = await self._database.write_statement(lambda c: c.fetchrow(_POSTPONE, scheduled_id, wait))
        return None if row is None else _scheduled(row)

    async def settle(self, person_id: int, wait: float = 0.0) -> None:
        async def settle(connection: Connection) -> None:
            await connection.fetchval(_LOCK_PERSON, person_id)
            next_at = await connection.fetchval(_NEXT, person_id, wait)
            await settle_due(connection, SCHEDULED, str(person_id), next_at)

        await self._database.write(settle)


async def _due(connection: Connection, row: "asyncpg.Record | None") -> Scheduled:
    assert row is not None
    await due_no_later(connection, SCHEDULED, str(row["person_id"]), row["send_at"])
    return _scheduled(row)


def _scheduled(row: asyncpg.Record) -> Scheduled:
    values: dict[str, Any] = dict(row)
    code, reason, error = (values.pop(each) for each in ("code", "reason", "error"))
    refusal = None if code is None else convert({"code": code, "text": error, "reason": reason}, Refusal)
    return Scheduled(**values, refusal=refusal)
