"""Changes of rooms and roles in PostgreSQL, one at a time; asyncio-flavoured.

The caller's transaction holds the locks of the log and the rooms, so nothing changes between a read and its write.
"""

from collections.abc import Sequence

import asyncpg

from chat.domain.administration.audit import ban_act, room_acts
from chat.domain.messages.changes import RoleChange, RoleChanged, RoomChange, RoomChanged
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import ROOM_TAKEN
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import refusal_of
from chat.domain.rooms.room_state import change_role, change_room
from chat.domain.text.rules import same_name_key
from chat.storage.postgres.audit import note
from chat.storage.postgres.room_authority import find
from chat.storage.postgres.room_log import write_to_log
from chat.storage.postgres.writer import RawConnection

_CHANGE_ROOM = """
UPDATE rooms SET
    name = $2, name_key = $3, topic = $4, is_private = $5,
    archived_at = CASE WHEN $6 THEN coalesce(archived_at, to_timestamp($7::float8)) END
WHERE id = $1"""
_CHANGE_ROLE = "UPDATE memberships SET role = $3 WHERE room_id = $1 AND user_id = $2"
_LIFT_BAN = "DELETE FROM bans WHERE room_id = $1 AND user_id = $2"


async def save_room_changes(connection: RawConnection, changes: Sequence[RoomChange]) -> list[Saved]:
    """Change rooms that people made, in order; None: no such room."""
    return [await _change_room(connection, change) for change in changes]


async def _change_room(connection: RawConnection, change: RoomChange) -> Saved:
    found = await find(connection, change.room_id, change.actor_id)
    if found is None:
        return None
    if found.by is not None and (refusal := refusal_of(change, found.by)):
        return refusal
    room = found.room
    made = change_room(room, change, (found.last_id + 1, room.id, room.last_pos + 1))
    if isinstance(made, RoomChanged):
        columns = made.name, same_name_key(made.name), made.topic, made.is_private, made.is_archived
        try:
            # A savepoint: the outer transaction continues if the name is taken.
            async with connection.transaction():
                await connection.execute(_CHANGE_ROOM, room.id, *columns, made.created_at)
        except asyncpg.UniqueViolationError:
            return ROOM_TAKEN
        await write_to_log(connection, [made])
        await note(connection, room_acts(room, made, as_admin=change.as_admin))
    return made


async def save_role_changes(connection: RawConnection, changes: Sequence[RoleChange]) -> list[Saved]:
    """Give roles and lift bans, in order; None: no such member or room."""
    return [await _change_role(connection, change) for change in changes]


async def _change_role(connection: RawConnection, change: RoleChange) -> Saved:
    found = await find(connection, change.room_id, change.actor_id, change.person_id)
    if found is None:
        return None
    if found.by is not None and (refusal := refusal_of(change, found.by, found.role)):
        return refusal
    role, numbers = found.role, (found.last_id + 1, change.room_id, found.room.last_pos + 1)
    made = change_role(role, found.owners, change, numbers)
    if change.role is None and role is RoomRole.BANNED:
        await connection.execute(_LIFT_BAN, change.room_id, change.person_id)
        await note(connection, [ban_act(change)])
    if isinstance(made, RoleChanged):
        await connection.execute(_CHANGE_ROLE, change.room_id, change.person_id, made.role.value)
        await write_to_log(connection, [made])
    return made
