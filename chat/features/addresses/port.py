"""The port of the email addresses that people have confirmed."""

from enum import Enum, auto
from typing import Protocol

import msgspec

from chat.domain.features import Port

LASTS = 86_400.0
"""Seconds for which a link is good."""

PER_HOUR = 3
"""Links for one account, and to one address, in an hour."""


class Addressee(msgspec.Struct, frozen=True):
    """Whom a link is for: the address is that of the account, as it was entered there."""

    name: str
    email: str


class Confirmation(Enum):
    """What came of the use of a link."""

    CONFIRMED = auto()
    OVER = auto()
    """It is used or over, or the account has another address."""
    OF_ANOTHER = auto()
    """It is for another account; it stays good."""


class Addresses(Protocol):
    """The confirmed addresses. Each method may raise StorageDown; those that write may raise OutcomeUnknown.

    Cancelling: it was written, or not.
    """

    async def is_confirmed(self, person_id: int) -> bool:
        """Whether the person has confirmed the address that the account has now."""
        ...

    async def begin(self, person_id: int, digest: bytes, language: str) -> Addressee | None:
        """Keep a link of this digest for the address of the account; its mails have this language.

        None, and nothing is kept: the account has no address, or there were `PER_HOUR` links in the last hour, for the
        account or to the address.
        """
        ...

    async def confirm(self, digest: bytes, person_id: int) -> Confirmation:
        """Use a link to this person's account up, and confirm its address."""
        ...


ADDRESSES: Port[Addresses] = Port("confirmed addresses")
