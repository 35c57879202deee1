"""Saved messages in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

import trio

from chat.domain.entities import MessageKind, RoomKind
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import NO_MESSAGE, NO_PERSON, Refusal
from chat.due.port import DUE
from chat.features.saved.reminders import REMINDER, REMINDERS, Due, DueReminders, Reminder
from chat.features.saved.use_cases import MOST_SAVED, SAVED_MESSAGES, TOO_MANY_SAVED, SavedMessage
from tests.reference.storage.within import within

if TYPE_CHECKING:
    from tests.features.mail.model import MailModel
    from tests.reference.storage import MemoryStorage


class _Kept(NamedTuple):
    id: int
    at: float
    remind_at: float | None = None
    is_announced: bool = False


class SavedMessagesModel:
    """The ports `SavedMessages` and `Reminders`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._storage = storage
        self._users, self._messages = storage.users, storage.messages
        self._now, self._message = storage.now, storage.timelines.now
        self._may_read = storage.timelines.may_read
        self._ids = count(1)
        self._saved: defaultdict[int, dict[tuple[int, int], _Kept]] = defaultdict(
            dict
        )  # by person, then place
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {SAVED_MESSAGES: self, REMINDERS: self}

    async def save(self, person_id: int, room_id: int, seq: int) -> Refusal | None:
        await trio.lowlevel.checkpoint()
        return self._save(person_id, room_id, seq)

    def _save(self, person_id: int, room_id: int, seq: int) -> Refusal | None:
        if not self._users.is_there(person_id):
            return NO_PERSON
        if not self._is_there(room_id, seq):
            return NO_MESSAGE
        mine = self._of(person_id)
        if (room_id, seq) in mine:
            return None
        if len(mine) >= MOST_SAVED:
            for place in [place for place in mine if not self._may_read(person_id, place[0])]:
                del mine[place]
        if len(mine) >= MOST_SAVED:
            return TOO_MANY_SAVED
        mine[room_id, seq] = _Kept(next(self._ids), self._now())
        return None

    async def remove(self, person_id: int, room_id: int, seq: int) -> None:
        await trio.lowlevel.checkpoint()
        self._saved[person_id].pop((room_id, seq), None)

    async def page(self, person_id: int, before_id: int, limit: int, most_bytes: int) -> list[SavedMessage]:
        await trio.lowlevel.checkpoint()
        found = [
            SavedMessage(
                kept.id,
                self._message.of(message, person_id),
                kept.at,
                kept.remind_at,
                kept.is_announced,
            )
            for (room_id, seq), kept in self._of(person_id).items()
            if kept.id < before_id
            and self._may_read(person_id, room_id)
            and (message := self._messages.look_up(room_id, seq)) is not None
        ]
        found = sorted(found, key=lambda each: each.id, reverse=True)[:limit]
        return found[: len(list(within(most_bytes, [each.message for each in found])))]

    async def places(self, person_id: int) -> dict[int, list[int]]:
        await trio.lowlevel.checkpoint()
        places: dict[int, list[int]] = {}
        for room_id, seq in sorted(self._of(person_id)):
            places.setdefault(room_id, []).append(seq)
        return places

    async def remind(self, person_id: int, room_id: int, seq: int, at: float) -> Refusal | None:
        await trio.lowlevel.checkpoint()
        if refusal := self._save(person_id, room_id, seq):
            return refusal
        self._remind(person_id, room_id, seq, at)
        self._due().no_later(REMINDER, str(person_id), at)
        return None

    async def forget(self, person_id: int, room_id: int, seq: int) -> None:
        await trio.lowlevel.checkpoint()
        self._remind(person_id, room_id, seq, None)

    def _remind(self, person_id: int, room_id: int, seq: int, at: float | None) -> None:
        mine = self._of(person_id)
        if kept := mine.get((room_id, seq)):
            mine[room_id, seq] = kept._replace(remind_at=at, is_announced=False)

    async def reminders(self, person_id: int) -> list[Reminder]:
        await trio.lowlevel.checkpoint()
        found = [
            Reminder(room_id, seq, kept.remind_at, kept.is_announced)
            for (room_id, seq), kept in self._of(person_id).items()
            if kept.remind_at is not None
        ]
        return sorted(found, key=lambda each: each.at)

    async def due(self, person_id: int) -> DueReminders:
        await trio.lowlevel.checkpoint()
        now = self._now()
        found, ids = [], []
        for (room_id, seq), kept in self._of(person_id).items():
            message = self._messages.look_up(room_id, seq)
            room = self._storage.rooms.look_up(room_id)
            if kept.remind_at is None or kept.remind_at > now or kept.is_announced or message is None:
                continue
            ids.append(kept.id)
            if room is not None and self._may_read(person_id, room_id):
                name = room.name if room.kind in (RoomKind.ROOM, RoomKind.LOBBY) else None
                sender = self._message.of(message, person_id).sender_name
                found.append(Due(room_id, seq, kept.remind_at, sender, message.text[:200], name))
        return DueReminders(now, sorted(found, key=lambda each: each.at), ids)

    async def settle(self, person_id: int, found: DueReminders) -> None:
        await trio.lowlevel.checkpoint()
        mine = self._of(person_id)
        waiting = []
        for place, kept in mine.items():
            if kept.remind_at is None or kept.is_announced:
                continue
            if kept.id in found.ids and kept.remind_at <= found.as_of:
                mine[place] = kept._replace(id=next(self._ids), is_announced=True)
            else:
                waiting.append(kept.remind_at)
        self._due().settle(REMINDER, str(person_id), min(waiting, default=None))

    def _due(self) -> "MailModel":
        due: Any = self._storage.feature_ports[DUE]
        return due

    def _of(self, person_id: int) -> dict[tuple[int, int], _Kept]:
        """Return what a person has saved; deleted messages, and all of a deleted person, go."""
        mine = self._saved[person_id]
        is_there = self._users.is_there(person_id)
        for place in [place for place in mine if not is_there or not self._is_there(*place)]:
            del mine[place]
        return mine

    def _is_there(self, room_id: int, seq: int) -> bool:
        message = self._messages.look_up(room_id, seq)
        is_text = message is not None and message.kind is MessageKind.TEXT
        return message is not None and is_text and not self._messages.is_deleted(message)
