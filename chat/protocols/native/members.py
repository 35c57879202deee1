"""Who is in a room: joining and leaving it, adding and removing others, and giving them roles."""

import time
from collections.abc import Sequence

from msgspec import UNSET

from chat.domain.changes import Addition, Removal, RoleChange
from chat.domain.entities import Draft, Person, Room, RoomKind
from chat.domain.membership import Member, RoomRole
from chat.domain.reading import may_share_reads
from chat.domain.refusals import ALREADY_IN, BANNED, NO_MEMBER, NO_PERSON, NO_ROOM, Refusal
from chat.domain.room_rights import may_add, may_give_role, may_remove, may_see_banned
from chat.domain.timeline import milliseconds
from chat.protocols.native import room_requests as types
from chat.protocols.native import room_types
from chat.protocols.native.conversions import as_person
from chat.protocols.native.operation import Caller
from chat.protocols.native.rooms import as_seen
from chat.protocols.services import Services

_OUTSIDE = (None, RoomRole.BANNED)
"""What somebody is who is no member."""


async def members(services: Services, caller: Caller, request: types.WhichMembers) -> types.Members | Refusal:
    """List who is in a room, or who is banned from it."""
    place = await services.conversations.enter(caller.known, request.room)
    if isinstance(place, Refusal):
        return place
    if request.role == "banned" and (refusal := may_see_banned(place, caller.known)):
        return refusal
    listed = services.rooms.banned if request.role == "banned" else services.rooms.members
    found = await listed(place.room, request.after, request.limit + 1)
    page = found[: request.limit]
    reads = {} if request.role == "banned" else await _reads(services, caller.known, place.room, page)
    told = [
        types.Member(
            person=as_person(each.person),
            role=each.role.value,
            joined=milliseconds(each.joined_at),
            read=reads.get(each.person.id),
        )
        for each in page
    ]
    return types.Members(members=told, next=page[-1].person.id if len(found) > len(page) else None)


async def _reads(services: Services, person: Person, room: Room, members: Sequence[Member]) -> dict[int, int]:
    """Return how far these have read, as far as others see that."""
    seen = await services.timelines.snapshots(person.id, services.hub.newest_id, [room.id])
    if not seen or not may_share_reads(room.kind, seen[0].members):
        return {}
    return await services.timelines.shared_reads(room.id, [each.person.id for each in members])


async def put_member(
    services: Services, caller: Caller, request: types.Membership
) -> room_types.Room | Refusal:
    """Join a public room, add somebody to a room, give them a role there, or ban them."""
    person = caller.known
    if request.person != person.id:
        return await _answer(services, caller, request, await _put(services, person, request))
    place = await services.conversations.enter(person, request.room)
    if isinstance(place, Refusal):
        if request.role not in (UNSET, "member"):
            return place
        refusal = await services.conversations.may_join(person, request.room)
        joining = services.rooms.joining(person, request.room)
        return refusal or await _answer(services, caller, request, await _join(services, joining))
    if place.room.kind is not RoomKind.ROOM:
        return NO_ROOM
    wanted = place.role if request.role is UNSET else RoomRole(request.role)
    refusal = may_give_role(place, person, person.id, place.role, wanted)
    if refusal is None and wanted is not place.role:
        refusal = await _give(services, person, request, wanted)
    return await _answer(services, caller, request, refusal)


async def _put(services: Services, by: Person, request: types.Membership) -> Refusal | None:
    """Let another person have the role that is asked for, or be a member where none is."""
    person = await services.accounts.person(request.person)
    role = await services.conversations.role_of(request.person, request.room)
    place = await services.conversations.enter(by, request.room)
    if isinstance(place, Refusal):
        return place
    if person is None or person.is_visitor:
        return NO_PERSON
    # No await between entering and the first write: whoever is outside by then changes nothing.
    if request.role is UNSET and role is not None:
        # To be a member is what lifts a ban, where it is asked for.
        return may_add(place) or (BANNED if role is RoomRole.BANNED else None)
    wanted = RoomRole.MEMBER if request.role is UNSET else RoomRole(request.role)
    if refusal := may_give_role(place, by, person.id, role, wanted):
        return refusal
    if wanted is role:
        return None
    if wanted is RoomRole.BANNED:
        removal = Removal(request.room, person.id, by.id, _now(), is_ban=True)
        return await services.memberships.end(removal)
    if role is RoomRole.BANNED and (refusal := await _give(services, by, request, None)):
        return refusal
    if role in _OUTSIDE:
        joining = Addition(services.rooms.joining(person, request.room), by.id)
        if refusal := await _join(services, joining):
            return refusal
    if role not in _OUTSIDE or wanted is not RoomRole.MEMBER:
        return await _give(services, by, request, wanted)
    return None


async def _join(services: Services, joining: Draft | Addition) -> Refusal | None:
    outcome = await services.writes.write(joining)
    return outcome if isinstance(outcome, Refusal) and outcome is not ALREADY_IN else None


async def _give(
    services: Services, by: Person, request: types.WhichMember, role: RoomRole | None
) -> Refusal | None:
    outcome = await services.writes.write(RoleChange(request.room, request.person, role, by.id, _now()))
    return outcome if isinstance(outcome, Refusal) else None


async def _answer(
    services: Services, caller: Caller, request: types.Membership, refusal: Refusal | None
) -> room_types.Room | Refusal:
    return refusal or await as_seen(services, caller.known, request.room)


async def remove_member(services: Services, caller: Caller, request: types.WhichMember) -> Refusal | None:
    """Leave a room, or remove somebody from one, who hears nothing that is said after the answer; or lift a ban."""
    person = caller.known
    role = await services.conversations.role_of(request.person, request.room)
    place = await services.conversations.enter(person, request.room)
    if isinstance(place, Refusal):
        return place
    # No await between entering and the write, as above.
    if refusal := may_remove(place, person, request.person, role):
        return refusal
    if role is RoomRole.BANNED:
        return await _give(services, person, request, None)
    if role is None:
        return NO_MEMBER
    return await services.memberships.end(Removal(request.room, request.person, person.id, _now()))


def _now() -> float:
    return round(time.time(), 6)
