"""Setting a second factor up, using its codes, and removing it."""

import time
from collections.abc import Callable

import msgspec
import structlog
from msgspec import structs

from chat.domain.accounts.second_factor import CODES, NO_SECOND_FACTOR, WRONG_CODE, Lacks, lacks
from chat.domain.entities import Person
from chat.domain.features import Ports
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.second_factor.codes import (
    clean,
    digest_of,
    is_by_time,
    new_recovery_codes,
    new_secret,
    step_of,
)
from chat.features.second_factor.passkeys.challenges import CODE_MARK, code_digest
from chat.features.second_factor.passkeys.port import PASSKEYS
from chat.features.second_factor.port import FACTORS
from chat.features.second_factor.proof import prove

HAS_ONE = Refusal(
    Code.CONFLICT, "you have a second factor: remove it before you set up another", reason="second_factor_on"
)
NONE_BEGUN = Refusal(
    Code.CONFLICT, "begin to set up a second factor first, for a new secret", reason="second_factor_not_begun"
)
OWN_ONE = Refusal(
    Code.FORBIDDEN,
    "this is your own second factor: remove it in your settings, with a code of it",
    reason="own_second_factor",
)
_NOT_THE_CODE = structs.replace(WRONG_CODE, code=Code.FORBIDDEN)

logger = structlog.get_logger(__name__)


class FactorState(msgspec.Struct, frozen=True):
    """Whether a person has a second factor, and an app; whether they have to; how many recovery codes are left."""

    is_on: bool
    has_app: bool
    is_required: bool
    recovery_codes: int


class FactorCodes:
    """The port `Codes`: codes by time, recovery codes, and those of a used passkey. `clock` returns Unix time."""

    def __init__(self, ports: Ports, clock: Callable[[], float] = time.time) -> None:
        self._factors = ports[FACTORS]
        self._passkeys = ports[PASSKEYS]
        self.clock = clock

    async def use(self, person: Person, code: str) -> bool:
        """See `Codes.use`."""
        if code.startswith(CODE_MARK):
            return await self._passkeys.use_code(person.id, code_digest(code))
        code = clean(code)
        if not is_by_time(code):
            return await self._factors.use_recovery_code(person.id, digest_of(person.id, code))
        secret = await self._factors.secret(person.id)
        step = None if secret is None else step_of(secret.value, code, self.clock())
        if secret is None or step is None:
            return False
        return await self._factors.use_step(person.id, secret.value, step)

    async def remove(self, person_id: int, by_id: int | None) -> bool:
        """See `Codes.remove`."""
        return await self._factors.remove(person_id, by_id)


async def state(services: EngineServices, person: Person) -> FactorState:
    """Return the state of a person's second factor. May raise StorageDown. Cancelling changes nothing."""
    required, factors = services.accounts.second_factor, services.feature_ports[FACTORS]
    without = structs.replace(person, has_second_factor=False)
    secret = await factors.secret(person.id)
    return FactorState(
        person.has_second_factor,
        secret is not None and secret.is_confirmed,
        lacks(without, required) is Lacks.SET_UP,
        await factors.count_recovery_codes(person.id),
    )


async def begin(
    services: EngineServices, person: Person, password: str | None, code: str | None, address: str
) -> bytes | Refusal:
    """Return a new secret of a person who proves who they are; it is in force once it is confirmed.

    May raise StorageDown and OutcomeUnknown. Cancelling: the code may be used up, and a secret wait to be confirmed.
    """
    factors = services.feature_ports[FACTORS]
    known = await factors.secret(person.id)
    if known is not None and known.is_confirmed:
        return await services.accounts.prove(person, password, address) or HAS_ONE
    if refusal := await prove(services, person, password, code, address):
        return refusal
    secret = new_secret()
    return secret if await factors.begin(person.id, secret) else HAS_ONE


async def confirm(services: EngineServices, person: Person, code: str) -> list[str] | Refusal:
    """Put the secret in force whose code this is, and return the recovery codes, which are shown only once.

    May raise StorageDown and OutcomeUnknown. Cancelling: it may be in force; then an admin removes it.
    """
    factors, codes = services.feature_ports[FACTORS], services.feature_ports[CODES]
    secret = await factors.secret(person.id)
    if secret is None or secret.is_confirmed:
        return NONE_BEGUN if secret is None else HAS_ONE
    assert isinstance(codes, FactorCodes)
    step = step_of(secret.value, clean(code), codes.clock())
    if step is None:
        return _NOT_THE_CODE
    made = new_recovery_codes()
    digests = [digest_of(person.id, clean(each)) for each in made]
    if not await factors.confirm(person.id, secret.value, step, digests):
        return NONE_BEGUN
    # No await between the commit and this.
    services.accounts.changed(person.id)
    _note(services, "second factor set up", person, person)
    return made


async def replace_codes(
    services: EngineServices, person: Person, password: str | None, code: str, address: str
) -> list[str] | Refusal:
    """Return new recovery codes; the earlier ones are good no more. May raise StorageDown and OutcomeUnknown.

    Cancelling: the code may be used up, and the earlier recovery codes replaced.
    """
    if refusal := await _prove(services, person, password, code, address):
        return refusal
    made = new_recovery_codes()
    digests = [digest_of(person.id, clean(each)) for each in made]
    is_done = await services.feature_ports[FACTORS].replace_recovery_codes(person.id, digests)
    return made if is_done else NO_SECOND_FACTOR


async def remove_own(
    services: EngineServices, person: Person, password: str | None, code: str, address: str
) -> Refusal | None:
    """Remove one's own authenticator app; passkeys stay. May raise StorageDown and OutcomeUnknown.

    Cancelling: the code may be used up; it is removed, or not.
    """
    if refusal := await _prove(services, person, password, code, address):
        return refusal
    if not await services.feature_ports[FACTORS].remove_app(person.id):
        return NO_SECOND_FACTOR
    # No await between the commit and this.
    _removed(services, person, person)
    return None


async def remove_of(services: EngineServices, person: Person, admin: Person) -> Refusal | None:
    """Remove the second factor of a person who has lost it, passkeys too, by an admin.

    OWN_ONE: a session alone must not end one. May raise StorageDown and OutcomeUnknown. Cancelling: it is removed, or
    not.
    """
    if person.id == admin.id:
        return OWN_ONE
    if not await services.feature_ports[FACTORS].remove(person.id, admin.id):
        return NO_SECOND_FACTOR
    # No await between the commit and this.
    _removed(services, person, admin)
    return None


def _removed(services: EngineServices, person: Person, by: Person) -> None:
    services.accounts.changed(person.id)
    _note(services, "second factor removed", person, by)


async def _prove(
    services: EngineServices, person: Person, password: str | None, code: str, address: str
) -> Refusal | None:
    if not person.has_second_factor:
        return NO_SECOND_FACTOR
    return await prove(services, person, password, code, address)


def _note(services: EngineServices, what: str, person: Person, by: Person) -> None:
    services.accounts.happened(what)
    logger.info(what, person=person.id, by="themselves" if by.id == person.id else by.name)
