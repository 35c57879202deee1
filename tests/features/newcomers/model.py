"""Newcomers in the reference model's memory."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.entities import Draft
from chat.domain.features import Port
from chat.domain.messages.changes import Write
from chat.domain.messages.mentions import author_of
from chat.domain.messages.newcomers import HOUR, NEWCOMERS, Newcomer, is_not_for_newcomers
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import Refusal

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class NewcomersModel:
    """The port `Newcomers`, and which writes are refused."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users, self._settings, self._messages = storage.users, storage.settings, storage.messages
        storage.messages.checks.append(self._refusal)
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {NEWCOMERS: self}

    async def find(self, person_id: int) -> Newcomer | None:
        await trio.lowlevel.checkpoint()
        return self._find(person_id)

    def _find(self, person_id: int) -> Newcomer | None:
        hours, person = self._settings.value("newcomer_hours"), self._users.look_up(person_id)
        if not isinstance(hours, int) or person is None or person_id in self._users.vouched:
            return None
        left = hours * HOUR - (time.time() - person.created_at)
        is_free = person.is_admin or person.is_moderator or person.is_operator or person.is_visitor
        return None if is_free or left <= 0 else Newcomer(hours, left)

    def _refusal(self, write: Write) -> Refusal | None:
        if not is_not_for_newcomers(write) or (isinstance(write, Draft) and self._messages.known(write)):
            return None
        found = self._find(author_of(write))
        return None if found is None else found.refusal
