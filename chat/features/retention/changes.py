"""The kind of change: the oldest messages of a room are removed. All of it is sync and pure."""

import msgspec

from chat.domain.features import Kind
from chat.domain.messages.changes import FeatureChange, FeatureWrite
from chat.domain.messages.outcomes import Unchanged


class Trim(FeatureWrite, frozen=True, gc=False, kw_only=True):
    """Tells the readers of a room up to where its messages were removed.

    A write needs a person: `actor_id` is whoever sent the newest message of the room, and no client gets it.
    """


class Trimmed(FeatureChange, frozen=True, gc=False, kw_only=True):
    """The messages below `first` are removed."""

    first: int


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
