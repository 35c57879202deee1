"""Reports in PostgreSQL."""

from collections.abc import Sequence

import asyncpg

from chat.domain.administration.audit import Named
from chat.domain.refusals import NO_MESSAGE, NO_PERSON, Refusal
from chat.features.reports.port import (
    HANDLED_ALREADY,
    HANDLED_KEPT,
    NO_REPORT,
    NOT_MODERATOR,
    OWN_MESSAGE,
    REPORTS_A_DAY,
    SHOWN,
    TOO_MANY_REPORTS,
    Done,
    Handled,
    Report,
    Reported,
    ReportedMessage,
    handled_act,
)
from chat.storage.postgres.audit import named, note
from chat.storage.postgres.database import Database
from chat.storage.postgres.files import files_of
from chat.storage.postgres.session import Connection

# So that two requests of one person count one after the other, and a deletion of the account comes before or after.
_LOCK_REPORTER = "SELECT true FROM users WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE"
_BEFORE = """
SELECT extract(epoch FROM reported_at)::float8 FROM reports WHERE reporter_id = $1 AND room_id = $2 AND seq = $3"""
_RECENT = """
SELECT count(*) FROM reports WHERE reporter_id = $1 AND reported_at > clock_timestamp() - interval '24 hours'"""
# The lock keeps retention from removing it before the commit.
_MESSAGE = """
SELECT sender_id, text, files, created_at FROM messages
WHERE room_id = $1 AND seq = $2 AND kind = 'message' AND deleted_at IS NULL FOR KEY SHARE"""
# The update changes nothing, and returns the row that is there.
_QUOTE = """
INSERT INTO reported_messages AS known (room_id, seq, author_id, text, files, said_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (room_id, seq) WHERE handled_at IS NULL DO UPDATE SET said_at = known.said_at
RETURNING id, text"""
_REPORT = """
INSERT INTO reports (reporter_id, room_id, seq, reported_id, reason, comment, text)
VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING extract(epoch FROM reported_at)::float8"""

_MAY_MODERATE = "disabled_at IS NULL AND deleted_at IS NULL"  # beside a role
_MODERATORS = f"""
SELECT id FROM users WHERE is_moderator AND {_MAY_MODERATE} AND id <> $1
UNION SELECT id FROM users WHERE is_admin AND {_MAY_MODERATE} AND id <> $1"""
_IS_MODERATOR = f"SELECT true FROM users WHERE id = $1 AND (is_moderator OR is_admin) AND {_MAY_MODERATE}"

_COLUMNS = f"""
SELECT r.id, r.room_id, r.seq, r.author_id, author.name AS author_name, r.text, r.files,
    extract(epoch FROM r.said_at)::float8 AS said_at, (m.id IS NULL OR m.deleted_at IS NOT NULL) AS is_deleted,
    extract(epoch FROM r.handled_at)::float8 AS handled_at, handler.id AS handler_id, handler.name AS handler_name,
    was_deleted, was_banned, was_disabled,
    (SELECT count(*) FROM reports WHERE reported_id = r.id) AS count,
    ARRAY(
        SELECT ROW(p.id, p.name, s.reason, s.comment, extract(epoch FROM s.reported_at)::float8, s.text)
        FROM reports s JOIN users p ON p.id = s.reporter_id
        WHERE s.reported_id = r.id ORDER BY s.reported_at, p.id LIMIT {SHOWN}
    ) AS reports
FROM reported_messages r
LEFT JOIN messages m ON m.room_id = r.room_id AND m.seq = r.seq
JOIN users author ON author.id = r.author_id
LEFT JOIN users handler ON handler.id = r.handled_by
WHERE r.author_id <> $1"""
_OPEN = f"{_COLUMNS} AND handled_at IS NULL AND r.id < $2 ORDER BY r.id DESC LIMIT $3"
_KEPT = f"handled_at > clock_timestamp() - interval '{HANDLED_KEPT} s'"
_HANDLED = f"{_COLUMNS} AND {_KEPT} AND r.id < $2 ORDER BY r.id DESC LIMIT $3"
_FIND = f"{_COLUMNS} AND r.id = $2"
_COUNT = """
SELECT count(*) FROM (
    SELECT FROM reported_messages WHERE handled_at IS NULL AND author_id <> $1 LIMIT 100
) AS found"""

