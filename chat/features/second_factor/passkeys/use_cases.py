"""Logging in by a passkey, proving who one is by one, and adding, naming and removing them."""

import time
from collections.abc import Callable

import msgspec
import structlog
import trio
from msgspec import structs

from chat.domain.accounts.logins import DISABLED
from chat.domain.accounts.passkeys import PasskeySite, passkey_site
from chat.domain.accounts.second_factor import WRONG_CODE
from chat.domain.accounts.sessions import Device, Opened
from chat.domain.addresses import address_key
from chat.domain.entities import Person
from chat.domain.features import Port, Ports
from chat.domain.limits.buckets import Buckets
from chat.domain.limits.budgets import HOLD_BACK
from chat.domain.refusals import Code, Refusal
from chat.domain.text.rules import clean_label
from chat.engine.services import EngineServices
from chat.features.second_factor.codes import clean, digest_of, new_recovery_codes
from chat.features.second_factor.passkeys.challenges import (
    Challenge,
    challenge_in,
    code_digest,
    good_challenge,
    new_challenge,
    new_code,
)
from chat.features.second_factor.passkeys.port import MOST, PASSKEYS, NewPasskey, Passkey
from chat.features.second_factor.passkeys.verification import (
    Assertion,
    Attestation,
    BadPasskey,
    verify_new,
    verify_use,
)
from chat.features.second_factor.proof import prove

NO_SITE = Refusal(
    Code.CONFLICT,
    "browsers make no passkeys for this server: an admin has to set public_url, to an address with a name that begins"
    " with https://",
    reason="passkeys_no_url",
)
PASSKEYS_OFF = Refusal(
    Code.UNAUTHENTICATED,
    "this server takes no passkeys: log in with its identity provider; programs use a token",
    reason="passkeys_off",
)
NONE_TO_ADD = structs.replace(PASSKEYS_OFF, code=Code.CONFLICT)
"""For people who are logged in, whose session has not ended."""

BAD_PASSKEY = Refusal(
    Code.UNAUTHENTICATED, "this passkey is not known here, or not valid", reason="bad_passkey"
)
OVER = Refusal(Code.GONE, "this took too long, or was done before: try again", reason="passkey_over")
NOT_ADDED = Refusal(
    Code.INVALID,
    "the browser's answer is not valid: try again, or use another browser",
    reason="passkey_not_added",
)
TOO_MANY_PASSKEYS = Refusal(
    Code.CONFLICT, f"you have {MOST} passkeys: remove one first", reason="too_many_passkeys"
)
NO_PASSKEY = Refusal(Code.NOT_FOUND, "you have no such passkey", reason="no_passkey")
ONLY_WAY_IN = Refusal(
    Code.CONFLICT,
    "this is your only way to log in: add another passkey first, or set a password by “Forgot your password?” or an"
    " admin's reset link",
    reason="passkey_only_way",
)
TOO_MANY = "too many passkeys tried, wait"

_PER_MINUTE = 30
"""Passkeys that one network address brings in a minute; loopback is spared."""

logger = structlog.get_logger(__name__)


class PasskeyLimits:
    """How many passkeys an address may try, and the clock of the challenges. One for each server."""

    def __init__(self, _ports: Ports) -> None:
        self.clock: Callable[[], float] = time.time
        """Returns Unix seconds; tests let time pass."""
        self._budget = Buckets(_PER_MINUTE / 60, _PER_MINUTE, clock=trio.current_time)

    def take(self, address: str) -> Refusal | None:
        """Use one of an address's tries, or refuse it. Sync."""
        key = address_key(address)
        wait = 0.0 if key is None else self._budget.take([key])
        if not wait:
            return None
        return Refusal(Code.TOO_MANY, TOO_MANY, retry_after=max(wait, HOLD_BACK), reason="rate_limited")


LIMITS: Port[PasskeyLimits] = Port("passkey limits")


class Made(msgspec.Struct, frozen=True):
    """A new passkey; the recovery codes if it is the first second factor, to be shown once."""

    passkey: Passkey
    recovery_codes: list[str]


def usable_site(services: EngineServices) -> PasskeySite | Refusal:
    """Return the site if people may log in by passkeys now. Sync."""
    if services.accounts.login == "sso":
        return PASSKEYS_OFF
    return passkey_site(services.settings.public_url) or NO_SITE


def begin(services: EngineServices) -> tuple[PasskeySite, bytes] | Refusal:
    """Return a challenge for anybody who has a passkey. Sync: nothing is kept."""
    site = usable_site(services)
    return (
        site if isinstance(site, Refusal) else (site, new_challenge(services.accounts.tokens, _now(services)))
    )


async def log_in(services: EngineServices, sent: Assertion, device: Device, name: str) -> Opened | Refusal:
    """Begin a session by a passkey alone: it is both factors. `name` is that of the device.

    May raise StorageDown and OutcomeUnknown. Cancelling: the challenge may be used up, and a session begun.
    """
    person = await _proved(services, sent, device.address)
    if isinstance(person, Refusal):
        return person
    opened = await services.sessions.open_after_change(person, device, name)
    if not isinstance(opened, Refusal):
        logger.info("logged in by a passkey", person=person.id, address=device.address)
        services.accounts.happened("passkey login")
    return opened


async def exchange(services: EngineServices, sent: Assertion, address: str) -> str | Refusal:
    """Return a code that takes the place of one of an app, once and soon, wherever those are asked for.

    May raise StorageDown and OutcomeUnknown. Cancelling: the challenge may be used up.
    """
    code = new_code()
    person = await _proved(services, sent, address, code_digest(code))
    return person if isinstance(person, Refusal) else code


