"""Mails to people whom an import brought and who have not come yet: a link to set the first password."""

from typing import Annotated, Protocol

import structlog
from msgspec import Meta

from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.recovery.letters import imported_letter
from chat.features.recovery.native import NO_MAIL
from chat.features.recovery.port import RESETS
from chat.features.recovery.requests import MARK
from chat.mail.languages import Language
from chat.mail.link_codes import digest_of, new_code
from chat.mail.outbox import send_letter
from chat.operations.operation import Access, Caller, Cost, Operation
from chat.operations.values import Value

MOST = 25
"""Mails for one request: who invites more asks again."""

_LASTS = 7 * 86_400.0
"""Seconds for which a link is good."""

logger = structlog.get_logger(__name__)


class ImportedPeople(Protocol):
    """People whom imports brought. Each method may raise StorageDown; one that writes may raise OutcomeUnknown."""

    async def waiting(self) -> int:
        """Return how many have an address, have not come, and were not invited. Cancelling changes nothing."""
        ...

    async def invite_next(self, by_id: int) -> str | None:
        """Note in the audit that the next of them is invited, and return the address; None: nobody waits.

        Of several calls at once each gets somebody else. Cancelling: somebody was noted, or nobody.
        """
        ...


IMPORTED_PEOPLE: Port[ImportedPeople] = Port("imported people")


class WaitingPeople(Value, kw_only=True, frozen=True):
    """How many imported people have not come and were not invited; `can_invite`: the server mails links."""

    waiting: int
    can_invite: bool


class InvitePeople(Value, kw_only=True, frozen=True):
    """The language of the mails."""

    language: Language = "en"


class InvitedPeople(Value, kw_only=True, frozen=True):
    """How many mails were queued, and how many people wait still."""

    invited: Annotated[int, Meta(description=f"At most {MOST}")]
    waiting: int


def _can_invite(services: EngineServices) -> bool:
    return (
        services.mail is not None and bool(services.settings.public_url) and services.accounts.login != "sso"
    )


async def imported_people(services: EngineServices, _caller: Caller, _request: None) -> WaitingPeople:
    """Count the imported people who have an address, have not come yet, and were not invited."""
    waiting = await services.feature_ports[IMPORTED_PEOPLE].waiting()
    return WaitingPeople(waiting=waiting, can_invite=_can_invite(services))


async def invite_imported_people(
    services: EngineServices, caller: Caller, request: InvitePeople
) -> InvitedPeople | Refusal:
    """Mail some of them a link to their account, each once."""
    server, settings, ports = services.mail, services.settings, services.feature_ports
    if server is None or not _can_invite(services):
        return NO_MAIL
    people, invited = ports[IMPORTED_PEOPLE], 0
    for _ in range(MOST):
        email = await people.invite_next(caller.known.id)
        if email is None:
            break
        code = new_code(MARK)
        found = await ports[RESETS].begin(email, digest_of(code), lasts=_LASTS)
        if found is None:
            continue  # disabled just now
        link = f"{settings.public_url}/reset#{code}"
        letter = imported_letter(request.language, caller.known.name, found.name, settings.server_name, link)
        to = {"person_id": found.person_id, "lasts": _LASTS}
        await send_letter(ports, letter, found.email, server, **to, is_bulk=True)  # type: ignore[arg-type]
        invited += 1
    logger.info("imported people invited", count=invited)
    return InvitedPeople(invited=invited, waiting=await people.waiting())


OPERATIONS = (
    Operation(
        name="imported_people",
        method="GET",
        path="/admin/imported-people",
        reply=WaitingPeople,
        access=Access.ADMIN,
        refuses=(Code.FORBIDDEN,),
        handler=imported_people,
    ),
    Operation(
        name="invite_imported_people",
        method="POST",
        path="/admin/imported-people/invite",
        request=InvitePeople,
        reply=InvitedPeople,
        access=Access.ADMIN,
        tokens=False,
        cost=Cost.MESSAGE,
        refuses=(Code.FORBIDDEN, Code.INVALID, Code.CONFLICT, Code.OUTCOME_UNKNOWN),
        handler=invite_imported_people,
    ),
)
