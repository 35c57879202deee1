"""Logging in by the identity provider, linking an account with it, and ending both."""

import time
from collections.abc import Mapping
from typing import Any

import structlog
from msgspec import UNSET, UnsetType, structs

from chat.domain.accounts.account_changes import LAST_ADMIN, Role, roles_of
from chat.domain.accounts.logins import DISABLED
from chat.domain.accounts.newcomers import CLOSED
from chat.domain.accounts.passkeys import logs_in_by_passkey
from chat.domain.accounts.sessions import Device, Opened
from chat.domain.administration.administration import Wanted
from chat.domain.entities import Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.identity_provider import IdentityProvider, may_log_in_at
from chat.domain.ports import NewPerson, Taken
from chat.domain.refusals import BAD_CREDENTIALS, Code, Refusal
from chat.engine.services import EngineServices
from chat.features.oidc.flow import Flow, is_state_of, with_query
from chat.features.oidc.port import IDENTITIES, Identity, Logout, ProviderSession
from chat.features.oidc.provider import PROVIDER, Tokens
from chat.features.oidc.tokens import (
    BadToken,
    check_id_token,
    check_logout_token,
    sid_of,
    subject_of,
)
from chat.outbound.openid import ProviderFailed

OFF = Refusal(
    Code.CONFLICT, "this server has no identity provider to log in with", reason="identity_provider_off"
)
NO_ADDRESS = Refusal(
    Code.CONFLICT,
    "an admin has to set public_url, to an address that begins with https://",
    reason="identity_provider_no_url",
)
DOWN = Refusal(
    Code.UNAVAILABLE, "the identity provider does not answer, try again", reason="identity_provider_down"
)
OVER = Refusal(
    Code.GONE,
    "this log-in is over, or was begun in another browser or at another address: try again",
    reason="provider_log_in_over",
)
BAD_ANSWER = Refusal(
    Code.UNAUTHENTICATED,
    "the identity provider's answer is not valid: try again, or ask an admin to look at the log",
    reason="bad_provider_answer",
)
UNKNOWN_PERSON = Refusal(
    Code.FORBIDDEN,
    "no account here is linked with yours, and registration is closed: log in with your password and link it in the"
    " settings, or ask an admin",
    reason="identity_unknown",
)
LINKED_ELSEWHERE = Refusal(
    Code.TAKEN, "this identity is linked with another account", reason="identity_taken"
)
HAS_ANOTHER = Refusal(
    Code.CONFLICT, "your account is linked with another identity: unlink that first", reason="identity_other"
)
LINK_INSIDE = Refusal(
    Code.CONFLICT,
    "an account here has your address, and a second factor: log in to it, and link it in the settings",
    reason="identity_link_inside",
)
ONLY_WAY_IN = Refusal(
    Code.CONFLICT,
    "this is your only way to log in: add a passkey first, or set a password by “Forgot your password?” or an admin's"
    " reset link",
    reason="identity_only_way",
)
BAD_LOGOUT = Refusal(
    Code.INVALID, "this is no valid logout token, or it was used before", reason="bad_logout_token"
)
TOO_MANY = "too many log-ins or log-outs by the identity provider, wait"

PATH = "/oidc"
"""The path of the page to which the provider sends people back."""

logger = structlog.get_logger(__name__)


def usable_provider(services: EngineServices) -> IdentityProvider | Refusal:
    """Return the provider if people may log in by it now. Sync."""
    if services.provider is None or services.accounts.login == "password":
        return OFF
    return services.provider if may_log_in_at(services.settings.public_url) else NO_ADDRESS


async def authorization_url(services: EngineServices, flow: Flow) -> str | Refusal:
    """Return where a browser begins a log-in. Cancelling: nothing happened."""
    about = usable_provider(services)
    if isinstance(about, Refusal):
        return about
    try:
        description = await services.feature_ports[PROVIDER].description(about, services.outbound)
    except ProviderFailed:
        return DOWN
    return with_query(
        description.authorization_endpoint,
        response_type="code",
        client_id=about.client_id,
        redirect_uri=services.settings.public_url + PATH,
        scope=" ".join(about.scopes),
        state=flow.state,
        nonce=flow.nonce,
        code_challenge=flow.challenge,
        code_challenge_method="S256",
    )


