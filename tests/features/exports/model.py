"""Exports in the reference model's memory. A method's work is done in one go after its checkpoint."""

import json
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import trio
from msgspec import structs

from chat.domain.administration.audit import Act, What
from chat.domain.entities import Message, MessageKind
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.features.exports.personal_data import PERSONAL_DATA
from chat.features.exports.requests import KEPT, PAUSE, REQUESTS, Asked, Export, Failure, Names

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class _Link(msgspec.Struct, frozen=True):
    session_id: int | None
    generation: int
    digest: bytes


class ExportsModel:
    """The ports `ExportRequests` and `PersonalData`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._sessions, self._audit = storage.users, storage.sessions, storage.audit
        self._rooms, self._messages = storage.rooms, storage.messages
        self._now = storage.now
        self._exports: dict[int, Export] = {}
        self._links: dict[int, _Link] = {}
        self._claims: dict[str, tuple[int, float]] = {}  # by name: by whom and until when
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {REQUESTS: self, PERSONAL_DATA: self}

    async def ask(self, person_id: int, name: str) -> Asked:
        await trio.lowlevel.checkpoint()
        before = self._exports.get(person_id)
        if before is not None and before.failed_at is None:
            wait = before.asked_at + PAUSE - self._now()
            if before.is_under_way or wait > 0:
                return Asked(before, False, max(wait, 1.0))
        self._audit.note([Act(by_id=person_id, what=What.EXPORT_ASKED, person_id=person_id)])
        self._links.pop(person_id, None)
        new = self._exports[person_id] = Export(person_id=person_id, name=name, asked_at=self._now())
        return Asked(new, True, PAUSE)

    async def of_person(self, person_id: int) -> Export | None:
        await trio.lowlevel.checkpoint()
        return self._living(person_id)

    async def make_link(
        self, person_id: int, session_id: int | None, generation: int, digest: bytes
    ) -> Export | None:
        await trio.lowlevel.checkpoint()
        export = self._living(person_id)
        if export is None or export.made_at is None:
            return None
        self._links[person_id] = _Link(session_id, generation, digest)
        self._audit.note([Act(by_id=person_id, what=What.EXPORT_LINK_MADE, person_id=person_id)])
        return export

    async def by_link(self, digest: bytes) -> Export | None:
        found = [(person_id, link) for person_id, link in self._links.items() if link.digest == digest]
        if not found or found[0][1].session_id is None:
            await trio.lowlevel.checkpoint()
        if not found:
            return None
        ((person_id, link),) = found
        living = {} if link.session_id is None else await self._sessions.living([link.session_id])
        person = self._users.look_up(person_id)
        is_good = (
            self._is_here(person_id) and person is not None and person.token_generation == link.generation
        )
        is_there = link.session_id is None or living.get(link.session_id) == person_id
        return self._living(person_id) if is_good and is_there else None

    async def claim(self, by: int, seconds: float) -> Export | None:
        await trio.lowlevel.checkpoint()
        waiting = [each for each in self._exports.values() if each.is_under_way]
        if any(
            each.name in self._claims and self._claims[each.name][0] != by and self._is_claimed(each.name)
            for each in waiting
        ):
            return None
        for each in sorted(waiting, key=lambda export: export.asked_at):
            if self._is_here(each.person_id):
                self._claims[each.name] = (by, self._now() + seconds)
                self._exports[each.person_id] = structs.replace(each, share=0.0)
                return self._exports[each.person_id]
        return None

    async def renew(self, by: int, name: str, seconds: float, share: float) -> bool:
        await trio.lowlevel.checkpoint()
        export = self._ours(by, name)
        if export is None or not self._is_here(export.person_id):
            return False
        self._claims[name] = (by, self._now() + seconds)
        self._exports[export.person_id] = structs.replace(export, share=share)
        return True

    async def finish(self, by: int, name: str, size: int) -> bool:
        await trio.lowlevel.checkpoint()
        export = self._ours(by, name)
        if export is None:
            return False
        self._exports[export.person_id] = structs.replace(export, made_at=self._now(), share=1.0, size=size)
        return True

    async def fail(self, by: int, name: str, failure: Failure) -> None:
        await trio.lowlevel.checkpoint()
        export = self._ours(by, name)
        if export is not None:
            failed = structs.replace(export, failed_at=self._now(), failure=failure.value)
            self._exports[export.person_id] = failed

    async def expire(self) -> Names:
        await trio.lowlevel.checkpoint()
        for person_id in [
            each for each in self._exports if self._living(each) is None or not self._is_here(each)
        ]:
            del self._exports[person_id]
            self._links.pop(person_id, None)
        kept = self._exports.values()
        return Names(
            frozenset(each.name for each in kept if each.made_at is not None),
            frozenset(each.name for each in kept if each.is_under_way and self._is_claimed(each.name)),
        )

    async def person(self, person_id: int) -> str | None:
        await trio.lowlevel.checkpoint()
        person = self._users.look_up(person_id) if self._users.is_there(person_id) else None
        return None if person is None else json.dumps({"id": person.id, "name": person.name})

    async def extent(self, person_id: int) -> tuple[int, int]:
        await trio.lowlevel.checkpoint()
        return 1, 0

    async def kinds(self, person_id: int) -> AsyncGenerator[tuple[str, list[str]]]:
        await trio.lowlevel.checkpoint()
        said = [
            entry
            for room_id in (await self._rooms.of_member(person_id))
            for entry in self._messages.log_of(room_id)
            if isinstance(entry, Message) and entry.kind is MessageKind.TEXT and entry.sender_id == person_id
        ]
        yield "messages", [json.dumps({"id": each.id, "text": each.text}) for each in said]

    def is_all_made(self) -> bool:
        """Whether nothing waits. Sync."""
        return all(each.made_at is not None for each in self._exports.values())

    def end_claims(self) -> None:
        """Let all claims lapse, as if their servers had been dead for long. Sync."""
        self._claims.clear()

    def _living(self, person_id: int) -> Export | None:
        export = self._exports.get(person_id)
        if export is None:
            return None
        ended = export.made_at or export.failed_at
        return export if ended is None or ended > self._now() - KEPT else None

    def _is_here(self, person_id: int) -> bool:
        person = self._users.look_up(person_id)
        return person is not None and self._users.is_there(person_id) and not person.is_disabled

    def _is_claimed(self, name: str) -> bool:
        return name in self._claims and self._claims[name][1] > self._now()

    def _ours(self, by: int, name: str) -> Export | None:
        for each in self._exports.values():
            if each.name == name and each.is_under_way and self._claims.get(name, (None, 0))[0] == by:
                return each
        return None
