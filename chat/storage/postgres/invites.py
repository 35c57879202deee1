"""Invites in PostgreSQL. All of it is asyncio-flavoured, and part of the caller's transaction."""

from chat.domain.ports import INVITE_KEPT, Invite, IssuedInvite, NewInvite
from chat.storage.postgres.session import Connection

_IS_GOOD = """uses_left > 0 AND expires_at > now() AND (
    room_id IS NULL OR EXISTS (SELECT FROM rooms WHERE rooms.id = room_id AND deleted_at IS NULL))"""

# Whoever uses one holds its row: that one is forgotten the next time.
_FORGET = f"""
DELETE FROM invites WHERE digest IN (
    SELECT digest FROM invites WHERE expires_at < now() - interval '{INVITE_KEPT} s' FOR UPDATE SKIP LOCKED
)"""
_MAKE = """
INSERT INTO invites (digest, uses_left, expires_at, room_id, maker_id, registers)
SELECT $1, $2, to_timestamp($3), $4::bigint, $5, $6
WHERE $4 IS NULL OR EXISTS (SELECT FROM rooms WHERE id = $4 AND deleted_at IS NULL)"""
_COLUMNS = f"""uses_left, extract(epoch FROM expires_at)::float8 AS expires_at, room_id, maker_id, registers,
    NOT ({_IS_GOOD}) AS is_over, (SELECT name FROM rooms WHERE rooms.id = room_id) AS room_name"""
_FIND = f"SELECT {_COLUMNS} FROM invites WHERE digest = $1"
_OF = f"""
SELECT digest, {_COLUMNS} FROM invites
WHERE maker_id = $1 AND {_IS_GOOD}
  AND ($2 = ''::bytea OR (expires_at, digest) > (SELECT expires_at, digest FROM invites WHERE digest = $2))
ORDER BY expires_at, digest LIMIT $3"""
_IS_TO_REGISTER = f"SELECT true FROM invites WHERE digest = $1 AND registers AND {_IS_GOOD}"
_USE = f"""
UPDATE invites SET uses_left = uses_left - 1
WHERE digest = $1 AND {_IS_GOOD} AND ($2::bigint IS NULL AND registers OR room_id = $2) RETURNING true"""
_GIVE_BACK = "UPDATE invites SET uses_left = uses_left + 1 WHERE digest = $1"
_WITHDRAW = f"UPDATE invites SET uses_left = 0 WHERE digest = $1 AND {_IS_GOOD} RETURNING true"


async def make_invite(connection: Connection, new: NewInvite) -> None:
    """Make an invite, and forget those that have been over for long. One to a room that is gone is not made."""
    await connection.execute(_FORGET)
    await connection.execute(
        _MAKE, new.digest, new.uses, new.expires_at, new.room_id, new.maker_id, new.registers
    )


async def find_invite(connection: Connection, digest: bytes) -> Invite | None:
    """Return an invite, good or over."""
    row = await connection.fetchrow(_FIND, digest)
    return None if row is None else Invite(**row)


async def invites_of(connection: Connection, maker_id: int, after: bytes, limit: int) -> list[IssuedInvite]:
    """Return the good invites that somebody made, those that end first before the others, from behind this one."""
    rows = map(dict, await connection.fetch(_OF, maker_id, after, limit))
    return [IssuedInvite(row.pop("digest"), Invite(**row)) for row in rows]


async def is_to_register(connection: Connection, digest: bytes) -> bool:
    """Whether somebody can register with it now."""
    return await connection.fetchval(_IS_TO_REGISTER, digest) is not None


async def use_invite(connection: Connection, digest: bytes, room_id: int | None = None) -> bool:
    """Use it up once: to join that room, or to register; False: it is not good for that."""
    return await connection.fetchval(_USE, digest, room_id) is not None


async def give_invite_back(connection: Connection, digest: bytes) -> None:
    """Undo one use."""
    await connection.execute(_GIVE_BACK, digest)


async def withdraw_invite(connection: Connection, digest: bytes) -> bool:
    """Let nobody use it any more; False: nobody could."""
    return await connection.fetchval(_WITHDRAW, digest) is not None
