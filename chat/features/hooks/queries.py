"""Hooks in PostgreSQL, and how their messages are saved."""

import secrets
from collections.abc import Sequence

import asyncpg

from chat.domain.accounts.account_removal import How
from chat.domain.accounts.hooks import Hook, HookAccess, HookChange, NewHook
from chat.domain.accounts.program_names import name_of
from chat.domain.administration.audit import Act, Named, What
from chat.domain.entities import Draft
from chat.domain.refusals import NO_ROOM, Refusal
from chat.features.hooks.changes import (
    MOST_HOOKS,
    NO_HOOK,
    REPEAT_WINDOW,
    TOO_MANY_HOOKS,
    HookPost,
    hooks_refusal,
    keys_in_time,
)
from chat.storage.postgres import account_removal_queries as removal
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.room_authority import find
from chat.storage.postgres.session import Connection
from chat.storage.postgres.writer import RawConnection

_BY_TOKEN = """
SELECT hooks.person_id AS id, room_id, may_mention FROM hooks
JOIN users ON users.id = hooks.person_id AND users.deleted_at IS NULL AND users.disabled_at IS NULL
WHERE token_digest = $1"""
_NOTE_USE = "UPDATE hooks SET used_at = greatest(used_at, clock_timestamp()) WHERE person_id = $1"
_NOTE_ERROR = "UPDATE hooks SET error = $2, error_at = clock_timestamp() WHERE person_id = $1"
_HOOK = """
SELECT hooks.person_id AS id, hooks.room_id, rooms.name AS room_name, account.name, may_mention,
    maker.id AS by_id, maker.name AS by_name, error,
    extract(epoch FROM hooks.created_at)::float8 AS created_at,
    extract(epoch FROM hooks.used_at)::float8 AS used_at, extract(epoch FROM hooks.error_at)::float8 AS error_at
FROM hooks JOIN rooms ON rooms.id = hooks.room_id AND rooms.deleted_at IS NULL
JOIN users AS account ON account.id = hooks.person_id AND account.deleted_at IS NULL
LEFT JOIN users AS maker ON maker.id = hooks.by_id"""
_IN_ROOM = f"{_HOOK} WHERE hooks.room_id = $1 ORDER BY hooks.person_id"
_PAGE = f"{_HOOK} WHERE hooks.person_id > $1 ORDER BY hooks.person_id LIMIT $2"
_ONE = f"{_HOOK} WHERE hooks.person_id = $1 AND hooks.room_id = $2"
# Of several writers one at a time counts and adds.
_LOCK = f"SELECT pg_advisory_xact_lock({0x686F6F6B73})"  # "hooks"
_COUNT = "SELECT count(*) FROM hooks WHERE room_id = $1"
_IS_GROUP = "SELECT people_key IS NOT NULL FROM rooms WHERE id = $1"
# The keys of names are those of people, and a hook has none that anybody could type.
_ADD = """
WITH account AS (
    INSERT INTO users (name, name_key, password_hash, is_visitor) VALUES ($1, $2, '', true) RETURNING id
), look AS (
    INSERT INTO name_skeletons (skeleton, user_id) SELECT $2, id FROM account
)
INSERT INTO hooks (person_id, room_id, token_digest, may_mention, by_id)
SELECT id, $3, $4, $5, $6 FROM account RETURNING person_id"""
_LOCK_HOOK = "SELECT true FROM hooks WHERE person_id = $1 AND room_id = $2 FOR UPDATE"
_CHANGE = """
UPDATE hooks SET token_digest = coalesce($2, token_digest), may_mention = coalesce($3, may_mention)
WHERE person_id = $1"""
_RENAME = "UPDATE users SET name = $2, changed_at = now() WHERE id = $1"
_REMOVE = "DELETE FROM hooks WHERE person_id = $1"

# Those of these hooks that are there, with this token; and the keys of bodies that were sent within the window.
_KNOWN = """
SELECT hooks.person_id, token_digest, hooks.room_id, users.name, NULL AS client_key
FROM hooks JOIN users ON users.id = hooks.person_id AND users.deleted_at IS NULL AND users.disabled_at IS NULL
WHERE token_digest = ANY ($1::bytea[])
UNION ALL
SELECT asked.sender_id, NULL, NULL, NULL, asked.client_key FROM unnest($2::bigint[], $3::text[], $4::float8[])
    AS asked(sender_id, client_key, since)
CROSS JOIN LATERAL (
    SELECT FROM messages m WHERE m.sender_id = asked.sender_id AND m.client_key = asked.client_key
        AND m.created_at > to_timestamp(asked.since) LIMIT 1
) AS recent"""


