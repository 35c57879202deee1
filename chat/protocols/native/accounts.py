"""Accounts: registering, logging in, one's profile and password, and the first admin."""

from msgspec import UNSET, structs

from chat.domain.invites import BAD_INVITE, accepted
from chat.domain.ports import ProfileChange
from chat.domain.refusals import INVITE_OVER, Refusal
from chat.domain.sessions import ACCESS, NOT_FOR_TOKENS, Opened, clean_device
from chat.operations.conversions import as_me
from chat.operations.operation import Caller
from chat.operations.values import Me
from chat.protocols.native.types import (
    ChangeMe,
    ChangePassword,
    Login,
    Register,
    ResetPassword,
    Session,
    SetUp,
    SetUpState,
)
from chat.protocols.services import Services

_OVER = structs.replace(INVITE_OVER, field="invite")


async def set_up_state(services: Services, _caller: Caller, _request: None) -> SetUpState:
    """See whether there is no admin yet, and who may register."""
    needed = await services.first_admin.is_needed()
    return SetUpState(
        needed=needed,
        registration=services.accounts.registration,
        lobby=services.settings.lobby,
        server=services.settings.server_name,
    )


async def set_up(services: Services, caller: Caller, request: SetUp) -> Session | Refusal:
    """Become the first admin, by the code that the server printed at its start."""
    device = caller.device
    if isinstance(refusal := clean_device(request.device), Refusal):
        return refusal  # before anybody is added
    made = await services.first_admin.make(request.code, request.name, request.password, device.address)
    if isinstance(made, Refusal):
        return made
    return as_session(await services.sessions.open_after_change(made, device, request.device))


async def register(services: Services, caller: Caller, request: Register) -> Session | Refusal:
    """Register, join the room of the invite if it is to one, and begin a session."""
    device, accounts = caller.device, services.accounts
    if isinstance(refusal := clean_device(request.device), Refusal):
        return refusal  # before anybody is added
    invite = None
    if request.invite is not None and accounts.registration != "closed":
        found = await services.invites.find(request.invite)
        if isinstance(found, Refusal) or found.is_over:
            # It counts as a registration: nobody tries codes for nothing.
            return accounts.count_try(device.address) or (BAD_INVITE if isinstance(found, Refusal) else _OVER)
        invite = found
    granted = await accounts.register(
        request.name,
        request.password,
        device.address,
        request.email,
        invite=request.invite,
        by_old_rules=False,
    )
    if isinstance(granted, Refusal):
        # It was good a moment ago, if it was one to register with.
        return _OVER if granted is BAD_INVITE and invite and invite.registers else granted
    if request.invite is not None and invite is not None and invite.room_id is not None:
        # Where the room can't be joined by now, one is registered all the same.
        joining = services.rooms.joining(granted.person, invite.room_id)
        await services.writes.write(accepted(joining, request.invite, is_used=granted.used_invite))
    return as_session(await services.sessions.open_after_change(granted.person, device, request.device))


async def log_in(services: Services, caller: Caller, request: Login) -> Session | Refusal:
    """Begin a session, by name or e-mail address and password."""
    device = caller.device
    by = services.accounts.log_in_by_email if "@" in request.login else services.accounts.log_in
    granted = await by(request.login, request.password, device.address)
    if isinstance(granted, Refusal):
        return granted
    return as_session(await services.sessions.open(granted.person, device, request.device))


async def reset_password(services: Services, caller: Caller, request: ResetPassword) -> Session | Refusal:
    """Set another password by an admin's link, which ends all sessions and tokens, and begin a session."""
    device = caller.device
    granted = await services.accounts.reset_password(request.code, request.password, device.address)
    if isinstance(granted, Refusal):
        return granted
    return as_session(await services.sessions.open_after_change(granted.person, device))


async def me(_services: Services, caller: Caller, _request: None) -> Me:
    """See oneself."""
    return as_me(caller.known)


async def change_me(services: Services, caller: Caller, request: ChangeMe) -> Me | Refusal:
    """Change one's name, display name, e-mail address or what others see; all of it or nothing."""
    changes_login = request.name is not UNSET or request.email is not UNSET
    if changes_login and await services.sessions.is_of_program(caller.known):
        return NOT_FOR_TOKENS
    changed = await services.accounts.change_profile(
        caller.known,
        ProfileChange(
            name=request.name,
            display_name=request.display,
            email=request.email,
            share_reads=request.share_reads,
        ),
    )
    if isinstance(changed, Refusal):
        return changed
    services.presence.renamed(changed)
    return as_me(changed)


async def change_password(services: Services, caller: Caller, request: ChangePassword) -> Session | Refusal:
    """Change one's password, which ends all sessions and tokens, and begin a new session."""
    device = caller.device
    granted = await services.accounts.change_password(caller.known, request.old, request.new, device.address)
    if isinstance(granted, Refusal):
        return granted
    return as_session(await services.sessions.open_after_change(granted.person, device))


def as_session(opened: Opened | Refusal) -> Session | Refusal:
    """Return what a login gives."""
    if isinstance(opened, Refusal):
        return opened
    return Session(
        access=opened.access,
        expires_in=ACCESS,
        refresh=opened.refresh,
        session=opened.session.id,
        me=as_me(opened.person),
    )
