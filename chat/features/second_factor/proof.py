"""Proving who one is, before a second factor is added, replaced or removed: a session alone does none of it."""

from msgspec import structs

from chat.domain.accounts.logins import LOG_IN_AGAIN
from chat.domain.entities import Person
from chat.domain.refusals import Code, Refusal
from chat.engine.services import EngineServices
from chat.features.second_factor.passkeys.challenges import CODE_MARK
from chat.operations.sessions import code_check


async def prove(
    services: EngineServices, person: Person, password: str | None, code: str | None, address: str
) -> Refusal | None:
    """Return the refusal unless a person proves who they are: by the password, and a code of the second factor.

    Without a password a fresh log-in takes its place, or a passkey, which is both. May raise StorageDown and
    OutcomeUnknown. Cancelling: the code may be used up.
    """
    refusal = await services.accounts.prove(person, password, address)
    is_by_passkey = code is not None and code.startswith(CODE_MARK)
    if refusal is not None and not (refusal is LOG_IN_AGAIN and is_by_passkey):
        return refusal
    if not person.has_second_factor:
        return refusal
    refusal = await code_check(services, code, address)(person)
    # Not "unauthenticated": that would say that the session has ended.
    is_about_code = refusal is not None and refusal.code is Code.UNAUTHENTICATED
    return structs.replace(refusal, code=Code.FORBIDDEN) if refusal and is_about_code else refusal
