"""Members of a room: joining and leaving, adding, removing and banning people, and their roles."""

from collections.abc import Sequence

from msgspec import UNSET

from chat.application import members as use_cases
from chat.domain.entities import Person, Room
from chat.domain.messages.reading import may_share_reads
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import ALREADY_IN, NO_ROOM, PRIVATE, Refusal
from chat.domain.rooms.membership import Member, RoomRole
from chat.domain.rooms.room_rights import may_see_banned
from chat.operations import room_values
from chat.operations.conversions import as_person
from chat.operations.operation import Caller
from chat.operations.rooms import as_seen
from chat.protocols.native.rooms import types
from chat.protocols.services import Services


async def members(services: Services, caller: Caller, request: types.WhichMembers) -> types.Members | Refusal:
    """List the members of a room, or the people banned from it."""
    access = await services.conversations.enter(caller.known, request.room)
    if isinstance(access, Refusal):
        return access
    if request.role == "banned" and (refusal := may_see_banned(access, caller.known)):
        return refusal
    listed = services.rooms.banned if request.role == "banned" else services.rooms.members
    found = await listed(access.room, request.after, request.limit + 1)
    page = found[: request.limit]
    reads = {} if request.role == "banned" else await _reads(services, caller.known, access.room, page)
    listed_members = [
        types.Member(
            person=as_person(each.person, caller.known),
            role=each.role.value,
            joined=milliseconds(each.joined_at),
            read=reads.get(each.person.id),
        )
        for each in page
    ]
    return types.Members(members=listed_members, next=page[-1].person.id if len(found) > len(page) else None)


async def _reads(services: Services, person: Person, room: Room, members: Sequence[Member]) -> dict[int, int]:
    """Return the read marks of these members, of those who share them."""
    seen = await services.catch_up.snapshots(person.id, services.hub.newest_id, [room.id])
    if not seen or not may_share_reads(room.kind, seen[0].members):
        return {}
    return await services.timelines.shared_reads(room.id, [each.person.id for each in members])


async def put_member(
    services: Services, caller: Caller, request: types.Membership
) -> room_values.Room | Refusal:
    """Join a public room, add a person to a room, change their role there, or ban them."""
    role = None if request.role is UNSET else RoomRole(request.role)
    refusal = await use_cases.put(services, caller.known, request.room, request.person, role)
    if refusal is PRIVATE:
        return NO_ROOM  # a stranger must not learn that it exists
    if refusal is not None and refusal is not ALREADY_IN:
        return refusal
    return await as_seen(services, caller.known, request.room)


async def remove_member(services: Services, caller: Caller, request: types.WhichMember) -> Refusal | None:
    """Leave a room, remove a member, or lift a ban; a removed member gets no message sent after the answer."""
    return await use_cases.remove(services, caller.known, request.room, request.person)
