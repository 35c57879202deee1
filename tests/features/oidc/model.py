"""Identities in the reference model's memory. A method's work is done in one go after its checkpoint."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.accounts.passwords import has_password
from chat.domain.administration.audit import Act, What
from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.ports import NewPerson, Taken
from chat.features.addresses.port import ADDRESSES
from chat.features.oidc.port import IDENTITIES, Identity, Linked, Logout, ProviderSession
from chat.features.second_factor.passkeys.port import PASSKEYS

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class OidcModel:
    """The port `Identities`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._sessions, self._storage = storage.users, storage.sessions, storage
        self._audit = storage.audit
        self._links: dict[Identity, tuple[int, float]] = {}
        self._begun: dict[int, ProviderSession] = {}  # by session
        self._logouts: dict[tuple[str, str], tuple[Logout, float]] = {}
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {IDENTITIES: self}

    def _addresses(self) -> Any:
        return self._storage.feature_ports[ADDRESSES]

    def _owner(self, identity: Identity) -> int | None:
        owner, _at = self._links.get(identity, (0, 0.0))
        return owner if self._users.is_there(owner) else None

    def _link(self, identity: Identity, person_id: int) -> int | None:
        if (owner := self._owner(identity)) is not None:
            return owner
        linked = self._link_now(identity, person_id)
        if linked is not None:
            self._audit.note([Act(by_id=person_id, what=What.IDENTITY_LINKED, person_id=person_id)])
        return linked

    def _link_now(self, identity: Identity, person_id: int) -> int | None:
        if not self._users.is_there(person_id) or self._of(person_id, identity.issuer) is not None:
            return None
        self._links[identity] = (person_id, time.time())
        return person_id

    def _of(self, person_id: int, issuer: str) -> Identity | None:
        found = (each for each, (owner, _at) in self._links.items() if owner == person_id)
        return next((each for each in found if each.issuer == issuer), None)

    async def person_of(self, identity: Identity) -> int | None:
        await trio.lowlevel.checkpoint()
        return self._owner(identity)

    async def with_address(self, email: str) -> int | None:
        found = await self._users.by_email(email)
        return found.person.id if found is not None and _is_same(found.person.email, email) else None

    async def linked(self, person_id: int, issuer: str) -> Linked | None:
        await trio.lowlevel.checkpoint()
        known = self._users.credentials_now(person_id)
        if known is None:
            return None
        identity = self._of(person_id, issuer)
        at = 0.0 if identity is None else self._links[identity][1]
        return Linked(identity, at, has_password(known.password_hash), self._has_passkey(person_id))

    async def add(self, identity: Identity, new: NewPerson) -> Person | Taken | int | None:
        await trio.lowlevel.checkpoint()
        if (owner := self._owner(identity)) is not None:
            return owner
        added = self._users.add_now(new)
        if isinstance(added, Person):
            self._link_now(identity, added.id)
            self._addresses().confirm_now(added.id)
        return added

    async def link(self, identity: Identity, person: Person) -> int | None:
        await trio.lowlevel.checkpoint()
        now = self._users.look_up(person.id)
        if now is None or now.token_generation != person.token_generation:
            return self._owner(identity)
        return self._link(identity, person.id)

    async def adopt(self, identity: Identity, person_id: int, email: str, password_hash: bytes) -> int | None:
        await trio.lowlevel.checkpoint()
        person = self._users.look_up(person_id)
        if person is None or person.has_second_factor or not _is_same(person.email, email):
            return 0
        is_confirmed = self._addresses().is_confirmed_now(person_id)
        if not is_confirmed and self._owner(identity) is None:
            self.forget_now(person_id)
        owner = self._link(identity, person_id)
        known = self._users.credentials_now(person_id)
        if owner == person_id and known is not None and not is_confirmed:
            self._users.set_password_now(known, password_hash)
            self._addresses().confirm_now(person_id)
        return owner

    def forget_now(self, person_id: int) -> None:
        """Remove all links of an account. Sync."""
        self._links = {each: link for each, link in self._links.items() if link[0] != person_id}

    def is_linked_now(self, person_id: int, issuer: str | None) -> bool:
        """Whether an account is linked with this provider. Sync."""
        return issuer is not None and self._of(person_id, issuer) is not None

    def _has_passkey(self, person_id: int) -> bool:
        has_one: bool = self._storage.feature_ports[PASSKEYS].has_one(person_id)
        return has_one

    async def unlink(self, person_id: int, issuer: str, *, passkeys_log_in: bool) -> bool:
        await trio.lowlevel.checkpoint()
        identity, known = self._of(person_id, issuer), self._users.credentials_now(person_id)
        if identity is None or known is None:
            return True
        if not has_password(known.password_hash) and not (passkeys_log_in and self._has_passkey(person_id)):
            return False
        del self._links[identity]
        begun = [number for number, each in self._begun.items() if each.identity == identity]
        self._sessions.end_now(self._sessions.living_now(begun))
        self._audit.note([Act(by_id=person_id, what=What.IDENTITY_UNLINKED, person_id=person_id)])
        return True

    async def begin(self, session_id: int, session: ProviderSession) -> bool:
        await trio.lowlevel.checkpoint()
        living = self._sessions.living_now([session_id])
        identity = session.identity
        for logout, at in self._logouts.values():
            if (
                logout.issuer == identity.issuer
                and logout.subject in (None, identity.subject)
                and logout.sid in (None, session.sid)
                and at >= session.issued_at
            ):
                return False
        if session_id not in living or self._owner(identity) != living[session_id]:
            return False
        self._begun[session_id] = session
        return True

    async def id_token(self, session_id: int) -> str | None:
        living = await self._sessions.living([session_id])
        return (
            self._begun[session_id].id_token if session_id in living and session_id in self._begun else None
        )

    async def end(self, logout: Logout) -> list[int] | None:
        await trio.lowlevel.checkpoint()
        if (logout.issuer, logout.jti) in self._logouts:
            return None
        self._logouts[logout.issuer, logout.jti] = (logout, time.time())
        ended = set()
        living = self._sessions.living_now(self._begun)
        for session_id, begun in self._begun.items():
            if (
                begun.identity.issuer == logout.issuer
                and logout.subject in (None, begun.identity.subject)
                and logout.sid in (None, begun.sid)
                and session_id in living
            ):
                self._sessions.end_now([session_id])
                ended.add(living[session_id])
        return sorted(ended)


def _is_same(address: str | None, other: str) -> bool:
    return address is not None and address.encode().lower() == other.encode().lower()  # bytes: ASCII alone
