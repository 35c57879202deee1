"""Messages in memory: a list a room, so that `seq` is the index plus one."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import msgspec
import trio
from msgspec import structs

from chat.domain.entities import Conversation, Draft, Message, MessageKind, Pair
from chat.domain.failures import WriteRejected
from chat.domain.outcomes import KeyUsed, Repeated, Saved
from chat.storage.memory.rooms import MemoryRooms
from chat.storage.memory.users import MemoryUsers


class MemoryMessages:
    """The port `Messages`. Commit is the one stretch without an await in `save`."""

    def __init__(self, users: MemoryUsers, rooms: MemoryRooms) -> None:
        self._users = users
        self._rooms = rooms
        self._by_room = rooms.said
        self._by_key: dict[tuple[int, str], tuple[Draft, Message]] = {}
        self._deleted: set[int] = set()
        self._count = 0

    async def save(self, drafts: Sequence[Draft]) -> list[Saved]:
        await trio.lowlevel.checkpoint()
        # No await from here on: all of it happens, or none.
        if any(self._users.look_up(draft.sender_id) is None for draft in drafts):
            raise WriteRejected("there is no such sender")
        if any("\0" in draft.text for draft in drafts):
            raise WriteRejected("a text can't hold NUL")
        return [self._save(draft) for draft in drafts]

    def _save(self, draft: Draft) -> Saved:
        if draft.key is None:
            return self._append(draft)
        key = draft.sender_id, draft.key
        if key in self._by_key:
            known, message = self._by_key[key]
            same = (known.room_id, known.text) == (draft.room_id, draft.text)
            return Repeated(message) if same else KeyUsed(message=message)
        saved = self._append(draft)
        if saved is not None:
            self._by_key[key] = draft, saved
        return saved

    def _append(self, draft: Draft) -> Message | None:
        seq = self._rooms.advance(draft.room_id)
        if seq is None:
            return None
        self._count += 1
        message = Message(
            self._count,
            draft.room_id,
            seq,
            draft.sender_id,
            draft.sender_name,
            draft.text,
            draft.created_at,
            draft.kind,
            draft.people,
            seq,
        )
        self._by_room[draft.room_id].append(message)
        if draft.kind is MessageKind.JOIN:
            self._rooms.add_member(draft.room_id, draft.sender_id)
        return message

    async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Message]:
        await trio.lowlevel.checkpoint()
        everything = chain.from_iterable(map(self._said, self._by_room))
        behind = sorted((m for m in self._left(everything) if m.id > after_id), key=_id)[:limit]
        return [
            structs.replace(self._retold(message), people=self._rooms.people_of(message.room_id))
            for message in _within(most_bytes, behind)
        ]

    async def delete(self, message_id: int) -> bool:
        await trio.lowlevel.checkpoint()
        for room_id, said in self._by_room.items():
            for message in self._left(said) if self._rooms.is_there(room_id) else ():
                if message.id == message_id and message.kind is MessageKind.TEXT:
                    self._deleted.add(message_id)
                    said[message.seq - 1] = structs.replace(message, text="")
                    return True
        return False

    async def page(self, room_id: int, after: int, up_to: int, most_bytes: int) -> list[Message]:
        await trio.lowlevel.checkpoint()
        asked_for = self._left(self._said(room_id)[max(after, 0) : max(up_to, 0)])
        return [self._retold(message) for message in _within(most_bytes, asked_for)]

    async def before(self, room_id: int, up_to_id: int, limit: int, most_bytes: int) -> list[Message]:
        await trio.lowlevel.checkpoint()
        said = list(self._left(self._said(room_id)))
        end = bisect_right(said, up_to_id, key=_id)
        newest_first = reversed(said[max(0, end - limit) : end])
        return [self._retold(message) for message in _within(most_bytes, newest_first)]

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
        return self._count

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
        return (message for message in messages if message.id not in self._deleted)

    def _is_own(self, room_id: int) -> bool:
        """Whether the room is of one person with themselves."""
        return sum(room == room_id for room, _ in self._rooms.memberships()) == 1

    def _retold(self, message: Message) -> Message:
        """Return the message as history tells it: under its sender's name of today."""
        sender = self._users.look_up(message.sender_id)
        assert sender is not None
        return structs.replace(message, sender_name=sender.name, people=None)


def _id(message: Message) -> int:
    return message.id


def _within(most_bytes: int, messages: Iterable[Message]) -> Iterator[Message]:
    """Yield messages from the front while their texts have at most `most_bytes` as JSON; the first always."""
    total = 0
    for nth, message in enumerate(messages):
        total += len(msgspec.json.encode(message.text))
        if nth > 0 and total > most_bytes:
            return
        yield message
