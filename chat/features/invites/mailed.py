"""Invitations by mail: an admin gives a list of addresses, and learns what became of each."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Protocol

import msgspec
import structlog
from msgspec import Meta

from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal
from chat.domain.text.rules import clean_email, same_name_key
from chat.engine.services import EngineServices
from chat.features.invites.letters import invitation_letter
from chat.mail.languages import Language
from chat.mail.letter import message_of
from chat.mail.outbox import send_letter
from chat.mail.queue import new_mail
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.values import Value

MOST = 100
"""Addresses in one request."""

_DAY = 86_400

NO_MAIL = Refusal(
    Code.CONFLICT, "this server mails no invitations: make links instead", reason="no_mail_for_invites"
)

logger = structlog.get_logger(__name__)


class InvitedState(StrEnum):
    """What became of an address in a list."""

    SENT = "sent"
    ALREADY_HERE = "already_here"
    """An account has it."""
    INVITED_TODAY = "invited_today"
    """It was mailed an invitation in the last day."""
    BAD_ADDRESS = "bad_address"


class Known(msgspec.Struct, frozen=True):
    """Of some addresses those that have an account, and those that were mailed an invitation in the last day."""

    here: frozenset[str]
    mailed: frozenset[str]


class Invited(Protocol):
    """Facts about addresses and makers of invites. Each method may raise StorageDown. Cancelling changes nothing."""

    async def known(self, keys: Sequence[str]) -> Known:
        """Return the facts about these addresses, given as their keys."""
        ...

    async def open_count(self, maker_id: int) -> int:
        """Return how many valid invites somebody has made."""
        ...


INVITED: Port[Invited] = Port("invited addresses")


class InviteAddresses(Value, kw_only=True, frozen=True):
    """Addresses to invite to register, for how many days, and the language of the mails."""

    addresses: Annotated[
        tuple[Annotated[str, Meta(max_length=400)], ...], Meta(min_length=1, max_length=MOST)
    ]
    days: Annotated[int, Meta(ge=1, le=365)] = 7
    language: Language = "en"


class InvitedAddress(Value, kw_only=True, frozen=True):
    """What became of an address."""

    address: str
    state: Annotated[str, Meta(description=", ".join(InvitedState))]


class InvitedAddresses(Value, kw_only=True, frozen=True):
    """What became of each address, in their order; one that is there twice is mailed once."""

    addresses: tuple[InvitedAddress, ...]


async def invite_addresses(
    services: EngineServices, caller: Caller, request: InviteAddresses
) -> InvitedAddresses | Refusal:
    """Mail each of these addresses an invitation to register, and say what became of each."""
    server, settings = services.mail, services.settings
    if server is None or not settings.public_url:
        return NO_MAIL
    cleaned = [clean_email(each) for each in request.addresses]
    keys = [same_name_key(each) for each in cleaned if not isinstance(each, Refusal)]
    known = await services.feature_ports[INVITED].known(keys)
    states: dict[str, InvitedState] = {}
    made = []
    for given, address in zip(request.addresses, cleaned, strict=True):
        state = InvitedState.BAD_ADDRESS
        if not isinstance(address, Refusal):
            key = same_name_key(address)
            state = states.get(key) or _state(key, known)
            if state is InvitedState.SENT and key not in states:
                letter_without_link = invitation_letter(
                    request.language, caller.known.name, settings.server_name, request.days
                )
                try:
                    message_of(new_mail(address, letter_without_link, server.domain), server)
                except ValueError:
                    state = InvitedState.BAD_ADDRESS
                else:
                    await _invite(services, caller, request, address)
            states[key] = state
        made.append(InvitedAddress(address=given.strip(), state=state))
    logger.info("invitations mailed", count=list(states.values()).count(InvitedState.SENT))
    return InvitedAddresses(addresses=tuple(made))


def _state(key: str, known: Known) -> InvitedState:
    if key in known.here:
        return InvitedState.ALREADY_HERE
    return InvitedState.INVITED_TODAY if key in known.mailed else InvitedState.SENT


async def _invite(services: EngineServices, caller: Caller, request: InviteAddresses, address: str) -> None:
    assert services.mail is not None
    lasts = request.days * _DAY
    code = await services.invites.issue(1, lasts, maker=caller.known)
    settings = services.settings
    link = f"{settings.public_url}/i/{code}"
    letter = invitation_letter(request.language, caller.known.name, settings.server_name, request.days, link)
    await send_letter(services.feature_ports, letter, address, services.mail, lasts=lasts, is_bulk=True)


OPERATION = Operation(
    name="invite_addresses",
    method="POST",
    path="/admin/invites/mail",
    request=InviteAddresses,
    reply=InvitedAddresses,
    access=Access.ADMIN,
    tokens=False,
    cost=Cost.MESSAGE,
    refuses=(Code.FORBIDDEN, Code.INVALID, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
    handler=invite_addresses,
)
