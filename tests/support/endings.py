"""Ends memberships and rooms directly in a storage, without a server."""

from chat.domain.messages.changes import Removal, Removed, RoomDeleted, RoomDeletion
from chat.domain.ports import Storage


async def delete_room(storage: Storage, room_id: int) -> bool:
    """Delete a room, as a command does; False: there is none that people made."""
    (outcome,) = await storage.messages.save([RoomDeletion(room_id, None, 3.0)])
    assert outcome is None or isinstance(outcome, RoomDeleted)
    return outcome is not None


async def remove_member(storage: Storage, room_id: int, person_id: int) -> bool:
    """End a membership, by the person; False: there is none."""
    (outcome,) = await storage.messages.save([Removal(room_id, person_id, person_id, 3.0)])
    assert outcome is None or isinstance(outcome, Removed)
    return outcome is not None
