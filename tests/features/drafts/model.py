"""Drafts in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.features.drafts import use_cases
from chat.features.drafts.use_cases import DRAFTS, TypedDraft

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class DraftsModel:
    """The port `Drafts`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._rooms, self._now = storage.users, storage.rooms, storage.now
        self._kept: dict[tuple[int, int, int], TypedDraft] = {}  # by person, room and thread
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {DRAFTS: self}

    async def save(
        self, person_id: int, room_id: int, thread: int, text: str, reply: int | None, age: float
    ) -> TypedDraft | None:
        await trio.lowlevel.checkpoint()
        if not self._users.is_there(person_id) or not self._rooms.is_there(room_id):
            return None
        new = TypedDraft(room_id, thread, text, reply, self._now() - age)
        known = self._kept.get((person_id, room_id, thread))
        if known is None or known.typed_at <= new.typed_at:
            known = self._kept[person_id, room_id, thread] = new
        mine = sorted(
            (kept.text != "", kept.typed_at, place)
            for place, kept in self._kept.items()
            if place[0] == person_id
        )
        for *_, place in mine[: max(len(mine) - use_cases.MOST_DRAFTS, 0)]:
            del self._kept[place]
        return known

    async def all(self, person_id: int) -> Sequence[TypedDraft]:
        await trio.lowlevel.checkpoint()
        found = [
            kept
            for (whose, room_id, _), kept in self._kept.items()
            if whose == person_id and self._users.is_there(person_id) and self._rooms.is_there(room_id)
        ]
        return sorted(found, key=lambda each: -each.typed_at)
