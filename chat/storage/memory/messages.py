"""Messages in memory: a list a room, so that `seq` is the index plus one."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TypeVar

import msgspec
import trio
from msgspec import structs

from chat.domain.audit import deletion_act, room_deletion_act
from chat.domain.changes import (
    AccessChange,
    Change,
    Deleted,
    Deletion,
    Edit,
    Edited,
    Reacted,
    Reaction,
    Removal,
    Removed,
    RoomDeleted,
    RoomDeletion,
    Write,
)
from chat.domain.entities import Conversation, Draft, Message, MessageKind, Pair, RoomKind
from chat.domain.failures import WriteRejected
from chat.domain.message_state import MessageState
from chat.domain.outcomes import KeyUsed, Repeated, Saved
from chat.domain.refusals import ALREADY_IN
from chat.storage.memory.rooms import MemoryRooms
from chat.storage.memory.users import MemoryUsers

_C = TypeVar("_C", bound=Change)


class MemoryMessages:
    """The port `Messages`. Commit is the one stretch without an await in `save`."""

    def __init__(self, users: MemoryUsers, rooms: MemoryRooms) -> None:
        self._users = users
        self._rooms = rooms
        self._by_room = rooms.said
        self._by_key: dict[tuple[int, str], tuple[Draft, Message]] = {}
        self._states: dict[int, MessageState] = {}  # of texts that were changed, by message id
        self._changes: list[Edited | Deleted | Reacted | Removed] = []
        self._newest_id = 0
        self.keys: dict[int, str] = {}
        """The keys that messages were sent with, by message id; read-only to others."""

    async def save(self, writes: Sequence[Write]) -> list[Saved]:
        await trio.lowlevel.checkpoint()
        # No await from here on: all of it happens, or none.
        authors = {write.sender_id if isinstance(write, Draft) else write.actor_id for write in writes}
        if any(person_id is not None and self._users.look_up(person_id) is None for person_id in authors):
            raise WriteRejected("there is no such person")
        if any("\0" in write.text for write in writes if isinstance(write, Draft | Edit)):
            raise WriteRejected("a text can't hold NUL")
        return [self._write(write) for write in writes]

    def _write(self, write: Write) -> Saved:
        match write:
            case Draft():
                return self._save(write)
            case Removal():
                return self._remove(write)
            case RoomDeletion():
                return self._delete_room(write)
            case _:
                return self._change(write)

    def _save(self, draft: Draft) -> Saved:
        if draft.kind is MessageKind.JOIN and self._rooms.has_member(draft.room_id, draft.sender_id):
            return ALREADY_IN
        if draft.key is None:
            return self._append(draft)
        key = draft.sender_id, draft.key
        if key in self._by_key:
            known, first = self._by_key[key]
            message = structs.replace(first, text=self._by_room[first.room_id][first.seq - 1].text)
            same = (known.room_id, known.text) == (draft.room_id, draft.text)
            return Repeated(message) if same else KeyUsed(message=message)
        saved = self._append(draft)
        if saved is not None:
            self._by_key[key] = draft, saved
            self.keys[saved.id] = draft.key
        return saved

    def _append(self, draft: Draft) -> Message | None:
        room = self._rooms.look_up(draft.room_id)
        if room is None:
            return None
        self._rooms.advance(room.id, messages=1)
        self._newest_id += 1
        message = Message(
            self._newest_id,
            draft.room_id,
            room.last_seq + 1,
            draft.sender_id,
            draft.sender_name,
            draft.text,
            draft.created_at,
            draft.kind,
            draft.people,
            room.last_pos + 1,
        )
        self._by_room[draft.room_id].append(message)
        if draft.kind is MessageKind.JOIN:
            self._rooms.add_member(draft.room_id, draft.sender_id)
        return message

    def _change(self, change: Edit | Deletion | Reaction) -> Saved:
        room, said = self._rooms.look_up(change.room_id), self._said(change.room_id)
        if room is None or not 0 < change.seq <= len(said):
            return None
        message = said[change.seq - 1]
        if message.kind is not MessageKind.TEXT:
            return None
        state = self._states.setdefault(message.id, MessageState(message.text, message.pos, False, {}, set()))
        made = state.change(change, self._newest_id + 1, room.last_pos + 1)
        if isinstance(made, Edited | Deleted | Reacted):
            self._rooms.advance(room.id)
            self._newest_id += 1
            self._changes.append(made)
            said[change.seq - 1] = structs.replace(message, text=state.text, pos=state.pos)
        if isinstance(made, Deleted) and made.actor_id != message.sender_id:
            self._users.audit.note([deletion_act(made, message.sender_id)])
        return made

    def _remove(self, removal: Removal) -> Removed | None:
        room_id, person_id = removal.room_id, removal.person_id
        room = self._rooms.look_up(room_id)
        if room is None or room.kind is not RoomKind.ROOM or not self._rooms.has_member(room_id, person_id):
            return None
        self._rooms.remove_member(room_id, person_id)
        self._rooms.advance(room_id)
        self._newest_id += 1
        made = Removed(
            self._newest_id, room_id, room.last_pos + 1, person_id, removal.actor_id, removal.created_at
        )
        self._changes.append(made)
        return made

    def _delete_room(self, deletion: RoomDeletion) -> RoomDeleted | None:
        room = self._rooms.look_up(deletion.room_id)
        if room is None or room.kind is not RoomKind.ROOM:
            return None
        self._newest_id += 1
        made = RoomDeleted(
            self._newest_id, room.id, room.last_pos + 1, deletion.actor_id, deletion.created_at
        )
        self._rooms.delete(made)
        if made.actor_id is None:
            self._users.audit.note([room_deletion_act(made, room.name)])
        return made

    async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Change]:
        await trio.lowlevel.checkpoint()
        said = self._left(chain.from_iterable(map(self._said, self._by_room)))
        changes = (change for change in self._changes if self._rooms.is_there(change.room_id))
        log: list[Change] = [self._as_said(message) for message in said]
        log += filter(None, map(self._as_changed, changes))
        log += (kept.deletion for kept in self._rooms.deletions)
        behind = sorted((change for change in log if change.id > after_id), key=_id)[:limit]
        return [
            change
            if isinstance(change, AccessChange)
            else structs.replace(change, people=self._rooms.people_of(change.room_id))
            for change in _within(most_bytes, behind)
        ]

    def _as_said(self, message: Message) -> Message:
        """Return the message as the log tells it: with its own place, but the text and the name of now."""
        others = sum(change.room_id == message.room_id and change.id < message.id for change in self._changes)
        return structs.replace(self._retold(message), pos=message.seq + others)

    def _as_changed(self, change: Edited | Deleted | Reacted | Removed) -> Change | None:
        """Return the change as the log tells it; None: of a message that is deleted, nothing but that."""
        if isinstance(change, Removed):
            return change
        state = self._states[self._by_room[change.room_id][change.seq - 1].id]
        match change:
            case Deleted():
                return change
            case _ if state.is_deleted:
                return None
            case Edited():
                return structs.replace(change, text=state.text)
            case Reacted():
                return structs.replace(change, count=state.counts.get(change.emoji, 0))

    async def by_id(self, message_id: int) -> Message | None:
        await trio.lowlevel.checkpoint()
        for room_id in self._by_room:
            for message in self._left(self._said(room_id)):
                if message.id == message_id:
                    return self._retold(message)
        return None

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
        await trio.lowlevel.checkpoint()
        said = [
            self._retold(message)
            for message in self._left(self._said(room_id))
            if (after is None or message.seq > after)
            and (before is None or message.seq < before)
            and (up_to_id is None or message.id <= up_to_id)
        ]
        if after is not None:
            return list(_within(most_bytes, said[:limit]))
        return list(_within(most_bytes, said[::-1][:limit]))[::-1]

    async def undelivered(
        self, person_id: int, after_id: int, up_to_id: int, limit: int, most_bytes: int
    ) -> list[Message]:
        await trio.lowlevel.checkpoint()
        missed = [
            structs.replace(self._retold(message), people=Pair(message.sender_id, person_id))
            for room_id, told in self._rooms.direct_of(person_id).items()
            for message in self._left(self._by_room[room_id][told:])
            if after_id < message.id <= up_to_id and (message.sender_id != person_id or self._is_own(room_id))
        ]
        return list(_within(most_bytes, sorted(missed, key=_id)[:limit]))

    async def newest_id(self) -> int:
        await trio.lowlevel.checkpoint()
        return self._newest_id

    async def settled_id(self) -> int:
        return await self.newest_id()

    def end_of_log(self) -> int:
        """Return the highest id, at once."""
        return self._newest_id

    def log_of(self, room_id: int) -> list[Change]:
        """Return all that was changed in a room that is there, also of deleted messages, by `pos`. Sync."""
        log: list[Change] = [self._as_said(message) for message in self._said(room_id)]
        log += (change for change in self._changes if change.room_id == room_id)
        return sorted(log, key=_id)

    def state_of(self, message: Message) -> MessageState | None:
        """Return what became of a message; None: it is as it was said. Sync."""
        return self._states.get(message.id)

    def is_deleted(self, message: Message) -> bool:
        """Whether a message is deleted. Sync."""
        return self._is_deleted(message)

    def text_of(self, edit: Edited) -> str:
        """Return the text of now of a message that was edited. Sync."""
        return self._by_room[edit.room_id][edit.seq - 1].text

    def count_of(self, reaction: Reacted) -> int:
        """Return how many react now as somebody did. Sync."""
        state = self._states[self._by_room[reaction.room_id][reaction.seq - 1].id]
        return state.counts.get(reaction.emoji, 0)

    async def conversations(self, limit: int, most_bytes: int) -> list[Conversation]:
        await trio.lowlevel.checkpoint()
        people = {
            left[-1]: person_id
            for person_id, room_id in self._rooms.support_of_all().items()
            if (left := list(self._left(self._by_room[room_id]))) and self._users.is_there(person_id)
        }
        newest_first = sorted(people, key=_id, reverse=True)[:limit]
        return [self._conversation(people[last], last) for last in _within(most_bytes, newest_first)]

    def _conversation(self, person_id: int, last: Message) -> Conversation:
        person = self._users.look_up(person_id)
        assert person is not None
        said = self._by_room[last.room_id]
        answered = max((message.seq for message in said if message.sender_id != person_id), default=0)
        return Conversation(person_id, person.name, self._retold(last), said[-1].seq - answered)

    def _said(self, room_id: int) -> list[Message]:
        """Return the messages of a room; with the room they are gone too."""
        return self._by_room[room_id] if self._rooms.is_there(room_id) else []

    def _left(self, messages: Iterable[Message]) -> Iterator[Message]:
        """Yield those that were not deleted."""
        return (message for message in messages if not self._is_deleted(message))

    def _is_deleted(self, message: Message) -> bool:
        return message.id in self._states and self._states[message.id].is_deleted

    def _is_own(self, room_id: int) -> bool:
        """Whether the room is of one person with themselves."""
        return sum(room == room_id for room, _ in self._rooms.memberships()) == 1

    def _retold(self, message: Message) -> Message:
        """Return the message as history tells it: under its sender's name of today."""
        sender = self._users.look_up(message.sender_id)
        assert sender is not None
        return structs.replace(message, sender_name=sender.name, people=None)


def _id(change: Change) -> int:
    return change.id


def _within(most_bytes: int, changes: Iterable[_C]) -> Iterator[_C]:
    """Yield changes from the front while their texts have at most `most_bytes` as JSON; the first always."""
    total = 0
    for nth, change in enumerate(changes):
        total += len(msgspec.json.encode(change.text if isinstance(change, Message | Edited) else ""))
        if nth > 0 and total > most_bytes:
            return
        yield change
