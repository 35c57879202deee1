"""The messages of all rooms and the log, as a storage keeps them."""

from collections.abc import Sequence
from typing import Protocol

from chat.domain.entities import (
    Conversation,
    Draft,
    Message,
)
from chat.domain.messages.changes import Change, Write
from chat.domain.messages.outcomes import KeyUsed, Repeated, Saved


class Messages(Protocol):
    """The messages of all rooms. Only the journal saves, one call at a time. Deleted messages are never returned.

    `most_bytes` bounds one answer: the sum of its texts as JSON strings in UTF-8, quotes and escapes included. An
    answer has at least one message if there is any. A message beyond the bound never leaves the database. So an
    answer may be shorter than `limit`; the caller continues from its last message.
    """

    async def save(self, writes: Sequence[Write]) -> list[Saved]:
        """Commit all writes in one transaction and return their outcomes, in the same order.

        The changes that follow from the writes are appended, last in the log: a message reopens a closed support
        conversation, and an operator who answers an unassigned one becomes its assignee
        (`domain/rooms/support_state.py`). A draft's people say that its room is a support conversation.

        New ids continue the log without a gap, in the order of `writes`; so do `pos` in each room and `seq` of its
        messages. Several servers may save at once. Only committed changes take numbers:

        | write | outcome |
        |---|---|
        | draft | message; None: no such room; ARCHIVED |
        | draft whose key its sender used before | Repeated; KeyUsed: for another room or text |
        | draft of the kind JOIN | message, its sender becomes a member; ALREADY_IN, whatever its key; BANNED |
        | acceptance | as a joining, and uses the invite once; INVITE_OVER: no use is left |
        | edit, deletion, reaction | change; Unchanged; None: no such message, also not earlier in `writes` |
        | support change | change; Unchanged; None: no support conversation; AssigneeMismatch |
        | removal | change; None: no such membership of a room that people made |
        | ban | change; Unchanged: they were no member, and may not become one |
        | room deletion | change; None: no room that people made |
        | room or role change | as in `room_state.py`; ROOM_TAKEN: another room has the name |

        A deletion erases the text and its reactions for good; the message keeps its `seq`. The name of a deleted room
        is free at once; `remove_deleted` removes its content.
        Raises `WriteRejected` when one write can't be stored; then none is stored.
        """
        ...

    async def repeated(self, draft: Draft) -> Repeated | KeyUsed | None:
        """Return what `save` answers to a draft whose key its sender used before; None: they did not.

        Saves nothing, and does not see writes that `save` has not committed yet.
        """
        ...

    async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Change]:
        """Return the changes after `after_id` in all rooms, with their people: the first `limit`, within `most_bytes`.

        Each has its own `pos` and the current state: a message that was edited since has its new text. Of a deleted
        message or room only the deletion is returned; nothing else is left out.
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
        """Return messages of a room, oldest first: at most `limit`, within `most_bytes`, with ids up to `up_to_id`.

        With `after`, the first ones with a higher `seq`. Otherwise the last ones with a `seq` below `before`, or of
        the room.
        """
        ...

    async def undelivered(
        self, person_id: int, after_id: int, up_to_id: int, limit: int, most_bytes: int
    ) -> list[Message]:
        """Return the direct messages to the person that were not delivered yet, by id, with their pair of people.

        The first `limit` with `after_id` < id <= `up_to_id`, within `most_bytes`.
        """
        ...

    async def newest_id(self) -> int:
        """Return the highest id in the log; 0: the log is empty."""
        ...

    async def settled_id(self) -> int:
        """Return the highest id in the log, once no earlier `save` of this server can still commit."""
        ...

    async def conversations(self, limit: int, most_bytes: int) -> list[Conversation]:
        """Return the `limit` support conversations with the newest messages, newest first.

        `most_bytes` bounds their last messages. Conversations of deleted people are left out.
        """
        ...
