"""What becomes of a draft that was saved, or is not saved again."""

import msgspec

from chat.domain.entities import Message
from chat.domain.refusals import Code, Refusal


class Repeated(msgspec.Struct, frozen=True, gc=False):
    """The sender used the draft's key before for the same text: `message` is what it became then."""

    message: Message


class KeyUsed(Refusal, frozen=True, kw_only=True):
    """The sender used the draft's key before for another text, or in another room: `message` is what it became."""

    code: Code = Code.CONFLICT
    text: str = "that key was used for another message"
    message: Message


Saved = Message | Repeated | KeyUsed | None
"""What a storage answers to a draft; None: its room is gone."""

Outcome = Message | Repeated | Refusal
"""What whoever sent a draft is told of it."""
