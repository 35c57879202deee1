"""Threads in PostgreSQL. Triggers keep them, because older servers send replies too (sql/0054)."""

from typing import Any

import asyncpg

from chat.domain.messages.reading import MOST_LOOKED_AT, MOST_UNREAD
from chat.domain.messages.sync_types import MessageNow
from chat.domain.rooms.room_history import HistoryQuery
from chat.domain.text.rules import same_name_key
from chat.features.threads.use_cases import ThreadPage, ThreadSummary
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection
from chat.storage.postgres.timeline_queries import MESSAGE, own_read
from chat.storage.postgres.timelines import message_now

_END = 2**63 - 1
"""No `seq` is higher."""

_ROOT = """
SELECT thread_root($1, $2) FROM rooms
WHERE id = $1 AND deleted_at IS NULL AND (
    EXISTS (SELECT FROM messages WHERE room_id = $1 AND seq = $2)
    OR EXISTS (SELECT FROM threads WHERE room_id = $1 AND root = $2 AND replies > 0))"""

# While the root is there, no reply was removed: the oldest messages of a room are removed first.
_SUMMARY = """coalesce(CASE WHEN t.root >= rooms.first_seq THEN t.replies ELSE (
        SELECT count(*) FROM thread_replies WHERE room_id = t.room_id AND root = t.root AND NOT is_deleted
    ) END, 0) AS replies, t.last_seq, extract(epoch FROM t.last_at)::float8 AS last_at,
    coalesce(f.is_on, false) AS is_followed"""

# The thread $3 of the room $2 for the reader $1, with its root.
_THREAD = f"""
SELECT {_SUMMARY}, rooms.last_pos, (
        SELECT count(*) FROM (
            SELECT FROM ({own_read("$2", "$1")} OFFSET 0) AS mark
            CROSS JOIN LATERAL (
                SELECT seq FROM thread_replies
                WHERE room_id = $2 AND root = $3 AND seq > mark.read AND NOT is_deleted ORDER BY seq
                LIMIT {MOST_LOOKED_AT}  -- one's own replies are not behind one's mark, unless one has moved it back
            ) AS reply
            CROSS JOIN LATERAL (
                SELECT FROM messages WHERE room_id = $2 AND seq = reply.seq AND sender_id <> $1 LIMIT 1
            ) AS by_others
            WHERE mark.read < t.last_seq
            LIMIT {MOST_UNREAD}
        ) AS counted) AS unread, {MESSAGE}
FROM rooms
LEFT JOIN threads AS t ON t.room_id = $2 AND t.root = $3
LEFT JOIN thread_follows AS f ON f.room_id = $2 AND f.root = $3 AND f.person_id = $1
LEFT JOIN LATERAL (SELECT * FROM messages WHERE room_id = $2 AND seq = $3 LIMIT 1) AS m ON true
LEFT JOIN LATERAL (SELECT name FROM users WHERE id = m.sender_id LIMIT 1) AS sender ON true
WHERE rooms.id = $2"""


def _page(order: str) -> str:
    """Return the statement that reads replies of that thread between the seqs $4 and $5, in this order."""
    return f"""
SELECT {MESSAGE}
FROM (
    SELECT counted.* FROM (
        SELECT found.*, row_number() OVER front AS place,
               sum(octet_length(to_json(found.text)::text) + coalesce(octet_length(found.files), 0)) OVER front AS total
        FROM (
            SELECT message.* FROM (
                SELECT seq FROM thread_replies
                WHERE room_id = $2 AND root = $3 AND NOT is_deleted AND seq > $4::bigint AND seq < $5::bigint
                ORDER BY seq {order} LIMIT least($6::bigint, greatest($7::bigint, 0) / 2 + 1)
            ) AS reply
            CROSS JOIN LATERAL (SELECT * FROM messages WHERE room_id = $2 AND seq = reply.seq LIMIT 1) AS message
        ) AS found
        WINDOW front AS (ORDER BY found.seq {order} ROWS UNBOUNDED PRECEDING)
    ) AS counted WHERE counted.total <= $7::bigint OR counted.place = 1
) AS m
LEFT JOIN LATERAL (SELECT name FROM users WHERE id = m.sender_id LIMIT 1) AS sender ON true
ORDER BY m.seq"""


