"""People in memory. A method's work is done in one go after its checkpoint: no await in between."""

import time
from collections.abc import Sequence

import trio
from msgspec import structs

from chat.model.entities import Credentials, Person
from chat.model.rules import same_name_key
from chat.storage.ports import NewPerson, Taken


class MemoryUsers:
    """The port `Users` in three dictionaries."""

    def __init__(self) -> None:
        self._by_id: dict[int, Credentials] = {}
        self._id_by_name: dict[str, int] = {}
        self._id_by_email: dict[str, int] = {}

    async def add(self, new: NewPerson) -> Person | Taken:
        await trio.lowlevel.checkpoint()
        if same_name_key(new.name) in self._id_by_name:
            return Taken("name")
        if new.email is not None and same_name_key(new.email) in self._id_by_email:
            return Taken("email")
        person = Person(
            id=len(self._by_id) + 1,
            name=new.name,
            email=new.email,
            display_name=new.display_name,
            is_operator=new.is_operator,
            is_admin=new.is_admin,
            created_at=round(time.time(), 6),
        )
        self._by_id[person.id] = Credentials(person, new.password_hash)
        self._id_by_name[same_name_key(new.name)] = person.id
        if new.email is not None:
            self._id_by_email[same_name_key(new.email)] = person.id
        return person

    async def by_id(self, person_id: int) -> Person | None:
        await trio.lowlevel.checkpoint()
        return self.look_up(person_id)

    async def by_ids(self, person_ids: Sequence[int]) -> dict[int, Person]:
        await trio.lowlevel.checkpoint()
        return {id_: known.person for id_ in person_ids if (known := self._by_id.get(id_)) is not None}

    async def by_name(self, name: str) -> Credentials | None:
        await trio.lowlevel.checkpoint()
        return self._by_id.get(self._id_by_name.get(same_name_key(name), 0))

    async def by_email(self, email: str) -> Credentials | None:
        await trio.lowlevel.checkpoint()
        return self._by_id.get(self._id_by_email.get(same_name_key(email), 0))

    async def everyone(self) -> list[Person]:
        await trio.lowlevel.checkpoint()
        return [known.person for known in self._by_id.values()]

    async def rename(self, person_id: int, name: str) -> Person | Taken | None:
        await trio.lowlevel.checkpoint()
        known = self._by_id.get(person_id)
        if known is None:
            return None
        if self._id_by_name.get(same_name_key(name), person_id) != person_id:
            return Taken("name")
        del self._id_by_name[same_name_key(known.person.name)]
        self._id_by_name[same_name_key(name)] = person_id
        return self._replace(known, name=name)

    async def raise_token_generation(self, person_id: int) -> Person | None:
        await trio.lowlevel.checkpoint()
        known = self._by_id.get(person_id)
        if known is None:
            return None
        return self._replace(known, token_generation=known.person.token_generation + 1)

    async def set_roles(self, person_id: int, *, operator: bool, admin: bool) -> Person | None:
        await trio.lowlevel.checkpoint()
        known = self._by_id.get(person_id)
        if known is None:
            return None
        return self._replace(known, is_operator=operator, is_admin=admin)

    def _replace(self, known: Credentials, **changes: object) -> Person:
        person = structs.replace(known.person, **changes)
        self._by_id[person.id] = Credentials(person, known.password_hash)
        return person

    def look_up(self, person_id: int) -> Person | None:
        """Return the person at once: how the other memory tables follow a foreign key."""
        known = self._by_id.get(person_id)
        return None if known is None else known.person
