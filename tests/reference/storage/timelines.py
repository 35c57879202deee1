"""The reads of a sync, in memory. Each method works without an await after its checkpoint."""

import time
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence

import trio
from msgspec import structs

from chat.domain.entities import Message, MessageKind, Person, Room, RoomKind
from chat.domain.messages.changes import Change, SupportChanged
from chat.domain.messages.files import kind_of
from chat.domain.messages.mentions import mentions
from chat.domain.messages.reading import MOST_LOOKED_AT, ReadMark, ReadState, next_read
from chat.domain.messages.sync_types import (
    MOST_REPLAYED,
    ChangeRange,
    ConversationCounts,
    KnownAt,
    MessageNow,
    Page,
    Position,
    PositionState,
    QueuePlace,
    ReplayedChange,
    ResumeCheck,
    RoomsAt,
    RoomSnapshot,
    TextVersion,
    milliseconds,
)
from chat.domain.rooms.membership import Notify, OwnSettings, may_see
from tests.reference.storage.message_table import MessageTable
from tests.reference.storage.messages_now import MessagesNow
from tests.reference.storage.room_snapshots import RoomSnapshots
from tests.reference.storage.room_table import RoomTable
from tests.reference.storage.support import MemorySupport
from tests.reference.storage.users import MemoryUsers
from tests.reference.storage.within import within

_NOBODY = 0
"""No person's id."""


