"""Confirmed addresses in the reference model's memory. Each method works in one go."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import trio

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.text.rules import same_name_key
from chat.features.addresses.port import ADDRESSES, LASTS, PER_HOUR, Addressee, Confirmation

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class _Link(msgspec.Struct):
    person_id: int
    email_key: str
    at: float
    is_used: bool = False


class AddressesModel:
    """The port `Addresses`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users = storage.users
        self._now = storage.now
        self._links: dict[bytes, _Link] = {}
        self._confirmed: dict[int, str] = {}  # by person
        storage.users.on_other_address.append(self._forget)
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {ADDRESSES: self}

    def _key(self, person_id: int) -> str | None:
        person = self._users.look_up(person_id)
        return None if person is None or person.email is None else same_name_key(person.email)

    def confirm_now(self, person_id: int) -> None:
        """Note the address of an account as confirmed. Sync."""
        if (key := self._key(person_id)) is not None:
            self._confirmed[person_id] = key

    async def is_confirmed(self, person_id: int) -> bool:
        await trio.lowlevel.checkpoint()
        return self.is_confirmed_now(person_id)

    def is_confirmed_now(self, person_id: int) -> bool:
        """Return what `is_confirmed` does. Sync."""
        key = self._key(person_id)
        return key is not None and self._confirmed.get(person_id) == key

    async def begin(self, person_id: int, digest: bytes, language: str) -> Addressee | None:
        await trio.lowlevel.checkpoint()
        key, person = self._key(person_id), self._users.look_up(person_id)
        new = [link for link in self._links.values() if link.at > self._now() - 3600]
        of_person = sum(link.person_id == person_id for link in new)
        to_address = sum(link.email_key == key for link in new)
        if key is None or person is None or max(of_person, to_address) >= PER_HOUR:
            return None
        self._links[digest] = _Link(person_id, key, self._now())
        return Addressee(person.name, person.email or "")

    async def confirm(self, digest: bytes, person_id: int) -> Confirmation:
        await trio.lowlevel.checkpoint()
        link = self._links.get(digest)
        if link is None or link.at + LASTS <= self._now():
            return Confirmation.OVER
        if link.person_id != person_id:
            return Confirmation.OF_ANOTHER
        if link.is_used or self._key(person_id) != link.email_key:
            return Confirmation.OVER
        link.is_used = True
        self._confirmed[person_id] = link.email_key
        return Confirmation.CONFIRMED

    def _forget(self, person_id: int) -> None:
        """The address of an account changed by more than the case of ASCII letters. Sync."""
        self._confirmed.pop(person_id, None)
        for link in self._links.values():
            link.is_used = link.is_used or link.person_id == person_id