async def _proved(
    services: EngineServices, sent: Assertion, address: str, code: bytes | None = None
) -> Person | Refusal:
    site = usable_site(services)
    if isinstance(site, Refusal):
        return site
    if refusal := services.feature_ports[LIMITS].take(address):
        return refusal
    challenge = _challenge(services, sent.client_data, 0)
    if isinstance(challenge, Refusal):
        return challenge
    passkeys = services.feature_ports[PASSKEYS]
    known = await passkeys.by_credential(sent.credential_id)
    person = None if known is None else await services.accounts.person(known.person_id)
    if known is None or person is None or sent.user != handle_of(person):
        logger.info("passkey refused", address=address, why="it is not known")
        return BAD_PASSKEY

    async def is_right() -> bool:
        assert known is not None
        raw = challenge_in(sent.client_data) or b""
        try:
            count = await verify_use(site, raw, sent, known.public_key, known.sign_count)
        except BadPasskey as error:
            logger.warning("passkey refused", person=known.person_id, address=address, why=str(error))
            return False
        return await passkeys.use(known, count, challenge.number, challenge.ends_at, code)

    refusal = await services.accounts.check_code(person, address, is_right)
    if refusal is not None:
        return BAD_PASSKEY if refusal is WRONG_CODE else refusal
    return DISABLED if person.is_disabled else person


async def begin_adding(
    services: EngineServices, person: Person, password: str | None, code: str | None, address: str
) -> tuple[PasskeySite, bytes, list[Passkey]] | Refusal:
    """Return the challenge for a new passkey of a person who proves who they are, and the passkeys that they have.

    May raise StorageDown and OutcomeUnknown. Cancelling: the code may be used up.
    """
    site = usable_site(services)
    if isinstance(site, Refusal):
        return NONE_TO_ADD if site is PASSKEYS_OFF else site
    known = await services.feature_ports[PASSKEYS].of_person(person.id)
    if len(known) >= MOST:
        return TOO_MANY_PASSKEYS
    if refusal := await prove(services, person, password, code, address):
        return refusal
    return site, new_challenge(services.accounts.tokens, _now(services), person.id), known


async def add(
    services: EngineServices, person: Person, sent: Attestation, transports: tuple[str, ...], name: str
) -> Made | Refusal:
    """Add the passkey that a browser has made. May raise StorageDown and OutcomeUnknown.

    Cancelling: it is added, or not; then the browser has one that is of no use.
    """
    site, label = usable_site(services), clean_label(name)
    if isinstance(site, Refusal):
        return NONE_TO_ADD if site is PASSKEYS_OFF else site
    if isinstance(label, Refusal):
        return label
    challenge = _challenge(services, sent.client_data, person.id)
    if isinstance(challenge, Refusal):
        return challenge
    try:
        key = await verify_new(site, challenge_in(sent.client_data) or b"", sent)
    except BadPasskey as error:
        logger.warning("passkey not added", person=person.id, why=str(error))
        return NOT_ADDED
    made = new_recovery_codes()
    digests = [digest_of(person.id, clean(each)) for each in made]
    new = NewPasskey(
        key.credential_id,
        key.public_key,
        key.sign_count,
        transports,
        label,
        challenge.number,
        challenge.ends_at,
    )
    added = await services.feature_ports[PASSKEYS].add(person, new, digests)
    if added is None:
        return OVER
    # No await between the commit and this.
    services.accounts.changed(person.id)
    _note(services, "passkey added", person)
    return Made(added.passkey, made if added.is_first else [])


async def rename(services: EngineServices, person: Person, passkey_id: int, name: str) -> Refusal | None:
    """Give one's passkey another name. May raise StorageDown and OutcomeUnknown. Cancelling: it has it, or not."""
    label = clean_label(name)
    if isinstance(label, Refusal):
        return label
    return None if await services.feature_ports[PASSKEYS].rename(person.id, passkey_id, label) else NO_PASSKEY


async def remove(
    services: EngineServices,
    person: Person,
    passkey_id: int,
    password: str | None,
    code: str | None,
    address: str,
) -> Refusal | None:
    """Remove one's passkey, with a proof. May raise StorageDown and OutcomeUnknown.

    Cancelling: the code may be used up; the passkey is removed, or not.
    """
    if refusal := await prove(services, person, password, code, address):
        return refusal
    provider = services.provider
    issuer = None if provider is None or services.accounts.login == "password" else provider.issuer
    removed = await services.feature_ports[PASSKEYS].remove(person.id, passkey_id, issuer)
    if not removed:
        return NO_PASSKEY if removed is None else ONLY_WAY_IN
    # No await between the commit and this.
    services.accounts.changed(person.id)
    _note(services, "passkey removed", person)
    return None


def handle_of(person: Person) -> bytes:
    """Return the handle by which authenticators tell accounts of this server apart: id and time of creation.

    After a backup was restored, another account may have the same id.
    """
    return person.id.to_bytes(8) + int(person.created_at).to_bytes(8)


def _challenge(services: EngineServices, client_data: bytes, person_id: int) -> Challenge | Refusal:
    raw = challenge_in(client_data)
    found = None if raw is None else good_challenge(raw, services.accounts.tokens, _now(services))
    return OVER if found is None or found.person_id != person_id else found


def _now(services: EngineServices) -> float:
    return services.feature_ports[LIMITS].clock()


def _note(services: EngineServices, what: str, person: Person) -> None:
    services.accounts.happened(what)
    logger.info(what, person=person.id)
