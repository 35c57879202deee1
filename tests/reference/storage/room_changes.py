"""Changes of rooms, roles and memberships in memory. Sync: part of a write."""

from collections.abc import Callable

from chat.domain.administration.audit import ban_act, room_acts, room_deletion_act
from chat.domain.entities import Room, RoomKind
from chat.domain.messages.changes import (
    Removal,
    Removed,
    RoleChange,
    RoleChanged,
    RoomChange,
    RoomChanged,
    RoomDeleted,
    RoomDeletion,
)
from chat.domain.messages.outcomes import Saved, Unchanged
from chat.domain.refusals import ROOM_TAKEN, Refusal
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import refusal_of
from chat.domain.rooms.room_state import Numbers, change_role, change_room
from tests.reference.storage.audit import MemoryAudit
from tests.reference.storage.room_table import RoomTable

Kept = Removed | RoleChanged | RoomChanged | RoomDeleted


class MemoryRoomChanges:
    """Changes rooms, and hands what that adds to the log to `keep`; `numbers` are those of a room's next change."""

    def __init__(
        self,
        rooms: RoomTable,
        audit: MemoryAudit,
        numbers: Callable[[Room], Numbers],
        keep: Callable[[Kept], object],
    ) -> None:
        self._rooms = rooms
        self._audit = audit
        self._next = numbers
        self._keep = keep

    def remove(self, removal: Removal) -> Removed | Unchanged | Refusal | None:
        """End a membership, or ban somebody, or both."""
        room_id, person_id = removal.room_id, removal.person_id
        room = self._made_by_people(room_id)
        if room is None:
            return None
        if refusal := self._refusal_of(removal, self._rooms.role_of(room_id, person_id)):
            return refusal
        made = None
        if self._rooms.has_member(room_id, person_id):
            self._rooms.remove_member(room_id, person_id)
            by = person_id, removal.actor_id, removal.created_at
            made = Removed(*self._next(room), *by, is_ban=removal.is_ban)
            self._keep(made)
        if removal.is_ban and self._rooms.role_of(room_id, person_id) is not RoomRole.BANNED:
            self._rooms.set_role(room_id, person_id, RoomRole.BANNED)
            self._audit.note([ban_act(removal)])
        return made or (Unchanged(room.last_pos) if removal.is_ban else None)

    def delete_room(self, deletion: RoomDeletion) -> RoomDeleted | Refusal | None:
        """End a room for everybody."""
        room = self._made_by_people(deletion.room_id)
        if room is None:
            return None
        if refusal := self._refusal_of(deletion):
            return refusal
        made = RoomDeleted(*self._next(room), deletion.actor_id, deletion.created_at)
        self._rooms.delete(made)
        self._keep(made)
        if deletion.as_admin or deletion.actor_id is None:
            self._audit.note([room_deletion_act(made, room.name)])
        return made

    def change_role(self, change: RoleChange) -> Saved:
        """Give a member a role, or lift a ban."""
        room_id, person_id = change.room_id, change.person_id
        room = self._made_by_people(room_id)
        if room is None:
            return None
        role = self._rooms.role_of(room_id, person_id)
        if refusal := self._refusal_of(change, role):
            return refusal
        made = change_role(role, self._rooms.owners(room_id), change, self._next(room))
        if change.role is None and role is RoomRole.BANNED:
            self._rooms.set_role(room_id, person_id, None)
            self._audit.note([ban_act(change)])
        if isinstance(made, RoleChanged):
            self._rooms.set_role(room_id, person_id, made.role)
            self._keep(made)
        return made

    def change_room(self, change: RoomChange) -> Saved:
        """Let a room have another name, topic or kind of access."""
        room = self._made_by_people(change.room_id)
        if room is None:
            return None
        if refusal := self._refusal_of(change):
            return refusal
        if change.name is not None and self._rooms.has_other(change.name, room.id):
            return ROOM_TAKEN
        made = change_room(room, change, self._next(room))
        if isinstance(made, RoomChanged):
            self._rooms.change(made)
            self._keep(made)
            self._audit.note(room_acts(room, made, as_admin=change.as_admin))
        return made

    def _refusal_of(
        self, write: Removal | RoomDeletion | RoleChange | RoomChange, role: RoomRole | None = None
    ) -> Refusal | None:
        if write.actor_id is None:
            return None
        by = self._rooms.authority(write.room_id, write.actor_id)
        return None if by is None else refusal_of(write, by, role)

    def _made_by_people(self, room_id: int) -> Room | None:
        room = self._rooms.look_up(room_id)
        return room if room is not None and room.kind is RoomKind.ROOM else None
