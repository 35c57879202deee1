"""Scheduled messages in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

import trio
from msgspec import structs

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import NO_PERSON, Refusal
from chat.due.port import DUE
from chat.features.scheduled.port import (
    BEING_SENT,
    LONGEST_POSTPONED,
    MOST,
    NO_SCHEDULED,
    OTHER_MESSAGE,
    SCHEDULED,
    SCHEDULED_MESSAGES,
    TOO_MANY_SCHEDULED,
    NewScheduled,
    Scheduled,
)

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class ScheduledMessagesModel:
    """The port `ScheduledMessages`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._storage, self._now = storage, storage.now
        self._numbers = count(1)
        self._kept: dict[int, Scheduled] = {}
        self._wanted: dict[int, float] = {}  # the first time of those that were postponed
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {SCHEDULED_MESSAGES: self}

    async def schedule(self, new: NewScheduled) -> Scheduled | Refusal:
        await trio.lowlevel.checkpoint()
        if not self._storage.users.is_there(new.person_id):
            return NO_PERSON
        mine = self._of(new.person_id)
        for each in mine:
            if each.key == new.key:
                is_same = (each.room_id, each.text, each.reply) == (new.room_id, new.text, new.reply)
                return each if is_same else OTHER_MESSAGE
        if len(mine) >= MOST:
            return TOO_MANY_SCHEDULED
        return self._keep(Scheduled(id=next(self._numbers), **structs.asdict(new)))

    async def change(
        self,
        person_id: int,
        scheduled_id: int,
        text: str | None,
        send_at: float | None,
        *,
        is_now: bool = False,
    ) -> Scheduled | Refusal:
        await trio.lowlevel.checkpoint()
        found = self._kept.get(scheduled_id)
        if found is None or found not in self._of(person_id):
            return NO_SCHEDULED
        if found.state == "sending":
            return BEING_SENT
        if is_now or send_at is not None:
            self._wanted.pop(scheduled_id, None)
        at = self._now() if is_now else found.send_at if send_at is None else send_at
        text = found.text if text is None else text
        return self._keep(structs.replace(found, text=text, send_at=at, state="waiting", refusal=None))

    async def remove(self, person_id: int, scheduled_id: int) -> Refusal | None:
        await trio.lowlevel.checkpoint()
        found = self._kept.get(scheduled_id)
        if found is None or found.person_id != person_id:
            return None
        if found.state == "sending":
            return BEING_SENT
        del self._kept[scheduled_id]
        return None

    async def all_of(self, person_id: int) -> list[Scheduled]:
        await trio.lowlevel.checkpoint()
        return self._of(person_id)

    async def take(self, person_id: int) -> Scheduled | None:
        await trio.lowlevel.checkpoint()
        due = [each for each in self._waiting(person_id) if each.send_at <= self._now()]
        if not due:
            return None
        self._kept[due[0].id] = taken = structs.replace(due[0], state="sending")
        return taken

    async def sent(self, scheduled_id: int) -> None:
        await trio.lowlevel.checkpoint()
        self._kept.pop(scheduled_id, None)

    async def refuse(self, scheduled_id: int, refusal: Refusal) -> None:
        await trio.lowlevel.checkpoint()
        if found := self._kept.get(scheduled_id):
            kept = Refusal(refusal.code, refusal.text, reason=refusal.reason)
            self._kept[scheduled_id] = structs.replace(found, state="refused", refusal=kept)

    async def release(self, scheduled_id: int) -> None:
        await trio.lowlevel.checkpoint()
        if found := self._kept.get(scheduled_id):
            self._kept[scheduled_id] = structs.replace(found, state="waiting")

    async def postpone(self, scheduled_id: int, wait: float) -> Scheduled | None:
        await trio.lowlevel.checkpoint()
        found = self._kept.get(scheduled_id)
        if found is None or found.state != "sending":
            return None
        first = self._wanted.setdefault(scheduled_id, found.send_at)
        if first <= self._now() - LONGEST_POSTPONED:
            return None
        self._kept[scheduled_id] = made = structs.replace(found, state="waiting", send_at=self._now() + wait)
        return made

    async def settle(self, person_id: int, wait: float = 0.0) -> None:
        await trio.lowlevel.checkpoint()
        next_at = min((each.send_at for each in self._waiting(person_id)), default=None)
        if next_at is not None:
            next_at = max(next_at, self._now() + wait)
        due: Any = self._storage.feature_ports[DUE]
        due.settle(SCHEDULED, str(person_id), next_at)

    def _keep(self, message: Scheduled) -> Scheduled:
        self._kept[message.id] = message
        due: Any = self._storage.feature_ports[DUE]
        due.no_later(SCHEDULED, str(message.person_id), message.send_at)
        return message

    def _of(self, person_id: int) -> list[Scheduled]:
        if not self._storage.users.is_there(person_id):
            self._kept = {key: each for key, each in self._kept.items() if each.person_id != person_id}
        mine = [each for each in self._kept.values() if each.person_id == person_id]
        return sorted(mine, key=lambda each: (each.send_at, each.id))

    def _waiting(self, person_id: int) -> list[Scheduled]:
        return [each for each in self._of(person_id) if each.state != "refused"]
