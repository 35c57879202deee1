"""How rooms stand for one of their people, in memory. All of it is sync."""

from msgspec import structs

from chat.domain.entities import Message, Pair, Person, Room, RoomKind, SupportOf
from chat.domain.messages.changes import Change
from chat.domain.messages.mentions import mentions
from chat.domain.messages.reading import MOST_UNREAD, is_unread
from chat.domain.messages.sync_types import RoomSnapshot, milliseconds
from chat.domain.rooms.membership import RoomRole
from chat.domain.text.rules import same_name_key
from tests.reference.storage.message_table import MessageTable
from tests.reference.storage.messages_now import MessagesNow
from tests.reference.storage.room_table import RoomTable, public_person
from tests.reference.storage.support import MemorySupport
from tests.reference.storage.users import MemoryUsers


class RoomSnapshots:
    """What a room is for somebody: who they are in it, how far they have read, what was said last."""

    def __init__(
        self, users: MemoryUsers, rooms: RoomTable, messages: MessageTable, now: MessagesNow
    ) -> None:
        self._users = users
        self._rooms = rooms
        self._messages = messages
        self._now = now
        self._support = MemorySupport(users, rooms)

    def take(self, room: Room, person_id: int, up_to_id: int) -> RoomSnapshot:
        """Return what a room is for a person, by the log up to there."""
        entries = [entry for entry in self._entries(room.id) if entry.id <= up_to_id]
        said = [entry for entry in entries if isinstance(entry, Message)]
        own = self._rooms.own(room.id, person_id)
        read = self.read(room, person_id)
        unread, mentioned = self.counts(room.id, person_id, read, said[-1].seq if said else 0)
        return RoomSnapshot(
            id=room.id,
            kind=room.kind,
            name=room.name,
            topic=room.topic,
            picture=self._rooms.pictures.get(room.id),
            slow_seconds=self._rooms.slow_seconds.get(room.id, 0),
            is_private=room.is_private,
            is_archived=room.is_archived,
            role=self._rooms.role_of(room.id, person_id) or RoomRole.MEMBER,
            members=self.members(room),
            pos=entries[-1].pos if entries else 0,
            at=milliseconds(entries[-1].created_at) if entries else 0,
            seq=said[-1].seq if said else 0,
            first=self._rooms.first_seqs.get(room.id, 1),
            read=read,
            unread=unread,
            mentions=mentioned,
            notify=own.notify,
            is_hidden=own.is_hidden,
            is_starred=own.is_starred,
            last=self._now.of(said[-1], person_id) if said else None,
            peer=self._peer(room, person_id),
            others=self._others(room, person_id),
            support=self._support.status(room.id) if room.kind is RoomKind.SUPPORT else None,
            visit=self._users.visits.get(room.creator_id or 0) if room.kind is RoomKind.SUPPORT else None,
        )

    def _others(self, room: Room, person_id: int) -> tuple[Person, ...] | None:
        if room.id not in self._rooms.people_keys:
            return None
        key = self._rooms.people_keys[room.id]
        people = self._rooms.people_in(room) if key is None else self._users.there()
        others = [each for each in people if each.id != person_id and (key is None or each.id in key)]
        return tuple(map(public_person, sorted(others, key=lambda each: same_name_key(each.name))))

    def read(self, room: Room, person_id: int) -> int:
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

    def members(self, room: Room) -> int:
        """Return how many are in the room."""
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

    def counts(self, room_id: int, person_id: int, read: int, up_to: int) -> tuple[int, int]:
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

    def _peer(self, room: Room, person_id: int) -> Person | None:
        match self._rooms.people_of(room.id):
            case Pair() as pair:
                peer = self._users.look_up(pair.other_than(person_id))
            case SupportOf(of):
                peer = self._users.look_up(of.id)
            case None:
                return None
        assert peer is not None
        return structs.replace(public_person(peer), is_disabled=peer.is_visitor and peer.is_disabled)

    def _entries(self, room_id: int) -> list[Change]:
        return self._messages.log_of(room_id)
