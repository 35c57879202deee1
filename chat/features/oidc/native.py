"""The identity provider in the native protocol: logging in and out by it, and linking an account."""

import secrets
from typing import Annotated
from urllib.parse import parse_qs

from msgspec import Meta, structs

from chat.domain.accounts.passkeys import logs_in_by_passkey
from chat.domain.entities import Person
from chat.domain.limits.budgets import HOLD_BACK
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.oidc import log_in as use_cases
from chat.features.oidc.flow import Flow, begun, cookie_name, opened, sealed, set_cookie
from chat.features.oidc.log_in import BAD_LOGOUT, OFF, TOO_MANY
from chat.features.oidc.port import IDENTITIES
from chat.features.oidc.provider import PROVIDER
from chat.features.oidc.tokens import LONGEST
from chat.operations.operation import Access, Caller, Cost, Operation, Uploaded, WithCookie
from chat.operations.sessions import SecondFactorCode, Session, as_session, code_check
from chat.operations.values import Time, Value


class BeginProviderLogin(Value, kw_only=True, frozen=True):
    """What the log-in is for: a session, or to `link` one's own account.

    To link, one proves who one is: by the password, if there is one, and a code of the second factor, if there is one.
    """

    link: bool = False
    password: (
        Annotated[str, Meta(min_length=1, max_length=72, description="At most 72 bytes, to link")] | None
    ) = None
    code: SecondFactorCode | None = None


class ProviderPage(Value, kw_only=True, frozen=True):
    """The provider's page for the browser; null: there is none."""

    url: str | None = None


class ProviderAnswer(Value, kw_only=True, frozen=True):
    """What the provider sent back: `code`, `state` and `iss` as in the query of its redirect."""

    code: Annotated[str, Meta(min_length=1, max_length=4096)]
    state: Annotated[str, Meta(min_length=1, max_length=128)]
    iss: Annotated[str, Meta(max_length=2048)] | None = None


class ProviderLogin(ProviderAnswer, kw_only=True, frozen=True):
    """What the provider sent back; `invite` is the code of an invite, for a new account."""

    invite: Annotated[str, Meta(max_length=64)] | None = None
    device: Annotated[str, Meta(max_length=64, description="The person's name for this device")] = ""


class LinkedIdentity(Value, kw_only=True, frozen=True):
    """Whether one's account is linked with the identity provider, called `provider`, and since when.

    `password`: one may also log in with a password; `passkey`: with a passkey that one has.
    """

    provider: str
    linked: bool
    since: Time | None = None
    password: bool
    passkey: bool = False


def _flow(services: EngineServices, caller: Caller) -> Flow | None:
    value = caller.cookies.get(cookie_name(services.settings.public_url), "")
    return opened(value, services.accounts.tokens)


def _over_budget(services: EngineServices, caller: Caller) -> Refusal | None:
    wait = services.feature_ports[PROVIDER].take(caller.device.address)
    return _too_many(wait) if wait else None


def _too_many(wait: float) -> Refusal:
    return Refusal(Code.TOO_MANY, TOO_MANY, retry_after=max(wait, HOLD_BACK), reason="rate_limited")


async def _prove(
    services: EngineServices, person: Person, request: BeginProviderLogin, address: str
) -> Refusal | None:
    """Return the refusal unless a person proves who they are: a session alone links no other way in."""
    if refusal := await services.accounts.prove(person, request.password, address):
        return refusal
    if not person.has_second_factor:
        return None
    refusal = await code_check(services, request.code, address)(person)
    # Not "unauthenticated": that would say that the session has ended.
    is_about_code = refusal is not None and refusal.code is Code.UNAUTHENTICATED
    return structs.replace(refusal, code=Code.FORBIDDEN) if refusal and is_about_code else refusal


async def begin_provider_login(
    services: EngineServices, caller: Caller, request: BeginProviderLogin
) -> WithCookie | Refusal:
    """Begin a log-in by the identity provider; a cookie binds it to this browser, for ten minutes."""
    person_id = 0
    if request.link:
        if caller.person is None or await services.sessions.is_of_program(caller.person):
            return NOT_LOGGED_IN
        if refusal := await _prove(services, caller.person, request, caller.device.address):
            return refusal
        person_id = caller.person.id
    flow = begun(secrets.token_bytes(32), person_id)
    url = await use_cases.authorization_url(services, flow)
    if isinstance(url, Refusal):
        return url
    cookie = set_cookie(services.settings.public_url, sealed(flow, services.accounts.tokens))
    return WithCookie(ProviderPage(url=url), cookie)


async def provider_login(
    services: EngineServices, caller: Caller, request: ProviderLogin
) -> WithCookie | Session | Refusal:
    """Begin a session with the provider's answer; where registration allows it, somebody new gets an account."""
    if refusal := _over_budget(services, caller):
        return refusal
    begun_session = await use_cases.log_in(
        services,
        _flow(services, caller),
        request.code,
        request.state,
        request.iss,
        caller.device,
        invite=request.invite,
        name=request.device,
    )
    session = as_session(begun_session)
    if isinstance(session, Refusal):
        return session
    return WithCookie(session, set_cookie(services.settings.public_url, ""))


