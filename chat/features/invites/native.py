"""The operations on invites."""

from chat.domain.refusals import Code
from chat.features.invites import handlers
from chat.features.invites.types import (
    CreateInvite,
    Invite,
    IssuedInvites,
    WhichInvite,
    WhichInvites,
    WhichIssuedInvite,
    WhichRoomInvite,
    WhichRoomInvites,
)
from chat.operations.operation import Access, Cost, Operation
from chat.operations.room_values import Room

_OUTSIDE = (Code.FORBIDDEN, Code.NOT_FOUND)
"""The codes for callers who are not in the room."""

OPERATIONS = (
    Operation(
        name="new_invite",
        method="POST",
        path="/invites",
        request=CreateInvite,
        reply=Invite,
        status=201,
        cost=Cost.MESSAGE,
        refuses=(*_OUTSIDE, Code.GONE),
        handler=handlers.new_invite,
    ),
    Operation(
        name="issued_invites",
        method="GET",
        path="/me/invites",
        request=WhichInvites,
        reply=IssuedInvites,
        cost=Cost.PAGE,
        handler=handlers.issued_invites,
    ),
    Operation(
        name="withdraw_issued_invite",
        method="DELETE",
        path="/me/invites/{id}",
        request=WhichIssuedInvite,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.NOT_FOUND, Code.GONE),
        handler=handlers.withdraw_issued_invite,
    ),
    Operation(
        name="room_invites",
        method="GET",
        path="/rooms/{room}/invites",
        request=WhichRoomInvites,
        reply=IssuedInvites,
        cost=Cost.PAGE,
        refuses=_OUTSIDE,
        handler=handlers.room_invites,
    ),
    Operation(
        name="withdraw_room_invite",
        method="DELETE",
        path="/rooms/{room}/invites/{id}",
        request=WhichRoomInvite,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(*_OUTSIDE, Code.INVALID, Code.GONE),
        handler=handlers.withdraw_room_invite,
    ),
    Operation(
        name="invite",
        method="GET",
        path="/invites/{code}",
        request=WhichInvite,
        reply=Invite,
        access=Access.ANYBODY,
        refuses=(Code.NOT_FOUND, Code.GONE),
        handler=handlers.invite,
    ),
    Operation(
        name="accept_invite",
        method="POST",
        path="/invites/{code}",
        request=WhichInvite,
        reply=Room,
        cost=Cost.MESSAGE,
        refuses=(*_OUTSIDE, Code.INVALID, Code.GONE, Code.OUTCOME_UNKNOWN),
        handler=handlers.accept_invite,
    ),
    Operation(
        name="withdraw_invite",
        method="DELETE",
        path="/invites/{code}",
        request=WhichInvite,
        status=204,
        cost=Cost.MESSAGE,
        refuses=(*_OUTSIDE, Code.INVALID, Code.GONE),
        handler=handlers.withdraw_invite,
    ),
    Operation(
        name="all_invites",
        method="GET",
        path="/admin/invites",
        request=WhichInvites,
        reply=IssuedInvites,
        access=Access.ADMIN,
        cost=Cost.PAGE,
        refuses=(Code.FORBIDDEN,),
        handler=handlers.all_invites,
    ),
    Operation(
        name="withdraw_any_invite",
        method="DELETE",
        path="/admin/invites/{id}",
        request=WhichIssuedInvite,
        status=204,
        access=Access.ADMIN,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.INVALID, Code.NOT_FOUND, Code.GONE),
        handler=handlers.withdraw_any_invite,
    ),
)
