"""People as others see them, in memory. A method's work is done in one go after its checkpoint: no await in between."""

from collections.abc import Collection, Iterable

import trio

from chat.domain.accounts.contacts import BlocksNow
from chat.domain.entities import Pair, Person, RoomKind, SupportOf
from chat.domain.text.rules import same_name_key
from tests.reference.storage.room_table import RoomTable, public_person
from tests.reference.storage.users import MemoryUsers


class MemoryContacts:
    """The port `Contacts`; blocks are kept with the people."""

    def __init__(self, users: MemoryUsers, rooms: RoomTable) -> None:
        self._users = users
        self._rooms = rooms

    async def find(self, part: str, after: str, limit: int) -> list[Person]:
        await trio.lowlevel.checkpoint()
        there = (each for each in self._users.there() if not each.is_visitor)
        return _by_name(
            (each for each in there if same_name_key(part) in same_name_key(each.name)), after, limit
        )

    async def changed_since(self, person_id: int, since: float, limit: int) -> list[Person]:
        await trio.lowlevel.checkpoint()
        me = self._users.look_up(person_id)
        if me is None or not self._users.is_there(person_id):
            return []
        found = [
            each
            for each in (*self._users.there(), *self._users.without_names())
            if each.changed_at > max(since, each.created_at) and (each.id == me.id or self._meet(me, each))
        ]
        return [public_person(each) for each in sorted(found, key=lambda each: -each.changed_at)[:limit]]

    async def block(self, person_id: int, other_id: int) -> bool:
        await trio.lowlevel.checkpoint()
        if not self._users.is_there(other_id):
            return False
        if (person_id, other_id) not in self._users.blocks:
            self._users.blocks.add((person_id, other_id))
            self._users.blocks_changed(person_id)
            self._users.watchers.notify(person_id)
        return True

    async def unblock(self, person_id: int, other_id: int) -> None:
        await trio.lowlevel.checkpoint()
        if (person_id, other_id) in self._users.blocks:
            self._users.blocks.remove((person_id, other_id))
            self._users.blocks_changed(person_id)
            self._users.watchers.notify(person_id)

    async def blocked(self, person_id: int, after: str, limit: int) -> list[Person]:
        await trio.lowlevel.checkpoint()
        there = self._users.there()
        return _by_name((each for each in there if (person_id, each.id) in self._users.blocks), after, limit)

    async def blocked_ids(self, person_id: int) -> frozenset[int]:
        await trio.lowlevel.checkpoint()
        return frozenset(blocked_id for by_id, blocked_id in self._users.blocks if by_id == person_id)

    async def blocks_since(self, person_ids: Collection[int], since: float) -> dict[int, BlocksNow]:
        await trio.lowlevel.checkpoint()
        return {
            each: BlocksNow(at, tuple(sorted(other for by_id, other in self._users.blocks if by_id == each)))
            for each, at in self._users.block_changes.items()
            if each in person_ids and at > since
        }

    def _meet(self, one: Person, other: Person) -> bool:
        """Whether two people are in one room that is not the lobby."""
        return (one.is_operator and other.is_operator) or any(
            room.kind is not RoomKind.LOBBY and self._is_in(room.id, one) and self._is_in(room.id, other)
            for room in self._rooms.all()
        )

    def _is_in(self, room_id: int, person: Person) -> bool:
        match self._rooms.people_of(room_id):
            case Pair(one_id, other_id):
                return person.id in (one_id, other_id)
            case SupportOf(of):
                room = self._rooms.look_up(room_id)
                assert room is not None
                return person.id == of.id or (person.is_operator and room.last_seq > 0)
        return self._rooms.has_member(room_id, person.id)


def _by_name(people: Iterable[Person], after: str, limit: int) -> list[Person]:
    found = {same_name_key(each.name): each for each in people}
    return [public_person(found[key]) for key in sorted(found) if key > same_name_key(after)][:limit]
