"""The port of links by which people who forgot their password set a new one."""

from typing import Protocol

import msgspec

from chat.domain.entities import Credentials, Person
from chat.domain.features import Port

LASTS = 1800.0
"""Seconds for which a link is good."""

PER_HOUR = 3
"""Links for one account in an hour."""


class Addressee(msgspec.Struct, frozen=True):
    """Whom a link is for: the address is that of the account, as it was entered there."""

    person_id: int
    name: str
    email: str


class PasswordResets(Protocol):
    """The links. Each method may raise StorageDown; those that write may raise OutcomeUnknown.

    Cancelling: it was written, or not.
    """

    async def begin(
        self, email: str, digest: bytes, *, to_log_in: bool = False, lasts: float = LASTS
    ) -> Addressee | None:
        """Keep a link of this digest for the account with this address, for so many seconds.

        None, and nothing is kept: no account has it, it may not log in, or it had `PER_HOUR` links in the last hour. A
        link `to_log_in` is kept for a confirmed address only: with any other, somebody else may have registered.
        """
        ...

    async def person_of(self, digest: bytes) -> int | None:
        """Return the id of the person whose link is good; None: it is used, over, or void."""
        ...

    async def use(self, digest: bytes, known: Credentials, password_hash: bytes) -> Person | None:
        """Use a link of this person up, and set their password in place of the known one, in one transaction.

        It is noted in the audit, their tokens end, and the address is confirmed; if it was not, identities that
        were linked before end too. Of several uses at once one gets the person, the others None.
        """
        ...

    async def log_in(self, digest: bytes, person: Person) -> bool:
        """Use a link of this person to log in up, and return whether it was good. Of several uses at once one is.

        It is not if the person has got a second factor, or has none any more, since they were read.
        """
        ...


RESETS: Port[PasswordResets] = Port("password resets")
