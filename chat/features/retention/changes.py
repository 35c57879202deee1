"""What retention writes: that the oldest messages of a room are removed, and that the newest is deleted. Pure."""

import msgspec

from chat.domain.features import Kind
from chat.domain.messages.changes import FeatureChange, FeatureWrite
from chat.domain.messages.outcomes import Unchanged
from chat.domain.refusals import Code, Refusal


class Trim(FeatureWrite, frozen=True, gc=False, kw_only=True):
    """Tells the readers of a room up to where its messages were removed.

    A write needs a person: `actor_id` is whoever sent the newest message of the room, and no client gets it.
    """


class Trimmed(FeatureChange, frozen=True, gc=False, kw_only=True):
    """The messages below `first` are removed."""

    first: int


class Expiry(FeatureWrite, frozen=True, gc=False, kw_only=True):
    """Deletes the newest message of a room, `seq`, which has expired; not if it is on hold by the commit.

    `actor_id` is its sender. No client gets this change.
    """

    seq: int


ON_HOLD = Refusal(Code.CONFLICT, "this message is on hold", reason="on_hold")

TRIM = Kind("trimmed", Trim, Trimmed)


class TrimState(msgspec.Struct):
    """A room as it is under the lock of the log: its oldest message, and up to where its readers know."""

    first_seq: int
    announced_seq: int

    def change(self, trim: Trim, new_id: int, pos: int) -> Trimmed | Unchanged:
        """Return the change, which has these numbers; otherwise the readers know it already."""
        if self.first_seq <= self.announced_seq:
            return Unchanged(pos - 1)
        return Trimmed(
            id=new_id,
            room_id=trim.room_id,
            pos=pos,
            actor_id=trim.actor_id,
            created_at=trim.created_at,
            people=trim.people,
            first=self.first_seq,
        )
