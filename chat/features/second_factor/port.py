"""The port of second factors."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.features import Port


class Secret(msgspec.Struct, frozen=True):
    """A person's secret; until it is confirmed by a code of it, it proves nothing."""

    value: bytes
    is_confirmed: bool


class SecondFactors(Protocol):
    """The secrets and recovery codes. Each method may raise StorageDown; those that write may raise OutcomeUnknown.

    Cancelling: it was written, or not. `by_id` is the person or an admin, None a command, for the audit.
    """

    async def begin(self, person_id: int, secret: bytes) -> bool:
        """Keep a secret that is to be confirmed, in place of such a one. False: the person has a confirmed one."""
        ...

    async def secret(self, person_id: int) -> Secret | None:
        """Return the person's secret."""
        ...

    async def confirm(self, person_id: int, secret: bytes, step: int, digests: Sequence[bytes]) -> bool:
        """Put a secret in force, with these recovery codes; the code of `step` is used.

        False: the person has no such secret to confirm.
        """
        ...

    async def use_step(self, person_id: int, secret: bytes, step: int) -> bool:
        """Use the code of a step up. False: it, or a later one, was used before; or the secret is not in force."""
        ...

    async def use_recovery_code(self, person_id: int, digest: bytes) -> bool:
        """Use a recovery code up. False: there is none like it."""
        ...

    async def count_recovery_codes(self, person_id: int) -> int:
        """Return how many recovery codes are left."""
        ...

    async def replace_recovery_codes(self, person_id: int, digests: Sequence[bytes]) -> bool:
        """Give a person other recovery codes. False: they have no second factor."""
        ...

    async def remove_app(self, person_id: int) -> bool:
        """Remove a person's own secret; their passkeys, and with those the recovery codes, stay. False: none is in
        force."""
        ...

    async def remove(self, person_id: int, by_id: int | None) -> bool:
        """Remove a person's second factor: secret, passkeys and recovery codes. False: they have none."""
        ...


FACTORS: Port[SecondFactors] = Port("second factors")
