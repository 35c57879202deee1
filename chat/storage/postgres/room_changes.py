"""Other names and roles in PostgreSQL, as changes of the log, one at a time; asyncio-flavoured.

The caller's transaction has the log and the rooms locked, so what is read is what is changed.
"""

from collections.abc import Sequence

import asyncpg

from chat.domain.audit import ban_act, room_acts
from chat.domain.changes import RoleChange, RoleChanged, RoomChange, RoomChanged
from chat.domain.entities import Room, RoomKind
from chat.domain.membership import RoomRole
from chat.domain.outcomes import Saved
from chat.domain.refusals import ROOM_TAKEN
from chat.domain.room_state import change_role, change_room
from chat.domain.rules import same_name_key
from chat.storage.postgres.audit import note
from chat.storage.postgres.room_log import write_to_log
from chat.storage.postgres.writer import RawConnection

_ROOM = """
SELECT rooms.id, name, topic, is_private, archived_at IS NOT NULL AS is_archived, last_pos, last_id
FROM rooms JOIN lanes ON lanes.id = 1
WHERE rooms.id = $1 AND kind = 'room' AND deleted_at IS NULL"""
_CHANGE_ROOM = """
UPDATE rooms SET
    name = $2, name_key = $3, topic = $4, is_private = $5,
    archived_at = CASE WHEN $6 THEN coalesce(archived_at, to_timestamp($7::float8)) END
WHERE id = $1"""
_ROLE = """
SELECT coalesce(
        (SELECT role FROM memberships WHERE room_id = $1 AND user_id = $2 FOR UPDATE),
        (SELECT 'banned' FROM bans WHERE room_id = $1 AND user_id = $2)
    ) AS role,
    (SELECT count(*) FROM memberships JOIN users ON users.id = user_id
     WHERE room_id = $1 AND role = 'owner' AND deleted_at IS NULL) AS owners"""
_CHANGE_ROLE = "UPDATE memberships SET role = $3 WHERE room_id = $1 AND user_id = $2"
_LIFT_BAN = "DELETE FROM bans WHERE room_id = $1 AND user_id = $2"


async def save_room_changes(connection: RawConnection, changes: Sequence[RoomChange]) -> list[Saved]:
    """Change rooms that people made, in their order; None: there is none."""
    return [await _change_room(connection, change) for change in changes]


async def _change_room(connection: RawConnection, change: RoomChange) -> Saved:
    row = await connection.fetchrow(_ROOM, change.room_id)
    if row is None:
        return None
    room = Room(
        id=row["id"],
        kind=RoomKind.ROOM,
        name=row["name"],
        topic=row["topic"],
        is_private=row["is_private"],
        is_archived=row["is_archived"],
        last_pos=row["last_pos"],
    )
    made = change_room(room, change, (row["last_id"] + 1, room.id, room.last_pos + 1))
    if isinstance(made, RoomChanged):
        columns = made.name, same_name_key(made.name), made.topic, made.is_private, made.is_archived
        try:
            async with connection.transaction():  # what it is in goes on where the name is taken
                await connection.execute(_CHANGE_ROOM, room.id, *columns, made.created_at)
        except asyncpg.UniqueViolationError:
            return ROOM_TAKEN
        await write_to_log(connection, [made])
        await note(connection, room_acts(room, made, as_admin=change.as_admin))
    return made


async def save_role_changes(connection: RawConnection, changes: Sequence[RoleChange]) -> list[Saved]:
    """Give members roles and lift bans, in their order; None: there is no such member, or no such room."""
    return [await _change_role(connection, change) for change in changes]


async def _change_role(connection: RawConnection, change: RoleChange) -> Saved:
    room = await connection.fetchrow(_ROOM, change.room_id)
    if room is None:
        return None
    row = await connection.fetchrow(_ROLE, change.room_id, change.person_id)
    assert row is not None  # it is made of two look-ups
    role = None if row["role"] is None else RoomRole(row["role"])
    numbers = room["last_id"] + 1, change.room_id, room["last_pos"] + 1
    made = change_role(role, row["owners"], change, numbers)
    if change.role is None and role is RoomRole.BANNED:
        await connection.execute(_LIFT_BAN, change.room_id, change.person_id)
        await note(connection, [ban_act(change)])
    if isinstance(made, RoleChanged):
        await connection.execute(_CHANGE_ROLE, change.room_id, change.person_id, made.role.value)
        await write_to_log(connection, [made])
    return made
