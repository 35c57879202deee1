"""The port of passkeys."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.entities import Person
from chat.domain.features import Port

CODE_LASTS = 120.0
"""Seconds for which a code is good."""

MOST = 20
"""Passkeys of one person."""


class Passkey(msgspec.Struct, frozen=True):
    """A passkey as it is stored. Times are in Unix seconds; `used_at` is None before its first use."""

    id: int
    person_id: int
    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    name: str
    created_at: float
    used_at: float | None


class NewPasskey(msgspec.Struct, frozen=True):
    """A passkey to add, and the challenge that it answers: its number, and when it ends (Unix seconds)."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    name: str
    number: bytes
    ends_at: int


class Added(msgspec.Struct, frozen=True):
    """A new passkey. `is_first`: it is the person's first second factor, so the recovery codes are in force."""

    passkey: Passkey
    is_first: bool


class Passkeys(Protocol):
    """The passkeys. Each method may raise StorageDown; those that write may raise OutcomeUnknown.

    Cancelling: it was written, or not.
    """

    async def of_person(self, person_id: int) -> list[Passkey]:
        """Return a person's passkeys, the first one first."""
        ...

    async def by_credential(self, credential_id: bytes) -> Passkey | None:
        """Return the passkey that a browser names."""
        ...

    async def add(self, person: Person, new: NewPasskey, recovery: Sequence[bytes]) -> Added | None:
        """Add a passkey, use its challenge up, and record it in the audit.

        If the person has no second factor yet, `recovery` are the digests of their recovery codes. None: the challenge
        was used, the credential is known, the person has `MOST`, is gone, or their tokens have ended since.
        """
        ...

    async def use(
        self, passkey: Passkey, sign_count: int, number: bytes, ends_at: int, code: bytes | None = None
    ) -> bool:
        """Note the use of a passkey, and use its challenge up. False: it was used before, or the passkey is gone.

        Of several uses of a challenge at once one is good, and of several copies of a passkey that counts too. `code`
        is the digest of a code to keep in the place of this use.
        """
        ...

    async def use_code(self, person_id: int, code: bytes) -> bool:
        """Use up a code of a person's passkey. False: it was used, is over, or the passkey is gone."""
        ...

    async def rename(self, person_id: int, passkey_id: int, name: str) -> bool:
        """Give a person's passkey another name. False: there is none."""
        ...

    async def remove(self, person_id: int, passkey_id: int, issuer: str | None) -> bool | None:
        """Remove a person's passkey, and record it in the audit. None: there is none.

        Without any second factor left, the recovery codes end. False, and nothing is done: the person has no password,
        no other passkey, and no identity of `issuer`, the identity provider.
        """
        ...


PASSKEYS: Port[Passkeys] = Port("passkeys")
