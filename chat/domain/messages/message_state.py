"""The state of a message, and how changes alter it; the same for every storage."""

import msgspec

from chat.domain.messages.changes import Deleted, Deletion, Edit, Edited, Reacted, Reaction
from chat.domain.messages.outcomes import Unchanged
from chat.domain.refusals import Code, Refusal

MOST_EMOJI = 20
"""Different emoji on one message."""

_TOO_MANY_EMOJI = Refusal(
    Code.TOO_MANY, f"a message can have at most {MOST_EMOJI} kinds of reactions", reason="too_many_reactions"
)


class EarlierText(msgspec.Struct, frozen=True, gc=False):
    """A text in force from `created_at` (Unix seconds) until the change `pos` of the room."""

    pos: int
    text: str
    created_at: float


class MessageState(msgspec.Struct):
    """The current state of a text. `pos` is of its latest change, `text_since` the time of its sending or last edit.

    `counts` has the number of people for each emoji; `reacted` the known reactions of people. `earlier` has the known
    texts before edits.
    """

    text: str
    pos: int
    is_deleted: bool
    counts: dict[str, int]
    reacted: set[tuple[str, int]]
    text_since: float
    mentions: tuple[int, ...] = ()
    earlier: list[EarlierText] = msgspec.field(default_factory=list)

    def change(
        self, change: Edit | Deletion | Reaction, next_id: int, next_pos: int
    ) -> Edited | Deleted | Reacted | Unchanged | Refusal | None:
        """Change the message and return the change, which has these numbers; else nothing is changed.

        None: the message is deleted. Sync.
        """
        if self.is_deleted:
            return Unchanged(self.pos) if isinstance(change, Deletion) else None
        match change:
            case Edit():
                return self._edit(change, next_id, next_pos)
            case Deletion():
                return self._delete(change, next_id, next_pos)
            case Reaction():
                return self._react(change, next_id, next_pos)

    def _edit(self, edit: Edit, next_id: int, next_pos: int) -> Edited | Unchanged:
        if edit.text == self.text:
            return Unchanged(self.pos)
        self.earlier.append(EarlierText(next_pos, self.text, self.text_since))
        self.text, self.text_since, self.pos = edit.text, edit.created_at, next_pos
        self.mentions = edit.mentions
        return Edited(
            next_id,
            edit.room_id,
            edit.seq,
            next_pos,
            edit.actor_id,
            edit.text,
            edit.created_at,
            edit.people,
            edit.mentions,
        )

    def _delete(self, deletion: Deletion, next_id: int, next_pos: int) -> Deleted:
        self.text, self.is_deleted, self.pos = "", True, next_pos
        self.mentions = ()
        self.earlier.clear()
        self.counts.clear()
        self.reacted.clear()
        return Deleted(
            next_id,
            deletion.room_id,
            deletion.seq,
            next_pos,
            deletion.actor_id,
            deletion.created_at,
            deletion.people,
        )

    def _react(self, reaction: Reaction, next_id: int, next_pos: int) -> Reacted | Unchanged | Refusal:
        emoji, own = reaction.emoji, (reaction.emoji, reaction.actor_id)
        if reaction.is_on == (own in self.reacted):
            return Unchanged(self.pos)
        count = self.counts.get(emoji, 0) + (1 if reaction.is_on else -1)
        if reaction.is_on:
            if emoji not in self.counts and len(self.counts) >= MOST_EMOJI:
                return _TOO_MANY_EMOJI
            self.reacted.add(own)
        else:
            self.reacted.remove(own)
        self.counts[emoji] = count
        if count == 0:
            del self.counts[emoji]
        self.pos = next_pos
        return Reacted(
            next_id,
            reaction.room_id,
            reaction.seq,
            next_pos,
            reaction.actor_id,
            emoji,
            reaction.is_on,
            count,
            reaction.created_at,
            reaction.people,
        )
