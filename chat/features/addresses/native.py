"""Confirming one's email address in the native protocol."""

from typing import Annotated

import structlog
from msgspec import Meta

from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.addresses.letters import confirm_letter
from chat.features.addresses.port import ADDRESSES, LASTS, Confirmation
from chat.mail.languages import Language
from chat.mail.link_codes import digest_of, new_code
from chat.mail.outbox import send_letter
from chat.operations.operation import Caller, Cost, Operation
from chat.operations.values import Value

MARK = "c-"
"""How codes of links that confirm an address begin."""

NO_MAIL = Refusal(Code.CONFLICT, "this server sends no mail: ask an admin", reason="no_mail_here")
NO_ADDRESS = Refusal(Code.CONFLICT, "your account has no email address", reason="no_address")
TOO_MANY = Refusal(
    Code.TOO_MANY, "too many links asked for, wait an hour", retry_after=3600.0, reason="rate_limited"
)
LINK_OVER = Refusal(
    Code.GONE,
    "this link is used, too old, or for an address that the account does not have any more",
    field="code",
    reason="address_link_over",
)

OF_ANOTHER = Refusal(
    Code.FORBIDDEN,
    "this link is for another account: log in to that one",
    field="code",
    reason="address_link_of_another",
)

logger = structlog.get_logger(__name__)


class AskConfirmation(Value, kw_only=True, frozen=True):
    """The language of the mail."""

    language: Language = "en"


class ConfirmAddress(Value, kw_only=True, frozen=True):
    """The code of a mailed link."""

    code: Annotated[str, Meta(max_length=64, pattern=r"^c-[A-Za-z0-9_-]*$(?!\n)")]


class AddressState(Value, kw_only=True, frozen=True, omit_defaults=False):
    """The email address of one's account, whether it is confirmed, and whether the server sends mail."""

    email: str | None
    confirmed: bool
    mail: bool


async def address_state(services: EngineServices, caller: Caller, _request: None) -> AddressState:
    """Get the email address of one's account, and whether it is confirmed."""
    me = caller.known
    return AddressState(
        email=me.email,
        confirmed=me.email is not None and await services.feature_ports[ADDRESSES].is_confirmed(me.id),
        mail=services.mail is not None and bool(services.settings.public_url),
    )


async def ask_confirmation(
    services: EngineServices, caller: Caller, request: AskConfirmation
) -> Refusal | None:
    """Ask for a link by mail that confirms the email address of one's account."""
    settings = services.settings
    if services.mail is None or not settings.public_url:
        return NO_MAIL
    me = caller.known
    if me.email is None:
        return NO_ADDRESS
    code = new_code(MARK)
    found = await services.feature_ports[ADDRESSES].begin(me.id, digest_of(code), request.language)
    if found is None:
        return TOO_MANY
    link = f"{settings.public_url}/confirm#{code}"
    letter = confirm_letter(request.language, found.name, settings.server_name, link)
    await send_letter(
        services.feature_ports, letter, found.email, services.mail, person_id=me.id, lasts=LASTS
    )
    logger.info("link to confirm an address mailed", person=me.id)
    return None


async def confirm_address(
    services: EngineServices, caller: Caller, request: ConfirmAddress
) -> Refusal | None:
    """Confirm the email address of one's account with the code of a mailed link.

    The link alone does not: anybody may register with an address that is not theirs, and its owner would follow it.
    """
    addresses = services.feature_ports[ADDRESSES]
    match await addresses.confirm(digest_of(request.code), caller.known.id):
        case Confirmation.CONFIRMED:
            return None
        case Confirmation.OVER:
            return LINK_OVER
        case Confirmation.OF_ANOTHER:
            return OF_ANOTHER


OPERATIONS = (
    Operation(
        name="address_state",
        method="GET",
        path="/me/email",
        reply=AddressState,
        handler=address_state,
    ),
    Operation(
        name="ask_confirmation",
        method="POST",
        path="/me/email/confirmation",
        request=AskConfirmation,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=ask_confirmation,
    ),
    Operation(
        name="confirm_address",
        method="POST",
        path="/auth/confirm",
        request=ConfirmAddress,
        status=204,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.INVALID, Code.FORBIDDEN, Code.GONE, Code.OUTCOME_UNKNOWN),
        handler=confirm_address,
    ),
)