async def link_identity(
    services: EngineServices, caller: Caller, request: ProviderAnswer
) -> WithCookie | LinkedIdentity | Refusal:
    """Link one's own account with the identity that the provider's answer is about."""
    if refusal := _over_budget(services, caller):
        return refusal
    flow = _flow(services, caller)
    refusal = await use_cases.link(services, caller.known, flow, request.code, request.state, request.iss)
    if refusal is not None:
        return refusal
    now = await identity(services, caller, None)
    if isinstance(now, Refusal):
        return now
    return WithCookie(now, set_cookie(services.settings.public_url, ""))


async def identity(services: EngineServices, caller: Caller, _request: None) -> LinkedIdentity | Refusal:
    """Get whether one's account is linked with the identity provider."""
    about = services.provider
    if about is None:
        return OFF
    found = await services.feature_ports[IDENTITIES].linked(caller.known.id, about.issuer)
    is_linked = found is not None and found.identity is not None
    public_url, login = services.settings.public_url, services.accounts.login
    return LinkedIdentity(
        provider=about.name,
        linked=is_linked,
        since=round(found.at * 1000) if is_linked and found is not None else None,
        password=found is not None and found.has_password and login != "sso",
        passkey=found is not None and found.has_passkey and logs_in_by_passkey(public_url, login),
    )


async def unlink_identity(services: EngineServices, caller: Caller, _request: None) -> Refusal | None:
    """Remove the link of one's own account; the sessions that the provider began end."""
    return await use_cases.unlink(services, caller.known)


async def provider_logout_page(services: EngineServices, caller: Caller, _request: None) -> ProviderPage:
    """Get the page where the browser logs out at the provider, if the provider began this session."""
    return ProviderPage(url=await use_cases.log_out_url(services, caller.known))


async def provider_logout(
    services: EngineServices, caller: Caller, _request: None, body: Uploaded
) -> Refusal | None:
    """End the sessions of a `logout_token`, which the identity provider sends as a form (Back-Channel Logout 1.0)."""
    if wait := services.feature_ports[PROVIDER].take_log_out(caller.device.address):
        return _too_many(wait)
    if body.type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        return BAD_LOGOUT
    raw = bytearray()
    async for piece in body.pieces:
        raw += piece
        if len(raw) > LONGEST + 1024:
            return BAD_LOGOUT
    try:
        tokens = parse_qs(raw.decode("ascii"), max_num_fields=10).get("logout_token", [])
    except ValueError:
        return BAD_LOGOUT
    return await use_cases.end_by_provider(services, tokens[0]) if len(tokens) == 1 else BAD_LOGOUT


NOT_LOGGED_IN = Refusal(
    Code.UNAUTHENTICATED, "log in first, then link your account in the settings", reason="bad_token"
)

_OF_ANSWERS = (
    Code.INVALID,
    Code.UNAUTHENTICATED,
    Code.FORBIDDEN,
    Code.TAKEN,
    Code.CONFLICT,
    Code.GONE,
    Code.TOO_MANY,
    Code.OUTCOME_UNKNOWN,
)

OPERATIONS = (
    Operation(
        name="begin_provider_login",
        method="POST",
        path="/auth/oidc/begin",
        request=BeginProviderLogin,
        reply=ProviderPage,
        access=Access.PERHAPS_PERSON,
        refuses=(
            Code.INVALID,
            Code.UNAUTHENTICATED,
            Code.FORBIDDEN,
            Code.CONFLICT,
            Code.TOO_MANY,
            Code.OUTCOME_UNKNOWN,
        ),
        handler=begin_provider_login,
    ),
    Operation(
        name="provider_login",
        method="POST",
        path="/auth/oidc",
        request=ProviderLogin,
        reply=Session,
        access=Access.ANYBODY,
        refuses=_OF_ANSWERS,
        handler=provider_login,
    ),
    Operation(
        name="provider_logout",
        method="POST",
        path="/auth/oidc/logout",
        takes_bytes=True,
        access=Access.ANYBODY,
        refuses=(Code.INVALID, Code.CONFLICT, Code.TOO_MANY, Code.OUTCOME_UNKNOWN),
        handler=provider_logout,
    ),
    Operation(
        name="provider_logout_page",
        method="GET",
        path="/auth/oidc/logout",
        reply=ProviderPage,
        handler=provider_logout_page,
    ),
    Operation(
        name="identity",
        method="GET",
        path="/me/identity",
        reply=LinkedIdentity,
        refuses=(Code.CONFLICT,),
        handler=identity,
    ),
    Operation(
        name="link_identity",
        method="POST",
        path="/me/identity",
        request=ProviderAnswer,
        reply=LinkedIdentity,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=_OF_ANSWERS,
        handler=link_identity,
    ),
    Operation(
        name="unlink_identity",
        method="DELETE",
        path="/me/identity",
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=unlink_identity,
    ),
)
