"""Links to reset a password, in the reference model's memory. Each method works in one go."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import trio

from chat.domain.administration.audit import Act, What, reset_act
from chat.domain.entities import Credentials, Person
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.text.rules import same_name_key
from chat.features.addresses.port import ADDRESSES
from chat.features.oidc.port import IDENTITIES
from chat.features.recovery.imported import IMPORTED_PEOPLE
from chat.features.recovery.port import LASTS, PER_HOUR, RESETS, Addressee

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class _Link(msgspec.Struct):
    person_id: int
    email: str
    generation: int
    at: float
    lasts: float
    is_used: bool = False


class RecoveryModel:
    """The port `PasswordResets`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._storage = storage.users, storage
        self._now = storage.now
        self._links: dict[bytes, _Link] = {}
        storage.users.on_other_address.append(self._forget)
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {RESETS: self, IMPORTED_PEOPLE: self}
        self.imported: list[int] = []  # the ids of people who were imported, and not invited

    def _ports(self) -> Mapping[Port[Any], Any]:
        return self._storage.feature_ports

    async def waiting(self) -> int:
        await trio.lowlevel.checkpoint()
        return len(self._waiting())

    async def invite_next(self, by_id: int) -> str | None:
        await trio.lowlevel.checkpoint()
        if not (waiting := self._waiting()):
            return None
        person = waiting[0]
        self.imported.remove(person.id)
        self._storage.audit.note([Act(by_id=by_id, what=What.RESET_MADE, person_id=person.id)])
        return person.email

    def _waiting(self) -> list[Person]:
        people = map(self._users.look_up, self.imported)
        return [
            each
            for each in people
            if each and each.email and not each.is_disabled and not each.token_generation
        ]

    async def begin(
        self, email: str, digest: bytes, *, to_log_in: bool = False, lasts: float = LASTS
    ) -> Addressee | None:
        found = await self._users.by_email(email)
        if found is None or found.person.is_disabled or found.person.email is None:
            return None
        person, now = found.person, self._now()
        if to_log_in and not self._ports()[ADDRESSES].is_confirmed_now(person.id):
            return None
        if (
            sum(link.person_id == person.id and link.at > now - 3600 for link in self._links.values())
            >= PER_HOUR
        ):
            return None
        self._links[digest] = _Link(person.id, person.email or "", person.token_generation, now, lasts)
        return Addressee(person.id, person.name, person.email or "")

    def _good(self, digest: bytes, person: Person | None) -> bool:
        link = self._links[digest]
        return (
            not link.is_used
            and link.at + link.lasts > self._now()
            and person is not None
            and same_name_key(person.email or "") == same_name_key(link.email)
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

    def _forget(self, person_id: int) -> None:
        """The address of an account changed by more than the case of ASCII letters. Sync."""
        for link in self._links.values():
            link.is_used = link.is_used or link.person_id == person_id

    async def use(self, digest: bytes, known: Credentials, password_hash: bytes) -> Person | None:
        await trio.lowlevel.checkpoint()
        person_id = known.person.id
        now = self._users.credentials_now(person_id)
        if self._person_of(digest) != person_id or now is None or now.password_hash != known.password_hash:
            return None
        self._links[digest].is_used = True
        addresses, identities = (self._ports()[port] for port in (ADDRESSES, IDENTITIES))
        if not addresses.is_confirmed_now(person_id):
            identities.forget_now(person_id)
        addresses.confirm_now(person_id)
        self._storage.audit.note([reset_act(person_id)])
        return self._users.set_password_now(now, password_hash)

    async def log_in(self, digest: bytes, person: Person) -> bool:
        await trio.lowlevel.checkpoint()
        now = self._users.look_up(person.id)
        if self._person_of(digest) != person.id or now is None:
            return False
        if now.has_second_factor is not person.has_second_factor:
            return False
        self._links[digest].is_used = True
        return True
