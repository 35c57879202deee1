"""What a sync asks, in memory. A method's work is done in one go after its checkpoint: no await in between."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence

import trio
from msgspec import structs

from chat.domain.changes import (
    Change,
    Deleted,
    Edited,
    Reacted,
    Removed,
    RoleChanged,
    RoomChanged,
    RoomDeleted,
    SupportChanged,
    UnknownChange,
)
from chat.domain.entities import Message, Pair, Person, Room, RoomKind, SupportOf
from chat.domain.membership import Notify, RoomRole, may_see
from chat.domain.mentions import mentions
from chat.domain.reading import MOST_UNREAD, ReadMark, ReadState, is_unread, next_read
from chat.domain.timeline import (
    MOST_REACTORS,
    MOST_REPLAYED,
    MessageNow,
    Page,
    Position,
    PositionState,
    QueuePlace,
    ReactionCount,
    Replayed,
    RoomSnapshot,
    Span,
    Standing,
    TextThen,
    milliseconds,
)
from chat.storage.memory.messages import MemoryMessages
from chat.storage.memory.rooms import MemoryRooms, public_person
from chat.storage.memory.support import MemorySupport
from chat.storage.memory.users import MemoryUsers
from chat.storage.memory.within import within


class MemoryTimelines:
    """The port `Timelines`."""

    def __init__(self, users: MemoryUsers, rooms: MemoryRooms, messages: MemoryMessages) -> None:
        self._users = users
        self._rooms = rooms
        self._messages = messages
        self._support = MemorySupport(users, rooms)

    async def rooms_of(self, person_id: int) -> dict[int, RoomKind]:
        await trio.lowlevel.checkpoint()
        return {room.id: room.kind for room in self._of(person_id)}

    async def snapshots(
        self, person_id: int, up_to_id: int, among: Collection[int] | None = None
    ) -> list[RoomSnapshot]:
        await trio.lowlevel.checkpoint()
        rooms = self._of(person_id, with_closed=among is not None)
        rooms = [room for room in rooms if among is None or room.id in among]
        told = [self._snapshot(room, person_id, up_to_id) for room in rooms]
        return sorted(told, key=lambda room: (room.last.id if room.last else 0, room.id), reverse=True)

    async def standings(self, known: Sequence[Position], up_to_id: int) -> list[Standing]:
        await trio.lowlevel.checkpoint()
        return [
            self._standing(position, up_to_id) for position in known if self._rooms.is_there(position.room_id)
        ]

    async def replay(self, reader_id: int, spans: Sequence[Span], most_bytes: int) -> list[Replayed]:
        await trio.lowlevel.checkpoint()
        return list(
            within(
                most_bytes,
                (
                    self._replayed(entry, reader_id)
                    for span in spans
                    for entry in self._entries(span.room_id)
                    if span.after < entry.pos <= min(span.up_to, span.after + MOST_REPLAYED)
                ),
            )
        )

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
        told = list(within(most_bytes, (self.now(each, reader_id) for each in wanted[::step][:limit])))
        return Page(told[::step], entries[-1].pos if entries else 0, len(said))

    async def texts(self, room_id: int, seq: int, limit: int, most_bytes: int) -> list[TextThen]:
        await trio.lowlevel.checkpoint()
        message = self._messages.look_up(room_id, seq)
        if message is None or self._messages.is_deleted(message):
            return []
        state = self._messages.state_of(message)
        since = message.created_at if state is None else state.text_since
        had = [] if state is None else [TextThen(each.text, each.created_at) for each in state.earlier]
        newest_first = [TextThen(message.text, since), *reversed(had)][:limit]
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
        return list(within(most_bytes, (self.now(each, person_id) for each in newest_first)))

    async def mark_read(self, marks: Mapping[tuple[int, int], ReadMark]) -> None:
        await trio.lowlevel.checkpoint()
        for (room_id, person_id), mark in marks.items():
            room = self._own(room_id, person_id)
            if room is None:
                continue
            own = self._rooms.own(room_id, person_id)
            read = next_read(self._read(room, person_id), mark, room.last_seq)
            if read != own.read:
                self._rooms.set_own(
                    room_id, person_id, structs.replace(own, read=read, changed_at=time.time())
                )

    async def reads_since(self, person_id: int, since: float) -> list[ReadState]:
        await trio.lowlevel.checkpoint()
        own = {room.id: self._rooms.own(room.id, person_id) for room in self._of(person_id)}
        return [
            ReadState(room.id, read, *self._counts(room.id, person_id, read, room.last_seq))
            for room in sorted(self._of(person_id), key=lambda room: room.id)
            if (read := own[room.id].read) is not None and own[room.id].changed_at > since
        ]

    async def set_own(
        self, room_id: int, person_id: int, *, notify: Notify | None = None, is_hidden: bool | None = None
    ) -> bool:
        await trio.lowlevel.checkpoint()
        if self._own(room_id, person_id) is None:
            return False
        own = self._rooms.own(room_id, person_id)
        if notify is not None:
            own = structs.replace(own, notify=notify)
        if is_hidden is not None:
            own = structs.replace(own, is_hidden=is_hidden)
        self._rooms.set_own(room_id, person_id, own)
        return True

    async def support_queue(
        self, after: QueuePlace, limit: int, *, is_closed: bool | None = None, assignee_id: int | None = None
    ) -> list[QueuePlace]:
        await trio.lowlevel.checkpoint()
        return self._support.queue(after, limit, is_closed, assignee_id)

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

    def _own(self, room_id: int, person_id: int) -> Room | None:
        """Return a room that the person may mark: an operator's is each conversation, also before it has begun."""
        person, room = self._users.look_up(person_id), self._rooms.look_up(room_id)
        if person is None or room is None or not self._users.is_there(person_id):
            return None
        if room.kind is RoomKind.SUPPORT and person.is_operator:
            return room
        return room if may_see(room, person, self._rooms.role_of(room_id, person_id)) else None

    def _snapshot(self, room: Room, person_id: int, up_to_id: int) -> RoomSnapshot:
        entries = [entry for entry in self._entries(room.id) if entry.id <= up_to_id]
        said = [entry for entry in entries if isinstance(entry, Message)]
        own = self._rooms.own(room.id, person_id)
        read = self._read(room, person_id)
        unread, mentioned = self._counts(room.id, person_id, read, len(said))
        return RoomSnapshot(
            id=room.id,
            kind=room.kind,
            name=room.name,
            topic=room.topic,
            is_private=room.is_private,
            is_archived=room.is_archived,
            role=self._rooms.role_of(room.id, person_id) or RoomRole.MEMBER,
            members=self._members(room),
            pos=entries[-1].pos if entries else 0,
            at=milliseconds(entries[-1].created_at) if entries else 0,
            seq=len(said),
            read=read,
            unread=unread,
            mentions=mentioned,
            notify=own.notify,
            is_hidden=own.is_hidden,
            last=self.now(said[-1], person_id) if said else None,
            peer=self._peer(room, person_id),
            support=self._support.status(room.id) if room.kind is RoomKind.SUPPORT else None,
            visit=self._users.visits.get(room.creator_id or 0) if room.kind is RoomKind.SUPPORT else None,
        )

    def _standing(self, position: Position, up_to_id: int) -> Standing:
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
        is_good = state is PositionState.GOOD
        return Standing(position.room_id, state, max(up_to, position.pos) if is_good else 0)

    def _entries(self, room_id: int) -> list[Change]:
        return self._messages.log_of(room_id)

    def _read(self, room: Room, person_id: int) -> int:
        """Return how far the person has read: what they said, or where they began."""
        marked = self._rooms.own(room.id, person_id).read
        if marked is not None:
            return marked
        joined = self._rooms.joined.get((room.id, person_id))
        if joined is not None:
            return joined
        is_others = room.kind is RoomKind.SUPPORT and room.creator_id != person_id
        since = self._users.operator_since if is_others else self._users.joined_at
        return sum(
            isinstance(entry, Message) and entry.id <= since[person_id] for entry in self._entries(room.id)
        )

    def _counts(self, room_id: int, person_id: int, read: int, up_to: int) -> tuple[int, int]:
        """Return how many messages the person has not read, and how many of those mention them."""
        unread = [
            entry
            for entry in self._entries(room_id)
            if isinstance(entry, Message)
            and entry.seq <= up_to
            and is_unread(entry, person_id, read, is_deleted=self._messages.is_deleted(entry))
        ]
        mentioned = sum(mentions(message, person_id) for message in unread)
        return min(len(unread), MOST_UNREAD), min(mentioned, MOST_UNREAD)

    def _members(self, room: Room) -> int:
        match room.kind:
            case RoomKind.LOBBY:
                return len(self._rooms.people_in(room))
            case RoomKind.SUPPORT if self._rooms.support_kept(room.id).is_closed:
                return 1
            case RoomKind.SUPPORT:
                operators = {person.id for person in self._users.there() if person.is_operator}
                return len(operators | {room.creator_id})
            case RoomKind.ROOM | RoomKind.DIRECT:
                return sum(room_id == room.id for room_id, _ in self._rooms.memberships())

    def _peer(self, room: Room, person_id: int) -> Person | None:
        match self._rooms.people_of(room.id):
            case Pair() as pair:
                peer = self._users.look_up(pair.other_than(person_id))
            case SupportOf(of):
                peer = self._users.look_up(of.id)
            case None:
                return None
        assert peer is not None
        return public_person(peer)

    def _replayed(self, entry: Change, reader_id: int) -> Replayed:
        match entry:
            case Message():
                return self.now(entry, reader_id)
            case Edited():
                now = self._messages.look_up(entry.room_id, entry.seq)
                assert now is not None
                return structs.replace(entry, text=now.text, mentions=now.mentions, people=None)
            case Reacted():
                return structs.replace(entry, count=self._messages.count_of(entry), people=None)
            case RoomChanged():
                return self._messages.as_now(entry)
            case SupportChanged():
                return self._support.as_now(entry)
            case Deleted() | Removed() | RoleChanged() | UnknownChange():
                return structs.replace(entry, people=None)
            case RoomDeleted():
                raise AssertionError("a room that is there was not deleted")

    def now(self, message: Message, reader_id: int) -> MessageNow:
        """Return a message as it is now, for one reader. Sync."""
        state = self._messages.state_of(message)
        about = [
            entry
            for entry in self._entries(message.room_id)
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
        )


def _reactions(reacted: set[tuple[str, int]], reader_id: int) -> Iterator[ReactionCount]:
    for emoji in sorted({emoji for emoji, _ in reacted}):
        people = sorted(person_id for each, person_id in reacted if each == emoji)
        yield ReactionCount(emoji, len(people), tuple(people[:MOST_REACTORS]), reader_id in people)
