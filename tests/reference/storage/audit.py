"""The audit in memory. Acts are recorded within the writes that do them."""

import time
from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec
import trio

from chat.domain.administration.audit import ACTS_KEPT, Act, AuditEntry, Named
from chat.domain.entities import Person


class _Noted(msgspec.Struct, frozen=True):
    """An act, and when it was noted (Unix seconds)."""

    id: int
    at: float
    act: Act


class MemoryAudit:
    """The port `Audit`. `person` returns a person, deleted or not, at once."""

    def __init__(self, person: Callable[[int], Person | None]) -> None:
        self._person = person
        self._noted: list[_Noted] = []
        self._last_id = 0

    def note(self, acts: Iterable[Act]) -> None:
        """Record acts, as part of the write that does them. Sync."""
        for act in acts:
            self._last_id += 1
            self._noted.append(_Noted(self._last_id, round(time.time(), 6), act))

    async def acts(
        self, before_id: int | None, limit: int, *, person_id: int | None = None, kinds: Collection[str] = ()
    ) -> list[AuditEntry]:
        await trio.lowlevel.checkpoint()
        newest_first = (
            each
            for each in reversed(self._noted)
            if (before_id is None or each.id < before_id)
            and person_id in (None, each.act.by_id, each.act.person_id)
            and (not kinds or each.act.what in kinds)
        )
        return [self._entry(each) for each, _ in zip(newest_first, range(limit), strict=False)]

    async def record(self, acts: Sequence[Act]) -> None:
        await trio.lowlevel.checkpoint()
        self.note(acts)

    async def forget_acts(self, limit: int) -> bool:
        await trio.lowlevel.checkpoint()
        old = [each for each in self._noted if each.at < time.time() - ACTS_KEPT][:limit]
        self._noted = [each for each in self._noted if each not in old]
        return bool(old)

    def _entry(self, noted: _Noted) -> AuditEntry:
        return AuditEntry(
            id=noted.id,
            at=noted.at,
            by=self.named(noted.act.by_id),
            what=noted.act.what,
            person=self.named(noted.act.person_id),
            room_id=noted.act.room_id,
            detail=noted.act.detail,
        )

    def named(self, person_id: int | None) -> Named | None:
        """Return a person by the name of today, at once."""
        person = None if person_id is None else self._person(person_id)
        return None if person is None else Named(person.id, person.name)
