"""Forgotten passwords and log-ins by mail in the native protocol: to ask for a link, and to use it."""

from typing import Annotated

import structlog
from msgspec import Meta

from chat.domain.accounts.resets import RESET_OVER
from chat.domain.accounts.second_factor import refusal_of_log_in
from chat.domain.accounts.sessions import clean_device
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.recovery.port import RESETS
from chat.features.recovery.requests import LOGIN_MARK, MARK, REQUESTS, Request
from chat.mail.languages import Language
from chat.mail.link_codes import digest_of
from chat.operations.operation import Access, Caller, Operation
from chat.operations.sessions import (
    SecondFactorCode,
    Session,
    as_session,
    code_check,
    may_log_in_by_link,
)
from chat.operations.values import Password, Value

logger = structlog.get_logger(__name__)

NO_MAIL = Refusal(
    Code.CONFLICT, "this server mails no reset links: ask an admin for one", reason="no_mail_server"
)
LINKS_OFF = Refusal(Code.CONFLICT, "this server mails no links to log in with", reason="login_links_off")


_LoginCode = Annotated[str, Meta(max_length=64, pattern=r"^l-[A-Za-z0-9_-]*$(?!\n)")]


class Forgot(Value, kw_only=True, frozen=True):
    """The email address of an account, and the language of the mail."""

    email: Annotated[str, Meta(min_length=3, max_length=254)]
    language: Language = "en"


class Recover(Value, kw_only=True, frozen=True):
    """A new password, and the code of a mailed link."""

    code: Annotated[str, Meta(max_length=64, pattern=r"^m-[A-Za-z0-9_-]*$(?!\n)")]
    password: Password
    second_factor: SecondFactorCode | None = None


class WhichLink(Value, kw_only=True, frozen=True):
    """The code of a link to log in (l-…), or to set a new password: a mailed one (m-…), or an admin's."""

    code: Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9_-]*$(?!\n)")]


class LinkAccount(Value, kw_only=True, frozen=True):
    """Whose account a link is for: the name."""

    name: str


class LoginByLink(Value, kw_only=True, frozen=True):
    """The code of a mailed link to log in; `device` is the person's name for this device."""

    code: _LoginCode
    second_factor: SecondFactorCode | None = None
    device: Annotated[str, Meta(max_length=64)] = ""


async def forgot_password(services: EngineServices, caller: Caller, request: Forgot) -> Refusal | None:
    """Ask for a link by mail to set a new password; the answer does not say whether an account has the address."""
    if services.mail is None or not services.settings.public_url:
        return NO_MAIL
    return _ask(services, caller, Request(request.email, request.language))


def _ask(services: EngineServices, caller: Caller, asked: Request) -> Refusal | None:
    wait = services.feature_ports[REQUESTS].ask(asked, caller.device.address)
    if not wait:
        return None
    return Refusal(Code.TOO_MANY, "too many links asked for, wait", retry_after=wait, reason="rate_limited")


async def ask_login_link(services: EngineServices, caller: Caller, request: Forgot) -> Refusal | None:
    """Ask for a link by mail to log in; the answer does not say whether an account has the address."""
    if not may_log_in_by_link(services):
        return LINKS_OFF
    return _ask(services, caller, Request(request.email, request.language, to_log_in=True))


async def login_link_account(
    services: EngineServices, _caller: Caller, request: WhichLink
) -> LinkAccount | Refusal:
    """Get whose account a link logs in or sets a new password for; the link stays good."""
    if not request.code.startswith((LOGIN_MARK, MARK)):  # an admin's code begins with zeros
        owner = await services.accounts.person_of_reset(request.code)
        return owner if isinstance(owner, Refusal) else LinkAccount(name=owner.name)
    if request.code.startswith(LOGIN_MARK) and not may_log_in_by_link(services):
        return LINKS_OFF
    person_id = await services.feature_ports[RESETS].person_of(digest_of(request.code))
    person = None if person_id is None else await services.accounts.person(person_id)
    return RESET_OVER if person is None else LinkAccount(name=person.name)


async def login_by_link(services: EngineServices, caller: Caller, request: LoginByLink) -> Session | Refusal:
    """Begin a session with the code of a mailed link."""
    if not may_log_in_by_link(services):
        return LINKS_OFF
    if isinstance(label := clean_device(request.device), Refusal):
        return label
    resets, digest, address = services.feature_ports[RESETS], digest_of(request.code), caller.device.address
    person_id = await resets.person_of(digest)
    person = None if person_id is None else await services.accounts.person(person_id)
    if person is None:
        return RESET_OVER
    check = code_check(services, request.second_factor, address)
    if refusal := await refusal_of_log_in(person, services.accounts.second_factor, check):
        return refusal
    if not await resets.log_in(digest, person):
        return RESET_OVER
    logger.info("logged in by a mailed link", person=person.id, address=address)
    services.accounts.happened("link login")
    return as_session(await services.sessions.open_after_change(person, caller.device, label))


async def recover(services: EngineServices, caller: Caller, request: Recover) -> Session | Refusal:
    """Set a new password with the code of a mailed link; ends all sessions and tokens, and begins a session."""
    resets, digest = services.feature_ports[RESETS], digest_of(request.code)
    person_id = await resets.person_of(digest)
    person = None if person_id is None else await services.accounts.person(person_id)
    if person is None:
        return RESET_OVER
    granted = await services.accounts.set_forgotten_password(
        person,
        request.password,
        caller.device.address,
        lambda known, password_hash: resets.use(digest, known, password_hash),
        check_code=code_check(services, request.second_factor, caller.device.address),
    )
    if isinstance(granted, Refusal):
        return granted
    return as_session(await services.sessions.open_after_change(granted.person, caller.device))


OPERATIONS = (
    Operation(
        name="forgot_password",
        method="POST",
        path="/auth/forgot",
        request=Forgot,
        status=204,
        access=Access.ANYBODY,
        refuses=(Code.INVALID, Code.CONFLICT, Code.TOO_MANY),
        handler=forgot_password,
    ),
    Operation(
        name="recover",
        method="POST",
        path="/auth/recover",
        request=Recover,
        reply=Session,
        access=Access.ANYBODY,
        refuses=(Code.INVALID, Code.UNAUTHENTICATED, Code.GONE, Code.TOO_MANY, Code.OUTCOME_UNKNOWN),
        handler=recover,
    ),
    Operation(
        name="ask_login_link",
        method="POST",
        path="/auth/link",
        request=Forgot,
        status=204,
        access=Access.ANYBODY,
        refuses=(Code.INVALID, Code.CONFLICT, Code.TOO_MANY),
        handler=ask_login_link,
    ),
    Operation(
        name="login_link_account",
        method="POST",
        path="/auth/link/account",
        request=WhichLink,
        reply=LinkAccount,
        access=Access.ANYBODY,
        refuses=(Code.INVALID, Code.UNAUTHENTICATED, Code.CONFLICT, Code.GONE),
        handler=login_link_account,
    ),
    Operation(
        name="login_by_link",
        method="POST",
        path="/auth/link/login",
        request=LoginByLink,
        reply=Session,
        access=Access.ANYBODY,
        refuses=(
            Code.INVALID,
            Code.UNAUTHENTICATED,
            Code.CONFLICT,
            Code.GONE,
            Code.TOO_MANY,
            Code.OUTCOME_UNKNOWN,
        ),
        handler=login_by_link,
    ),
)
