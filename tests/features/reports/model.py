"""Reports in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import trio
from msgspec import structs

from chat.domain.accounts.account_removal import How
from chat.domain.administration.audit import Named
from chat.domain.entities import MessageKind
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import NO_MESSAGE, NO_PERSON, Refusal
from chat.features.reports.port import (
    HANDLED_ALREADY,
    HANDLED_KEPT,
    NO_REPORT,
    NOT_MODERATOR,
    OWN_MESSAGE,
    REPORTS,
    REPORTS_A_DAY,
    SHOWN,
    TOO_MANY_REPORTS,
    Done,
    Handled,
    Report,
    Reported,
    ReportedMessage,
    handled_act,
)

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class _Case(msgspec.Struct):
    """A reported message with all its reports, as noted; names are looked up when it is read."""

    noted: ReportedMessage
    reports: list[Report] = []


class ReportsModel:
    """The port `Reports`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._messages, self._rooms = storage.users, storage.messages, storage.rooms
        self._removals, self._audit, self._now = storage.account_removals, storage.audit, storage.now
        self._cases: dict[int, _Case] = {}
        self._last_id = 0
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {REPORTS: self}

    async def report(
        self, reporter_id: int, room_id: int, seq: int, reason: str, comment: str
    ) -> Reported | Refusal:
        await trio.lowlevel.checkpoint()
        self._forget_erased()
        if not self._users.is_there(reporter_id):
            return NO_PERSON
        own = [
            (each.noted, report)
            for each in self._cases.values()
            for report in each.reports
            if report.by.id == reporter_id
        ]
        for noted, report in own:
            if (noted.room_id, noted.seq) == (room_id, seq):
                return Reported(report.at, False, ())
        message = self._messages.look_up(room_id, seq)
        if message is None or message.kind is not MessageKind.TEXT or self._messages.is_deleted(message):
            return NO_MESSAGE
        if message.sender_id == reporter_id:
            return OWN_MESSAGE
        now = self._now()
        if len([report for _, report in own if report.at > now - 86_400]) >= REPORTS_A_DAY:
            return TOO_MANY_REPORTS
        case = next((each for each in self._cases.values() if _is_open_about(each, room_id, seq)), None)
        if case is None:
            self._last_id += 1
            case = self._cases[self._last_id] = _Case(
                ReportedMessage(
                    id=self._last_id,
                    room_id=room_id,
                    seq=seq,
                    author=Named(message.sender_id, ""),
                    text=message.text,
                    files=tuple(file.name for file in message.files),
                    said_at=message.created_at,
                    is_deleted=False,
                    reports=(),
                    count=0,
                )
            )
        other = None if case.noted.text == message.text else message.text
        case.reports.append(Report(Named(reporter_id, ""), reason, comment, now, other))
        return Reported(now, True, self._moderators(message.sender_id))

    async def page(
        self, moderator_id: int, before_id: int, limit: int, *, handled: bool
    ) -> list[ReportedMessage]:
        await trio.lowlevel.checkpoint()
        oldest = self._now() - HANDLED_KEPT
        found = [
            each
            for each in self._seen_by(moderator_id)
            if each.id < before_id
            and (each.handled.at > oldest if each.handled else False) is handled
            and (each.handled is None or handled)
        ]
        return sorted(found, key=lambda each: each.id, reverse=True)[:limit]

    async def find(self, moderator_id: int, reported_id: int) -> ReportedMessage | Refusal:
        await trio.lowlevel.checkpoint()
        return next((each for each in self._seen_by(moderator_id) if each.id == reported_id), NO_REPORT)

    async def count(self, moderator_id: int) -> int:
        await trio.lowlevel.checkpoint()
        return min(100, len([each for each in self._seen_by(moderator_id) if each.handled is None]))

    async def close(self, moderator_id: int, reported_id: int, done: Done) -> Sequence[int] | Refusal:
        await trio.lowlevel.checkpoint()
        if moderator_id not in self._moderators(0):
            return NOT_MODERATOR
        found = next((each for each in self._seen_by(moderator_id) if each.id == reported_id), None)
        if found is None:
            return NO_REPORT
        if found.handled is not None:
            return HANDLED_ALREADY
        now = self._now()
        case = self._cases[reported_id]
        case.noted = structs.replace(case.noted, handled=Handled(now, Named(moderator_id, ""), done))
        self._audit.note([handled_act(moderator_id, found.author.id, found.room_id, found.seq, done)])
        for each in [*self._cases.values()]:
            if each.noted.handled is not None and each.noted.handled.at < now - HANDLED_KEPT:
                del self._cases[each.noted.id]
        return self._moderators(found.author.id)

    def _seen_by(self, moderator_id: int) -> list[ReportedMessage]:
        """Return what a moderator sees, as it is now."""
        self._forget_erased()
        found = []
        for case in self._cases.values():
            noted = case.noted
            message = self._messages.look_up(noted.room_id, noted.seq)
            if noted.author.id == moderator_id or (message is None and self._rooms.look_up(noted.room_id)):
                continue  # the second has expired
            handled = noted.handled
            if handled is not None and handled.by is not None:
                handled = structs.replace(handled, by=self._named(handled.by.id))
            found.append(
                structs.replace(
                    noted,
                    author=self._named(noted.author.id),
                    is_deleted=message is None or self._messages.is_deleted(message),
                    reports=[
                        structs.replace(each, by=self._named(each.by.id)) for each in case.reports[:SHOWN]
                    ],
                    count=len(case.reports),
                    handled=handled,
                )
            )
        return found

    def _named(self, person_id: int) -> Named:
        person = self._users.look_up(person_id)
        assert person is not None
        return Named(person_id, person.name)

    def _moderators(self, author_id: int) -> list[int]:
        return [
            each.id
            for each in self._users.there()
            if (each.is_moderator or each.is_admin) and not each.is_disabled and each.id != author_id
        ]

    def _forget_erased(self) -> None:
        """Do what the end of a removal does."""
        finished = [each for each in self._users.removed if self._removals.is_finished(each)]
        erased = {each for each in finished if self._users.removed[each] is How.ERASE}
        nameless = {each for each in finished if self._users.removed[each] is not How.LEAVE}
        for case in [*self._cases.values()]:
            had = len(case.reports)
            case.reports = [
                structs.replace(each, comment="") if each.by.id in nameless else each
                for each in case.reports
                if each.by.id not in erased
            ]
            if case.noted.author.id in erased or (had and not case.reports):
                del self._cases[case.noted.id]


def _is_open_about(case: _Case, room_id: int, seq: int) -> bool:
    noted = case.noted
    return noted.handled is None and (noted.room_id, noted.seq) == (room_id, seq)
