"""Forgotten passwords in the native protocol: to ask for a link by mail, and to use it."""

from typing import Annotated

from msgspec import Meta

from chat.domain.accounts.resets import RESET_OVER
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.recovery.letters import Language
from chat.features.recovery.port import RESETS
from chat.features.recovery.requests import REQUESTS, Request
from chat.mail.link_codes import digest_of
from chat.operations.operation import Access, Caller, Operation
from chat.operations.sessions import SecondFactorCode, Session, as_session, code_check
from chat.operations.values import Value

NO_MAIL = Refusal(
    Code.CONFLICT, "this server mails no reset links: ask an admin for one", reason="no_mail_server"
)


class Forgot(Value, kw_only=True, frozen=True):
    """The e-mail address of an account, and the language of the mail."""

    email: Annotated[str, Meta(min_length=3, max_length=254)]
    language: Language = "en"


class Recover(Value, kw_only=True, frozen=True):
    """A new password, and the code of a mailed link."""

    code: Annotated[str, Meta(max_length=64, pattern=r"^m-[A-Za-z0-9_-]*$(?!\n)")]
    password: Annotated[str, Meta(min_length=1, max_length=72, description="At most 72 bytes")]
    second_factor: SecondFactorCode | None = None


async def forgot_password(services: EngineServices, caller: Caller, request: Forgot) -> Refusal | None:
    """Ask for a link by mail to set a new password; the answer does not say whether an account has the address."""
    if services.mail is None or not services.settings.public_url:
        return NO_MAIL
    asked = Request(request.email, request.language)
    wait = services.feature_ports[REQUESTS].ask(asked, caller.device.address)
    if wait:
        return Refusal(
            Code.TOO_MANY, "too many reset links asked for, wait", retry_after=wait, reason="rate_limited"
        )
    return None


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
)
