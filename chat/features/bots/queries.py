"""Bots in PostgreSQL. A trigger has each follow its owner who is disabled, enabled or removed (sql/0096)."""

import secrets
from collections.abc import Sequence

import asyncpg

from chat.domain.accounts.account_removal import How
from chat.domain.accounts.bots import BotAccount, BotHere, BotRoom
from chat.domain.accounts.program_names import name_of
from chat.domain.administration.audit import Act, Named, What
from chat.domain.refusals import NO_PERSON, Refusal
from chat.domain.text.rules import same_name_key
from chat.features.bots.rules import BOT_TAKEN, MOST_BOTS, NO_BOT, OFF_BY_ADMIN, TOO_MANY_BOTS
from chat.storage.postgres import account_removal_queries as removal
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

_BOT = """
SELECT bots.person_id AS id, account.name, owner.id AS owner_id, owner.name AS owner_name, account.scopes,
    account.disabled_at IS NOT NULL AS is_disabled,
    account.disabled_at IS NOT NULL AND NOT bots.is_off_by_owner
        AND account.disabled_at IS DISTINCT FROM owner.disabled_at AS is_off_by_admin,
    extract(epoch FROM account.created_at)::float8 AS created_at,
    (SELECT extract(epoch FROM max(used_at))::float8 FROM sessions
     WHERE user_id = bots.person_id AND used_at > created_at) AS used_at,
    ARRAY(SELECT room_id || ' ' || rooms.name FROM memberships JOIN rooms ON rooms.id = room_id
          WHERE user_id = bots.person_id AND rooms.deleted_at IS NULL ORDER BY room_id) AS rooms
FROM bots JOIN users AS account ON account.id = bots.person_id AND account.deleted_at IS NULL
JOIN users AS owner ON owner.id = bots.owner_id"""
_OF = f"{_BOT} WHERE bots.owner_id = $1 ORDER BY bots.person_id"
_PAGE = f"{_BOT} WHERE bots.person_id > $1 ORDER BY bots.person_id LIMIT $2"
_ONE = f"{_BOT} WHERE bots.person_id = $1"
# A bot that is off is in its rooms, and is not called.
_IN_ROOM = """
SELECT inside.id, account.name, owner.id AS owner_id, owner.name AS owner_name, ARRAY(
    SELECT DISTINCT command FROM outgoing_hooks AS sent
    WHERE command IS NOT NULL AND off_reason IS NULL AND account.disabled_at IS NULL
        AND (account_id = inside.id OR (bot_id = inside.id AND sent.room_id = $1)) ORDER BY command) AS commands
FROM (
    SELECT person_id AS id, owner_id FROM memberships JOIN bots ON person_id = user_id WHERE room_id = $1
    UNION ALL
    SELECT bot_id, min(owner_id) FROM outgoing_hooks
    WHERE room_id = $1 AND bot_id IS NOT NULL AND off_reason IS NULL
        AND NOT EXISTS (SELECT FROM bridges WHERE outgoing_id = outgoing_hooks.id)
    GROUP BY bot_id
) AS inside
JOIN users AS account ON account.id = inside.id AND account.deleted_at IS NULL
JOIN users AS owner ON owner.id = inside.owner_id AND owner.deleted_at IS NULL
ORDER BY inside.id LIMIT $2"""
# An owner makes one bot at a time, and is not disabled meanwhile.
_LOCK_OWNER = """
SELECT true FROM users WHERE id = $1 AND deleted_at IS NULL AND disabled_at IS NULL AND NOT is_visitor
FOR NO KEY UPDATE"""
_COUNT = """
SELECT count(*) FROM bots JOIN users ON users.id = person_id AND deleted_at IS NULL WHERE owner_id = $1"""
_ADD = """
WITH account AS (
    INSERT INTO users (name, name_key, password_hash, is_visitor, scopes) VALUES ($2, $3, '', true, $4) RETURNING id
), look AS (
    INSERT INTO name_skeletons (skeleton, user_id) SELECT $3, id FROM account
)
INSERT INTO bots (person_id, owner_id) SELECT id, $1 FROM account RETURNING person_id"""
_LOCK_BOT = """
SELECT owner_id, is_off_by_owner, disabled_at IS NOT NULL AS is_disabled
FROM bots JOIN users ON users.id = person_id AND deleted_at IS NULL WHERE person_id = $1
FOR UPDATE OF bots"""
_CHANGE = """
WITH looks AS (UPDATE name_skeletons SET skeleton = $3 WHERE user_id = $1 AND $3::text IS NOT NULL)
UPDATE users SET name = coalesce($2, name), name_key = coalesce($3, name_key), scopes = coalesce($4::text[], scopes)
WHERE id = $1"""
# At a time of its own, so enabling the owner does not enable it; enabling it gives it the state of its owner.
_SWITCH_OFF = """
WITH noted AS (UPDATE bots SET is_off_by_owner = $2 WHERE person_id = $1)
UPDATE users SET disabled_at = clock_timestamp() WHERE id = $1"""
_SWITCH_ON = """
WITH noted AS (UPDATE bots SET is_off_by_owner = false WHERE person_id = $1)
UPDATE users SET disabled_at = owner.disabled_at
FROM bots JOIN users AS owner ON owner.id = owner_id WHERE users.id = $1 AND person_id = $1"""
_IS_ADMIN = "SELECT is_admin FROM users WHERE id = $1 AND deleted_at IS NULL AND disabled_at IS NULL"
_REMOVE = "DELETE FROM bots WHERE person_id = $1"
# Another bot may have the name.
_FREE_NAME = """
WITH looks AS (UPDATE name_skeletons SET skeleton = $2 WHERE user_id = $1)
UPDATE users SET name_key = $2 WHERE id = $1"""
_NOTE_USE = """
UPDATE sessions SET used_at = clock_timestamp()
WHERE id = $1 AND (used_at = created_at OR used_at < clock_timestamp() - interval '1 minute')"""