class MemoryTimelines:
    """The port `Timelines`."""

    def __init__(self, users: MemoryUsers, rooms: RoomTable, messages: MessageTable) -> None:
        self._users = users
        self._rooms = rooms
        self._messages = messages
        self._support = MemorySupport(users, rooms)
        self.now = MessagesNow(messages, self._support)
        self._snapshots = RoomSnapshots(users, rooms, messages, self.now)
        self.read_of = self._snapshots.read
        """Returns how far a person has read a room. Sync."""

    async def rooms_of(self, person_ids: Collection[int]) -> dict[int, dict[int, RoomKind]]:
        await trio.lowlevel.checkpoint()
        return {person_id: {room.id: room.kind for room in self._of(person_id)} for person_id in person_ids}

    async def snapshots(self, asked: Sequence[RoomsAt]) -> list[list[RoomSnapshot]]:
        await trio.lowlevel.checkpoint()
        return [self._snapshots_of(each) for each in asked]

    async def members_of_conversations(self, room_ids: Collection[int]) -> dict[int, int]:
        await trio.lowlevel.checkpoint()
        rooms = [room for each in room_ids if (room := self._rooms.look_up(each)) is not None]
        return {room.id: self._snapshots.members(room) for room in rooms if room.kind is RoomKind.SUPPORT}

    async def resume_checks(self, known: Sequence[KnownAt]) -> list[ResumeCheck | None]:
        await trio.lowlevel.checkpoint()
        return [
            self._resume_check(each.position, each.up_to_id)
            if self._rooms.is_there(each.position.room_id)
            else None
            for each in known
        ]

    async def replay(
        self, reader_ids: Collection[int], ranges: Sequence[ChangeRange], most_bytes: int
    ) -> list[list[ReplayedChange]]:
        await trio.lowlevel.checkpoint()
        asked = [
            (nth, entry)
            for nth, wanted in enumerate(ranges)
            for entry in self._entries(wanted.room_id)
            if wanted.after < entry.pos <= min(wanted.up_to, wanted.after + MOST_REPLAYED)
        ]
        got = within(most_bytes, (self.now.replayed(entry, _NOBODY) for _, entry in asked))
        replayed: list[list[ReplayedChange]] = [[] for _ in ranges]
        for (nth, _), change in zip(asked, got, strict=False):
            replayed[nth].append(self.now.for_readers(change, reader_ids))
        return replayed

    async def history(
        self,
        reader_id: int,
        room_id: int,
        limit: int,
        most_bytes: int,
        up_to_id: int,
        *,
        after: int | None = None,
        before: int | None = None,
    ) -> Page | None:
        await trio.lowlevel.checkpoint()
        if not self._rooms.is_there(room_id):
            return None
        entries = [entry for entry in self._entries(room_id) if entry.id <= up_to_id]
        said = [entry for entry in entries if isinstance(entry, Message)]
        wanted = [m for m in said if (after or 0) < m.seq and (before is None or m.seq < before)]
        step = -1 if after is None else 1
        got = list(within(most_bytes, (self.now.of(each, reader_id) for each in wanted[::step][:limit])))
        first = self._rooms.first_seqs.get(room_id, 1)
        return Page(got[::step], entries[-1].pos if entries else 0, said[-1].seq if said else 0, first)

    async def texts(self, room_id: int, seq: int, limit: int, most_bytes: int) -> list[TextVersion]:
        await trio.lowlevel.checkpoint()
        message = self._messages.look_up(room_id, seq)
        if message is None or self._messages.is_deleted(message):
            return []
        state = self._messages.state_of(message)
        since = message.created_at if state is None else state.text_since
        had = [] if state is None else [TextVersion(each.text, each.created_at) for each in state.earlier]
        newest_first = [TextVersion(message.text, since), *reversed(had)][:limit]
        return list(within(most_bytes, newest_first))[::-1]

    async def mentions(self, person_id: int, before_id: int, limit: int, most_bytes: int) -> list[MessageNow]:
        await trio.lowlevel.checkpoint()
        found = [
            entry
            for room in self._of(person_id)
            for entry in self._entries(room.id)
            if entry.id < before_id
            and isinstance(entry, Message)
            and mentions(entry, person_id)
            and not self._messages.is_deleted(entry)
        ]
        newest_first = sorted(found, key=lambda message: message.id, reverse=True)[:limit]
        return list(within(most_bytes, (self.now.of(each, person_id) for each in newest_first)))

    async def with_files(
        self, reader_id: int, room_id: int, before: int, limit: int, most_bytes: int, kind: str | None = None
    ) -> list[MessageNow]:
        await trio.lowlevel.checkpoint()
        there = self._entries(room_id) if self._rooms.is_there(room_id) else []
        found = [
            entry
            for entry in there
            if isinstance(entry, Message)
            and any(kind in (None, kind_of(file.type)) for file in entry.files)
            and entry.seq < before
        ]
        newest_first = [each for each in found[::-1] if not self._messages.is_deleted(each)][:limit]
        return list(within(most_bytes, (self.now.of(each, reader_id) for each in newest_first)))

    async def mark_read(self, marks: Mapping[tuple[int, int], ReadMark], *, durable: bool = True) -> None:
        await trio.lowlevel.checkpoint()
        for (room_id, person_id), mark in marks.items():
            room = self._own(room_id, person_id)
            if room is None:
                continue
            own = self._rooms.own(room_id, person_id)
            read = next_read(self._snapshots.read(room, person_id), mark, room.last_seq)
            if read != own.read:
                self._rooms.set_own(
                    room_id, person_id, structs.replace(own, read=read, changed_at=time.time())
                )

    async def reads_since(self, person_id: int, since: float) -> list[ReadState]:
        await trio.lowlevel.checkpoint()
        own = {room.id: self._rooms.own(room.id, person_id) for room in self._of(person_id)}
        return [
            ReadState(
                room.id,
                read,
                *self._snapshots.counts(room.id, person_id, read, room.last_seq),
                has_spoken=any(
                    message.seq > read and message.sender_id == person_id and message.kind is MessageKind.TEXT
                    for message in self._rooms.said[room.id][-MOST_LOOKED_AT:]
                ),
            )
            for room in sorted(self._of(person_id), key=lambda room: room.id)
            if (read := own[room.id].read) is not None and own[room.id].changed_at > since
        ]

    async def shared_reads(self, room_id: int, person_ids: Collection[int]) -> dict[int, int]:
        await trio.lowlevel.checkpoint()
        found = [(person, self._own(room_id, person.id)) for person in self._users.there()]
        return {
            person.id: self._snapshots.read(room, person.id)
            for person, room in found
            if room is not None and person.id in person_ids and person.share_reads
        }

    async def set_own(self, room_id: int, person_id: int, settings: OwnSettings) -> bool:
        await trio.lowlevel.checkpoint()
        if self._own(room_id, person_id) is None:
            return False
        given = {key: value for key, value in structs.asdict(settings).items() if value is not None}
        own = self._rooms.own(room_id, person_id)
        self._rooms.set_own(room_id, person_id, structs.replace(own, **given))
        return True

    async def support_queue(
        self, after: QueuePlace, limit: int, *, is_closed: bool | None = None, assignee_id: int | None = None
    ) -> list[QueuePlace]:
        await trio.lowlevel.checkpoint()
        return self._support.queue(after, limit, is_closed, assignee_id)

    async def first_conversations(self, operator_id: int, limit: int) -> set[int]:
        await trio.lowlevel.checkpoint()
        start, own = QueuePlace(0, 0, 0), self._rooms.support_of_all().get(operator_id)
        first = [self._support.queue(start, limit, False, mine) for mine in (None, operator_id)]
        return {place.room_id for places in first for place in places} | ({own} if own else set())

    async def support_changes(self, room_id: int, limit: int) -> list[SupportChanged]:
        await trio.lowlevel.checkpoint()
        found = [each for each in self._entries(room_id) if isinstance(each, SupportChanged)]
        return [self._support.as_now(each) for each in found[-limit:]]

    async def count_conversations(self, operator_id: int) -> ConversationCounts:
        await trio.lowlevel.checkpoint()
        of_others = [
            self._snapshots.take(room, operator_id, 2**53)
            for room in self._of(operator_id)
            if room.kind is RoomKind.SUPPORT and room.creator_id != operator_id
        ]
        said = [each for each in of_others if each.seq]
        status = [each.support for each in said if each.support is not None]
        shown = [each for each in said if each.notify is not Notify.NONE and not each.is_hidden]
        return ConversationCounts(
            open=len(said),
            waiting=sum(each.waiting_since is not None for each in status),
            mine=sum(each.assignee is not None and each.assignee.id == operator_id for each in status),
            unread=sum(each.unread for each in shown),
            unread_in=sum(each.unread > 0 for each in shown),
        )

    def _snapshots_of(self, asked: RoomsAt) -> list[RoomSnapshot]:
        rooms = self._of(asked.person_id, with_closed=asked.room_ids is not None)
        got = [
            self._snapshots.take(room, asked.person_id, asked.up_to_id)
            for room in rooms
            if asked.room_ids is None or room.id in asked.room_ids
        ]
        return sorted(got, key=lambda room: (room.last.id if room.last else 0, room.id), reverse=True)

    def _of(self, person_id: int, *, with_closed: bool = False) -> list[Room]:
        """Return the person's rooms; `with_closed`: and the conversations of others that are closed."""
        person = self._users.look_up(person_id)
        if person is None or not self._users.is_there(person_id):
            return []
        return [room for room in self._rooms.all() if self._is_of(room, person, with_closed=with_closed)]

    def _is_of(self, room: Room, person: Person, *, with_closed: bool) -> bool:
        if not may_see(room, person, self._rooms.role_of(room.id, person.id)):
            return False
        if room.kind is not RoomKind.SUPPORT or room.creator_id == person.id:
            return True
        is_open = with_closed or not self._rooms.support_kept(room.id).is_closed
        return is_open and self._users.is_there(room.creator_id or 0)

    def may_read(self, person_id: int, room_id: int) -> bool:
        """Whether a person may read a room now. Sync."""
        return self._own(room_id, person_id) is not None

    def _own(self, room_id: int, person_id: int) -> Room | None:
        """Return a room that the person may mark: an operator's is each conversation, also before it has begun."""
        person, room = self._users.look_up(person_id), self._rooms.look_up(room_id)
        if person is None or room is None or not self._users.is_there(person_id):
            return None
        if room.kind is RoomKind.SUPPORT and person.is_operator:
            return room
        return room if may_see(room, person, self._rooms.role_of(room_id, person_id)) else None

    def _resume_check(self, position: Position, up_to_id: int) -> ResumeCheck:
        entries = self._entries(position.room_id)
        up_to = max((entry.pos for entry in entries if entry.id <= up_to_id), default=0)
        had = {entry.pos: milliseconds(entry.created_at) for entry in entries} | {0: 0}
        state = PositionState.GOOD
        if position.pos < self._rooms.floors.get(position.room_id, 0):
            state = PositionState.ERASED
        elif had.get(position.pos) != position.at:
            state = PositionState.OTHER_HISTORY
        elif up_to - position.pos > MOST_REPLAYED:
            state = PositionState.TOO_FAR
        if state is PositionState.OTHER_HISTORY:
            seq = bisect_right(self._rooms.said[position.room_id], position.at, key=_said_at)
        else:
            said = (e.seq for e in entries if isinstance(e, Message) and e.pos <= position.pos)
            seq = max(said, default=self._rooms.first_seqs.get(position.room_id, 1) - 1)
        is_told = state in (PositionState.GOOD, PositionState.TOO_FAR)
        newest = max((e.id for e in entries if isinstance(e, Message) and e.id <= up_to_id), default=0)
        is_behind = position.pos != max((entry.pos for entry in entries), default=0)
        up_to = max(up_to, position.pos) if is_told else 0
        return ResumeCheck(position.room_id, state, up_to, seq, newest if is_behind else 0)

    def _entries(self, room_id: int) -> list[Change]:
        return self._messages.log_of(room_id)


def _said_at(message: Message) -> int:
    return milliseconds(message.created_at)
