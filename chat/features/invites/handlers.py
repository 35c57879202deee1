"""Invites: creating, reading, accepting, listing and withdrawing them."""

import math
from collections.abc import Sequence

from chat.domain.accounts.invites import NO_INVITE, accepted
from chat.domain.entities import Person
from chat.domain.messages.sync_types import milliseconds
from chat.domain.ports import Invite, IssuedInvite
from chat.domain.refusals import ALREADY_IN, INVITE_OVER, Code, Refusal
from chat.domain.rooms.room_rights import may_add, may_invite
from chat.domain.timestamps import current_time
from chat.engine.services import EngineServices
from chat.features.invites import types
from chat.features.invites.mailed import INVITED
from chat.operations.operation import Caller
from chat.operations.room_values import Room, Sender
from chat.operations.rooms import as_seen

_DAY = 86_400
"""Seconds."""

_NOT_ADMIN = Refusal(
    Code.FORBIDDEN, "only admins can invite people to register", reason="register_invites_need_admin"
)
_ADMINS_INVITE = Refusal(
    Code.FORBIDDEN, "only admins can make invitations on this server", reason="inviting_needs_admin"
)
_NOT_YOURS = Refusal(Code.FORBIDDEN, "this invitation belongs to someone else", reason="not_your_invite")
_NO_ROOM_OF_IT = Refusal(
    Code.INVALID,
    "this invitation is for registering, not for a room",
    field="code",
    reason="invite_without_room",
)


async def new_invite(
    services: EngineServices, caller: Caller, request: types.CreateInvite
) -> types.Invite | Refusal:
    """Create an invite to a room or to register; anybody who has its code can use it."""
    person = caller.known
    if request.room is None:
        if not person.is_admin:
            return _NOT_ADMIN
    else:
        access = await services.conversations.enter(person, request.room)
        if isinstance(access, Refusal):
            return access
        if refusal := may_invite(access):
            return refusal
    if refusal := await _may_make(services, person):
        return refusal
    code = await services.invites.issue(request.uses, request.days * _DAY, room_id=request.room, maker=person)
    made = await invite(services, caller, types.WhichInvite(code=code))
    # The storage counts again: they may have made another one at the same time.
    is_one_too_many = made is NO_INVITE and services.settings.open_invites and not person.is_admin
    return _too_many(services) if is_one_too_many else made


async def _may_make(services: EngineServices, person: Person) -> Refusal | None:
    """Return why the settings let this person make no invite; admins may make any."""
    settings = services.settings
    if person.is_admin:
        return None
    if settings.inviting == "admins":
        return _ADMINS_INVITE
    left = person.created_at + settings.inviting_days * _DAY - current_time()
    if settings.inviting_days and left > 0:
        return Refusal(
            Code.FORBIDDEN,
            f"people invite after {settings.inviting_days} days here, wait {math.ceil(left / _DAY)} days",
            retry_after=left,
            reason="inviting_too_soon",
        )
    most = settings.open_invites
    if most and await services.feature_ports[INVITED].open_count(person.id) >= most:
        return _too_many(services)
    return None


def _too_many(services: EngineServices) -> Refusal:
    text = f"you have {services.settings.open_invites} open invitations already: revoke one first"
    return Refusal(Code.TOO_MANY, text, reason="too_many_open_invites")


async def invite(
    services: EngineServices, _caller: Caller, request: types.WhichInvite
) -> types.Invite | Refusal:
    """Get an invite by its code."""
    found = await services.invites.find(request.code)
    if isinstance(found, Refusal):
        return found
    return INVITE_OVER if found.is_over else _as_invite(services, found, request.code)


async def accept_invite(
    services: EngineServices, caller: Caller, request: types.WhichInvite
) -> Room | Refusal:
    """Join the room of an invite, which uses it once; members of the room do not use it up."""
    found = await services.invites.find(request.code)
    if isinstance(found, Refusal):
        return found
    if found.room_id is None:
        return INVITE_OVER if found.is_over else _NO_ROOM_OF_IT
    joining = services.rooms.joining(caller.known, found.room_id)
    outcome = await services.writes.write(accepted(joining, request.code))
    if isinstance(outcome, Refusal) and outcome is not ALREADY_IN:
        return outcome
    return await as_seen(services, caller.known, found.room_id)


