"""Links to reset a password, in the reference model's memory. Each method works in one go."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import trio

from chat.domain.entities import Person
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.features.addresses.port import ADDRESSES
from chat.features.oidc.port import IDENTITIES
from chat.features.recovery.port import LASTS, PER_HOUR, RESETS, Addressee

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class _Link(msgspec.Struct):
    person_id: int
    email: str
    generation: int
    at: float
    is_used: bool = False


class RecoveryModel:
    """The port `PasswordResets`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._storage = storage.users, storage
        self._now = storage.now
        self._links: dict[bytes, _Link] = {}
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {RESETS: self}

    def _ports(self) -> Mapping[Port[Any], Any]:
        return self._storage.feature_ports

    async def begin(self, email: str, digest: bytes) -> Addressee | None:
        found = await self._users.by_email(email)
        if found is None or found.person.is_disabled or found.person.email is None:
            return None
        person, now = found.person, self._now()
        if (
            sum(link.person_id == person.id and link.at > now - 3600 for link in self._links.values())
            >= PER_HOUR
        ):
            return None
        self._links[digest] = _Link(person.id, person.email or "", person.token_generation, now)
        return Addressee(person.id, person.name, person.email or "")

    def _good(self, digest: bytes, person: Person | None) -> bool:
        link = self._links[digest]
        return (
            not link.is_used
            and link.at + LASTS > self._now()
            and person is not None
            and person.email == link.email
            and person.token_generation == link.generation
            and not person.is_disabled
        )

    async def person_of(self, digest: bytes) -> int | None:
        await trio.lowlevel.checkpoint()
        return self._person_of(digest)

    def _person_of(self, digest: bytes) -> int | None:
        if digest not in self._links:
            return None
        person_id = self._links[digest].person_id
        return person_id if self._good(digest, self._users.look_up(person_id)) else None

    async def use(self, digest: bytes) -> bool:
        await trio.lowlevel.checkpoint()
        if (person_id := self._person_of(digest)) is None:
            return False
        self._links[digest].is_used = True
        addresses, identities = (self._ports()[port] for port in (ADDRESSES, IDENTITIES))
        if not addresses.is_confirmed_now(person_id):
            identities.forget_now(person_id)
        addresses.confirm_now(person_id)
        return True
