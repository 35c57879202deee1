"""Reads a room, the authority of a write's actor, and the role of its target, in PostgreSQL; asyncio-flavoured.

The caller's transaction holds the locks of the log and the rooms. Roles, memberships and bans are only written under
the lock of the log, so the answer holds until the transaction ends.
"""

import msgspec

from chat.domain.entities import Person, Room, RoomKind
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import Authority, own_role
from chat.storage.postgres.session import Connection
from chat.storage.postgres.writer import RawConnection

_ROLE = """coalesce(
        (SELECT role FROM memberships WHERE room_id = rooms.id AND user_id = {0}),
        (SELECT 'banned' FROM bans WHERE room_id = rooms.id AND user_id = {0})
    )"""
_FIND = f"""
SELECT rooms.id, kind, rooms.name, topic, is_private, archived_at IS NOT NULL AS is_archived, creator_id, last_pos,
    last_id, actor.id AS actor_id, is_moderator, is_admin,
    actor.deleted_at IS NOT NULL OR disabled_at IS NOT NULL AS is_out,
    {_ROLE.format("$2")} AS actor_role, {_ROLE.format("$3")} AS role,
    (SELECT count(*) FROM memberships JOIN users ON users.id = user_id
     WHERE room_id = rooms.id AND role = 'owner' AND users.deleted_at IS NULL) AS owners,
    EXISTS (SELECT FROM blocks WHERE user_id = $3 AND blocked_id = $2) AS is_blocked
FROM rooms JOIN lanes ON lanes.id = 1 LEFT JOIN users AS actor ON actor.id = $2
WHERE rooms.id = $1 AND (kind = 'room' OR $4) AND rooms.deleted_at IS NULL"""


class Found(msgspec.Struct, frozen=True):
    """The state that a write is checked against.

    `by` is the actor's authority; None: no actor, or an unknown one. `role` is the target's role. `is_blocked`: the
    target blocks the actor.
    """

    room: Room
    last_id: int
    by: Authority | None
    role: RoomRole | None
    owners: int
    is_blocked: bool


async def find(
    connection: "RawConnection | Connection",
    room_id: int,
    actor_id: int | None,
    person_id: int | None = None,
    *,
    any_kind: bool = False,
) -> Found | None:
    """Return the state for a write by `actor_id` about `person_id`; None: no such room.

    Without `any_kind` only rooms that people made count.
    """
    row = await connection.fetchrow(_FIND, room_id, actor_id, person_id, any_kind)
    if row is None:
        return None
    room = Room(
        id=row["id"],
        kind=RoomKind(row["kind"]),
        name=row["name"],
        topic=row["topic"],
        creator_id=row["creator_id"],
        is_private=row["is_private"],
        is_archived=row["is_archived"],
        last_pos=row["last_pos"],
    )
    by = None
    if row["actor_id"] is not None:
        person = Person(
            id=row["actor_id"],
            name="",  # not needed
            is_moderator=row["is_moderator"],
            is_admin=row["is_admin"],
            is_disabled=row["is_out"],
        )
        role = own_role(_role(row["actor_role"]), person.id, room, has_owner=row["owners"] > 0)
        by = Authority(room, person, role)
    return Found(room, row["last_id"], by, _role(row["role"]), row["owners"], row["is_blocked"])


def _role(name: str | None) -> RoomRole | None:
    return None if name is None else RoomRole(name)
