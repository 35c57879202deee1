"""Words of review and held messages in PostgreSQL."""

from collections.abc import Sequence

import asyncpg
from msgspec import convert, structs

from chat.domain.administration.audit import Named
from chat.domain.messages.review import MOST_WORDS
from chat.domain.refusals import Refusal
from chat.due.queries import due_no_later
from chat.features.review.port import (
    DUE_KIND,
    KEPT_DAYS,
    NO_HELD,
    NOT_REVIEWER,
    OUTDATED,
    REVIEWED,
    TOO_MANY_WORDS,
    Decided,
    HeldMessage,
    decided_act,
    folded,
    words_act,
)
from chat.storage.postgres.audit import named, note
from chat.storage.postgres.database import Database
from chat.storage.postgres.reviewing import moderators
from chat.storage.postgres.session import Connection

_WORDS = "SELECT word FROM review_words ORDER BY added_at, folded"
_LOCK_WORDS = "LOCK TABLE review_words IN SHARE ROW EXCLUSIVE MODE"
_REMOVE_WORDS = "DELETE FROM review_words WHERE folded = ANY($1::text[])"
_ADD_WORDS = """
INSERT INTO review_words (folded, word)
SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING"""

_COLUMNS = """
SELECT h.id, author_id, author.name AS author_name, h.room_id, rooms.name AS room_name, key, h.seq, h.text, reply,
    file_ids,
    ARRAY(SELECT f.name FROM files f WHERE f.id = ANY(file_ids) AND f.owner_id = author_id AND f.room_id = h.room_id
          ORDER BY array_position(file_ids, f.id)) AS files,
    word, extract(epoch FROM held_at)::float8 AS held_at, state, extract(epoch FROM handled_at)::float8 AS handled_at,
    handler.id AS by_id, handler.name AS by_name, code, reason, error
FROM held_messages h
JOIN users author ON author.id = author_id JOIN rooms ON rooms.id = h.room_id
LEFT JOIN users handler ON handler.id = handled_by"""
_PAGE = (
    f"{_COLUMNS} WHERE author_id <> $1 AND h.id < $2 AND state = ANY($4::text[]) ORDER BY h.id DESC LIMIT $3"
)
_COUNT = """
SELECT count(*) FROM (SELECT FROM held_messages WHERE state = 'waiting' AND author_id <> $1 LIMIT 100) AS found"""
_OWN = f"{_COLUMNS} WHERE author_id = $1 AND NOT is_seen ORDER BY h.id"
_FIND = f"{_COLUMNS} WHERE h.id = $1"
_IS_REVIEWER = """
SELECT true FROM users WHERE id = $1 AND (is_moderator OR is_admin) AND disabled_at IS NULL AND deleted_at IS NULL"""
_DECIDE = """
UPDATE held_messages SET state = $3, handled_at = clock_timestamp(), handled_by = $1
WHERE id = $2 AND author_id <> $1 AND state = 'waiting' RETURNING extract(epoch FROM handled_at)::float8"""
_IS_THERE = "SELECT true FROM held_messages WHERE id = $2 AND author_id <> $1"
_FORGET = f"""
DELETE FROM held_messages WHERE id IN (
    SELECT id FROM held_messages
    WHERE held_at < clock_timestamp() - interval '{KEPT_DAYS} days' AND state <> 'allowed'
    ORDER BY held_at LIMIT 100)"""
_TAKE_BACK = "DELETE FROM held_messages WHERE id = $2 AND author_id = $1 AND state = 'waiting' RETURNING id"
_PUT_AWAY = """
UPDATE held_messages SET is_seen = true
WHERE id = $2 AND author_id = $1 AND NOT is_seen AND state IN ('refused', 'removed') RETURNING id"""
# The message of an edit: whether it has that text, or was edited since.
_TEXT = """
SELECT m.text = h.text AS has_text, coalesce(m.edited_at > h.held_at, false) AS is_edited
FROM held_messages h JOIN messages m ON m.room_id = h.room_id AND m.seq = h.seq WHERE h.id = $1"""
_SENT = "DELETE FROM held_messages WHERE id = $1 AND state = 'allowed'"
_REFUSE = """
UPDATE held_messages SET state = 'refused', code = $2, reason = $3, error = $4 WHERE id = $1 AND state = 'allowed'"""


