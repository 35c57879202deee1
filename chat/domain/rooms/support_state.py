"""The state of a support conversation, and how changes and messages alter it; the same for every storage."""

from collections.abc import Collection, Sequence

import msgspec
from msgspec import UNSET

from chat.domain.entities import Message, Peer, People
from chat.domain.messages.changes import SupportChange, SupportChanged
from chat.domain.messages.outcomes import AssigneeMismatch, Unchanged


class SupportState(msgspec.Struct):
    """The current state of a support conversation.

    `is_held`: the assignee is still an operator and not disabled. `settled_seq` is the last message at the latest
    closing; messages up to it need no answer. `waiting_since` is the time of the person's oldest message after it and
    after the last answer, in Unix seconds; None: there is none.
    """

    is_closed: bool
    assignee: Peer | None
    is_held: bool
    settled_seq: int
    last_seq: int
    waiting_since: float | None

    def change(
        self, change: SupportChange, next_id: int, next_pos: int
    ) -> SupportChanged | Unchanged | AssigneeMismatch:
        """Apply the change and return it with these numbers; otherwise the state stays. Sync."""
        if change.idle_days and change.at_pos != next_pos - 1:
            return Unchanged(next_pos - 1)
        if change.was is not UNSET and change.was != (self.assignee and self.assignee.id):
            return AssigneeMismatch(holder=self.assignee)
        assignee = self.assignee if change.assignee is UNSET else change.assignee
        is_closed = self.is_closed if change.is_closed is UNSET else change.is_closed
        if (is_closed, assignee and assignee.id) == (self.is_closed, self.assignee and self.assignee.id):
            return Unchanged(next_pos - 1)
        if is_closed and not self.is_closed:
            self.settled_seq, self.waiting_since = self.last_seq, None
        if change.assignee is not UNSET:
            self.assignee, self.is_held = assignee, assignee is not None
        self.is_closed = is_closed
        return self._changed(
            next_id, change.room_id, next_pos, change.actor_id, change.created_at, change.people
        )

    def follow(
        self, said: Sequence[Message], operators: Collection[int], next_id: int, next_pos: int
    ) -> SupportChanged | None:
        """Apply the effect of new messages and return it as one change; None: no effect.

        The first message after the closing reopens the conversation. The first message of one of `operators` makes
        them the assignee, if nobody holds it. Sync.
        """
        cause = None
        for message in said:
            if message.seq <= self.settled_seq:
                continue
            if self.is_closed:
                self.is_closed, cause = False, message
            if not self.is_held and message.sender_id in operators:
                self.assignee, self.is_held = Peer(message.sender_id, message.sender_name), True
                cause = message
        if cause is None:
            return None
        return self._changed(
            next_id, cause.room_id, next_pos, cause.sender_id, cause.created_at, cause.people
        )

    def _changed(
        self, id_: int, room_id: int, pos: int, actor_id: int, created_at: float, people: People
    ) -> SupportChanged:
        since = None if self.is_closed else self.waiting_since
        return SupportChanged(
            id_, room_id, pos, actor_id, self.is_closed, self.assignee, since, created_at, people
        )
