"""Who is in a room: joining and leaving it, adding and removing others."""

import time

from chat.domain.changes import Removal
from chat.domain.conversations import BANNED, may_add, may_remove
from chat.domain.membership import RoomRole
from chat.domain.refusals import ALREADY_IN, NO_PERSON, Code, Refusal
from chat.domain.timeline import milliseconds
from chat.protocols.native import room_requests as types
from chat.protocols.native.conversions import as_person
from chat.protocols.native.operation import Caller
from chat.protocols.native.room_types import Room
from chat.protocols.native.rooms import as_seen
from chat.protocols.services import Services

_NO_MEMBER = Refusal(Code.NOT_FOUND, "not a member of the room")
_NO_ROLE = Refusal(Code.INVALID, "the only role to give is member", field="role")


async def members(services: Services, caller: Caller, request: types.WhichMembers) -> types.Members | Refusal:
    """List who is in a room."""
    place = await services.conversations.enter(caller.known, request.room)
    if isinstance(place, Refusal):
        return place
    found = await services.rooms.members(place.room, request.after, request.limit + 1)
    page = found[: request.limit]
    told = [
        types.Member(person=as_person(each.person), role=each.role.value, joined=milliseconds(each.joined_at))
        for each in page
    ]
    return types.Members(members=told, next=page[-1].person.id if len(found) > len(page) else None)


async def put_member(services: Services, caller: Caller, request: types.Membership) -> Room | Refusal:
    """Join a public room, or add somebody to a room where one is an owner or a moderator."""
    if request.role != "member":
        return _NO_ROLE
    is_oneself = request.person == caller.known.id
    refusal = await (_may_join if is_oneself else _may_add)(services, caller, request)
    if refusal is not None:
        return refusal
    person = caller.known if is_oneself else await services.accounts.person(request.person)
    if person is None:
        return NO_PERSON
    outcome = await services.writes.write(services.rooms.joining(person, request.room))
    if isinstance(outcome, Refusal) and outcome is not ALREADY_IN:
        return outcome
    return await as_seen(services, caller.known, request.room)


async def _may_join(services: Services, caller: Caller, request: types.Membership) -> Refusal | None:
    return await services.conversations.may_join(caller.known, request.room)


async def _may_add(services: Services, caller: Caller, request: types.Membership) -> Refusal | None:
    place = await services.conversations.enter(caller.known, request.room)
    if isinstance(place, Refusal):
        return place
    if refusal := may_add(place):
        return refusal
    is_banned = await services.conversations.role_of(request.person, place) is RoomRole.BANNED
    return BANNED if is_banned else None


async def remove_member(services: Services, caller: Caller, request: types.WhichMember) -> Refusal | None:
    """Leave a room, or remove somebody from one; they hear nothing that is said after the answer."""
    person = caller.known
    place = await services.conversations.enter(person, request.room)
    if isinstance(place, Refusal):
        return place
    role = await services.conversations.role_of(request.person, place)
    if refusal := may_remove(place, person, request.person, role):
        return refusal
    if role in (None, RoomRole.BANNED):
        return _NO_MEMBER
    removal = Removal(request.room, request.person, person.id, round(time.time(), 6))
    return await services.memberships.end(removal)
