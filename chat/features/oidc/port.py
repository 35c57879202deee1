"""The port of identities: who people are at the provider, and which sessions it began."""

from typing import Protocol

import msgspec

from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.ports import NewPerson, Taken


class Identity(msgspec.Struct, frozen=True):
    """Somebody at a provider: both are compared exactly."""

    issuer: str
    subject: str


class Linked(msgspec.Struct, frozen=True):
    """The identity of an account, and since when (Unix seconds); and what else its person has to log in with."""

    identity: Identity | None
    at: float
    has_password: bool
    has_passkey: bool = False


class ProviderSession(msgspec.Struct, frozen=True):
    """What a provider says of a session that it began. `issued_at` (Unix seconds) is the time of the ID token."""

    identity: Identity
    sid: str | None
    id_token: str
    issued_at: float


class Logout(msgspec.Struct, frozen=True):
    """A log-out by the provider: of one of its sessions, of all of somebody's, or of that one of theirs."""

    issuer: str
    jti: str
    subject: str | None
    sid: str | None


class Identities(Protocol):
    """Identities and the provider's sessions. Each method may raise StorageDown; those that write OutcomeUnknown too.

    Cancelling: it was written, or not.
    """

    async def person_of(self, identity: Identity) -> int | None:
        """Return the id of the person whose account is linked with the identity."""
        ...

    async def with_address(self, email: str) -> int | None:
        """Return the id of the person whose account has an email address, in upper or lower ASCII."""
        ...

    async def linked(self, person_id: int, issuer: str) -> Linked | None:
        """Return whether and how a person's account is linked; None: no such person."""
        ...

    async def add(self, identity: Identity, new: NewPerson) -> Person | Taken | int | None:
        """Add a person and link them, in one transaction. Their address, which the provider verified, is confirmed.

        An id: somebody is linked already. None: the invite is not valid. Taken: as of `Users.add`. Then nothing was
        added.
        """
        ...

    async def link(self, identity: Identity, person: Person) -> int | None:
        """Link an account, record it in the audit, and return whose identity it is now.

        Another id: it is linked with that account. None: this account has another identity of this issuer, is gone, or
        the person's tokens have ended since.
        """
        ...

    async def adopt(self, identity: Identity, person_id: int, email: str, password_hash: bytes) -> int | None:
        """Link an account with this address, in upper or lower ASCII, as `link` does.

        0, and nothing is done: it does not have the address any more, or has a second factor now. Unless its address
        is confirmed here, the same transaction removes its other identities, replaces its password,
        ends its tokens, and notes the address, which the provider verified, as confirmed.
        """
        ...

    async def unlink(self, person_id: int, issuer: str, *, passkeys_log_in: bool) -> bool:
        """Remove an account's link, record it in the audit, and end the sessions that the provider began.

        False, and nothing is done: the person has neither a password nor, where `passkeys_log_in`, a passkey.
        """
        ...

    async def begin(self, session_id: int, session: ProviderSession) -> bool:
        """Note that the provider began a session.

        False: it has logged the person out since, they are not linked any more, or the session is over.
        """
        ...

    async def id_token(self, session_id: int) -> str | None:
        """Return the ID token of a session; None: the provider did not begin it."""
        ...

    async def end(self, logout: Logout) -> list[int] | None:
        """End the sessions of a log-out, and return the ids of their people; None: it was carried out before."""
        ...


IDENTITIES: Port[Identities] = Port("identities")
