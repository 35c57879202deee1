"""The messages of all rooms and the log, as a storage keeps them."""

from collections.abc import Sequence
from typing import Protocol

from chat.domain.changes import Change, Write
from chat.domain.entities import (
    Conversation,
    Draft,
    Message,
)
from chat.domain.outcomes import KeyUsed, Repeated, Saved


class Messages(Protocol):
    """The messages of all rooms. Only the journal saves, one call at a time. What is deleted is told to nobody.

    `most_bytes` bounds what one answer holds: as many messages from the front as have together at most so many
    bytes of text as JSON (a string in UTF-8, quotes and escapes included), and at least one where there is any.
    A message beyond that never leaves the database. An answer may so be shorter than what was asked for; the
    next is asked for from its last message on.
    """

    async def save(self, writes: Sequence[Write]) -> list[Saved]:
        """Commit all writes in one transaction and return what they became, in the same order.

        Behind those come the changes that followed from them, last in the log: who speaks in a closed support
        conversation opens it, and an operator who answers in one that no operator has, has it from then on
        (`domain/support_state.py`). Such a conversation is known by the people of its drafts.
        The ids of new messages and changes go on from the end of the log without a gap, in the order of `writes`, and
        so does `pos` in each room, and `seq` of its messages; several servers may save at once. A draft of the kind
        JOIN makes its sender a member of the room; of whoever is one already it takes no number and becomes ALREADY_IN,
        whatever its key; of whoever is banned it becomes BANNED. A draft for a room that is gone becomes None, and for
        one that is archived ARCHIVED. One whose key its sender used before takes no number: it is Repeated, or KeyUsed
        where room or text are others. An acceptance is such a joining, and uses one of its invite's uses if it is made;
        where none is left it is INVITE_OVER.
        An edit, deletion or reaction of a text that is not there becomes None; a text said earlier in `writes` is. One
        that changes nothing takes no number: it is Unchanged. A deleted text is gone for good, with all reactions to
        it; its place stays, so `seq` has no gap.
        A change of what is no support conversation becomes None; where it is not whose it must be, it is Held.
        A removal of nobody's membership of a room that people made becomes None, and so does a deletion of what is no
        such room. A deleted room's name is free at once; what was in it is removed by `remove_deleted`. A ban of
        somebody who is no member is Unchanged, and keeps them out.
        A room or a role is changed as `room_state.py` has it; a name that another room has is ROOM_TAKEN.
        Raises `WriteRejected` when a write can't be stored: then none of them was.
        """
        ...

    async def repeated(self, draft: Draft) -> Repeated | KeyUsed | None:
        """Return what `save` answers to a draft whose key its sender used before; None: nobody did.

        Nothing is saved. What `save` is busy with is not seen yet.
        """
        ...

    async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Change]:
        """Return what was committed behind `after_id` in all rooms, with their people.

        The first `limit` by id, within `most_bytes`, each with its own `pos` and otherwise as it is now: a message that
        was edited since has its new text. None are left out but those that nobody is told any more: of a deleted
        message or room, all but the deletion.
        """
        ...

    async def by_id(self, message_id: int) -> Message | None:
        """Return the message with this id."""
        ...

    async def timeline(
        self,
        room_id: int,
        limit: int,
        most_bytes: int,
        *,
        after: int | None = None,
        before: int | None = None,
        up_to_id: int | None = None,
    ) -> list[Message]:
        """Return messages of a room, oldest first: `limit` messages at most, within `most_bytes`.

        With `after` it begins behind that `seq`, and what is too much is left out at its end. Else it ends before the
        `seq` `before`, or with the room, and what is too much is left out at its beginning. None has a higher id than
        `up_to_id`.
        """
        ...

    async def undelivered(
        self, person_id: int, after_id: int, up_to_id: int, limit: int, most_bytes: int
    ) -> list[Message]:
        """Return what the others in the person's direct rooms sent and the person was not told yet, by id.

        Each with the person as its peer; the first `limit` with `after_id` < id <= `up_to_id`, within `most_bytes`.
        """
        ...

    async def newest_id(self) -> int:
        """Return the highest id in the log, 0 where nothing was ever said."""
        ...

    async def settled_id(self) -> int:
        """Return the highest id in the log, once no earlier `save` of this server can still land."""
        ...

    async def conversations(self, limit: int, most_bytes: int) -> list[Conversation]:
        """Return the `limit` support conversations with the newest messages, the newest first, within `most_bytes`.

        It is their last messages that are counted. Those of deleted people are left out.
        """
        ...
