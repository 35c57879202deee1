"""A label, what its name may be, and the port that keeps labels and which conversations have them."""

import unicodedata
from typing import Literal, Protocol

import msgspec

from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal

MOST = 50
"""Labels of a server."""

MOST_CLOSED = 1000
"""Closed conversations whose labels are listed, beside those of all open ones."""

NAME_LENGTH = 32
"""Characters of a name at most."""

Colour = Literal["grey", "red", "orange", "green", "blue", "purple"]

BAD_LABEL = Refusal(
    Code.INVALID,
    f"the name of a label has 1 to {NAME_LENGTH} characters that can be seen",
    field="name",
    reason="bad_label_name",
)
LABEL_TAKEN = Refusal(Code.TAKEN, "there is a label with that name", field="name", reason="label_taken")
TOO_MANY_LABELS = Refusal(
    Code.CONFLICT, f"there are {MOST} labels already: remove one first", reason="too_many_labels"
)
NO_LABEL = Refusal(Code.NOT_FOUND, "there is no such label", reason="no_label")


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """A label, which conversations have or not."""

    id: int
    name: str
    colour: Colour


def clean_label(name: str) -> str | Refusal:
    """Return the name of a label in NFC, with single spaces, or the refusal. Sync and pure."""
    clean = unicodedata.normalize("NFC", " ".join(name.split()))
    return clean if 1 <= len(clean) <= NAME_LENGTH and clean.isprintable() else BAD_LABEL


class Labels(Protocol):
    """The labels. Each method may raise StorageDown; those that write may raise OutcomeUnknown.

    Cancelling: it was written, or not.
    """

    async def all(self) -> list[Label]:
        """Return all labels, by id."""
        ...

    async def add(self, name: str, key: str, colour: Colour) -> Label | Refusal:
        """Add a label; `key` is the name folded. LABEL_TAKEN, TOO_MANY_LABELS: nothing was added."""
        ...

    async def change(self, label: Label, key: str) -> Refusal | None:
        """Give the label of that id this name and colour. LABEL_TAKEN or NO_LABEL: nothing is changed."""
        ...

    async def remove(self, label_id: int) -> bool:
        """Remove a label, also from all conversations. False: there is none."""
        ...

    async def switch(self, room_id: int, label_id: int, *, on: bool) -> list[int] | Refusal:
        """Give a conversation a label, or take it; return the ids of its labels. NO_LABEL: nothing is changed."""
        ...

    async def labelled(self, besides_id: int) -> dict[int, list[int]]:
        """Return the ids of labels by conversation: of those that are open, and of the last `MOST_CLOSED` of others.

        The conversation of the person `besides_id` is left out.
        """
        ...


LABELS: Port[Labels] = Port("labels")
