"""Administration of rooms: an admin lists, renames, archives and deletes them without being a member."""

from msgspec import UNSET

from chat.domain.entities import RoomKind, RoomSummary
from chat.domain.messages.changes import RoomDeletion
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import NO_ROOM, Refusal
from chat.domain.timestamps import current_time
from chat.operations.operation import Caller
from chat.protocols.native.admin import room_types as types
from chat.protocols.services import Services


async def listed_rooms(
    services: Services, _caller: Caller, request: types.WhichListedRooms
) -> types.ListedRooms:
    """List the lobby and all rooms that people made, private ones too, by id; without messages."""
    found = await services.rooms.summaries(request.q, request.after, request.limit + 1)
    page = found[: request.limit]
    return types.ListedRooms(
        rooms=[as_listed(each) for each in page], next=page[-1].id if len(found) > len(page) else None
    )


async def change_listed_room(
    services: Services, caller: Caller, request: types.ChangeListedRoom
) -> types.ListedRoom | Refusal:
    """Rename, archive or unarchive a room that people made; the change is published to its members."""
    change = services.rooms.changing(
        caller.known,
        request.room,
        name=None if request.name is UNSET else request.name,
        is_archived=None if request.archived is UNSET else request.archived,
        as_admin=True,
    )
    outcome = change if isinstance(change, Refusal) else await services.writes.write(change)
    return outcome if isinstance(outcome, Refusal) else await _listed_room(services, request.room)


async def delete_listed_room(
    services: Services, caller: Caller, request: types.WhichListedRoom
) -> Refusal | None:
    """Delete a room that people made, with all its messages and memberships."""
    found = await _listed_room(services, request.room)
    if isinstance(found, Refusal) or found.kind != "room":
        return NO_ROOM
    deletion = RoomDeletion(request.room, caller.known.id, current_time(), as_admin=True)
    return await services.memberships.end(deletion)


async def _listed_room(services: Services, room_id: int) -> types.ListedRoom | Refusal:
    found = await services.rooms.summaries("", room_id - 1, 1)
    return as_listed(found[0]) if found and found[0].id == room_id else NO_ROOM


def as_listed(found: RoomSummary) -> types.ListedRoom:
    """Return a room as admins see it."""
    return types.ListedRoom(
        id=found.id,
        kind="lobby" if found.kind is RoomKind.LOBBY else "room",
        name=found.name,
        private=found.is_private,
        archived=found.is_archived,
        creator=found.creator,
        members=found.members,
        messages=found.messages,
        created=milliseconds(found.created_at),
        last=None if found.last_at is None else milliseconds(found.last_at),
    )
