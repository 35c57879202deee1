"""How changes alter a room or a member's role; the same for every storage. All of it is sync and pure.

`numbers` are the id, the room and the `pos` that a change would have.
"""

from chat.domain.entities import Room
from chat.domain.messages.changes import RoleChange, RoleChanged, RoomChange, RoomChanged
from chat.domain.messages.outcomes import Unchanged
from chat.domain.refusals import LAST_OWNER, Refusal
from chat.domain.rooms.membership import RoomRole

Numbers = tuple[int, int, int]


def change_room(room: Room, change: RoomChange, numbers: Numbers) -> RoomChanged | Unchanged:
    """Return the change of a room that people made."""
    assert room.name is not None  # every such room has one
    made = RoomChanged(
        *numbers,
        change.actor_id,
        room.name if change.name is None else change.name,
        room.topic if change.topic is None else change.topic,
        room.is_private if change.is_private is None else change.is_private,
        room.is_archived if change.is_archived is None else change.is_archived,
        change.created_at,
    )
    now = room.name, room.topic, room.is_private, room.is_archived
    is_so = (made.name, made.topic, made.is_private, made.is_archived) == now
    return Unchanged(room.last_pos) if is_so else made


def change_role(
    role: RoomRole | None, owners: int, change: RoleChange, numbers: Numbers
) -> RoleChanged | Unchanged | Refusal | None:
    """Return the change of a role in a room with so many owners; None: they are no member.

    The last owner stays an owner, or nobody could manage the room.
    """
    if change.role is None or role is change.role:
        return Unchanged(numbers[2] - 1)
    if role is None or role is RoomRole.BANNED:
        return None
    if role is RoomRole.OWNER and owners <= 1:
        return LAST_OWNER
    return RoleChanged(*numbers, change.person_id, change.role, change.actor_id, change.created_at)
