"""What admins do with the desk's secret, and the session of a visitor whose site has signed who they are.

Every function may raise StorageDown, those that write OutcomeUnknown too. Cancelling one: it was done completely, or
not at all.
"""

import secrets
import time

import structlog

from chat.domain.accounts.logins import DISABLED
from chat.domain.accounts.sessions import Device, Opened
from chat.domain.accounts.visitors import NO_NAME_FREE, NO_WIDGET, clean_page
from chat.domain.entities import Person
from chat.domain.refusals import NO_PERSON, Code, Refusal
from chat.engine.services import EngineServices
from chat.features.verified_visitors.port import VERIFIED_VISITORS
from chat.features.verified_visitors.tokens import BadToken, identity_of

_TRIES = 5
"""Names to try: there are a hundred million."""

BAD_VISITOR_TOKEN = Refusal(
    Code.INVALID,
    "the token does not say who the visitor is: the server's log says why",
    field="token",
    reason="bad_visitor_token",
)

logger = structlog.get_logger(__name__)


async def make_secret(services: EngineServices, admin: Person, overlap: float) -> str:
    """Make a new secret; the one before is valid for `overlap` seconds more."""
    secret = secrets.token_urlsafe(32)
    await services.feature_ports[VERIFIED_VISITORS].replace_secret(secret, overlap, admin.id)
    return secret


async def identify(
    services: EngineServices, caller: Person | None, token: str, page: str | None, device: Device
) -> Opened | Refusal:
    """Begin a session of the visitor of a token. A caller who is a visitor without an identity gets this one.

    A site signs for people whom it knows, so new ones are not counted by address, as other new visitors are.
    """
    if not services.visitors.are_welcome:
        return NO_WIDGET
    clean = None if page is None else clean_page(page)
    if isinstance(clean, Refusal):
        return clean
    table = services.feature_ports[VERIFIED_VISITORS]
    known = await table.secrets()
    try:
        identity = identity_of(token, [each.secret for each in known], time.time())
    except BadToken as error:
        logger.info("a site's token for a visitor is refused", why=str(error), address=device.address)
        return BAD_VISITOR_TOKEN
    visitor_id = caller.id if caller is not None and caller.is_visitor else None
    for _ in range(_TRIES):
        name = f"visitor-{secrets.randbelow(10**8):08}"
        person_id = await table.identify(identity, clean, name, visitor_id)
        if person_id is not None:
            break
    else:
        return NO_NAME_FREE
    services.accounts.changed(person_id)
    person = await services.accounts.person(person_id)
    if person is None:
        return NO_PERSON
    if person.is_disabled:
        return DISABLED
    return await services.sessions.open_after_change(person, device)