async def withdraw_invite(
    services: EngineServices, caller: Caller, request: types.WhichInvite
) -> Refusal | None:
    """Withdraw an invite: one's own, or one to a room whose owner or moderator one is; admins any to register."""
    found = await services.invites.find(request.code)
    if isinstance(found, Refusal):
        return found
    if refusal := await _may_withdraw(services, caller.known, found):
        return refusal
    return await services.invites.withdraw(request.code, caller.known)


async def _may_withdraw(services: EngineServices, person: Person, invite: Invite) -> Refusal | None:
    if invite.maker_id == person.id:
        return None
    if invite.room_id is None:
        return None if person.is_admin else _NOT_YOURS
    access = await services.conversations.enter(person, invite.room_id)
    return _NOT_YOURS if isinstance(access, Refusal) else may_add(access)


async def issued_invites(
    services: EngineServices, caller: Caller, request: types.WhichInvites
) -> types.IssuedInvites:
    """List the valid invites that the caller made."""
    found = await services.invites.issued_by(caller.known, request.after, request.limit + 1)
    return _page(found, request.limit)


async def withdraw_issued_invite(
    services: EngineServices, caller: Caller, request: types.WhichIssuedInvite
) -> Refusal | None:
    """Withdraw an invite that the caller made, by its id."""
    return await services.invites.withdraw_issued(
        request.id, caller.known, lambda found: found.maker_id == caller.known.id
    )


async def room_invites(
    services: EngineServices, caller: Caller, request: types.WhichRoomInvites
) -> types.IssuedInvites | Refusal:
    """List the valid invites of all makers to a room, as its owner or moderator."""
    if refusal := await _may_look_after(services, caller.known, request.room):
        return refusal
    found = await services.invites.issued(request.room, request.after, request.limit + 1)
    return _page(found, request.limit, with_makers=True)


async def withdraw_room_invite(
    services: EngineServices, caller: Caller, request: types.WhichRoomInvite
) -> Refusal | None:
    """Withdraw any invite to a room, as its owner or moderator."""
    if refusal := await _may_look_after(services, caller.known, request.room):
        return refusal
    return await services.invites.withdraw_issued(
        request.id, caller.known, lambda found: found.room_id == request.room
    )


async def all_invites(
    services: EngineServices, _caller: Caller, request: types.WhichInvites
) -> types.IssuedInvites:
    """List all valid invites of the server, to rooms and to register."""
    found = await services.invites.issued(None, request.after, request.limit + 1)
    return _page(found, request.limit, with_makers=True)


async def withdraw_any_invite(
    services: EngineServices, caller: Caller, request: types.WhichIssuedInvite
) -> Refusal | None:
    """Withdraw any invite, as an admin."""
    return await services.invites.withdraw_issued(request.id, caller.known, lambda _found: True)


async def _may_look_after(services: EngineServices, person: Person, room_id: int) -> Refusal | None:
    access = await services.conversations.enter(person, room_id)
    return access if isinstance(access, Refusal) else may_add(access)


def _page(found: Sequence[IssuedInvite], limit: int, *, with_makers: bool = False) -> types.IssuedInvites:
    page = [_as_issued(each, with_maker=with_makers) for each in found[:limit]]
    return types.IssuedInvites(invites=page, next=page[-1].id if len(found) > len(page) else None)


def _as_issued(issued: IssuedInvite, *, with_maker: bool) -> types.IssuedInvite:
    found, by = issued.invite, None
    if with_maker and found.maker_id is not None and found.maker_name is not None:
        by = Sender(id=found.maker_id, name=found.maker_name)
    return types.IssuedInvite(
        by=by,
        id=issued.digest.hex(),
        room=found.room_id,
        room_name=found.room_name,
        uses=found.uses_left,
        expires=milliseconds(found.expires_at),
    )


def _as_invite(services: EngineServices, found: Invite, code: str) -> types.Invite:
    path, address = f"/i/{code}", services.settings.public_url
    return types.Invite(
        code=code,
        url=path,
        link=address + path if address else None,
        room=found.room_id,
        room_name=found.room_name,
        uses=found.uses_left,
        expires=milliseconds(found.expires_at),
    )
