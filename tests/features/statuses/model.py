"""Statuses in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.due.port import DUE
from chat.features.statuses.use_cases import ALL, PERSON_STATUSES, STATUS_END, PersonStatus

if TYPE_CHECKING:
    from tests.features.mail.model import MailModel
    from tests.reference.storage import MemoryStorage


class PersonStatusesModel:
    """The port `PersonStatuses`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._storage, self._users, self._now = storage, storage.users, storage.now
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {PERSON_STATUSES: self}

    async def set_status(self, person_id: int, status: PersonStatus | None) -> bool:
        await trio.lowlevel.checkpoint()
        if status is None:
            self._users.set_status(person_id, None, "", None)
            return True
        if status.until is not None:
            self._due().no_later(STATUS_END, ALL, status.until)
        return self._users.set_status(person_id, status.emoji, status.text, status.until)

    async def end(self, most: int) -> Sequence[int]:
        await trio.lowlevel.checkpoint()
        ends = sorted(
            (each.status_until, each.id) for each in self._users.there() if each.status_until is not None
        )
        ended = [person_id for until, person_id in ends if until <= self._now()][:most]
        for person_id in ended:
            self._users.set_status(person_id, None, "", None)
        rest = [until for until, person_id in ends if person_id not in ended]
        self._due().settle(STATUS_END, ALL, min(rest, default=None))
        return ended

    def _due(self) -> "MailModel":
        due: MailModel = self._storage.feature_ports[DUE]
        return due