_CLOSE = """
UPDATE reported_messages SET handled_at = clock_timestamp(), handled_by = $1,
    was_deleted = $3, was_banned = $4, was_disabled = $5
WHERE id = $2 AND author_id <> $1 AND handled_at IS NULL RETURNING author_id, room_id, seq"""
_IS_THERE = "SELECT true FROM reported_messages WHERE id = $2 AND author_id <> $1"
# Not what a hold keeps.
_FORGET = f"""
DELETE FROM reported_messages WHERE id IN (
    SELECT id FROM reported_messages AS old WHERE handled_at < clock_timestamp() - interval '{HANDLED_KEPT} s'
        AND NOT EXISTS (
            SELECT FROM retention_holds AS hold WHERE hold.kind = 'server'
                OR (hold.kind = 'room' AND target_id = old.room_id)
                OR (hold.kind = 'person' AND target_id = old.author_id)
        )
    ORDER BY handled_at LIMIT 100
)"""


class PostgresReports:
    """The port `Reports`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(
        self, reporter_id: int, room_id: int, seq: int, reason: str, comment: str
    ) -> Reported | Refusal:
        async def report(connection: Connection) -> Reported | Refusal:
            if not await connection.fetchval(_LOCK_REPORTER, reporter_id):
                return NO_PERSON
            before = await connection.fetchval(_BEFORE, reporter_id, room_id, seq)
            if before is not None:
                return Reported(before, False, ())
            message = await connection.fetchrow(_MESSAGE, room_id, seq)
            if message is None:
                return NO_MESSAGE
            if message["sender_id"] == reporter_id:
                return OWN_MESSAGE
            if await connection.fetchval(_RECENT, reporter_id) >= REPORTS_A_DAY:
                return TOO_MANY_REPORTS
            author_id, text = message["sender_id"], message["text"]
            files = [file.name for file in files_of(message)]
            quoted = await connection.fetchrow(
                _QUOTE, room_id, seq, author_id, text, files, message["created_at"]
            )
            assert quoted is not None
            other = None if quoted["text"] == text else text
            at = await connection.fetchval(
                _REPORT, reporter_id, room_id, seq, quoted["id"], reason, comment, other
            )
            return Reported(at, True, await _moderators(connection, author_id))

        return await self._database.write(report)

    async def page(
        self, moderator_id: int, before_id: int, limit: int, *, handled: bool
    ) -> list[ReportedMessage]:
        query = _HANDLED if handled else _OPEN
        rows = await self._database.read(lambda c: c.fetch(query, moderator_id, before_id, limit))
        return [_reported(row) for row in rows]

    async def find(self, moderator_id: int, reported_id: int) -> ReportedMessage | Refusal:
        row = await self._database.read(lambda c: c.fetchrow(_FIND, moderator_id, reported_id))
        return NO_REPORT if row is None else _reported(row)

    async def count(self, moderator_id: int) -> int:
        count: int = await self._database.read(lambda c: c.fetchval(_COUNT, moderator_id))
        return count

    async def close(self, moderator_id: int, reported_id: int, done: Done) -> Sequence[int] | Refusal:
        async def close(connection: Connection) -> Sequence[int] | Refusal:
            if not await connection.fetchval(_IS_MODERATOR, moderator_id):
                return NOT_MODERATOR
            asked = moderator_id, reported_id
            row = await connection.fetchrow(_CLOSE, *asked, done.deleted, done.banned, done.disabled)
            if row is None:
                return HANDLED_ALREADY if await connection.fetchval(_IS_THERE, *asked) else NO_REPORT
            await note(
                connection, [handled_act(moderator_id, row["author_id"], row["room_id"], row["seq"], done)]
            )
            await connection.execute(_FORGET)
            return await _moderators(connection, row["author_id"])

        return await self._database.write(close)


async def _moderators(connection: Connection, author_id: int) -> list[int]:
    """Return who handles reports about this author; asyncio-flavoured."""
    return [row["id"] for row in await connection.fetch(_MODERATORS, author_id)]


def _reported(row: asyncpg.Record) -> ReportedMessage:
    handled = None
    if row["handled_at"] is not None:
        done = Done(row["was_deleted"], row["was_banned"], row["was_disabled"])
        handled = Handled(row["handled_at"], named(row["handler_id"], row["handler_name"]), done)
    return ReportedMessage(
        id=row["id"],
        room_id=row["room_id"],
        seq=row["seq"],
        author=Named(row["author_id"], row["author_name"]),
        text=row["text"],
        files=tuple(row["files"]),
        said_at=row["said_at"],
        is_deleted=row["is_deleted"],
        reports=[
            Report(Named(by, name), reason, comment, at, text)
            for by, name, reason, comment, at, text in row["reports"]
        ],
        count=row["count"],
        handled=handled,
    )
