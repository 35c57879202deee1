"""A private note, and the port that keeps them."""

from typing import Protocol

import msgspec

from chat.domain.entities import Peer
from chat.domain.features import Port
from chat.domain.refusals import Code, Refusal

MOST = 500
"""Notes of one conversation."""

NO_NOTE = Refusal(Code.NOT_FOUND, "there is no such note", reason="no_note")
TOO_MANY_NOTES = Refusal(
    Code.CONFLICT, f"this conversation has {MOST} notes: remove one first", reason="too_many_notes"
)


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note, which stands behind the message `seq` of its conversation. `created_at` in Unix seconds."""

    id: int
    seq: int
    author: Peer
    text: str
    created_at: float


class Notes(Protocol):
    """The notes of all conversations. Each method may raise StorageDown; those that write may raise OutcomeUnknown.

    Cancelling: it was written, or not.
    """

    async def page(self, room_id: int, before_id: int, limit: int) -> list[Note]:
        """Return notes of a conversation with an id below `before_id`, the newest first, at most `limit`."""
        ...

    async def add(self, room_id: int, author_id: int, text: str) -> Note | Refusal:
        """Add a note behind the newest message.

        NO_ROOM: there is no message, or the author is gone; TOO_MANY_NOTES: there are `MOST`.
        """
        ...

    async def author(self, room_id: int, note_id: int) -> int | None:
        """Return the id of a note's author; None: the conversation has no such note."""
        ...

    async def remove(self, note_id: int) -> None:
        """Remove a note, if it is there. One on hold is kept, and returned no more."""
        ...


NOTES: Port[Notes] = Port("notes")
