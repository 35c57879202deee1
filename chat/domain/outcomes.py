"""What becomes of a write: it is committed, or there was nothing left to write, or it can't be done."""

import msgspec

from chat.domain.changes import Change
from chat.domain.entities import Message, Peer
from chat.domain.refusals import Code, Refusal


class Repeated(msgspec.Struct, frozen=True, gc=False):
    """The sender used the draft's key before for the same text: `message` is what it became then."""

    message: Message


class KeyUsed(Refusal, frozen=True, kw_only=True):
    """The sender used the draft's key before for another text, or in another room: `message` is what it became."""

    code: Code = Code.CONFLICT
    text: str = "that key was used for another message"
    reason: str | None = "key_used"
    message: Message


class AssigneeMismatch(Refusal, frozen=True, kw_only=True):
    """The conversation is not whose it was to be: `holder` has it, None: nobody."""

    code: Code = Code.CONFLICT
    text: str = "the conversation has another operator by now, or none"
    reason: str | None = "other_assignee"
    holder: Peer | None


class Unchanged(msgspec.Struct, frozen=True, gc=False):
    """Nothing was left to do, or nothing that the room is told of, which is as of this `pos`."""

    pos: int


Saved = Change | Repeated | Unchanged | Refusal | None
"""What a storage answers to a write; None: its room, its message or its membership is not there."""

Outcome = Change | Repeated | Unchanged | Refusal
"""What whoever asked for a write is told of it."""
