"""Sessions: refreshing, listing and ending them, and API tokens."""

from chat.domain.accounts.sessions import BAD_REFRESH
from chat.domain.entities import LoginSession
from chat.domain.messages.sync_types import milliseconds
from chat.domain.refusals import Refusal
from chat.operations.operation import Caller
from chat.operations.sessions import Session, as_session
from chat.protocols.native.accounts.types import (
    CreateToken,
    Refresh,
    SessionInfo,
    Sessions,
    Token,
    WhichSession,
)
from chat.protocols.services import Services


async def refresh(services: Services, caller: Caller, request: Refresh) -> Session | Refusal:
    """Exchange a refresh token, which can be used once, for new tokens."""
    if request.refresh is None:
        return BAD_REFRESH
    return as_session(await services.sessions.refresh(request.refresh, caller.device))


async def log_out(services: Services, caller: Caller, request: Refresh) -> Refusal | None:
    """End the session of the access token or of the refresh token; succeeds also if it has ended already."""
    if caller.person is not None and caller.person.session_id is not None:
        await services.sessions.end(caller.person, caller.person.session_id)
    if request.refresh is not None:
        await services.sessions.end_by(request.refresh)
    return None


async def sessions(services: Services, caller: Caller, _request: None) -> Sessions:
    """List one's own sessions."""
    known = await services.sessions.of_person(caller.known)
    return Sessions(sessions=[as_info(each, caller) for each in known])


async def new_token(services: Services, caller: Caller, request: CreateToken) -> Token | Refusal:
    """Create an API token for a program; it is shown only once."""
    if refusal := await services.accounts.prove(caller.known, request.password, caller.device.address):
        return refusal
    made = await services.sessions.new_token(caller.known, request.name, request.days, caller.device)
    if isinstance(made, Refusal):
        return made
    return Token(token=made.token, session=as_info(made.session, caller))


async def end_others(services: Services, caller: Caller, _request: None) -> None:
    """End all of one's own sessions except this one."""
    await services.sessions.end_others(caller.known)


async def end(services: Services, caller: Caller, request: WhichSession) -> Refusal | None:
    """End one of one's own sessions; its sockets are closed."""
    return await services.sessions.end(caller.known, request.id)


def as_info(session: LoginSession, caller: Caller) -> SessionInfo:
    """Return a session as its person sees it."""
    return SessionInfo(
        id=session.id,
        kind=session.kind,
        name=session.name,
        created=milliseconds(session.created_at),
        used=milliseconds(session.used_at),
        address=session.address,
        agent=session.agent,
        current=session.id == caller.known.session_id,
    )
