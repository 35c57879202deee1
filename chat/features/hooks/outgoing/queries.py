"""Outgoing hooks in PostgreSQL."""

from collections.abc import Collection, Sequence

import asyncpg

from chat.domain.accounts.bridges import Bridge
from chat.domain.accounts.outgoing_hooks import (
    OLD_SECRET,
    Bot,
    Claimed,
    Failed,
    NewOutgoingHook,
    OutgoingChange,
    OutgoingHook,
    Waiting,
)
from chat.domain.accounts.program_names import name_of
from chat.domain.administration.audit import Act, Named, What
from chat.domain.entities import Person, Room, RoomKind
from chat.domain.refusals import NO_ROOM, NOT_ADMIN, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import Authority, own_role
from chat.features.hooks.changes import NO_HOOK
from chat.features.hooks.outgoing.rules import (
    MOST_OUTGOING,
    NO_BRIDGE,
    NO_OUTGOING,
    NOT_IN_LOG,
    TOO_MANY_OUTGOING,
    host_of,
    sending_refusal,
)
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.room_authority import find
from chat.storage.postgres.session import Connection

_HOOK = """
SELECT hook.id, owner_id, owner.name AS owner_name, hook.room_id, rooms.name AS room_name, kinds, url, position,
    greatest(lanes.last_id - position, 0) AS behind, off_reason AS off, tries, error,
    bot.id AS bot_id, bot.name AS bot_name, account_id IS NOT NULL AS is_account, command, gateway,
    extract(epoch FROM hook.created_at)::float8 AS created_at,
    extract(epoch FROM CASE WHEN off_reason IS NULL THEN due_at END)::float8 AS due_at,
    extract(epoch FROM sent_at)::float8 AS sent_at, extract(epoch FROM error_at)::float8 AS error_at
FROM outgoing_hooks AS hook JOIN lanes ON lanes.id = 1
JOIN users AS owner ON owner.id = owner_id AND owner.deleted_at IS NULL
LEFT JOIN rooms ON rooms.id = hook.room_id
LEFT JOIN users AS bot ON bot.id = coalesce(hook.bot_id, account_id)
LEFT JOIN bridges ON outgoing_id = hook.id"""
_OF = f"{_HOOK} WHERE owner_id = $1 ORDER BY hook.id"
_IN_ROOM = f"{_HOOK} WHERE hook.room_id = $1 ORDER BY hook.id"
_PAGE = f"{_HOOK} WHERE hook.id > $1 ORDER BY hook.id LIMIT $2"
_ONE = f"{_HOOK} WHERE hook.id = $1"
# Of several writers one at a time counts and adds.
_LOCK = f"SELECT pg_advisory_xact_lock({0x6F7574})"  # "out"
_COUNT = "SELECT count(*) FROM outgoing_hooks WHERE owner_id = $1"
_END = "SELECT last_id FROM lanes WHERE id = 1"
_BEFORE = "SELECT coalesce(max(id), 0) FROM messages WHERE id < id_at(to_timestamp($1))"
_ADD = """
INSERT INTO outgoing_hooks (owner_id, room_id, kinds, url, secret, position, bot_id, account_id, command)
SELECT $1, room, $3, $4, $5, $6, CASE WHEN room IS NOT NULL THEN bot END, CASE WHEN room IS NULL THEN bot END, $8
FROM (SELECT $2::bigint AS room, $7::bigint AS bot) AS asked RETURNING id"""
_ADD_BRIDGE = "INSERT INTO bridges (outgoing_id, gateway, token) VALUES ($1, $2, $3)"
_IS_BOT = "SELECT true FROM hooks WHERE person_id = $1 AND room_id = $2"
_IS_OWN_BOT = "SELECT true FROM bots WHERE person_id = $1 AND owner_id = $2"
_ROOMS_OF_BOT = """
SELECT room_id FROM memberships JOIN users ON users.id = user_id AND deleted_at IS NULL AND disabled_at IS NULL
WHERE user_id = $1 AND room_id = ANY($2::bigint[])"""
_BY = "SELECT is_admin FROM users WHERE id = $1 AND deleted_at IS NULL AND disabled_at IS NULL"
_LOCK_HOOK = """
SELECT owner_id, room_id, EXISTS (SELECT FROM bridges WHERE outgoing_id = $1) AS is_bridge
FROM outgoing_hooks WHERE id = $1 FOR UPDATE"""
# Each change by its owner voids a claim, so a call under way does not move the position.
_CHANGE = f"""
UPDATE outgoing_hooks SET
    kinds = coalesce($2, kinds), url = coalesce($3, url), position = coalesce($4, position),
    replays = replays + CASE WHEN $4 IS NULL THEN 0 ELSE 1 END,
    batch_end = CASE WHEN $4 IS NULL AND $2 IS NULL THEN batch_end END,
    off_reason = CASE WHEN $5::boolean THEN NULL WHEN NOT $5 THEN 'owner' ELSE off_reason END,
    old_secret = CASE WHEN $6::text IS NULL THEN old_secret ELSE secret END,
    old_until = CASE WHEN $6 IS NULL THEN old_until ELSE clock_timestamp() + interval '{OLD_SECRET} s' END,
    secret = coalesce($6, secret),
    claim = claim + 1, claimed_until = NULL, due_at = NULL, failing_since = NULL, tries = 0
WHERE id = $1"""
_CHANGE_BRIDGE = (
    "UPDATE bridges SET gateway = coalesce($2, gateway), token = coalesce($3, token) WHERE outgoing_id = $1"
)
_REMOVE = "DELETE FROM outgoing_hooks WHERE id = $1"
_WAITING = """
SELECT hook.id, owner_id, room_id, kinds, position, hook.claim, bot.id AS bot_id, bot.name AS bot_name,
    account_id IS NOT NULL AS is_account, command,
    greatest(extract(epoch FROM greatest(due_at, hook.claimed_until) - clock_timestamp()), 0)::float8 AS wait,
    gateway IS NOT NULL AS is_bridge
FROM outgoing_hooks AS hook JOIN lanes ON lanes.id = 1
LEFT JOIN users AS bot ON bot.id = coalesce(hook.bot_id, account_id)
LEFT JOIN bridges ON outgoing_id = hook.id
WHERE off_reason IS NULL AND position < last_id ORDER BY hook.id"""
_CLAIM = """
UPDATE outgoing_hooks SET claim = claim + 1, claimed_until = clock_timestamp() + $3 * interval '1 s'
WHERE id = $1 AND claim = $2 AND off_reason IS NULL
    AND coalesce(greatest(due_at, claimed_until), '-infinity') <= clock_timestamp()
RETURNING claim, url, secret, CASE WHEN old_until > clock_timestamp() THEN old_secret END AS old_secret, replays, tries,
    batch_end, (SELECT token_digest FROM hooks WHERE person_id = bot_id) AS bot_token,
    (SELECT gateway FROM bridges WHERE outgoing_id = id) AS gateway,
    (SELECT token FROM bridges WHERE outgoing_id = id) AS gateway_token"""
