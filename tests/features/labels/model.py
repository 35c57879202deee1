"""Labels in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import Refusal
from chat.features.labels.port import (
    LABEL_TAKEN,
    LABELS,
    MOST,
    NO_LABEL,
    TOO_MANY_LABELS,
    Colour,
    Label,
)

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class LabelsModel:
    """The port `Labels`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._rooms = storage.rooms
        self._numbers = count(1)
        self._labels: dict[int, Label] = {}
        self._keys: dict[int, str] = {}
        self._given: defaultdict[int, set[int]] = defaultdict(set)  # by room
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {LABELS: self}

    async def all(self) -> list[Label]:
        await trio.lowlevel.checkpoint()
        return list(self._labels.values())

    async def add(self, name: str, key: str, colour: Colour) -> Label | Refusal:
        await trio.lowlevel.checkpoint()
        if key in self._keys.values():
            return LABEL_TAKEN
        if len(self._labels) >= MOST:
            return TOO_MANY_LABELS
        label = Label(id=next(self._numbers), name=name, colour=colour)
        self._labels[label.id], self._keys[label.id] = label, key
        return label

    async def change(self, label: Label, key: str) -> Refusal | None:
        await trio.lowlevel.checkpoint()
        if any(each == key and label_id != label.id for label_id, each in self._keys.items()):
            return LABEL_TAKEN
        if label.id not in self._labels:
            return NO_LABEL
        self._labels[label.id], self._keys[label.id] = label, key
        return None

    async def remove(self, label_id: int) -> bool:
        await trio.lowlevel.checkpoint()
        self._keys.pop(label_id, None)
        for given in self._given.values():
            given.discard(label_id)
        return self._labels.pop(label_id, None) is not None

    async def switch(self, room_id: int, label_id: int, *, on: bool) -> list[int] | Refusal:
        await trio.lowlevel.checkpoint()
        if label_id not in self._labels:
            return NO_LABEL
        (self._given[room_id].add if on else self._given[room_id].discard)(label_id)
        return sorted(self._given[room_id])

    async def labelled(self, besides_id: int) -> dict[int, list[int]]:
        await trio.lowlevel.checkpoint()
        return {
            room_id: sorted(given)
            for room_id, given in sorted(self._given.items())
            if given and (room := self._rooms.look_up(room_id)) is not None and room.creator_id != besides_id
        }
