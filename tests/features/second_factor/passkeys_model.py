"""Passkeys in the reference model's memory. Each method works in one go after its checkpoint."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import trio
from msgspec import structs

from chat.domain.accounts.passwords import has_password
from chat.domain.administration.audit import Act, What
from chat.domain.entities import Person
from chat.features.oidc.port import IDENTITIES
from chat.features.second_factor.passkeys.port import CODE_LASTS, MOST, Added, NewPasskey, Passkey

if TYPE_CHECKING:
    from tests.features.second_factor.model import SecondFactorModel
    from tests.reference.storage import MemoryStorage


class PasskeysModel:
    """The port `Passkeys`."""

    def __init__(self, storage: "MemoryStorage", factors: "SecondFactorModel") -> None:
        self._users, self._audit, self._now = storage.users, storage.audit, storage.now
        self._factors, self._storage = factors, storage
        self._made = 0
        self._passkeys: dict[int, Passkey] = {}
        self._used: set[bytes] = set()
        self._codes: dict[bytes, tuple[int, float]] = {}

    def _of(self, person_id: int) -> list[Passkey]:
        is_there = self._users.is_there(person_id)
        return [each for each in self._passkeys.values() if is_there and each.person_id == person_id]

    def has_one(self, person_id: int) -> bool:
        """Whether a person has a passkey. Sync."""
        return bool(self._of(person_id))

    def forget(self, person_id: int) -> None:
        """Remove a person's passkeys. Sync."""
        for each in self._of(person_id):
            del self._passkeys[each.id]

    async def of_person(self, person_id: int) -> list[Passkey]:
        await trio.lowlevel.checkpoint()
        return self._of(person_id)

    async def by_credential(self, credential_id: bytes) -> Passkey | None:
        await trio.lowlevel.checkpoint()
        found = (each for each in self._passkeys.values() if each.credential_id == credential_id)
        return next((each for each in found if self._users.is_there(each.person_id)), None)

    async def add(self, person: Person, new: NewPasskey, recovery: Sequence[bytes]) -> Added | None:
        await trio.lowlevel.checkpoint()
        now = self._users.look_up(person.id)
        if not self._users.is_there(person.id) or now is None:
            return None
        if now.token_generation != person.token_generation or new.number in self._used:
            return None
        self._used.add(new.number)
        is_known = any(each.credential_id == new.credential_id for each in self._passkeys.values())
        if is_known or len(self._of(person.id)) >= MOST:
            return None
        is_first = not self._factors.is_on(person.id)
        self._made += 1
        made = Passkey(
            self._made,
            person.id,
            new.credential_id,
            new.public_key,
            new.sign_count,
            new.transports,
            new.name,
            self._now(),
            None,
        )
        self._passkeys[made.id] = made
        if is_first:
            self._factors.begin_codes(person.id, recovery)
        self._note(person.id, What.PASSKEY_ADDED, new.name)
        return Added(made, is_first)

    async def use(
        self, passkey: Passkey, sign_count: int, number: bytes, ends_at: int, code: bytes | None = None
    ) -> bool:
        await trio.lowlevel.checkpoint()
        known = self._passkeys.get(passkey.id)
        if number in self._used:
            return False
        self._used.add(number)
        if known is None or not (known.sign_count < sign_count or known.sign_count == sign_count == 0):
            return False
        self._passkeys[passkey.id] = structs.replace(known, sign_count=sign_count, used_at=self._now())
        if code is not None:
            self._codes[code] = passkey.id, self._now() + CODE_LASTS
        return True

    async def use_code(self, person_id: int, code: bytes) -> bool:
        await trio.lowlevel.checkpoint()
        passkey_id, ends_at = self._codes.get(code, (0, 0.0))
        known = self._passkeys.get(passkey_id)
        if known is None or known.person_id != person_id or ends_at <= self._now():
            return False
        del self._codes[code]
        return True

    async def rename(self, person_id: int, passkey_id: int, name: str) -> bool:
        await trio.lowlevel.checkpoint()
        known = self._passkeys.get(passkey_id)
        if known is None or known.person_id != person_id:
            return False
        self._passkeys[passkey_id] = structs.replace(known, name=name)
        return True

    async def remove(self, person_id: int, passkey_id: int, issuer: str | None) -> bool | None:
        await trio.lowlevel.checkpoint()
        known, credentials = self._passkeys.get(passkey_id), self._users.credentials_now(person_id)
        if known is None or known.person_id != person_id or credentials is None:
            return None
        is_linked = self._storage.feature_ports[IDENTITIES].is_linked_now(person_id, issuer)
        if not (has_password(credentials.password_hash) or len(self._of(person_id)) > 1 or is_linked):
            return False
        del self._passkeys[passkey_id]
        self._factors.update(person_id)
        self._note(person_id, What.PASSKEY_REMOVED, known.name)
        return True

    def _note(self, person_id: int, what: What, name: str) -> None:
        self._audit.note([Act(by_id=person_id, what=what, person_id=person_id, detail=name)])
