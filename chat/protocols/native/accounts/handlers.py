"""Accounts: registering, logging in, one's profile and password, and the first admin."""

from typing import Any

from msgspec import UNSET, structs

from chat.domain.accounts.invites import BAD_INVITE, accepted
from chat.domain.accounts.passkeys import logs_in_by_passkey
from chat.domain.accounts.sessions import NOT_FOR_TOKENS, clean_device
from chat.domain.ports import ProfileChange
from chat.domain.refusals import INVITE_OVER, Refusal
from chat.operations.conversions import as_me
from chat.operations.operation import Caller
from chat.operations.sessions import Session, as_session, code_check, may_log_in_by_link
from chat.operations.values import Me
from chat.protocols.native.accounts.types import (
    ChangeMe,
    ChangePassword,
    Login,
    Register,
    ResetPassword,
    SetUp,
    SetUpState,
)
from chat.protocols.services import Services

_OVER = structs.replace(INVITE_OVER, field="invite")


async def set_up_state(services: Services, _caller: Caller, _request: None) -> SetUpState:
    """Get whether there is no admin yet, and who may register."""
    needed = await services.first_admin.is_needed()
    return SetUpState(
        needed=needed,
        registration=services.accounts.registration,
        lobby=services.settings.lobby,
        server=services.settings.server_name,
        picture=services.settings.server_picture or None,
        colour=services.settings.server_colour,
        appeal=services.settings.appeal_address,
        login_links=may_log_in_by_link(services),
        passkeys=logs_in_by_passkey(services.settings.public_url, services.accounts.login),
        **_ways_in(services),
    )


def _ways_in(services: Services) -> dict[str, Any]:
    login, provider = services.accounts.login, services.provider
    if login == "password" or provider is None:
        return {"login": "sso" if login == "sso" else "password"}
    return {"login": login, "provider": provider.name}


async def set_up(services: Services, caller: Caller, request: SetUp) -> Session | Refusal:
    """Become the first admin, with the code that the server logged at its start."""
    device = caller.device
    if isinstance(refusal := clean_device(request.device), Refusal):
        return refusal  # before the account is created
    made = await services.first_admin.make(request.code, request.name, request.password, device.address)
    if isinstance(made, Refusal):
        return made
    return as_session(await services.sessions.open_after_change(made, device, request.device))


async def register(services: Services, caller: Caller, request: Register) -> Session | Refusal:
    """Register, join the room of the invite if it has one, and begin a session."""
    device, accounts = caller.device, services.accounts
    if isinstance(refusal := clean_device(request.device), Refusal):
        return refusal  # before the account is created
    invite = None
    if request.invite is not None and accounts.registration != "closed":
        found = await services.invites.find(request.invite)
        if isinstance(found, Refusal) or found.is_over:
            # It counts as a registration, so that guessing codes is limited.
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
        # A moment ago the invite was valid, so it has been used up since.
        return _OVER if granted is BAD_INVITE and invite and invite.registers else granted
    if request.invite is not None and invite is not None and invite.room_id is not None:
        # If joining is refused by now, the registration still succeeds.
        joining = services.rooms.joining(granted.person, invite.room_id)
        await services.writes.write(accepted(joining, request.invite, is_used=granted.used_invite))
    return as_session(await services.sessions.open_after_change(granted.person, device, request.device))


async def log_in(services: Services, caller: Caller, request: Login) -> Session | Refusal:
    """Begin a session with a name or email address and a password."""
    device = caller.device
    by = services.accounts.log_in_by_email if "@" in request.login else services.accounts.log_in
    check_code = code_check(services, request.code, device.address)
    granted = await by(request.login, request.password, device.address, check_code)
    if isinstance(granted, Refusal):
        return granted
    return as_session(await services.sessions.open(granted.person, device, request.device))


async def reset_password(services: Services, caller: Caller, request: ResetPassword) -> Session | Refusal:
    """Set a new password with the code of an admin's link; ends all sessions and tokens, and begins a session."""
    device = caller.device
    check_code = code_check(services, request.second_factor, device.address)
    granted = await services.accounts.reset_password(
        request.code, request.password, device.address, check_code
    )
    if isinstance(granted, Refusal):
        return granted
    return as_session(await services.sessions.open_after_change(granted.person, device))


async def me(_services: Services, caller: Caller, _request: None) -> Me:
    """Get one's own profile."""
    return as_me(caller.known)


async def change_me(services: Services, caller: Caller, request: ChangeMe) -> Me | Refusal:
    """Change one's own name, display name, email address or sharing of read marks; all changes or none."""
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
    """Change one's own password; ends all sessions and tokens, and begins a session."""
    device = caller.device
    granted = await services.accounts.change_password(caller.known, request.old, request.new, device.address)
    if isinstance(granted, Refusal):
        return granted
    return as_session(await services.sessions.open_after_change(granted.person, device))
