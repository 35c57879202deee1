"""Rooms: listing, creating, changing and deleting them, and direct rooms."""

from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType, structs

from chat.application import rooms as use_cases
from chat.domain.messages.live import OwnEvent, RoomCreated
from chat.domain.messages.sync_types import RoomsAt
from chat.domain.refusals import NO_PERSON, NO_ROOM, Refusal
from chat.domain.rooms.membership import Notify, OwnSettings
from chat.operations.conversions import as_room
from chat.operations.operation import Caller
from chat.operations.room_values import Room
from chat.operations.rooms import as_seen
from chat.operations.values import WhichPerson
from chat.protocols.native.rooms import types
from chat.protocols.native.wire.frames import RoomEvent
from chat.protocols.services import Services

Given = TypeVar("Given")


async def own_rooms(services: Services, caller: Caller, request: types.WhichRooms) -> types.Rooms:
    """List one's own rooms in their current state."""
    person_id = caller.known.id
    rooms_of = await services.catch_up.rooms_of(person_id)
    ids = sorted(room_id for room_id in rooms_of if room_id > request.after)
    page = ids[: request.limit]
    asked = RoomsAt(person_id, services.hub.newest_id, tuple(page))
    (found,) = await services.timelines.snapshots([asked])
    rooms = [as_room(each) for each in sorted(found, key=lambda room: room.id)]
    return types.Rooms(rooms=rooms, next=page[-1] if len(ids) > len(page) else None)


async def public_rooms(
    services: Services, caller: Caller, request: types.WhichPublicRooms
) -> types.PublicRooms:
    """List the public rooms that one can join."""
    found = await services.rooms.joinable(caller.known, request.q, request.after, request.limit + 1)
    page = found[: request.limit]
    rooms = [
        types.PublicRoom(id=each.id, name=each.name, topic=each.topic, members=each.members) for each in page
    ]
    return types.PublicRooms(rooms=rooms, next=page[-1].name if len(found) > len(page) else None)


async def new_room(services: Services, caller: Caller, request: types.CreateRoom) -> Room | Refusal:
    """Create a room and become its owner."""
    made = await services.rooms.create(
        caller.known, request.name, is_private=request.private, topic=request.topic
    )
    if isinstance(made, Refusal):
        return made
    services.presence.made_room(caller.known.id, made.id)
    services.notices.send(RoomCreated(caller.known.id, made.id))
    return await as_seen(services, caller.known, made.id)


async def one_room(services: Services, caller: Caller, request: types.WhichRoom) -> Room | Refusal:
    """Get one of one's own rooms."""
    access = await services.conversations.enter(caller.known, request.room)
    return access if isinstance(access, Refusal) else await as_seen(services, caller.known, request.room)


async def change_room(services: Services, caller: Caller, request: types.ChangeRoom) -> Room | Refusal:
    """Change a room's name or topic, make it public or private, archive or unarchive it; all changes or none."""
    change = services.rooms.changing(
        caller.known,
        request.room,
        name=_given(request.name),
        topic=_given(request.topic),
        is_private=_given(request.private),
        is_archived=_given(request.archived),
    )
    if isinstance(change, Refusal):
        return change
    refusal = await use_cases.change_room(services, caller.known, change)
    return refusal or await as_seen(services, caller.known, request.room)


async def delete_room(services: Services, caller: Caller, request: types.WhichRoom) -> Refusal | None:
    """Delete a room, as its owner, with all its messages."""
    return await use_cases.delete_room(services, caller.known, request.room)


async def set_mine(services: Services, caller: Caller, request: types.Mine) -> Room | Refusal:
    """Set one's own notifications for a room, and whether it is hidden or starred."""
    access = await services.conversations.enter(caller.known, request.room)
    if isinstance(access, Refusal):
        return access
    settings = OwnSettings(
        notify=None if request.notify is UNSET else Notify(request.notify),
        is_hidden=_given(request.hidden),
        is_starred=_given(request.starred),
    )
    if not await services.timelines.set_own(request.room, caller.known.id, settings):
        return NO_ROOM
    room = await as_seen(services, caller.known, request.room)
    if isinstance(room, Room):
        # The person's other sessions take the settings from it, and anything else only if it is newer.
        event = RoomEvent(**structs.asdict(room))
        services.notices.publish(OwnEvent(caller.known.id, msgspec.json.encode(event).decode()))
    return room


async def direct_room(services: Services, caller: Caller, request: WhichPerson) -> Room | Refusal:
    """Get the direct room with a person; the first call creates it."""
    room_id = await services.direct.room_of(caller.known.id, request.person)
    return NO_PERSON if room_id is None else await as_seen(services, caller.known, room_id)


def _given(value: Given | UnsetType) -> Given | None:
    return None if isinstance(value, UnsetType) else value