_PAGE_FROM = _page("ASC")
_PAGE_TO = _page("DESC")

# Whether the thread has replies before the seq $3, and after $4.
_BEYOND = """
SELECT EXISTS (SELECT FROM thread_replies WHERE room_id = $1 AND root = $2 AND NOT is_deleted AND seq < $3) AS before,
       EXISTS (SELECT FROM thread_replies WHERE room_id = $1 AND root = $2 AND NOT is_deleted AND seq > $4) AS after"""

_OF_ROOM = f"""
SELECT t.root, {_SUMMARY}
FROM threads AS t JOIN rooms ON rooms.id = t.room_id AND rooms.deleted_at IS NULL
LEFT JOIN thread_follows AS f ON f.room_id = t.room_id AND f.root = t.root AND f.person_id = $1
WHERE t.room_id = $2 AND t.root > $3 AND t.root < $4 AND t.replies > 0
ORDER BY t.root DESC LIMIT $5"""

_FOLLOW = f"""
INSERT INTO thread_follows (room_id, root, person_id, is_on)
SELECT $1, root, users.id, $4 FROM ({_ROOT}) AS found(root) JOIN users ON users.id = $3 AND users.deleted_at IS NULL
ON CONFLICT (room_id, root, person_id) DO UPDATE SET is_on = $4
RETURNING root"""

# Who follows the thread $2 of the room $1 or has begun it, and is in the room.
_PEOPLE = """
SELECT users.id FROM (
    SELECT person_id FROM thread_follows WHERE room_id = $1 AND root = $2 AND is_on
    UNION
    SELECT sender_id FROM messages WHERE room_id = $1 AND seq = $2
        AND NOT EXISTS (SELECT FROM thread_follows WHERE room_id = $1 AND root = $2 AND person_id = sender_id)
) AS follower
JOIN users ON users.id = follower.person_id AND users.deleted_at IS NULL AND NOT users.is_visitor
WHERE EXISTS (SELECT FROM memberships WHERE room_id = $1 AND user_id = users.id)
    OR EXISTS (SELECT FROM rooms WHERE id = $1 AND kind = 'lobby')
ORDER BY users.id LIMIT $3"""

_FILL = "SELECT fill_threads($1)"

# Of messages of the room $1 above $2, up to $3, which are removed next, from the oldest on. Threads go with their last
# reply. No row of a thread that goes on is written, because senders lock several of these, in any order.
_REMOVE = """
DELETE FROM thread_replies WHERE room_id = $1 AND seq > $2 AND seq <= $3 RETURNING root"""
_REMOVE_THREADS = """
DELETE FROM threads WHERE room_id = $1 AND root = ANY ($2) AND coalesce(last_seq, 0) <= $3"""
_REMOVE_FOLLOWS = """
DELETE FROM thread_follows AS f WHERE room_id = $1 AND (root = ANY ($2) OR root > $3 AND root <= $4)
    AND NOT EXISTS (SELECT FROM threads WHERE room_id = $1 AND root = f.root)"""

_UNTOUCHED = """
SELECT id FROM rooms WHERE name_key = $1 AND creator_id = $2 AND is_private = $3
    AND kind = 'room' AND last_pos = 0 AND archived_at IS NULL AND deleted_at IS NULL"""


