"""Messages in memory: a list a room, so that `seq` is the index plus one."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import trio
from msgspec import structs

from chat.domain.audit import deletion_act
from chat.domain.changes import (
    Acceptance,
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
    RoleChange,
    RoleChanged,
    RoomChange,
    RoomChanged,
    RoomDeleted,
    RoomDeletion,
    SupportChange,
    SupportChanged,
    UnknownChange,
    Write,
)
from chat.domain.entities import Conversation, Draft, Message, MessageKind, Pair, Room
from chat.domain.failures import WriteRejected
from chat.domain.membership import RoomRole
from chat.domain.message_state import MessageState
from chat.domain.outcomes import KeyUsed, Repeated, Saved
from chat.domain.refusals import ALREADY_IN, ARCHIVED, BANNED, INVITE_OVER, Refusal
from chat.storage.memory.files import MemoryFiles
from chat.storage.memory.references import resolve
from chat.storage.memory.room_changes import Kept, MemoryRoomChanges
from chat.storage.memory.rooms import MemoryRooms
from chat.storage.memory.support import MemorySupport
from chat.storage.memory.support_changes import MemorySupportChanges
from chat.storage.memory.users import MemoryUsers
from chat.storage.memory.within import within

_Change = Edited | Deleted | Reacted | SupportChanged | Removed | RoleChanged | RoomChanged | UnknownChange


class MemoryMessages:
    """The port `Messages`. Commit is the one stretch without an await in `save`."""

    def __init__(self, users: MemoryUsers, rooms: MemoryRooms, files: MemoryFiles) -> None:
        self._users = users
        self._rooms = rooms
        self._files = files
        self._by_room = rooms.said
        self._by_key: dict[tuple[int, str], tuple[Draft, Message]] = {}
        self._states: dict[int, MessageState] = {}  # of texts that were changed, by message id
        self._room_changes = MemoryRoomChanges(rooms, users.audit, self._next, self._keep)
        self._changes: list[_Change] = []
        self._newest_id = 0
        self._support = MemorySupport(users, rooms)
        self._support_changes = MemorySupportChanges(self._support, rooms, self._next, self._keep)
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
        resolved = [resolve(write, self._users, self._rooms) for write in writes]
        saved = [write if isinstance(write, Refusal) else self._write(write) for write in resolved]
        return [*saved, *self._support_changes.follow(each for each in saved if isinstance(each, Message))]

    def _write(self, write: Write) -> Saved:
        match write:
            case Draft():
                return self._save(write)
            case Removal():
                return self._room_changes.remove(write)
            case RoomDeletion():
                return self._room_changes.delete_room(write)
            case RoleChange():
                return self._room_changes.change_role(write)
            case RoomChange():
                return self._room_changes.change_room(write)
            case Acceptance():
                return self._accept(write)
            case SupportChange():
                return self._support_changes.change(write)
            case _:
                return self._change(write)

    def _save(self, draft: Draft) -> Saved:
        if draft.kind is MessageKind.JOIN and (refusal := self._refuses_joining(draft)):
            return refusal
        if draft.key is None:
            return self._append(draft)
        key = draft.sender_id, draft.key
        if key in self._by_key:
            known, first = self._by_key[key]
            message = structs.replace(first, text=self._by_room[first.room_id][first.seq - 1].text)
            same = _content(known) == _content(draft)
            return Repeated(message) if same else KeyUsed(message=message)
        saved = self._append(draft)
        if isinstance(saved, Message):
            self._by_key[key] = draft, saved
            self.keys[saved.id] = draft.key
        return saved

    def _refuses_joining(self, draft: Draft) -> Refusal | None:
        match self._rooms.role_of(draft.room_id, draft.sender_id):
            case None:
                return None
            case RoomRole.BANNED:
                return BANNED
            case _:
                return ALREADY_IN

    def _accept(self, acceptance: Acceptance) -> Saved:
        joining, invites = acceptance.joining, self._users.invites
        if not invites.is_good(acceptance.invite, joining.room_id):
            return self._refuses_joining(joining) or INVITE_OVER
        saved = self._save(joining)
        if isinstance(saved, Message):
            invites.use(acceptance.invite)
        return saved

    def _append(self, draft: Draft) -> Message | Refusal | None:
        if draft.file_ids:
            found = self._files.look_up(draft)
            if isinstance(found, Refusal):
                return found
            draft = found
        room = self._rooms.look_up(draft.room_id)
        if room is None:
            return None
        if room.is_archived:
            return ARCHIVED
        self._files.attach(draft.files, room.last_seq + 1)
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
            draft.reply,
            draft.mentions,
            draft.files,
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
        if room.is_archived and not isinstance(change, Deletion):
            return ARCHIVED
        new = MessageState(message.text, message.pos, False, {}, set(), message.created_at, message.mentions)
        state = self._states.setdefault(message.id, new)
        made = state.change(change, self._newest_id + 1, room.last_pos + 1)
        if isinstance(made, Edited | Deleted | Reacted):
            self._rooms.advance(room.id)
            self._newest_id += 1
            self._changes.append(made)
            said[change.seq - 1] = structs.replace(
                message, text=state.text, pos=state.pos, mentions=state.mentions
            )
        if isinstance(made, Deleted):
            self._files.forget(message.files)
            said[change.seq - 1] = structs.replace(said[change.seq - 1], files=())
        if isinstance(made, Deleted) and made.actor_id != message.sender_id:
            self._users.audit.note([deletion_act(made, message.sender_id)])
        return made

    def _next(self, room: Room) -> tuple[int, int, int]:
        """Return the numbers of the room's next change."""
        return self._newest_id + 1, room.id, room.last_pos + 1

    def _keep(self, change: Kept | SupportChanged | UnknownChange) -> None:
        """Keep a change that has the next numbers; that a room was deleted, the rooms keep for a while."""
        self._newest_id += 1
        if not isinstance(change, RoomDeleted):
            self._rooms.advance(change.room_id)
            self._changes.append(change)

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
            if isinstance(change, AccessChange | RoleChanged | RoomChanged)
            else structs.replace(change, people=self._rooms.people_of(change.room_id))
            for change in within(most_bytes, behind)
        ]

    def _as_said(self, message: Message) -> Message:
        """Return the message as the log tells it: with its own place, but the text and the name of now."""
        others = sum(change.room_id == message.room_id and change.id < message.id for change in self._changes)
        return structs.replace(
            self._retold(message), pos=message.seq + others, reply=message.reply, mentions=message.mentions
        )

    def _as_changed(self, change: _Change) -> Change | None:
        """Return the change as the log tells it; None: of a message that is deleted, nothing but that."""
        if isinstance(change, RoomChanged):
            return self.as_now(change)
        if isinstance(change, Removed | RoleChanged | UnknownChange):
            return change
        if isinstance(change, SupportChanged):
            return self._support.as_now(change)
        state = self._states[self._by_room[change.room_id][change.seq - 1].id]
        match change:
            case Deleted():
                return change
            case _ if state.is_deleted:
                return None
            case Edited():
                return structs.replace(change, text=state.text, mentions=state.mentions)
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
            return list(within(most_bytes, said[:limit]))
        return list(within(most_bytes, said[::-1][:limit]))[::-1]

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
        return list(within(most_bytes, sorted(missed, key=_id)[:limit]))

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
        return message.id in self._states and self._states[message.id].is_deleted

    def look_up(self, room_id: int, seq: int) -> Message | None:
        """Return a message with its text of now, which a deleted one has not. Sync."""
        said = self._said(room_id)
        return said[seq - 1] if 0 < seq <= len(said) else None

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
        return [self._conversation(people[last], last) for last in within(most_bytes, newest_first)]

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
        return (message for message in messages if not self.is_deleted(message))

    def _is_own(self, room_id: int) -> bool:
        """Whether the room is of one person with themselves."""
        return sum(room == room_id for room, _ in self._rooms.memberships()) == 1

    def _retold(self, message: Message) -> Message:
        """Return the message as history tells it: under its sender's name of today."""
        sender = self._users.look_up(message.sender_id)
        assert sender is not None
        return structs.replace(message, sender_name=sender.name, people=None, reply=None, mentions=())


def _content(draft: Draft) -> tuple[object, ...]:
    """Return what a draft says: with the same key it must be the same."""
    return draft.room_id, draft.text, draft.reply, draft.file_ids


def _id(change: Change) -> int:
    return change.id