async def _identified(
    services: EngineServices,
    about: IdentityProvider,
    flow: Flow | None,
    code: str,
    state: str,
    iss: str | None,
) -> tuple[Tokens, Mapping[str, Any]] | Refusal:
    """Return the tokens and the claims of the person whom the provider's answer is about.

    Cancelling: the code may be used up.
    """
    if flow is None or not is_state_of(flow, state):
        return OVER
    provider, outbound = services.feature_ports[PROVIDER], services.outbound
    try:
        description = await provider.description(about, outbound)
        # RFC 9207: the answer of another provider, which wants to be taken for ours.
        if iss != about.issuer and (
            iss is not None or description.authorization_response_iss_parameter_supported
        ):
            raise BadToken(f"the answer is of {iss!r}")
        redirect_uri = services.settings.public_url + PATH
        tokens = await provider.exchange(about, outbound, code, flow.verifier, redirect_uri)
        check_id_token(tokens.claims, about.issuer, about.client_id, flow.nonce, time.time())
        sid_of(tokens.claims)
        return tokens, await provider.userinfo(about, outbound, tokens)
    except BadToken as error:
        logger.warning("a log-in by the identity provider was refused", error=str(error))
        return BAD_ANSWER
    except ProviderFailed as error:
        logger.warning("a log-in by the identity provider failed", error=str(error))
        return BAD_ANSWER if error.status is not None and 400 <= error.status < 500 else DOWN


async def log_in(
    services: EngineServices,
    flow: Flow | None,
    code: str,
    state: str,
    iss: str | None,
    device: Device,
    *,
    invite: str | None,
    name: str,
) -> Opened | Refusal:
    """Begin a session of the person whom the provider's answer is about; `name` is that of their device.

    May raise StorageDown and OutcomeUnknown. Cancelling: the code may be used up, and there may be an account.
    """
    about = usable_provider(services)
    if isinstance(about, Refusal):
        return about
    found = await _identified(services, about, flow, code, state, iss)
    if isinstance(found, Refusal):
        return found
    tokens, claims = found
    identity = Identity(about.issuer, subject_of(tokens.claims))
    person = await _person(services, about, identity, claims, invite, device.address)
    if isinstance(person, Refusal):
        return person
    if person.is_disabled:
        return DISABLED
    person = await _with_roles(services, about, person, claims)
    if isinstance(person, Refusal):
        return person
    opened = await services.sessions.open_after_change(person, device, name)
    if isinstance(opened, Refusal):
        return opened
    session = ProviderSession(identity, sid_of(tokens.claims), tokens.id_token, tokens.claims["iat"])
    try:
        is_current = await services.feature_ports[IDENTITIES].begin(opened.session.id, session)
    except StorageDown as error:
        raise OutcomeUnknown(f"a session was begun, and its tokens are lost: {error}") from error
    if not is_current:
        await services.sessions.end(person, opened.session.id)
        return OVER
    logger.info("logged in by the identity provider", person=person.id, address=device.address)
    services.accounts.happened("identity provider login")
    return opened


async def _person(
    services: EngineServices,
    about: IdentityProvider,
    identity: Identity,
    claims: Mapping[str, Any],
    invite: str | None,
    network_address: str,
) -> Person | Refusal:
    """Return the person of an identity: linked, linked now by their address, or new."""
    identities = services.feature_ports[IDENTITIES]
    known = await identities.person_of(identity)
    if known is not None:
        return await services.accounts.person(known) or BAD_CREDENTIALS
    address = claims.get("email")
    # Exactly true: a provider that says "true" in quotes has not read the standard.
    email = address if isinstance(address, str) and claims.get("email_verified") is True else None
    if about.links_by_address and email is not None:
        person_id = await identities.with_address(email)
        if person_id is not None:
            owner_of_it = await services.administration.person(person_id)
            if isinstance(owner_of_it, Person) and owner_of_it.has_second_factor:
                return LINK_INSIDE
            # Somebody else may have registered with this address: unless it is confirmed, password and tokens end.
            owner = await identities.adopt(identity, person_id, email, services.accounts.unusable_hash())
            services.accounts.changed(person_id)
            if owner == 0:  # the account was changed just now
                return OVER
            if owner != person_id:
                return HAS_ANOTHER
            logger.info("an account was linked by its address", person=person_id)
            return await services.administration.person(person_id)

    is_invited = invite is not None and services.accounts.registration == "invite"  # it is checked below
    if not is_invited and (banned := services.budgets.bans.registering_refusal(network_address)):
        return banned

    async def add(new: NewPerson) -> Person | Taken | int | None:
        return await identities.add(identity, new)

    added: Person | int | Refusal = await services.accounts.add_from_provider(
        _names(claims), email, add, invite=invite
    )
    if isinstance(added, int):  # they did it in another tab at the same time
        return await services.administration.person(added)
    if isinstance(added, Person):
        logger.info("registered by the identity provider", person=added.id, name=added.name)
        services.accounts.happened("registered")
    return UNKNOWN_PERSON if added is CLOSED else added