class PostgresHooks:
    """The port `Hooks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def by_token(self, token: bytes) -> HookAccess | None:
        row = await self._database.read(lambda c: c.fetchrow(_BY_TOKEN, token))
        return None if row is None else HookAccess(**row)

    async def note_use(self, hook_id: int) -> None:
        await self._database.write_statement(lambda c: c.execute(_NOTE_USE, hook_id))

    async def note_error(self, hook_id: int, error: str) -> None:
        await self._database.write_statement(lambda c: c.execute(_NOTE_ERROR, hook_id, error))

    async def in_room(self, room_id: int, by_id: int | None) -> Sequence[Hook] | Refusal:
        async def read(connection: Connection) -> Sequence[Hook] | Refusal:
            if refusal := await _refusal(connection, room_id, by_id):
                return refusal
            return [_hook(row) for row in await connection.fetch(_IN_ROOM, room_id)]

        return await self._database.read(read)

    async def page(self, after_id: int, limit: int) -> Sequence[Hook]:
        return [_hook(row) for row in await self._database.read(lambda c: c.fetch(_PAGE, after_id, limit))]

    async def add(self, new: NewHook, by_id: int | None) -> Hook | Refusal:
        async def add(connection: Connection) -> Hook | Refusal:
            await connection.execute(_LOCK)
            if refusal := await _refusal(connection, new.room_id, by_id):
                return refusal
            if await connection.fetchval(_IS_GROUP, new.room_id):
                return NO_ROOM
            if await connection.fetchval(_COUNT, new.room_id) >= MOST_HOOKS:
                return TOO_MANY_HOOKS
            key = f"hook {secrets.token_hex(16)}"
            hook_id = await connection.fetchval(
                _ADD, new.name, key, new.room_id, new.token, new.may_mention, by_id
            )
            await _note(connection, What.HOOK_MADE, new.room_id, hook_id, by_id)
            return await _one(connection, new.room_id, hook_id)

        return await self._database.write(add)

    async def change(
        self, room_id: int, hook_id: int, change: HookChange, by_id: int | None
    ) -> Hook | Refusal:
        async def write(connection: Connection) -> Hook | Refusal:
            if refusal := await _refusal(connection, room_id, by_id):
                return refusal
            if not await connection.fetchval(_LOCK_HOOK, hook_id, room_id):
                return NO_HOOK
            await connection.execute(_CHANGE, hook_id, change.token, change.may_mention)
            if change.name is not None:
                await connection.execute(_RENAME, hook_id, change.name)
            what = What.HOOK_CHANGED if change.token is None else What.HOOK_TOKEN_RENEWED
            await _note(connection, what, room_id, hook_id, by_id)
            return await _one(connection, room_id, hook_id)

        return await self._database.write(write)

    async def remove(self, room_id: int, hook_id: int, by_id: int | None) -> Refusal | None:
        async def remove(connection: Connection) -> Refusal | None:
            if refusal := await _refusal(connection, room_id, by_id):
                return refusal
            if not await connection.fetchval(_LOCK_HOOK, hook_id, room_id):
                return NO_HOOK
            await connection.execute(_REMOVE, hook_id)
            await connection.execute(removal.DELETE, hook_id)
            await connection.execute(removal.NOTE, hook_id, How.LEAVE)  # so it is removed after a restore too
            await _note(connection, What.HOOK_REMOVED, room_id, hook_id, by_id)
            return None

        return await self._database.write(remove)


async def drafts_of(connection: RawConnection, posts: Sequence[HookPost]) -> list[Draft | Refusal]:
    """Return the drafts of messages by hooks that are there, with the token that they came with; asyncio-flavoured.

    A body that was sent within the window has the key that it had then, so it is saved once.
    """
    bodies = {(post.actor_id, post.key): post for post in reversed(posts) if post.is_body}
    asked = [
        (post.actor_id, keys_in_time(post.key, post.created_at)[1], post.created_at - REPEAT_WINDOW)
        for post in bodies.values()
    ]
    columns = map(list, zip(*asked, strict=True)) if asked else ([], [], [])
    rows = await connection.fetch(_KNOWN, sorted({post.token for post in posts}), *columns)
    names = {
        (row["person_id"], row["token_digest"], row["room_id"]): row["name"]
        for row in rows
        if row["token_digest"] is not None
    }
    recent = {(row["person_id"], row["client_key"]) for row in rows if row["token_digest"] is None}
    keys: dict[tuple[int, str], str] = {}
    for body, post in bodies.items():
        now, before = keys_in_time(post.key, post.created_at)
        keys[body] = before if (post.actor_id, before) in recent else now
    drafts: list[Draft | Refusal] = []
    for post in posts:
        name = names.get((post.actor_id, post.token, post.room_id))
        key = keys[post.actor_id, post.key] if post.is_body else post.key
        made = Draft(
            post.room_id, post.actor_id, name or "", post.text, post.created_at, key=key, reply=post.reply
        )
        drafts.append(NO_HOOK if name is None else made)
    return drafts


async def _refusal(connection: Connection, room_id: int, by_id: int | None) -> Refusal | None:
    found = await find(connection, room_id, by_id, any_kind=True)
    if found is None:
        return NO_ROOM
    if by_id is None:
        return None
    return NO_ROOM if found.by is None else hooks_refusal(found.by)


async def _one(connection: Connection, room_id: int, hook_id: int) -> Hook | Refusal:
    row = await connection.fetchrow(_ONE, hook_id, room_id)
    return NO_HOOK if row is None else _hook(row)


async def _note(connection: Connection, what: What, room_id: int, hook_id: int, by_id: int | None) -> None:
    await note(connection, [Act(by_id=by_id, what=what, person_id=hook_id, room_id=room_id)])


def _hook(row: asyncpg.Record) -> Hook:
    by = None if row["by_id"] is None else Named(row["by_id"], row["by_name"])
    return Hook(
        id=row["id"],
        room_id=row["room_id"],
        room_name=row["room_name"],
        name=name_of(row["name"]),
        may_mention=row["may_mention"],
        by=by,
        created_at=row["created_at"],
        used_at=row["used_at"],
        error=row["error"],
        error_at=row["error_at"],
    )