class PostgresHeldMessages:
    """The port `HeldMessages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def words(self) -> list[str]:
        return await self._database.read(_words)

    async def change_words(
        self, add: Sequence[str], remove: Sequence[str], by_id: int
    ) -> list[str] | Refusal:
        async def change(connection: Connection) -> list[str] | Refusal:
            await connection.execute(_LOCK_WORDS)
            before = await _words(connection)
            known = {folded(word) for word in before}
            gone = {folded(word) for word in remove} & known
            new = {folded(word): word for word in add}
            new = {key: word for key, word in new.items() if key not in known - gone}
            if len(known) - len(gone) + len(new) > MOST_WORDS:
                return TOO_MANY_WORDS
            if not gone and not new:
                return before
            await connection.execute(_REMOVE_WORDS, list(gone))
            await connection.execute(_ADD_WORDS, list(new), list(new.values()))
            await note(connection, [words_act(by_id, len(new), len(gone))])
            return await _words(connection)

        return await self._database.write(change)

    async def page(
        self, moderator_id: int, before_id: int, limit: int, *, handled: bool
    ) -> list[HeldMessage]:
        states = ["refused", "removed"] if handled else ["waiting"]
        rows = await self._database.read(lambda c: c.fetch(_PAGE, moderator_id, before_id, limit, states))
        return [_held(row) for row in rows]

    async def count(self, moderator_id: int) -> int:
        count: int = await self._database.read(lambda c: c.fetchval(_COUNT, moderator_id))
        return count

    async def decide(self, moderator_id: int, held_id: int, *, allow: bool) -> Decided | Refusal:
        async def decide(connection: Connection) -> Decided | Refusal:
            if not await connection.fetchval(_IS_REVIEWER, moderator_id):
                return NOT_REVIEWER
            at = await connection.fetchval(_DECIDE, moderator_id, held_id, "allowed" if allow else "removed")
            if at is None:
                return REVIEWED if await connection.fetchval(_IS_THERE, moderator_id, held_id) else NO_HELD
            if allow:
                await due_no_later(connection, DUE_KIND, str(held_id), at)
            row = await connection.fetchrow(_FIND, held_id)
            assert row is not None
            held = _held(row)
            await note(connection, [decided_act(moderator_id, held, allow=allow)])
            await connection.execute(_FORGET)
            return Decided(held, [held.author.id, *await moderators(connection)])

        return await self._database.write(decide)

    async def own(self, author_id: int) -> list[HeldMessage]:
        rows = await self._database.read(lambda c: c.fetch(_OWN, author_id))
        return [_held(row) for row in rows]

    async def put_away(self, author_id: int, held_id: int) -> Sequence[int] | Refusal:
        async def put_away(connection: Connection) -> Sequence[int] | Refusal:
            if await connection.fetchval(_TAKE_BACK, author_id, held_id):
                return [author_id, *await moderators(connection)]
            return [author_id] if await connection.fetchval(_PUT_AWAY, author_id, held_id) else NO_HELD

        return await self._database.write(put_away)

    async def allowed(self, held_id: int) -> HeldMessage | Refusal | None:
        async def find(connection: Connection) -> HeldMessage | Refusal | None:
            row = await connection.fetchrow(_FIND, held_id)
            if row is None or row["state"] != "allowed":
                return None
            if row["seq"] is not None:
                message = await connection.fetchrow(_TEXT, held_id)
                if message is not None and message["is_edited"] and not message["has_text"]:
                    return OUTDATED
            return _held(row)

        return await self._database.read(find)

    async def sent(self, held_id: int) -> None:
        await self._database.write_statement(lambda c: c.execute(_SENT, held_id))

    async def refuse(self, held_id: int, refusal: Refusal) -> None:
        about = refusal.code, refusal.reason, refusal.text
        await self._database.write_statement(lambda c: c.execute(_REFUSE, held_id, *about))


async def _words(connection: Connection) -> list[str]:
    return [row["word"] for row in await connection.fetch(_WORDS)]


def _held(row: asyncpg.Record) -> HeldMessage:
    values = dict(row)
    about = {
        each: values.pop(each)
        for each in ("author_id", "author_name", "by_id", "by_name", "code", "reason", "error")
    }
    refusal = None
    if about["code"] is not None:
        refusal = convert({"code": about["code"], "text": about["error"], "reason": about["reason"]}, Refusal)
    held: HeldMessage = convert(
        {**values, "author": structs.asdict(Named(about["author_id"], about["author_name"]))}, HeldMessage
    )
    return structs.replace(held, by=named(about["by_id"], about["by_name"]), refusal=refusal)
