"""Rooms that people made: changing and deleting them."""

from chat.domain.entities import Person
from chat.domain.messages.changes import RoomChange, RoomDeletion
from chat.domain.refusals import Refusal
from chat.domain.rooms.room_rights import refusal_of
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices


async def change_room(services: EngineServices, by: Person, change: RoomChange) -> Refusal | None:
    """Change a room as `Rooms.changing` describes it: all of it or nothing. Raises StorageDown."""
    authority = await services.conversations.authority(by, change.room_id)
    if isinstance(authority, Refusal):
        return authority
    if refusal := refusal_of(change, authority):
        return refusal
    outcome = await services.writes.write(change)
    return outcome if isinstance(outcome, Refusal) else None


async def delete_room(services: EngineServices, by: Person, room_id: int) -> Refusal | None:
    """Delete a room and its messages. Its members receive nothing of it after this returns. Raises StorageDown."""
    authority = await services.conversations.authority(by, room_id)
    if isinstance(authority, Refusal):
        return authority
    deletion = RoomDeletion(room_id, by.id, current_time())
    return refusal_of(deletion, authority) or await services.memberships.end(deletion)