class PostgresBots:
    """The port `Bots`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, owner_id: int) -> Sequence[BotAccount]:
        return [_bot(row) for row in await self._database.read(lambda c: c.fetch(_OF, owner_id))]

    async def page(self, after_id: int, limit: int) -> Sequence[BotAccount]:
        return [_bot(row) for row in await self._database.read(lambda c: c.fetch(_PAGE, after_id, limit))]

    async def one(self, bot_id: int) -> BotAccount | None:
        row = await self._database.read(lambda c: c.fetchrow(_ONE, bot_id))
        return None if row is None else _bot(row)

    async def in_room(self, room_id: int, limit: int) -> Sequence[BotHere]:
        rows = await self._database.read(lambda c: c.fetch(_IN_ROOM, room_id, limit))
        return [
            BotHere(
                row["id"],
                name_of(row["name"]),
                Named(row["owner_id"], row["owner_name"]),
                tuple(row["commands"]),
            )
            for row in rows
        ]

    async def add(
        self, owner_id: int, account: str, scopes: Sequence[str], *, by_command: bool = False
    ) -> BotAccount | Refusal:
        async def add(connection: Connection) -> BotAccount | Refusal:
            if not await connection.fetchval(_LOCK_OWNER, owner_id):
                return NO_PERSON
            if await connection.fetchval(_COUNT, owner_id) >= MOST_BOTS:
                return TOO_MANY_BOTS
            try:
                key = same_name_key(account)
                bot_id = await connection.fetchval(_ADD, owner_id, account, key, list(scopes))
            except asyncpg.UniqueViolationError:
                return BOT_TAKEN  # the transaction is rolled back
            by_id = None if by_command else owner_id
            await _note(connection, What.BOT_MADE, bot_id, by_id, ", ".join(scopes))
            return await _one(connection, bot_id)

        return await self._database.write(add)

    async def change(
        self, bot_id: int, by_id: int | None, account: str | None, scopes: Sequence[str] | None
    ) -> BotAccount | Refusal:
        async def change(connection: Connection) -> BotAccount | Refusal:
            bot = await connection.fetchrow(_LOCK_BOT, bot_id)
            if bot is None or by_id not in (None, bot["owner_id"]):
                return NO_BOT
            key = None if account is None else same_name_key(account)
            wanted = None if scopes is None else list(scopes)
            try:
                await connection.execute(_CHANGE, bot_id, account, key, wanted)
            except asyncpg.UniqueViolationError:
                return BOT_TAKEN
            await _note(connection, What.BOT_CHANGED, bot_id, by_id, ", ".join(scopes or ()))
            return await _one(connection, bot_id)

        return await self._database.write(change)

    async def switch(self, bot_id: int, by_id: int | None, *, is_on: bool) -> BotAccount | Refusal:
        async def switch(connection: Connection) -> BotAccount | Refusal:
            bot = await connection.fetchrow(_LOCK_BOT, bot_id)
            if bot is None or not (by_id in (None, bot["owner_id"]) or await _is_admin(connection, by_id)):
                return NO_BOT
            refusal = await _switch(connection, bot_id, by_id, bot, is_on=is_on)
            return refusal or await _one(connection, bot_id)

        return await self._database.write(switch)

    async def remove(self, bot_id: int, by_id: int | None) -> Refusal | None:
        async def remove(connection: Connection) -> Refusal | None:
            bot = await connection.fetchrow(_LOCK_BOT, bot_id)
            if bot is None or not (by_id in (None, bot["owner_id"]) or await _is_admin(connection, by_id)):
                return NO_BOT
            await connection.execute(_REMOVE, bot_id)
            await connection.execute(removal.DELETE, bot_id)
            await connection.execute(_FREE_NAME, bot_id, f"hook {secrets.token_hex(16)}")
            await connection.execute(removal.NOTE, bot_id, How.LEAVE)  # so it is removed after a restore too
            await _note(connection, What.BOT_REMOVED, bot_id, by_id)
            return None

        return await self._database.write(remove)

    async def note_use(self, session_id: int) -> None:
        await self._database.write_statement(lambda c: c.execute(_NOTE_USE, session_id))


async def _switch(
    connection: Connection, bot_id: int, by_id: int | None, bot: asyncpg.Record, *, is_on: bool
) -> Refusal | None:
    is_owner = by_id == bot["owner_id"]
    is_held = bot["is_disabled"] and not bot["is_off_by_owner"]
    if is_on and is_held and is_owner and not await _is_admin(connection, by_id):
        return OFF_BY_ADMIN
    if is_on:
        await connection.execute(_SWITCH_ON, bot_id)
    elif not (is_owner and bot["is_disabled"]):  # an owner's takes the place of no admin's
        await connection.execute(_SWITCH_OFF, bot_id, is_owner)
    if is_on is bot["is_disabled"]:
        await _note(connection, What.ENABLED if is_on else What.DISABLED, bot_id, by_id)
    return None


async def _is_admin(connection: Connection, person_id: int | None) -> bool:
    return bool(await connection.fetchval(_IS_ADMIN, person_id))


async def _one(connection: Connection, bot_id: int) -> BotAccount | Refusal:
    row = await connection.fetchrow(_ONE, bot_id)
    return NO_BOT if row is None else _bot(row)


async def _note(connection: Connection, what: What, bot_id: int, by_id: int | None, detail: str = "") -> None:
    await note(connection, [Act(by_id=by_id, what=what, person_id=bot_id, detail=detail)])


def _bot(row: asyncpg.Record) -> BotAccount:
    rooms = (each.split(" ", 1) for each in row["rooms"])
    return BotAccount(
        id=row["id"],
        name=name_of(row["name"]),
        owner=Named(row["owner_id"], row["owner_name"]),
        scopes=tuple(row["scopes"]),
        is_disabled=row["is_disabled"],
        created_at=row["created_at"],
        used_at=row["used_at"],
        is_off_by_admin=row["is_off_by_admin"],
        rooms=tuple(BotRoom(int(room_id), name) for room_id, name in rooms),
    )
