"""Reads rooms for replies."""

from chat.domain.entities import Person
from chat.domain.refusals import NO_ROOM, Refusal
from chat.engine.services import EngineServices
from chat.operations.conversions import as_room
from chat.operations.room_values import Room


async def as_seen(services: EngineServices, person: Person, room_id: int) -> Room | Refusal:
    """Return the current state of one of the person's rooms, or NO_ROOM."""
    found = await services.catch_up.snapshots(person.id, services.hub.newest_id, [room_id])
    return as_room(found[0]) if found else NO_ROOM
