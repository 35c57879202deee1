"""The port of verified visitors: the secrets with which a site signs, and the visitors by the site's id."""

from typing import Protocol

import msgspec

from chat.domain.features import Port
from chat.features.verified_visitors.tokens import Identity


class VisitorSecret(msgspec.Struct, frozen=True):
    """A secret that is valid now. Times are Unix seconds; `ends_at` is of one that was replaced."""

    secret: str
    made_at: float
    ends_at: float | None = None


class VerifiedVisitors(Protocol):
    """Verified visitors. Every method may raise StorageDown, those that write OutcomeUnknown too.

    Cancelling a write: it is done whole, or not at all.
    """

    async def secrets(self) -> list[VisitorSecret]:
        """Return the secrets that are valid now, at most two, the newest first."""
        ...

    async def replace_secret(self, secret: str, overlap: float, by_id: int | None) -> None:
        """Have this secret; the one before is valid for `overlap` seconds more, and those before it no more."""
        ...

    async def remove_secrets(self, by_id: int | None) -> None:
        """Remove all secrets, if there are any."""
        ...

    async def identify(
        self, identity: Identity, page: str | None, name: str, visitor_id: int | None
    ) -> int | None:
        """Return the person of an identity, with its name and address from now on.

        Where it is new, it becomes that of the visitor `visitor_id` if they have none yet, else of a new visitor with
        this account name. None: the name is taken.
        """
        ...


VERIFIED_VISITORS: Port[VerifiedVisitors] = Port("verified visitors")
