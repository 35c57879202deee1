"""Canned answers in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.refusals import Refusal
from chat.features.canned_answers.port import (
    CANNED_ANSWERS,
    MOST,
    NO_ANSWER,
    SHORTCUT_TAKEN,
    TOO_MANY_ANSWERS,
    CannedAnswer,
)

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class CannedAnswersModel:
    """The port `CannedAnswers`."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._users = storage.users
        self._numbers = count(1)
        self._answers: dict[int, CannedAnswer] = {}
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {CANNED_ANSWERS: self}

    async def page(self, owner_id: int | None, after: int, limit: int) -> list[CannedAnswer]:
        await trio.lowlevel.checkpoint()
        found = [each for each in self._there() if each.owner_id in (None, owner_id) and each.id > after]
        return found[:limit]

    async def find(self, answer_id: int) -> CannedAnswer | None:
        await trio.lowlevel.checkpoint()
        return next((each for each in self._there() if each.id == answer_id), None)

    async def add(self, owner_id: int | None, shortcut: str, text: str) -> CannedAnswer | Refusal:
        await trio.lowlevel.checkpoint()
        if owner_id is not None and not self._users.is_there(owner_id):
            return NO_ANSWER
        beside = [each for each in self._there() if each.owner_id == owner_id]
        if any(each.shortcut == shortcut for each in beside):
            return SHORTCUT_TAKEN
        if len(beside) >= MOST:
            return TOO_MANY_ANSWERS
        added = CannedAnswer(id=next(self._numbers), owner_id=owner_id, shortcut=shortcut, text=text)
        self._answers[added.id] = added
        return added

    async def change(self, answer: CannedAnswer) -> Refusal | None:
        await trio.lowlevel.checkpoint()
        there = self._there()
        if any(
            (each.owner_id, each.shortcut) == (answer.owner_id, answer.shortcut) and each.id != answer.id
            for each in there
        ):
            return SHORTCUT_TAKEN
        if answer.id not in {each.id for each in there}:
            return NO_ANSWER
        self._answers[answer.id] = answer
        return None

    async def remove(self, answer_id: int) -> None:
        await trio.lowlevel.checkpoint()
        self._answers.pop(answer_id, None)

    def _there(self) -> list[CannedAnswer]:
        """Return all, by id: those of deleted people went with them."""
        return [
            each
            for each in self._answers.values()
            if each.owner_id is None or self._users.is_there(each.owner_id)
        ]
