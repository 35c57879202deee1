"""The rooms that new people start in, in the native protocol: admins choose them."""

from typing import Annotated

from msgspec import Meta

from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.starting_rooms.port import MOST, STARTING_ROOMS
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.values import Id, Value


class StartingRooms(Value, kw_only=True, frozen=True):
    """The public rooms of which new people are members from the start."""

    rooms: Annotated[list[Id], Meta(max_length=MOST)]


class WhichStartingRoom(Value, kw_only=True, frozen=True):
    """A public room."""

    room: Id


async def starting_rooms(services: EngineServices, caller: Caller, request: None) -> StartingRooms:
    """List the rooms that new people start in."""
    return StartingRooms(rooms=await services.feature_ports[STARTING_ROOMS].all())


async def add(
    services: EngineServices, caller: Caller, request: WhichStartingRoom
) -> StartingRooms | Refusal:
    """Have new people start in a room."""
    return await _switch(services, caller, request, is_on=True)


async def remove(
    services: EngineServices, caller: Caller, request: WhichStartingRoom
) -> StartingRooms | Refusal:
    """Have new people no longer start in a room; those who are in it stay."""
    return await _switch(services, caller, request, is_on=False)


async def _switch(
    services: EngineServices, caller: Caller, request: WhichStartingRoom, *, is_on: bool
) -> StartingRooms | Refusal:
    port = services.feature_ports[STARTING_ROOMS]
    rooms = await port.switch(request.room, caller.known.id, is_on=is_on)
    return rooms if isinstance(rooms, Refusal) else StartingRooms(rooms=rooms)


_REFUSED = (Code.FORBIDDEN, Code.NOT_FOUND, Code.CONFLICT, Code.OUTCOME_UNKNOWN)

OPERATIONS = (
    Operation(
        name="starting_rooms",
        method="GET",
        path="/admin/starting-rooms",
        reply=StartingRooms,
        access=Access.ADMIN,
        refuses=(Code.FORBIDDEN,),
        handler=starting_rooms,
    ),
    Operation(
        name="add_starting_room",
        method="PUT",
        path="/admin/starting-rooms/{room}",
        request=WhichStartingRoom,
        reply=StartingRooms,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=add,
    ),
    Operation(
        name="remove_starting_room",
        method="DELETE",
        path="/admin/starting-rooms/{room}",
        request=WhichStartingRoom,
        reply=StartingRooms,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_REFUSED,
        handler=remove,
    ),
)