def _names(claims: Mapping[str, Any]) -> list[str]:
    """Return the names to try for somebody new, the best first."""
    texts = [claims.get(claim) for claim in ("preferred_username", "name", "given_name", "email")]
    return [text.partition("@")[0].strip() for text in texts if isinstance(text, str)] + ["newcomer"]


async def _with_roles(
    services: EngineServices, about: IdentityProvider, person: Person, claims: Mapping[str, Any]
) -> Person | Refusal:
    """Give a person the roles of their groups, and take those that their groups do not give any more.

    The last admin who can log in stays one. Cancelling: the roles were changed, or not.
    """
    listed = claims.get(about.groups_claim)
    groups = [listed] if isinstance(listed, str) else listed if isinstance(listed, list) else []
    ruled = {role for roles in about.roles.values() for role in roles}
    held = {role for group in groups if isinstance(group, str) for role in about.roles.get(group, ())}
    now = set(roles_of(person))
    if now & ruled == held:
        return person

    def wanted(role: Role) -> bool | UnsetType:
        return (role in held) if role in ruled and (role in held) != (role in now) else UNSET

    change = Wanted(
        operator=wanted("operator"), moderator=wanted("moderator"), admin=wanted("admin"), by_provider=True
    )
    changed = await services.administration.change(person.id, change)
    if changed is not LAST_ADMIN:
        return changed
    logger.warning("the last admin stays one, though no group gives the role", person=person.id)
    change = structs.replace(change, admin=UNSET)
    if change == Wanted(by_provider=True):
        return person
    return await services.administration.change(person.id, change)


async def link(
    services: EngineServices, person: Person, flow: Flow | None, code: str, state: str, iss: str | None
) -> Refusal | None:
    """Link the account of somebody who is logged in. Cancelling: it is linked, or not."""
    about = usable_provider(services)
    if isinstance(about, Refusal):
        return about
    if flow is None or flow.person_id != person.id:
        return OVER
    found = await _identified(services, about, flow, code, state, iss)
    if isinstance(found, Refusal):
        return found
    identity = Identity(about.issuer, subject_of(found[0].claims))
    owner = await services.feature_ports[IDENTITIES].link(identity, person)
    if owner is None:
        return HAS_ANOTHER
    if owner != person.id:
        return LINKED_ELSEWHERE
    logger.info("account linked with the identity provider", person=person.id)
    return None


async def unlink(services: EngineServices, person: Person) -> Refusal | None:
    """Remove the link of somebody's own account, and end the sessions that the provider began.

    Cancelling: both is done, or nothing.
    """
    about = services.provider
    if about is None:
        return OFF
    identities = services.feature_ports[IDENTITIES]
    linked = await identities.linked(person.id, about.issuer)
    if linked is not None and linked.identity is not None:
        by_passkey = logs_in_by_passkey(services.settings.public_url, services.accounts.login)
        if services.accounts.login == "sso" or not await identities.unlink(
            person.id, about.issuer, passkeys_log_in=by_passkey
        ):
            return ONLY_WAY_IN
        services.accounts.changed(person.id)
        logger.info("account unlinked from the identity provider", person=person.id)
    return None


async def log_out_url(services: EngineServices, person: Person) -> str | None:
    """Return where the browser of a session goes to log out at the provider; None: it began otherwise.

    Cancelling: nothing happened.
    """
    about = services.provider
    if about is None or person.session_id is None:
        return None
    id_token = await services.feature_ports[IDENTITIES].id_token(person.session_id)
    if id_token is None:
        return None
    try:
        description = await services.feature_ports[PROVIDER].description(about, services.outbound)
    except ProviderFailed:
        return None
    if description.end_session_endpoint is None:
        return None
    return with_query(
        description.end_session_endpoint,
        id_token_hint=id_token,
        client_id=about.client_id,
        post_logout_redirect_uri=services.settings.public_url + "/",
    )


async def end_by_provider(services: EngineServices, token: str) -> Refusal | None:
    """End the sessions of the provider's logout token. Cancelling: they are ended, or the provider tries again."""
    about = services.provider
    if about is None:
        return OFF
    try:
        claims = await services.feature_ports[PROVIDER].claims(about, services.outbound, token)
        check_logout_token(claims, about.issuer, about.client_id, time.time())
    except BadToken as error:
        logger.warning("a log-out by the identity provider was refused", error=str(error))
        return BAD_LOGOUT
    except ProviderFailed:
        return DOWN
    subject = claims.get("sub")
    ended = await services.feature_ports[IDENTITIES].end(
        Logout(about.issuer, claims["jti"], subject, sid_of(claims))
    )
    if ended is None:
        return BAD_LOGOUT
    # No await between the commit and this, which notifies the sockets.
    for person_id in ended:
        services.accounts.changed(person_id)
    logger.info("logged out by the identity provider", people=len(ended))
    return None
