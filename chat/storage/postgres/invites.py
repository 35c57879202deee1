"""Invites in PostgreSQL. All of it is asyncio-flavoured, and part of the caller's transaction."""

import time
from typing import NamedTuple

from chat.domain.administration.audit import invite_act, withdrawal_act
from chat.domain.ports import INVITE_KEPT, Invite, IssuedInvite, NewInvite
from chat.storage.postgres.audit import note
from chat.storage.postgres.session import Connection

_IS_LEFT = """uses_left > 0 AND expires_at > now() AND (
    room_id IS NULL OR EXISTS (SELECT FROM rooms WHERE rooms.id = room_id AND deleted_at IS NULL))"""
# An invite depends on its maker's current rights, not on those when it was made. A command's invite has no maker.
_REGISTERS = """registers AND (maker_id IS NULL OR EXISTS (
    SELECT FROM users WHERE users.id = maker_id AND is_admin AND deleted_at IS NULL AND disabled_at IS NULL))"""
_JOINS = """EXISTS (
    SELECT FROM rooms WHERE rooms.id = invites.room_id AND rooms.deleted_at IS NULL AND (maker_id IS NULL OR EXISTS (
        SELECT FROM memberships JOIN users ON users.id = memberships.user_id
        WHERE memberships.room_id = rooms.id AND memberships.user_id = maker_id
          AND (NOT rooms.is_private OR memberships.role IN ('moderator', 'owner'))
          AND (users.is_admin OR NOT EXISTS (SELECT FROM settings WHERE name = 'inviting' AND value = '"admins"'))
          AND users.deleted_at IS NULL AND users.disabled_at IS NULL)))"""
_IS_GOOD = f"{_IS_LEFT} AND ({_REGISTERS} OR {_JOINS})"

# The row of an invite that is just being used is locked; it is skipped and removed the next time.
_FORGET = f"""
DELETE FROM invites WHERE digest IN (
    SELECT digest FROM invites WHERE expires_at < now() - interval '{INVITE_KEPT} s' FOR UPDATE SKIP LOCKED
)"""
_MAKE = f"""
INSERT INTO invites (digest, uses_left, expires_at, room_id, maker_id, registers)
SELECT $1, $2, to_timestamp($3), $4::bigint, $5, $6
WHERE ($4 IS NULL OR EXISTS (SELECT FROM rooms WHERE id = $4 AND deleted_at IS NULL))
  AND NOT EXISTS (
    SELECT FROM settings JOIN users ON users.id = $5 AND NOT users.is_admin
    WHERE settings.name = 'open_invites' AND value > '0' AND value <= to_jsonb((
        SELECT count(*) FROM invites WHERE maker_id = $5 AND ({_IS_GOOD})
    ))
  )"""
# Two invites of one person at once: the second counts the first.
_LOCK_MAKER = "SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE"
_OPEN = f"SELECT count(*) FROM invites WHERE maker_id = $1 AND ({_IS_GOOD})"
_COLUMNS = f"""uses_left, extract(epoch FROM expires_at)::float8 AS expires_at, room_id, maker_id, registers,
    NOT ({_IS_GOOD}) AS is_over, (SELECT name FROM rooms WHERE rooms.id = room_id) AS room_name,
    (SELECT name FROM users WHERE users.id = maker_id) AS maker_name"""
_FIND = f"SELECT {_COLUMNS} FROM invites WHERE digest = $1"
_LIST = f"""
SELECT digest, {_COLUMNS} FROM invites
WHERE {{0}} AND {_IS_GOOD}
  AND ($2 = ''::bytea OR (expires_at, digest) > (SELECT expires_at, digest FROM invites WHERE digest = $2))
ORDER BY expires_at, digest LIMIT $3"""
_OF_MAKER, _OF_ROOM, _OF_ALL = (
    _LIST.format(whose) for whose in ("maker_id = $1", "room_id = $1", "$1::bigint IS NULL")
)
_IS_TO_REGISTER = f"SELECT true FROM invites WHERE digest = $1 AND {_IS_LEFT} AND {_REGISTERS}"
_USE = f"""
UPDATE invites SET uses_left = uses_left - 1
WHERE digest = $1 AND {_IS_LEFT} AND ($2::bigint IS NULL AND {_REGISTERS} OR room_id = $2 AND {_JOINS})
RETURNING maker_id"""
_LETS_IN = f"SELECT true FROM invites WHERE digest = $1 AND room_id = $2 AND {_JOINS}"
_GIVE_BACK = "UPDATE invites SET uses_left = uses_left + 1 WHERE digest = $1"
_WITHDRAW = f"UPDATE invites SET uses_left = 0 WHERE digest = $1 AND {_IS_LEFT} RETURNING maker_id, room_id"


async def make_invite(connection: Connection, new: NewInvite) -> None:
    """Make an invite, and forget those that have been over for long.

    One to a room that is gone is not made, nor one more than the setting `open_invites` lets its maker have.
    """
    await connection.execute(_FORGET)
    await connection.execute(_LOCK_MAKER, new.maker_id)
    made = await connection.execute(
        _MAKE, new.digest, new.uses, new.expires_at, new.room_id, new.maker_id, new.registers
    )
    if made == "INSERT 0 1":
        lasts = new.expires_at - time.time()
        await note(connection, [invite_act(new.uses, lasts, new.maker_id, new.room_id)])


async def count_open_invites(connection: Connection, maker_id: int) -> int:
    """Return how many valid invites somebody has made."""
    return int(await connection.fetchval(_OPEN, maker_id))


async def find_invite(connection: Connection, digest: bytes) -> Invite | None:
    """Return an invite, good or over."""
    row = await connection.fetchrow(_FIND, digest)
    return None if row is None else Invite(**row)


async def list_invites(
    connection: Connection, after: bytes, limit: int, *, maker_id: int | None, room_id: int | None
) -> list[IssuedInvite]:
    """Return valid invites after this one, ordered by when they expire."""
    query = _OF_ALL if maker_id is room_id is None else _OF_ROOM if maker_id is None else _OF_MAKER
    rows = map(dict, await connection.fetch(query, maker_id or room_id, after, limit))
    return [IssuedInvite(row.pop("digest"), Invite(**row)) for row in rows]


async def is_to_register(connection: Connection, digest: bytes) -> bool:
    """Whether somebody can register with it now."""
    return await connection.fetchval(_IS_TO_REGISTER, digest) is not None


class Used(NamedTuple):
    """An invite that was used, by whose it is; None: a command's."""

    maker_id: int | None


async def use_invite(connection: Connection, digest: bytes, room_id: int | None) -> Used | None:
    """Use it up once, to join that room, or to register (None); None: it is not good for that."""
    row = await connection.fetchrow(_USE, digest, room_id)
    return None if row is None else Used(row["maker_id"])


async def lets_in(connection: Connection, digest: bytes, room_id: int) -> bool:
    """Whether the invite's maker may still invite to that room; for a person who has just registered with it."""
    return await connection.fetchval(_LETS_IN, digest, room_id) is not None


async def give_invite_back(connection: Connection, digest: bytes) -> None:
    """Undo one use."""
    await connection.execute(_GIVE_BACK, digest)


async def withdraw_invite(connection: Connection, digest: bytes, by_id: int | None) -> bool:
    """Let nobody use it any more; False: it is used up, too old, or its room is gone."""
    row = await connection.fetchrow(_WITHDRAW, digest)
    if row is not None:
        await note(connection, [withdrawal_act(by_id, row["maker_id"], row["room_id"])])
    return row is not None