_ADVANCE = """
UPDATE outgoing_hooks SET position = $3, batch_end = NULL,
    claimed_until = CASE WHEN $4 > 0 THEN clock_timestamp() + $4 * interval '1 s' END,
    tries = CASE WHEN $5 THEN 0 ELSE tries END, due_at = NULL,
    failing_since = CASE WHEN $5 THEN NULL ELSE failing_since END,
    sent_at = CASE WHEN $5 THEN clock_timestamp() ELSE sent_at END
WHERE id = $1 AND claim = $2 RETURNING true"""
_FAIL = """
UPDATE outgoing_hooks SET batch_end = $3, tries = tries + 1, claimed_until = NULL,
    due_at = clock_timestamp() + $5 * interval '1 s', failing_since = coalesce(failing_since, clock_timestamp()),
    error = $4, error_at = clock_timestamp(),
    off_reason = coalesce(
        $6, CASE WHEN failing_since < clock_timestamp() - interval '1 day' THEN 'failing' END, off_reason)
WHERE id = $1 AND claim = $2 RETURNING true"""
_ROOMS = """
SELECT rooms.id, rooms.kind, is_private, creator_id, owner.is_admin,
    EXISTS (SELECT FROM memberships JOIN users ON users.id = user_id
            WHERE room_id = rooms.id AND role = 'owner' AND users.deleted_at IS NULL) AS has_owner,
    coalesce((SELECT role FROM memberships WHERE room_id = rooms.id AND user_id = owner.id),
             (SELECT 'banned' FROM bans WHERE room_id = rooms.id AND user_id = owner.id)) AS role
FROM users AS owner JOIN rooms ON rooms.id = ANY($2::bigint[]) AND rooms.deleted_at IS NULL
WHERE owner.id = $1 AND owner.deleted_at IS NULL AND disabled_at IS NULL"""


