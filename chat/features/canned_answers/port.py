"""A canned answer, what its shortcut may be, and the port that keeps them."""

import unicodedata
from typing import Protocol

import msgspec

from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal

MOST = 200
"""Answers of one operator, and shared ones."""

SHORTCUT_LENGTH = 32
"""Characters of a shortcut at most."""

BAD_SHORTCUT = Refusal(
    Code.INVALID,
    f"a shortcut has 1 to {SHORTCUT_LENGTH} letters, digits, - and _",
    field="shortcut",
    reason="bad_shortcut",
)
SHORTCUT_TAKEN = Refusal(
    Code.TAKEN, "there is an answer with that shortcut", field="shortcut", reason="shortcut_taken"
)
TOO_MANY_ANSWERS = Refusal(
    Code.CONFLICT, f"there are {MOST} answers already: remove one first", reason="too_many_canned_answers"
)
NO_ANSWER = Refusal(Code.NOT_FOUND, "there is no such canned answer", reason="no_canned_answer")


class CannedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A text and its shortcut, in lower case. `owner_id` is the operator whose it is; None: it is shared."""

    id: int
    owner_id: int | None
    shortcut: str
    text: str


def clean_shortcut(shortcut: str) -> str | Refusal:
    """Return a shortcut in lower case and NFC, or the refusal. Sync and pure."""
    shortcut = unicodedata.normalize("NFC", shortcut.strip().lower())
    if not 1 <= len(shortcut) <= SHORTCUT_LENGTH:
        return BAD_SHORTCUT
    return shortcut if all(map(_may_be_in_shortcut, shortcut)) else BAD_SHORTCUT


def _may_be_in_shortcut(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        character in "-_" or category[0] in "LM" or category == "Nd"
    )  # M: marks, without which some words end


class CannedAnswers(Protocol):
    """The canned answers. Each method may raise StorageDown; those that write may raise OutcomeUnknown.

    Cancelling: it was written, or not.
    """

    async def page(self, owner_id: int | None, after: int, limit: int) -> list[CannedAnswer]:
        """Return shared answers, and those of `owner_id`, by id: at most `limit` with an id above `after`."""
        ...

    async def find(self, answer_id: int) -> CannedAnswer | None:
        """Return an answer; None: there is none."""
        ...

    async def add(self, owner_id: int | None, shortcut: str, text: str) -> CannedAnswer | Refusal:
        """Add an answer of a person, or a shared one (None).

        SHORTCUT_TAKEN: there is one with that shortcut; TOO_MANY_ANSWERS: there are `MOST`; NO_ANSWER: the person is
        gone.
        """
        ...

    async def change(self, answer: CannedAnswer) -> Refusal | None:
        """Give the answer of that id this shortcut and text. SHORTCUT_TAKEN or NO_ANSWER: nothing is changed."""
        ...

    async def remove(self, answer_id: int) -> None:
        """Remove an answer, if it is there."""
        ...


CANNED_ANSWERS: Port[CannedAnswers] = Port("canned answers")
