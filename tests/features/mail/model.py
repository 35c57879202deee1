"""Due items, and the queue of mails, in the reference model's memory. Each method works in one go."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import trio
from msgspec import structs

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.due.port import DUE, DueItem
from chat.mail.letter import Mail
from chat.mail.queue import BULK, MAIL, MAILS, MailEntry, State

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class _Row(msgspec.Struct):
    item: DueItem
    at: float


class MailModel:
    """The ports `Due` and `Mails`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._now = storage.now
        self._due: dict[tuple[str, str], _Row] = {}
        self._made = 0
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {DUE: self, MAILS: _Mails(self)}

    async def add(self, kind: str, key: str, after: float) -> None:
        await trio.lowlevel.checkpoint()
        self.put(kind, key, after)

    def put(self, kind: str, key: str, after: float) -> None:
        self._made += 1
        self._due[kind, key] = _Row(DueItem(self._made, kind, key, 0), self._now() + after)

    def no_later(self, kind: str, key: str, at: float) -> None:
        row = self._due.get((kind, key))
        if row is None:
            self.put(kind, key, at - self._now())
        else:
            row.at = min(row.at, at)

    def settle(self, kind: str, key: str, at: float | None) -> None:
        row = self._due.pop((kind, key), None)
        if at is not None:
            self.put(kind, key, at - self._now())
            if row is not None:
                self._due[kind, key].item = structs.replace(row.item, tries=row.item.tries + 1)

    async def next_in(self, kinds: Sequence[str]) -> float | None:
        await trio.lowlevel.checkpoint()
        return min(
            (row.at - self._now() for row in self._due.values() if row.item.kind in kinds), default=None
        )

    async def claim(self, kinds: Sequence[str], most: int, lease: float) -> Sequence[DueItem]:
        await trio.lowlevel.checkpoint()
        found = [row for row in self._due.values() if row.item.kind in kinds and row.at <= self._now()]
        claimed = sorted(found, key=lambda row: row.at)[:most]
        for row in claimed:
            row.item = structs.replace(row.item, tries=row.item.tries + 1)
            row.at = self._now() + lease
        return sorted((row.item for row in claimed), key=lambda item: item.id)

    async def done(self, item: DueItem) -> None:
        await trio.lowlevel.checkpoint()
        if (row := self._due.get((item.kind, item.key))) and row.item == item:
            del self._due[item.kind, item.key]

    async def again(self, item: DueItem, after: float) -> None:
        await trio.lowlevel.checkpoint()
        if (row := self._due.get((item.kind, item.key))) and row.item == item:
            row.at = self._now() + after

    def next_at(self, kind: str, key: str) -> float | None:
        return row.at if (row := self._due.get((kind, key))) else None


class _Mails:
    def __init__(self, model: MailModel) -> None:
        self._model = model
        self._mails: dict[int, tuple[Mail, MailEntry, float | None]] = {}
        self.people: dict[int, int | None] = {}  # whose mail it is

    async def add(
        self, mail: Mail, person_id: int | None, lasts: float | None, *, is_bulk: bool = False
    ) -> int:
        await trio.lowlevel.checkpoint()
        now, number = self._model._now(), len(self._mails) + 1
        entry = MailEntry(
            id=number,
            to=mail.to,
            subject=mail.subject,
            state="waiting",
            tries=0,
            created_at=now,
            next_at=None,
            error=None,
        )
        self._mails[number] = mail, entry, None if lasts is None else now + lasts
        self.people[number] = person_id
        self._model.put(BULK if is_bulk else MAIL, str(number), 0.0)
        return number

    async def waiting(self, mail_id: int) -> Mail | None:
        await trio.lowlevel.checkpoint()
        mail, entry, until = self._mails[mail_id]
        is_over = until is not None and until <= self._model._now()
        return mail if entry.state == "waiting" and not is_over else None

    async def note(self, mail_id: int, state: State, tries: int, error: str | None) -> None:
        await trio.lowlevel.checkpoint()
        mail, entry, until = self._mails[mail_id]
        if entry.state == "waiting":
            self._mails[mail_id] = mail, structs.replace(entry, state=state, tries=tries, error=error), until

    async def listed(self, most: int) -> Sequence[MailEntry]:
        await trio.lowlevel.checkpoint()
        kept = [entry for _, entry, _ in self._mails.values() if entry.state != "sent"]
        return [
            structs.replace(
                entry,
                next_at=self._model.next_at(MAIL, str(entry.id)) or self._model.next_at(BULK, str(entry.id)),
            )
            for entry in reversed(kept)
        ][:most]
