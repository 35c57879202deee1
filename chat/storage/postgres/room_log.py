"""Writes the log entries of rooms, roles and memberships in PostgreSQL; asyncio-flavoured.

The caller's transaction holds the locks of the log and the rooms.
"""

from collections.abc import Sequence

from chat.domain.messages.changes import Removed, RoleChanged, RoomChanged, RoomDeleted
from chat.domain.messages.outcomes import Saved
from chat.domain.ports import KEPT
from chat.domain.rooms.membership import RoomRole
from chat.storage.postgres.writer import RawConnection

_KINDS: dict[type, str] = {
    Removed: "removed",
    RoomDeleted: "gone",
    RoleChanged: "role",
    RoomChanged: "changed",
}

_WRITE = f"""
WITH made AS (
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::bigint[],
                         $8::float8[])
        AS made(id, room_id, pos, kind, person_id, role, actor_id, created_at)
), counted AS (
    UPDATE rooms SET last_pos = share.pos
    FROM (SELECT room_id, max(pos) AS pos FROM made GROUP BY room_id) AS share WHERE rooms.id = share.room_id
), written AS (
    UPDATE lanes SET last_id = (SELECT max(id) FROM made) WHERE id = 1
)
INSERT INTO changes (id, room_id, pos, kind, person_id, role, actor_id, created_at, kept_until)
SELECT id, room_id, pos, kind, person_id, role, actor_id, to_timestamp(created_at),
       CASE kind WHEN 'gone' THEN now() + interval '{KEPT} s' END
FROM made"""


async def write_to_log(connection: RawConnection, saved: Sequence[Saved]) -> None:
    """Write the changes of this kind among `saved`, and raise the counters."""
    made = [each for each in saved if isinstance(each, Removed | RoomDeleted | RoleChanged | RoomChanged)]
    if made:
        await connection.execute(
            _WRITE,
            [change.id for change in made],
            [change.room_id for change in made],
            [change.pos for change in made],
            [_KINDS[type(change)] for change in made],
            [change.person_id if isinstance(change, Removed | RoleChanged) else None for change in made],
            [_role(change) for change in made],
            [change.actor_id for change in made],
            [change.created_at for change in made],
        )


def _role(change: Removed | RoomDeleted | RoleChanged | RoomChanged) -> str | None:
    match change:
        case RoleChanged():
            return change.role.value
        case Removed(is_ban=True):
            return RoomRole.BANNED.value
    return None
