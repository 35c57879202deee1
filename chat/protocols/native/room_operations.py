"""The operations on rooms and on who is in them."""

from chat.domain.refusals import Code
from chat.protocols.native import members, rooms
from chat.protocols.native.operation import Cost, Operation
from chat.protocols.native.room_requests import (
    Members,
    Membership,
    Mine,
    NewRoom,
    PublicRooms,
    Rooms,
    WhichMember,
    WhichMembers,
    WhichPerson,
    WhichPublicRooms,
    WhichRoom,
    WhichRooms,
)
from chat.protocols.native.room_types import Room

_OUTSIDE = (Code.FORBIDDEN, Code.NOT_FOUND)
"""What whoever is not in the room is told."""

ROOMS = (
    Operation(
        name="own_rooms",
        method="GET",
        path="/rooms",
        request=WhichRooms,
        reply=Rooms,
        cost=Cost.PAGE,
        handler=rooms.own_rooms,
    ),
    Operation(
        name="public_rooms",
        method="GET",
        path="/rooms/public",
        request=WhichPublicRooms,
        reply=PublicRooms,
        cost=Cost.PAGE,
        handler=rooms.public_rooms,
    ),
    Operation(
        name="new_room",
        method="POST",
        path="/rooms",
        request=NewRoom,
        reply=Room,
        status=201,
        cost=Cost.MESSAGE,
        refuses=(Code.TAKEN,),
        handler=rooms.new_room,
    ),
    Operation(
        name="room",
        method="GET",
        path="/rooms/{room}",
        request=WhichRoom,
        reply=Room,
        refuses=_OUTSIDE,
        handler=rooms.one_room,
    ),
    Operation(
        name="delete_room",
        method="DELETE",
        path="/rooms/{room}",
        request=WhichRoom,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(*_OUTSIDE, Code.OUTCOME_UNKNOWN),
        handler=rooms.delete_room,
    ),
    Operation(
        name="mine",
        method="PATCH",
        path="/rooms/{room}/mine",
        request=Mine,
        reply=Room,
        cost=Cost.MESSAGE,
        refuses=_OUTSIDE,
        handler=rooms.set_mine,
    ),
    Operation(
        name="direct_room",
        method="PUT",
        path="/direct/{person}",
        request=WhichPerson,
        reply=Room,
        cost=Cost.MESSAGE,
        refuses=(Code.NOT_FOUND,),
        handler=rooms.direct_room,
    ),
    Operation(
        name="members",
        method="GET",
        path="/rooms/{room}/members",
        request=WhichMembers,
        reply=Members,
        cost=Cost.PAGE,
        refuses=_OUTSIDE,
        handler=members.members,
    ),
    Operation(
        name="put_member",
        method="PUT",
        path="/rooms/{room}/members/{person}",
        request=Membership,
        reply=Room,
        cost=Cost.MESSAGE,
        refuses=(*_OUTSIDE, Code.OUTCOME_UNKNOWN),
        handler=members.put_member,
    ),
    Operation(
        name="remove_member",
        method="DELETE",
        path="/rooms/{room}/members/{person}",
        request=WhichMember,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(*_OUTSIDE, Code.OUTCOME_UNKNOWN),
        handler=members.remove_member,
    ),
)
