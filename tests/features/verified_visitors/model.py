"""Verified visitors in the reference model's memory. A method's work is done in one go after its checkpoint."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio
from msgspec import structs

from chat.domain.administration.audit import Act, What
from chat.domain.entities import Person, Visit
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.ports import NewPerson
from chat.features.verified_visitors.port import VERIFIED_VISITORS, VisitorSecret
from chat.features.verified_visitors.tokens import Identity

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class VerifiedVisitorsModel:
    """The port `VerifiedVisitors`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._audit = storage.users, storage.audit
        self._secrets: list[VisitorSecret] = []
        self._people: dict[str, int] = {}
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {VERIFIED_VISITORS: self}

    async def secrets(self) -> list[VisitorSecret]:
        await trio.lowlevel.checkpoint()
        return [each for each in self._secrets if each.ends_at is None or each.ends_at > time.time()]

    async def replace_secret(self, secret: str, overlap: float, by_id: int | None) -> None:
        await trio.lowlevel.checkpoint()
        now = time.time()
        before = [each for each in self._secrets if each.ends_at is None and overlap]
        ended = [structs.replace(each, ends_at=now + overlap) for each in before]
        self._secrets = [VisitorSecret(secret, now), *ended]
        self._audit.note([Act(by_id=by_id, what=What.VISITOR_SECRET_MADE)])

    async def remove_secrets(self, by_id: int | None) -> None:
        await trio.lowlevel.checkpoint()
        if self._secrets:
            self._secrets = []
            self._audit.note([Act(by_id=by_id, what=What.VISITOR_SECRET_REMOVED)])

    async def identify(
        self, identity: Identity, page: str | None, name: str, visitor_id: int | None
    ) -> int | None:
        await trio.lowlevel.checkpoint()
        visits = self._users.visits
        known = self._people.get(identity.site_id)
        found = known if known in visits else None
        if found is None and visitor_id in visits and visitor_id not in self._people.values():
            found = visitor_id
        if found is None:
            visit = Visit(email=identity.email, page=page, is_verified=True)
            new = NewPerson(name=name, display_name=identity.name, password_hash=b"", visit=visit)
            added = self._users.add_now(new)
            if not isinstance(added, Person):
                return None
            self._people[identity.site_id] = added.id
            return added.id
        self._people[identity.site_id] = found
        visits[found] = Visit(email=identity.email, page=page or visits[found].page, is_verified=True)
        self._users.display(found, identity.name)
        return found
