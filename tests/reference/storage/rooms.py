"""Rooms in memory. A method's work is done in one go after its checkpoint: no await in between."""

from collections.abc import Collection, Mapping

import trio

from chat.domain.entities import Pair, Room, RoomKind, RoomSummary, SupportOf
from chat.domain.ports import RemovalStep, Taken
from chat.domain.rooms.membership import AccessRecord, Member, PublicRoom, RoomRole
from chat.domain.text.rules import same_name_key
from tests.reference.storage.room_table import RoomTable, public_person


class MemoryRooms(RoomTable):
    """The port `Rooms`, over the table that it is."""

    async def by_id(self, room_id: int) -> Room | None:
        await trio.lowlevel.checkpoint()
        return self._by_id.get(room_id)

    async def access(self, room_id: int, person_id: int) -> AccessRecord | None:
        await trio.lowlevel.checkpoint()
        room, people = self._by_id.get(room_id), self.people_of(room_id)
        if room is None:
            return None
        is_blocked = False
        match people:
            case Pair(one_id, other_id):
                is_blocked = (people.other_than(person_id), person_id) in self._users.blocks
                is_over = not (self._users.is_there(one_id) and self._users.is_there(other_id))
            case SupportOf(person):
                is_over = not self._users.is_there(person.id)
            case None:
                is_over = False
        role = self.role_of(room_id, person_id)
        has_owner = role is None and room.creator_id == person_id and self.owners(room_id) > 0
        return AccessRecord(room, role, people, is_over, has_owner, is_blocked)

    async def members(self, room_id: int, after_id: int, limit: int) -> list[Member]:
        await trio.lowlevel.checkpoint()
        room = self._by_id.get(room_id)
        inside = [] if room is None else [each for each in self.people_in(room) if each.id > after_id]
        return [
            Member(
                public_person(each),
                self.role_of(room_id, each.id) or RoomRole.MEMBER,
                self._joined_at.get((room_id, each.id), each.created_at),
            )
            for each in sorted(inside, key=lambda person: person.id)[:limit]
        ]

    async def banned(self, room_id: int, after_id: int, limit: int) -> list[Member]:
        await trio.lowlevel.checkpoint()
        return [
            Member(public_person(each), RoomRole.BANNED, self._banned_at[room_id, each.id])
            for each in sorted(self._users.there(), key=lambda person: person.id)
            if each.id > after_id and self.role_of(room_id, each.id) is RoomRole.BANNED
        ][:limit]

    async def joinable(self, person_id: int, part: str, after: str, limit: int) -> list[PublicRoom]:
        await trio.lowlevel.checkpoint()
        found = {
            key: PublicRoom(
                room.id, room.name, room.topic, sum(each == room.id for each, _ in self._delivered)
            )
            for room in self._by_id.values()
            if room.kind is RoomKind.ROOM and not room.is_private and not room.is_archived and room.name
            if same_name_key(part) in (key := same_name_key(room.name)) and key > same_name_key(after)
            if self.role_of(room.id, person_id) is None
        }
        return [found[key] for key in sorted(found)[:limit]]

    async def create(self, name: str, creator_id: int, *, is_private: bool, topic: str = "") -> Room | Taken:
        await trio.lowlevel.checkpoint()
        if self.has_other(name):
            return Taken("name")
        room = self._make(RoomKind.ROOM, name=name, creator_id=creator_id, is_private=is_private, topic=topic)
        self.add_member(room.id, creator_id)
        return room

    async def summaries(self, part: str, after_id: int, limit: int) -> list[RoomSummary]:
        await trio.lowlevel.checkpoint()
        found = [
            self._summary(room, room.name)
            for room in self._by_id.values()
            if room.name and room.id > after_id and same_name_key(part) in same_name_key(room.name)
        ]
        return found[:limit]

    def _listed_members(self, room: Room) -> int:
        if room.kind is RoomKind.LOBBY:
            return len(self.people_in(room))
        return sum(room_id == room.id for room_id, _ in self.memberships())

    def _summary(self, room: Room, name: str) -> RoomSummary:
        creator = self._users.look_up(room.creator_id or 0)
        said = self.said[room.id]
        return RoomSummary(
            id=room.id,
            kind=room.kind,
            name=name,
            creator=creator.name if creator else None,
            is_private=room.is_private,
            is_archived=room.is_archived,
            members=self._listed_members(room),
            messages=room.last_seq,
            created_at=room.created_at,
            last_at=said[-1].created_at if said else None,
        )

    async def remove_deleted(self, limit: int) -> RemovalStep | None:
        await trio.lowlevel.checkpoint()
        if not self._deleted:
            self.deletions = [each for each in self.deletions if each.until > self._now()]
            return None
        room_id = self._deleted[0]
        said = self.said[room_id]
        del said[max(0, len(said) - limit) :]
        if not said:
            del self.said[self._deleted.pop(0)]
        return RemovalStep(room_id, len(said))

    async def is_member(self, room_id: int, person_id: int) -> bool:
        await trio.lowlevel.checkpoint()
        return (room_id, person_id) in self._delivered

    async def members_among(self, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
        await trio.lowlevel.checkpoint()
        return {pair for pair in pairs if pair in self._delivered and self.is_there(pair[0])}

    async def of_member(self, person_id: int) -> list[int]:
        await trio.lowlevel.checkpoint()
        return sorted(
            room_id
            for room_id, member_id in self._delivered
            if member_id == person_id and self._by_id[room_id].kind is RoomKind.ROOM
        )

    async def support_room(self, person_id: int) -> Room | None:
        await trio.lowlevel.checkpoint()
        if not self._users.is_there(person_id):
            return None
        if person_id not in self._support:
            self._support[person_id] = self._make(RoomKind.SUPPORT, creator_id=person_id).id
        return self._by_id[self._support[person_id]]

    async def direct_room(self, one_id: int, other_id: int) -> Room | None:
        await trio.lowlevel.checkpoint()
        if not all(map(self._users.may_be_written_to, (one_id, other_id))):
            return None
        pair = min(one_id, other_id), max(one_id, other_id)
        if pair not in self._direct:
            room = self._make(RoomKind.DIRECT)
            self._direct[pair] = room.id
            for person_id in pair:
                self.add_member(room.id, person_id)
        return self._by_id[self._direct[pair]]

    async def mark_delivered(self, positions: Mapping[tuple[int, int], int]) -> None:
        await trio.lowlevel.checkpoint()
        for key, seq in positions.items():
            if key in self._delivered:
                self._delivered[key] = max(self._delivered[key], seq)
