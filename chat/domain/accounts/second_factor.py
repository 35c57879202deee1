"""Whether a log-in needs more than a password: one rule for every protocol, log-in and socket. `lacks` is pure."""

from collections.abc import Awaitable, Callable
from enum import Enum, auto
from typing import Protocol

from msgspec import structs

from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.limits.bounds import SecondFactorFor
from chat.domain.refusals import Code, Refusal

CODE_NEEDED = Refusal(
    Code.UNAUTHENTICATED, "a code of the second factor is needed", field="code", reason="code_needed"
)
WRONG_CODE = Refusal(Code.UNAUTHENTICATED, "wrong or used code", field="code", reason="wrong_code")
TOKEN_NEEDED = Refusal(
    Code.UNAUTHENTICATED,
    "this account has a second factor: use a token for programs in place of the password",
    reason="token_needed",
)
"""For protocols whose log-in has no place for a code."""

SET_UP_FIRST = Refusal(
    Code.FORBIDDEN,
    "this server requires a second factor: set it up in the page first",
    reason="second_factor_required",
)
"""For a valid token of somebody who must have a second factor and has none."""

NO_SECOND_FACTOR = Refusal(Code.NOT_FOUND, "there is no second factor", reason="no_second_factor")

_SET_UP_FIRST_TO_LOG_IN = structs.replace(SET_UP_FIRST, code=Code.UNAUTHENTICATED)

CheckCode = Callable[[Person], Awaitable[Refusal | None]]
"""Returns why the code of a log-in does not prove this person, or None. A right code is used up."""


class Codes(Protocol):
    """The codes of second factors; the feature has them."""

    async def use(self, person: Person, code: str) -> bool:
        """Whether a code proves the person. A right one is used up: of several uses at once, on any servers, one is.

        May raise StorageDown and OutcomeUnknown. Cancelling: the code may be used up.
        """
        ...

    async def remove(self, person_id: int, by_id: int | None) -> bool:
        """Remove a person's second factor, by a person or, None, a command. False: there is none.

        It is recorded in the audit. May raise StorageDown and OutcomeUnknown. Cancelling: it is removed, or not.
        """
        ...


CODES: Port[Codes] = Port("codes of second factors")


class Lacks(Enum):
    """What somebody who knows a password still lacks."""

    NOTHING = auto()
    CODE = auto()
    SET_UP = auto()
    """They must have a second factor and have none: a session may set it up and do nothing else."""


def lacks(person: Person, required: SecondFactorFor) -> Lacks:
    """Return what a log-in of this person by password lacks, where `required` have to have a second factor."""
    if person.is_visitor:
        return Lacks.NOTHING
    if person.has_second_factor:
        return Lacks.CODE
    has_role = person.is_admin or (required == "operators" and (person.is_operator or person.is_moderator))
    must = required == "everybody" or (required != "off" and has_role)
    return Lacks.SET_UP if must else Lacks.NOTHING


async def refusal_of_log_in(
    person: Person, required: SecondFactorFor, check_code: CheckCode | None
) -> Refusal | None:
    """Return why a password does not suffice to log this person in, or None.

    Without `check_code` the protocol has no place for a code, nor a page that sets one up. May raise what `check_code`
    raises. Cancelling: a right code may be used up.
    """
    match lacks(person, required):
        case Lacks.CODE:
            return TOKEN_NEEDED if check_code is None else await check_code(person)
        case Lacks.SET_UP:
            return _SET_UP_FIRST_TO_LOG_IN if check_code is None else None
        case Lacks.NOTHING:
            return None
