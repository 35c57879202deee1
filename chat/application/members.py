"""Who is in a room: joining and leaving it, adding and removing others, and giving them roles."""

from chat.domain.entities import Person
from chat.domain.messages.changes import Addition, Removal, RoleChange, Write
from chat.domain.refusals import ALREADY_IN, BANNED, NO_MEMBER, NO_PERSON, Refusal
from chat.domain.rooms.conversations import may_join
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import Authority, addition_refusal, refusal_of, visibility_refusal
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices

_OUTSIDE = (None, RoomRole.BANNED)
"""The roles of people who are not members."""


async def join(services: EngineServices, person: Person, room_id: int) -> Refusal | None:
    """Let a person join a public room. ALREADY_IN: they are a member.

    Raises StorageDown.
    """
    access = await services.conversations.access(person, room_id)
    refusal = may_join(access)
    return refusal or await _write(services, services.rooms.joining(person, room_id))


async def add(services: EngineServices, by: Person, room_id: int, person_id: int) -> Refusal | None:
    """Let a moderator or owner add a person to a room. ALREADY_IN: they are a member.

    Raises StorageDown.
    """
    return await _put_other(services, by, room_id, person_id, None)


async def put(
    services: EngineServices, by: Person, room_id: int, person_id: int, role: RoomRole | None
) -> Refusal | None:
    """Give a person a role in a room: this adds or bans them where needed. None: add them, and keep the role they have.

    ALREADY_IN: they have it. Raises StorageDown.
    """
    if by.id != person_id:
        return await _put_other(services, by, room_id, person_id, role)
    now = await services.conversations.role_of(person_id, room_id)
    authority = await services.conversations.authority(by, room_id)
    if isinstance(authority, Refusal):
        return authority
    if now in _OUTSIDE:
        if role not in (None, RoomRole.MEMBER):
            return visibility_refusal(authority) or NO_MEMBER
        return await join(services, by, room_id)
    if role in (None, now):
        return ALREADY_IN
    return await _give(services, authority, person_id, now, role)


async def remove(services: EngineServices, by: Person, room_id: int, person_id: int) -> Refusal | None:
    """End a membership, or lift a ban. The removed person receives nothing published after this returns.

    Raises StorageDown.
    """
    now = await services.conversations.role_of(person_id, room_id)
    authority = await services.conversations.authority(by, room_id)
    if isinstance(authority, Refusal):
        return authority
    if by.id == person_id and now in _OUTSIDE:
        return visibility_refusal(authority) or NO_MEMBER
    if now is RoomRole.BANNED:
        return await _give(services, authority, person_id, now, None)
    removal = Removal(room_id, person_id, by.id, current_time())
    if refusal := refusal_of(removal, authority, now):
        return refusal
    return NO_MEMBER if now is None else await services.memberships.end(removal)


async def _put_other(
    services: EngineServices, by: Person, room_id: int, person_id: int, role: RoomRole | None
) -> Refusal | None:
    person = await services.accounts.person(person_id)
    now = await services.conversations.role_of(person_id, room_id)
    authority = await services.conversations.authority(by, room_id)
    if isinstance(authority, Refusal):
        return authority
    if refusal := visibility_refusal(authority):
        return refusal
    if role is None and now is not None:
        # A ban is lifted only by an explicit role.
        return addition_refusal(authority) or (BANNED if now is RoomRole.BANNED else ALREADY_IN)
    wanted = role or RoomRole.MEMBER
    if refusal := refusal_of(RoleChange(room_id, person_id, wanted, by.id, current_time()), authority, now):
        return refusal
    if person is None or person.is_visitor:
        return NO_PERSON
    if wanted is now:
        return ALREADY_IN
    if wanted is RoomRole.BANNED:
        return await services.memberships.end(Removal(room_id, person_id, by.id, current_time(), is_ban=True))
    if now is RoomRole.BANNED and (refusal := await _give(services, authority, person_id, now, None)):
        return refusal
    if now in _OUTSIDE:
        joining = services.rooms.joining(person, room_id)
        refusal = await _write(services, Addition(joining, by.id))
        if refusal is not None and refusal is not ALREADY_IN:
            return refusal
        if wanted is RoomRole.MEMBER:
            return refusal
    return await _write(services, RoleChange(room_id, person_id, wanted, by.id, current_time()))


async def _give(
    services: EngineServices, by: Authority, person_id: int, now: RoomRole | None, role: RoomRole | None
) -> Refusal | None:
    """Change a role; None lifts a ban."""
    change = RoleChange(by.room.id, person_id, role, by.person.id, current_time())
    return refusal_of(change, by, now) or await _write(services, change)


async def _write(services: EngineServices, write: Write) -> Refusal | None:
    outcome = await services.writes.write(write)
    return outcome if isinstance(outcome, Refusal) else None
