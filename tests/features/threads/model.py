"""Threads in the reference model's memory. A method's work is done in one go after its checkpoint."""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

import trio

from chat.domain.entities import Message
from chat.domain.features import Port
from chat.domain.messages.outcomes import Saved
from chat.domain.messages.reading import MOST_UNREAD
from chat.domain.rooms.room_history import HistoryQuery
from chat.domain.text.rules import same_name_key
from chat.features.threads.use_cases import THREADS, ThreadPage, ThreadSummary
from tests.reference.storage.within import within

if TYPE_CHECKING:
    from tests.reference.storage import MemoryStorage


class ThreadsModel:
    """The port `Threads`. Followers are derived from the replies; what somebody has chosen is kept."""

    def __init__(self, storage: "MemoryStorage") -> None:
        self._rooms, self._users, self._messages = storage.rooms, storage.users, storage.messages
        self._now = storage.timelines.now
        self._read = storage.timelines.read_of
        self._chosen: dict[tuple[int, int, int], bool] = {}  # by room, root and person
        self.savers: Mapping[type, Callable[[Any], Saved]] = {}
        self.ports: Mapping[Port[Any], Any] = {THREADS: self}

    async def read(
        self, reader_id: int, room_id: int, seq: int, asked: HistoryQuery, most_bytes: int
    ) -> ThreadPage | None:
        await trio.lowlevel.checkpoint()
        root = self._root(room_id, seq)
        if root is None:
            return None
        replies, message = self._replies(room_id, root), self._messages.look_up(room_id, root)
        page = [self._now.of(each, reader_id) for each in _page(replies, asked)]
        is_back = asked.after is None and asked.around is None
        page = list(within(most_bytes, page[:: -1 if is_back else 1]))[:: -1 if is_back else 1]
        room = self._rooms.look_up(room_id)
        assert room is not None
        read = self._read(room, reader_id)
        seqs = [each.seq for each in replies]
        first, last = (page[0].seq, page[-1].seq) if page else _edges(asked)
        return ThreadPage(
            thread=self._summary(reader_id, room_id, root, replies),
            message=None if message is None else self._now.of(message, reader_id),
            pos=room.last_pos,
            unread=min(MOST_UNREAD, sum(each.seq > read and each.sender_id != reader_id for each in replies)),
            replies=page,
            is_first=not any(each < first for each in seqs),
            is_last=not any(each > last for each in seqs),
        )

    async def of_room(
        self, reader_id: int, room_id: int, after: int, before: int, limit: int
    ) -> list[ThreadSummary]:
        await trio.lowlevel.checkpoint()
        said = self._messages.of_room(room_id)
        roots = sorted({each.root for each in said if each.root is not None}, reverse=True)
        found = [
            self._summary(reader_id, room_id, root, replies)
            for root in roots
            if after < root < before and (replies := self._replies(room_id, root))
        ]
        return found[:limit]

    async def follow(self, person_id: int, room_id: int, seq: int, *, is_on: bool) -> int | None:
        await trio.lowlevel.checkpoint()
        root = self._root(room_id, seq)
        if root is None or not self._users.is_there(person_id):
            return None
        self._chosen[room_id, root, person_id] = is_on
        return root

    async def people(self, room_id: int, root: int, most: int) -> list[int]:
        await trio.lowlevel.checkpoint()
        first, room = self._messages.look_up(room_id, root), self._rooms.look_up(room_id)
        assert first is not None
        assert room is not None
        replies = self._replies(room_id, root)
        inside = sorted(person.id for person in self._rooms.people_in(room) if not person.is_visitor)
        following = {each for each in inside if self._summary(each, room_id, root, replies).is_followed} | {
            first.sender_id
        } - {each for each in inside if self._chosen.get((room_id, root, each)) is False}
        return [each for each in inside if each in following][:most]

    async def untouched(self, person_id: int, name: str, *, is_private: bool) -> int | None:
        await trio.lowlevel.checkpoint()
        asked = same_name_key(name), person_id, is_private, 0, False
        found = [
            each.id
            for each in self._rooms.all()
            if (
                same_name_key(each.name or ""),
                each.creator_id,
                each.is_private,
                each.last_pos,
                each.is_archived,
            )
            == asked
        ]
        return found[0] if found else None

    async def fill(self, most: int) -> bool:
        await trio.lowlevel.checkpoint()
        return False

    def _root(self, room_id: int, seq: int) -> int | None:
        message = self._messages.look_up(room_id, seq)
        if message is None:
            return seq if self._rooms.is_there(room_id) and self._replies(room_id, seq) else None
        return message.root or seq

    def _replies(self, room_id: int, root: int) -> list[Message]:
        said = self._messages.of_room(room_id)
        return [each for each in said if each.root == root and not self._messages.is_deleted(each)]

    def _summary(self, reader_id: int, room_id: int, root: int, replies: list[Message]) -> ThreadSummary:
        last = replies[-1] if replies else None
        said = [each for each in self._messages.of_room(room_id) if each.root == root]
        first = self._messages.look_up(room_id, root)
        involved = chain.from_iterable((each.sender_id, *each.mentions) for each in (first, *said) if each)
        is_involved = bool(said) and reader_id in involved
        return ThreadSummary(
            root=root,
            replies=len(replies),
            last_seq=last and last.seq,
            last_at=last and last.created_at,
            is_followed=self._chosen.get((room_id, root, reader_id), is_involved),
        )


def _page(replies: list[Message], asked: HistoryQuery) -> list[Message]:
    if asked.around is not None:
        earlier = [each for each in replies if each.seq < asked.around]
        later = [each for each in replies if each.seq >= asked.around]
        after = min(len(later), asked.limit - min(len(earlier), asked.limit // 2))
        return [*earlier[max(0, len(earlier) - (asked.limit - after)) :], *later[:after]]
    if asked.after is not None:
        return [each for each in replies if each.seq > asked.after][: asked.limit]
    return [each for each in replies if asked.before is None or each.seq < asked.before][-asked.limit :]


def _edges(asked: HistoryQuery) -> tuple[int, int]:
    if asked.after is not None:
        return asked.after + 1, asked.after
    end = 2**63 - 1 if asked.before is None else asked.before
    return end, end - 1
