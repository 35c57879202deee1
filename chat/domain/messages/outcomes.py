"""The outcomes of a write: a committed change, no change, or a refusal."""

import msgspec

from chat.domain.entities import Message, Peer
from chat.domain.messages.changes import Change
from chat.domain.refusals import Code, Refusal


class Repeated(msgspec.Struct, frozen=True, gc=False):
    """The sender used the draft's key before, for the same text: `message` is the earlier message."""

    message: Message


class KeyUsed(Refusal, frozen=True, kw_only=True):
    """The sender used the draft's key before, for another text or room: `message` is the earlier message."""

    code: Code = Code.CONFLICT
    text: str = "that key was used for another message"
    reason: str | None = "key_used"
    message: Message


class AssigneeMismatch(Refusal, frozen=True, kw_only=True):
    """The conversation has another assignee than the change expects: `holder`, None: nobody."""

    code: Code = Code.CONFLICT
    text: str = "the conversation has another operator by now, or none"
    reason: str | None = "other_assignee"
    holder: Peer | None


class Unchanged(msgspec.Struct, frozen=True, gc=False):
    """No change was needed. `pos` is the room's current position."""

    pos: int


Saved = Change | Repeated | Unchanged | Refusal | None
"""A storage's answer to a write; None: its room, message or membership does not exist."""

Outcome = Change | Repeated | Unchanged | Refusal
"""The outcome that the writer gets."""
