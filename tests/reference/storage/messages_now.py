"""Messages and changes as they are now, in memory. All of it is sync."""

from collections.abc import Collection, Iterator

from msgspec import structs

from chat.domain.entities import Message
from chat.domain.messages.changes import (
    Change,
    Deleted,
    Edited,
    FeatureChange,
    Reacted,
    Removed,
    RoleChanged,
    RoomChanged,
    RoomDeleted,
    SupportChanged,
    UnknownChange,
)
from chat.domain.messages.sync_types import MOST_REACTORS, MessageNow, ReactionCount, Replayed, ReplayedChange
from tests.reference.storage.message_table import MessageTable
from tests.reference.storage.support import MemorySupport


class MessagesNow:
    """Tells an entry of the log with what became of it since."""

    def __init__(self, messages: MessageTable, support: MemorySupport) -> None:
        self._messages = messages
        self._support = support

    def replayed(self, entry: Change, reader_id: int) -> Replayed:
        """Return an entry of a room that is there, as it is now, for one reader."""
        match entry:
            case Message():
                return self.of(entry, reader_id)
            case Edited():
                now = self._messages.look_up(entry.room_id, entry.seq)
                if now is None:  # removed by retention
                    place = entry.id, entry.room_id, entry.seq, entry.pos
                    return Deleted(*place, entry.actor_id, entry.created_at)
                return structs.replace(entry, text=now.text, mentions=now.mentions, people=None)
            case Reacted():
                return structs.replace(entry, count=self._messages.count_of(entry), people=None)
            case RoomChanged():
                return self._messages.as_now(entry)
            case SupportChanged():
                return self._support.as_now(entry)
            case Deleted() | Removed() | RoleChanged() | FeatureChange() | UnknownChange():
                return structs.replace(entry, people=None)
            case RoomDeleted():
                raise AssertionError("a room that is there was not deleted")

    def for_readers(self, change: Replayed, reader_ids: Collection[int]) -> ReplayedChange:
        """Return a change that nobody in particular sees with what of it is these readers' own."""
        message = (
            self._messages.look_up(change.room_id, change.seq) if isinstance(change, MessageNow) else None
        )
        if message is None:
            return ReplayedChange(change)
        state = self._messages.state_of(message)
        reacted = sorted((person_id, emoji) for emoji, person_id in state.reacted) if state else ()
        own = tuple(each for each in reacted if each[0] in reader_ids)
        return ReplayedChange(change, self._messages.keys.get(message.id), own)

    def of(self, message: Message, reader_id: int) -> MessageNow:
        """Return a message as it is now, for one reader."""
        state = self._messages.state_of(message)
        about = [
            entry
            for entry in self._messages.changes_in(message.room_id)
            if isinstance(entry, Edited | Deleted) and entry.seq == message.seq
        ]
        edits = [entry.created_at for entry in about if isinstance(entry, Edited)]
        deletion = next((entry for entry in about if isinstance(entry, Deleted)), None)
        return MessageNow(
            id=message.id,
            room_id=message.room_id,
            seq=message.seq,
            pos=message.pos,
            changed_pos=state.pos if state else message.pos,
            sender_id=message.sender_id,
            sender_name=message.sender_name,
            kind=message.kind,
            text=message.text,
            created_at=message.created_at,
            key=self._messages.keys.get(message.id) if message.sender_id == reader_id else None,
            edited_at=edits[-1] if edits else None,
            deleted_at=deletion.created_at if deletion else None,
            deleted_by=deletion.actor_id if deletion else None,
            reactions=tuple(_reactions(state.reacted, reader_id)) if state else (),
            reply=message.reply,
            mentions=message.mentions,
            files=message.files,
            root=message.root,
        )


def _reactions(reacted: set[tuple[str, int]], reader_id: int) -> Iterator[ReactionCount]:
    for emoji in sorted({emoji for emoji, _ in reacted}):
        people = sorted(person_id for each, person_id in reacted if each == emoji)
        yield ReactionCount(emoji, len(people), tuple(people[:MOST_REACTORS]), reader_id in people)