class PostgresOutgoingHooks:
    """The port `OutgoingHooks`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, owner_id: int) -> Sequence[OutgoingHook]:
        return [_hook(row) for row in await self._database.read(lambda c: c.fetch(_OF, owner_id))]

    async def in_room(self, room_id: int, by_id: int) -> Sequence[OutgoingHook] | Refusal:
        async def read(connection: Connection) -> Sequence[OutgoingHook] | Refusal:
            if refusal := await _sending_refusal(connection, room_id, by_id):
                return refusal
            return [_hook(row) for row in await connection.fetch(_IN_ROOM, room_id)]

        return await self._database.read(read)

    async def page(self, after_id: int, limit: int) -> Sequence[OutgoingHook]:
        return [_hook(row) for row in await self._database.read(lambda c: c.fetch(_PAGE, after_id, limit))]

    async def add(self, new: NewOutgoingHook, by_id: int | None) -> OutgoingHook | Refusal:
        async def add(connection: Connection) -> OutgoingHook | Refusal:
            await connection.execute(_LOCK)
            if refusal := await _sending_refusal(
                connection, new.room_id, new.owner_id, has_bot=new.bot_id is not None
            ):
                return refusal
            if await connection.fetchval(_COUNT, new.owner_id) >= MOST_OUTGOING:
                return TOO_MANY_OUTGOING
            end = await connection.fetchval(_END)
            position = end if new.position is None else new.position
            if position > end:
                return NOT_IN_LOG
            if new.bot_id is not None and not await _is_bot(connection, new.bot_id, new):
                return NO_HOOK
            columns = new.owner_id, new.room_id, list(new.kinds), new.url, new.secret, position
            hook_id = await connection.fetchval(_ADD, *columns, new.bot_id, new.command)
            if new.bridge is not None:
                await connection.execute(_ADD_BRIDGE, hook_id, new.bridge.gateway, new.bridge.token)
            await _note(connection, What.OUTGOING_HOOK_MADE, new.owner_id, new.room_id, by_id, new.url)
            return await _one(connection, hook_id)

        return await self._database.write(add)

    async def change(self, hook_id: int, change: OutgoingChange, by_id: int | None) -> OutgoingHook | Refusal:
        async def write(connection: Connection) -> OutgoingHook | Refusal:
            row = await connection.fetchrow(_LOCK_HOOK, hook_id)
            if row is None or by_id not in (None, row["owner_id"]):
                return NO_OUTGOING
            changes_bridge = change.gateway is not None or change.token is not None
            if changes_bridge and not row["is_bridge"]:
                return NO_BRIDGE
            position = change.position
            if position is None and change.since is not None:
                position = await connection.fetchval(_BEFORE, change.since)
            if position is not None and position > await connection.fetchval(_END):
                return NOT_IN_LOG
            kinds = None if change.kinds is None else list(change.kinds)
            url = change.url
            if url is not None and row["is_bridge"]:
                url = url.rstrip("/")  # bridges to one matterbridge are known by the same URL
            await connection.execute(_CHANGE, hook_id, kinds, url, position, change.is_on, change.secret)
            if changes_bridge:
                await connection.execute(_CHANGE_BRIDGE, hook_id, change.gateway, change.token)
            what, detail = What.OUTGOING_HOOK_CHANGED, change.url or ""
            await _note(connection, what, row["owner_id"], row["room_id"], by_id, detail)
            return await _one(connection, hook_id)

        return await self._database.write(write)

    async def remove(self, hook_id: int, by_id: int | None) -> Refusal | None:
        async def remove(connection: Connection) -> Refusal | None:
            row = await connection.fetchrow(_LOCK_HOOK, hook_id)
            is_theirs = row is not None and by_id in (None, row["owner_id"])
            if row is None or not (is_theirs or await connection.fetchval(_BY, by_id)):
                return NO_OUTGOING
            await connection.execute(_REMOVE, hook_id)
            await _note(connection, What.OUTGOING_HOOK_REMOVED, row["owner_id"], row["room_id"], by_id)
            return None

        return await self._database.write(remove)

    async def waiting(self) -> Sequence[Waiting]:
        rows = await self._database.read(lambda c: c.fetch(_WAITING))
        return [
            Waiting(
                row["id"],
                row["owner_id"],
                row["room_id"],
                tuple(row["kinds"]),
                row["position"],
                row["claim"],
                row["wait"],
                _bot(row),
                row["is_bridge"],
            )
            for row in rows
        ]

    async def claim(self, hook: Waiting, lease: float) -> Claimed | None:
        row = await self._database.write_statement(lambda c: c.fetchrow(_CLAIM, hook.id, hook.claim, lease))
        if row is None:
            return None
        secrets = (row["secret"],) if row["old_secret"] is None else (row["secret"], row["old_secret"])
        return Claimed(
            row["claim"],
            row["url"],
            secrets,
            row["replays"],
            row["tries"],
            row["batch_end"],
            row["bot_token"],
            None if row["gateway"] is None else Bridge(row["gateway"], row["gateway_token"]),
        )

    async def rooms_to_send(self, hook: Waiting, room_ids: Collection[int]) -> frozenset[int] | None:
        if hook.bot is not None and hook.bot.is_account:
            bot_id = hook.bot.id
            rows = await self._database.read(lambda c: c.fetch(_ROOMS_OF_BOT, bot_id, list(room_ids)))
            return frozenset(row["room_id"] for row in rows)
        rows = await self._database.read(lambda c: c.fetch(_ROOMS, hook.owner_id, list(room_ids)))
        is_for_all = hook.room_id is None
        found = frozenset(
            row["id"]
            for row in rows
            if sending_refusal(_authority(row, hook.owner_id), is_for_all=is_for_all) is None
        )
        if found or (is_for_all and await self._database.read(lambda c: c.fetchval(_BY, hook.owner_id))):
            return found
        return None

    async def advance(self, hook_id: int, claim: int, position: int, lease: float, *, is_sent: bool) -> bool:
        return bool(
            await self._database.write_statement(
                lambda c: c.fetchval(_ADVANCE, hook_id, claim, position, lease, is_sent)
            )
        )

    async def fail(self, hook_id: int, claim: int, failed: Failed) -> bool:
        columns = hook_id, claim, failed.end, failed.error, failed.after, failed.off
        return bool(await self._database.write_statement(lambda c: c.fetchval(_FAIL, *columns)))


async def _sending_refusal(
    connection: Connection, room_id: int | None, by_id: int, *, has_bot: bool = False
) -> Refusal | None:
    if room_id is None:
        return None if has_bot or await connection.fetchval(_BY, by_id) else NOT_ADMIN
    found = await find(connection, room_id, by_id, any_kind=True)
    if found is None or found.by is None:
        return NO_ROOM
    return sending_refusal(found.by, is_for_all=False)


async def _is_bot(connection: Connection, bot_id: int, new: NewOutgoingHook) -> bool:
    if new.room_id is None:
        return bool(await connection.fetchval(_IS_OWN_BOT, bot_id, new.owner_id))
    return bool(await connection.fetchval(_IS_BOT, bot_id, new.room_id))


async def _one(connection: Connection, hook_id: int) -> OutgoingHook | Refusal:
    row = await connection.fetchrow(_ONE, hook_id)
    return NO_OUTGOING if row is None else _hook(row)


async def _note(
    connection: Connection, what: What, owner_id: int, room_id: int | None, by_id: int | None, url: str = ""
) -> None:
    act = Act(by_id=by_id, what=what, person_id=owner_id, room_id=room_id, detail=host_of(url))
    await note(connection, [act])


def _authority(row: asyncpg.Record, owner_id: int) -> Authority:
    kind = RoomKind(row["kind"])
    room = Room(id=row["id"], kind=kind, is_private=row["is_private"], creator_id=row["creator_id"])
    role = None if row["role"] is None else RoomRole(row["role"])
    role = own_role(role, owner_id, room, has_owner=row["has_owner"])
    return Authority(room, Person(id=owner_id, name="", is_admin=row["is_admin"]), role)


def _bot(row: asyncpg.Record) -> Bot | None:
    if row["bot_id"] is None:
        return None
    return Bot(row["bot_id"], name_of(row["bot_name"]), row["command"], row["is_account"])


def _hook(row: asyncpg.Record) -> OutgoingHook:
    others = ("owner_id", "owner_name", "kinds", "bot_id", "bot_name", "is_account", "command")
    fields = {name: value for name, value in row.items() if name not in others}
    owner = Named(row["owner_id"], row["owner_name"])
    return OutgoingHook(owner=owner, kinds=tuple(row["kinds"]), bot=_bot(row), **fields)