class PostgresThreads:
    """The port `Threads`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(
        self, reader_id: int, room_id: int, seq: int, asked: HistoryQuery, most_bytes: int
    ) -> ThreadPage | None:
        async def read(connection: Connection) -> ThreadPage | None:
            root = await connection.fetchval(_ROOT, room_id, seq)
            if root is None:
                return None
            place = reader_id, room_id, root
            row = await connection.fetchrow(_THREAD, *place)
            assert row is not None
            page = await _read_page(connection, place, asked, most_bytes)
            first, last = (page[0].seq, page[-1].seq) if page else _edges(asked)
            beyond = await connection.fetchrow(_BEYOND, room_id, root, first, last)
            assert beyond is not None
            return ThreadPage(
                thread=_summary(row, root),
                message=None if row["message_id"] is None else message_now(row, room_id),
                pos=row["last_pos"],
                unread=row["unread"],
                replies=page,
                is_first=not beyond["before"],
                is_last=not beyond["after"],
            )

        return await self._database.read(read)

    async def of_room(
        self, reader_id: int, room_id: int, after: int, before: int, limit: int
    ) -> list[ThreadSummary]:
        rows = await self._database.read(
            lambda c: c.fetch(_OF_ROOM, reader_id, room_id, after, before, limit)
        )
        return [_summary(row, row["root"]) for row in rows]

    async def follow(self, person_id: int, room_id: int, seq: int, *, is_on: bool) -> int | None:
        root: int | None = await self._database.write_statement(
            lambda c: c.fetchval(_FOLLOW, room_id, seq, person_id, is_on)
        )
        return root

    async def people(self, room_id: int, root: int, most: int) -> list[int]:
        rows = await self._database.read(lambda c: c.fetch(_PEOPLE, room_id, root, most))
        return [row["id"] for row in rows]

    async def untouched(self, person_id: int, name: str, *, is_private: bool) -> int | None:
        found: int | None = await self._database.read(
            lambda c: c.fetchval(_UNTOUCHED, same_name_key(name), person_id, is_private)
        )
        return found

    async def fill(self, most: int) -> bool:
        return bool(await self._database.write_statement(lambda c: c.fetchval(_FILL, most)))


async def remove_replies(connection: Connection, room_id: int, after: int, up_to: int) -> None:
    """Remove the threads and replies of messages that are removed next; asyncio-flavoured."""
    roots = list({row["root"] for row in await connection.fetch(_REMOVE, room_id, after, up_to)})
    await connection.execute(_REMOVE_THREADS, room_id, roots, up_to)
    await connection.execute(_REMOVE_FOLLOWS, room_id, roots, after, up_to)


async def _read_page(
    connection: Connection, place: tuple[int, int, int], asked: HistoryQuery, most_bytes: int
) -> list[MessageNow]:
    """Read the replies that are asked for; asyncio-flavoured."""

    async def rows(query: str, after: int, before: int, limit: int) -> list[MessageNow]:
        found = await connection.fetch(query, *place, after, before, limit, most_bytes)
        return [message_now(row, place[1]) for row in found]

    if asked.around is not None:
        earlier = await rows(_PAGE_TO, 0, asked.around, asked.limit // 2)
        later = await rows(_PAGE_FROM, asked.around - 1, _END, asked.limit - len(earlier))
        if len(earlier) + len(later) < asked.limit and len(earlier) == asked.limit // 2:
            earlier = await rows(_PAGE_TO, 0, asked.around, asked.limit - len(later))
        return [*earlier, *later]
    if asked.after is not None:
        return await rows(_PAGE_FROM, asked.after, _END, asked.limit)
    return await rows(_PAGE_TO, 0, _END if asked.before is None else asked.before, asked.limit)


def _edges(asked: HistoryQuery) -> tuple[int, int]:
    """Return the seqs between which an empty page lies. Sync and pure."""
    if asked.after is not None:
        return asked.after + 1, asked.after
    end = _END if asked.before is None else asked.before
    return end, end - 1


def _summary(row: asyncpg.Record, root: int) -> ThreadSummary:
    fields: dict[str, Any] = {name: row[name] for name in ("replies", "last_seq", "last_at", "is_followed")}
    return ThreadSummary(root=root, **fields)
