"""Messages and their changes in memory: a list for each room, so that `seq` is the index plus one. Sync."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator

from msgspec import structs

from chat.domain.entities import Draft, Message, Room
from chat.domain.messages.changes import (
    Change,
    Deleted,
    Deletion,
    Edit,
    Edited,
    FeatureChange,
    Reacted,
    Reaction,
    Removed,
    RoleChanged,
    RoomChanged,
    RoomDeleted,
    SupportChanged,
    UnknownChange,
)
from chat.domain.messages.message_state import MessageState
from chat.domain.messages.outcomes import Saved
from tests.reference.storage.room_changes import Kept
from tests.reference.storage.room_table import RoomTable
from tests.reference.storage.support import MemorySupport
from tests.reference.storage.users import MemoryUsers

KeptChange = (
    Edited
    | Deleted
    | Reacted
    | SupportChanged
    | Removed
    | RoleChanged
    | RoomChanged
    | FeatureChange
    | UnknownChange
)


class MessageTable:
    """Messages, changes and the numbers that both take, in one order: the log."""

    def __init__(self, users: MemoryUsers, rooms: RoomTable) -> None:
        self._users = users
        self._rooms = rooms
        self._support = MemorySupport(users, rooms)
        self._by_room = rooms.said
        self._states: dict[int, MessageState] = {}  # of texts that were changed, by message id
        self._changes: list[KeptChange] = []
        self._changes_in: dict[int, list[KeptChange]] = {}  # the same of each room
        self._newest_id = 0
        self.by_key: dict[tuple[int, str], tuple[Draft, Message]] = {}
        """What each sender's key was used for, and what it became; `MemorySaving` writes it."""
        self.as_kept: list[Callable[[FeatureChange], FeatureChange]] = []
        """Of features: each returns an entry of the log as it is kept now."""
        self.keys: dict[int, str] = {}
        """The keys that messages were sent with, by message id; read-only to others."""

    def append(self, draft: Draft, room: Room) -> Message:
        """Keep a message with the next numbers of its room."""
        new_id, room_id, pos = self.next(room)
        message = Message(
            new_id,
            room_id,
            room.last_seq + 1,
            draft.sender_id,
            draft.sender_name,
            draft.text,
            draft.created_at,
            draft.kind,
            draft.people,
            pos,
            draft.reply,
            draft.mentions,
            draft.files,
            draft.root,
        )
        self._newest_id = new_id
        self._rooms.advance(room_id, messages=1)
        self._by_room[room_id].append(message)
        if draft.key is not None:
            self.keys[new_id] = draft.key
        return message

    def change(self, change: Edit | Deletion | Reaction, room: Room) -> Saved:
        """Change a message of a room."""
        said = self._by_room[room.id]
        message = said[change.seq - 1]
        new = MessageState(message.text, message.pos, False, {}, set(), message.created_at, message.mentions)
        state = self._states.setdefault(message.id, new)
        new_id, _room_id, pos = self.next(room)
        made = state.change(change, new_id, pos)
        if isinstance(made, Edited | Deleted | Reacted):
            self.keep(made)
            files = () if isinstance(made, Deleted) else message.files
            said[change.seq - 1] = structs.replace(
                message, text=state.text, pos=state.pos, mentions=state.mentions, files=files
            )
        return made

    def next(self, room: Room) -> tuple[int, int, int]:
        """Return the numbers of the room's next change."""
        return self._newest_id + 1, room.id, room.last_pos + 1

    def keep(self, change: Kept | KeptChange) -> None:
        """Keep a change that has the next numbers; that a room was deleted, the rooms keep for a while."""
        self._newest_id += 1
        if not isinstance(change, RoomDeleted):
            self._rooms.advance(change.room_id)
            self._changes.append(change)
            self._changes_in.setdefault(change.room_id, []).append(change)

    def _as_said(self, message: Message) -> Message:
        """Return the message as the log tells it: with its own place, but the text and the name of now."""
        others = bisect_left(self._changes_in.get(message.room_id, ()), message.id, key=log_id)
        return structs.replace(
            self._retold(message),
            pos=message.seq + others,
            reply=message.reply,
            mentions=message.mentions,
            root=message.root,
        )

    def _as_changed(self, change: KeptChange) -> Change | None:
        """Return the change as the log tells it; None: of a message that is deleted, nothing but that."""
        if isinstance(change, RoomChanged):
            return self.as_now(change)
        if isinstance(change, FeatureChange):
            return self._as_kept(change)
        if isinstance(change, Removed | RoleChanged | UnknownChange):
            return change
        if isinstance(change, SupportChanged):
            return self._support.as_now(change)
        state = self._states[self._by_room[change.room_id][change.seq - 1].id]
        match change:
            case Deleted():
                return change
            case Edited() if change.seq < self._rooms.first_seqs.get(change.room_id, 1):
                return Deleted(
                    change.id, change.room_id, change.seq, change.pos, change.actor_id, change.created_at
                )
            case _ if state.is_deleted:
                return None
            case Edited():
                return structs.replace(change, text=state.text, mentions=state.mentions)
            case Reacted():
                return structs.replace(change, count=state.counts.get(change.emoji, 0))

    def _as_kept(self, change: FeatureChange) -> FeatureChange:
        for as_kept in self.as_kept:
            change = as_kept(change)
        return change

    def of_log(self, after_id: int) -> list[Message]:
        """Return the messages with ids above `after_id`, in the order of the log, with their texts of now. Sync."""
        return sorted(
            (each for room_id in self._by_room for each in self._said(room_id) if each.id > after_id),
            key=log_id,
        )

    def of_room(self, room_id: int) -> list[Message]:
        """Return the messages of a room that are not removed, by `seq`. Sync."""
        return self._said(room_id)

    def forget_keys(self, sender_id: int, after_id: int, last_id: int) -> None:
        """Forget the keys of somebody's messages with ids above `after_id` up to `last_id`. Sync."""
        for (by_id, key), (_, message) in list(self.by_key.items()):
            if by_id == sender_id and after_id < message.id <= last_id:
                del self.by_key[by_id, key]
                self.keys.pop(message.id, None)

    def end_of_log(self) -> int:
        """Return the highest id, at once."""
        return self._newest_id

    def last_before(self, at: float) -> int:
        """Return the id of the last message before a time, at once; 0: there is none."""
        said = (each for messages in self._by_room.values() for each in messages)
        return max((each.id for each in said if each.created_at < at), default=0)

    def log_of(self, room_id: int) -> list[Change]:
        """Return all that was changed in a room that is there, also of deleted messages, by `pos`. Sync."""
        log: list[Change] = [self._as_said(message) for message in self._said(room_id)]
        floor = self._rooms.floors.get(room_id, 0)
        changes = (each for each in self._changes_in.get(room_id, ()) if each.pos >= floor)
        log += (self._as_kept(each) if isinstance(each, FeatureChange) else each for each in changes)
        return sorted(log, key=log_id)

    def changes_in(self, room_id: int) -> list[KeptChange]:
        """Return the changes of a room beside its messages, also those that retention has removed. Sync."""
        return self._changes_in.get(room_id, [])

    def state_of(self, message: Message) -> MessageState | None:
        """Return what became of a message; None: it is as it was said. Sync."""
        return self._states.get(message.id)

    def is_deleted(self, message: Message) -> bool:
        """Whether a message is deleted. Sync."""
        return message.id in self._states and self._states[message.id].is_deleted

    def look_up(self, room_id: int, seq: int) -> Message | None:
        """Return a message with its text of now, which a deleted one has not. Sync."""
        said = self._by_room[room_id] if self._rooms.is_there(room_id) else []
        return said[seq - 1] if self._rooms.first_seqs.get(room_id, 1) <= seq <= len(said) else None

    def said_at(self, message: Message) -> Message:
        """Return what stands now where a message was said, also in a room that is gone. Sync."""
        return self._by_room[message.room_id][message.seq - 1]

    def as_now(self, change: RoomChanged) -> RoomChanged:
        """Return a change of a room with what the room is like now. Sync."""
        room = self._rooms.look_up(change.room_id)
        assert room is not None
        assert room.name is not None
        return structs.replace(
            change,
            name=room.name,
            topic=room.topic,
            is_private=room.is_private,
            is_archived=room.is_archived,
        )

    def count_of(self, reaction: Reacted) -> int:
        """Return the number of people who have this reaction now. Sync."""
        state = self._states[self._by_room[reaction.room_id][reaction.seq - 1].id]
        return state.counts.get(reaction.emoji, 0)

    def _said(self, room_id: int) -> list[Message]:
        """Return the messages of a room that are not removed; with the room they are gone too."""
        if not self._rooms.is_there(room_id):
            return []
        removed = self._rooms.first_seqs.get(room_id, 1) - 1
        return self._by_room[room_id][removed:] if removed else self._by_room[room_id]

    def _left(self, messages: Iterable[Message]) -> Iterator[Message]:
        """Yield those that were not deleted."""
        return (message for message in messages if not self.is_deleted(message))

    def _retold(self, message: Message) -> Message:
        """Return the message as history tells it: under its sender's name of today."""
        sender = self._users.look_up(message.sender_id)
        assert sender is not None
        return structs.replace(
            message, sender_name=sender.name, people=None, reply=None, mentions=(), root=None
        )


def log_id(change: Change) -> int:
    """Return the place of a change in the log. Sync and pure."""
    return change.id
