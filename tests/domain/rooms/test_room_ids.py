"""The cache of direct and support rooms by people, of the most recent senders."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chat.domain.entities import Peer
from chat.domain.ports import NewPerson
from chat.domain.rooms import direct, support
from chat.domain.rooms.direct import Direct
from chat.domain.rooms.support import Support
from tests.reference.storage import MemoryStorage


class Asked:
    """The rooms of a storage, and how often it was asked for one."""

    def __init__(self, rooms: Any) -> None:
        self.rooms = rooms
        self.asked = 0
        self.then: Callable[[], Awaitable[None]] | None = None  # happens once, before an answer is told

    async def direct_room(self, one_id: int, other_id: int) -> object:
        return await self._told(await self.rooms.direct_room(one_id, other_id))

    async def support_room(self, person_id: int) -> object:
        return await self._told(await self.rooms.support_room(person_id))

    async def _told(self, found: object) -> object:
        self.asked += 1
        if self.then is not None:
            then, self.then = self.then, None
            await then()
        return found


@pytest.mark.parametrize("module", [direct, support])
async def test_rooms_that_were_used_last_are_found_without_a_query_and_no_others_are_kept(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ROOM_IDS", 3)
    storage = MemoryStorage()
    for n in range(7):
        await storage.users.add(NewPerson(name=f"person {n}", password_hash=b"x"))
    rooms: Any = Asked(storage.rooms)
    by_pair = Direct(storage.users, rooms, storage.messages)
    by_person = Support(storage.users, rooms, storage.messages)

    async def room_of(person_id: int) -> int | None:
        if module is direct:
            return await by_pair.room_of(1, person_id)
        return await by_person.room_of(Peer(person_id, ""))

    kept = (by_pair if module is direct else by_person)._room_ids
    found = [await room_of(person_id) for person_id in (2, 3, 4, 2, 5, 6, 2)]
    assert rooms.asked == 5
    assert found[0] == found[3] == found[6]
    assert len(set(found)) == 5
    assert len(kept) == 3
    assert await room_of(3) == found[1], "a room that was forgotten is the same when it is asked for again"
    assert rooms.asked == 6
    assert await room_of(99) is None
    assert len(kept) == 3


async def test_cached_rooms_of_a_deleted_person_are_dropped() -> None:
    storage = MemoryStorage()
    for name in ("ada", "ben", "cem"):
        await storage.users.add(NewPerson(name=name, password_hash=b"x"))
    by_pair = Direct(storage.users, storage.rooms, storage.messages)
    for pair in ((1, 2), (2, 3), (1, 3)):
        assert await by_pair.room_of(*pair) is not None
    await storage.users.delete(2)
    by_pair.gone(2)
    assert list(by_pair._room_ids) == [(1, 3)]
    assert await by_pair.room_of(1, 2) is None
    by_pair.gone(None)
    assert not len(by_pair._room_ids)


async def test_cached_conversations_of_a_deleted_person_are_dropped() -> None:
    storage = MemoryStorage()
    for name in ("ada", "ben"):
        await storage.users.add(NewPerson(name=name, password_hash=b"x"))
    by_person = Support(storage.users, storage.rooms, storage.messages)
    for person_id in (1, 2):
        assert await by_person.room_of(Peer(person_id, "")) is not None
    by_person.gone(2)
    assert list(by_person._room_ids) == [1]
    by_person.gone(None)
    assert not len(by_person._room_ids)


@pytest.mark.parametrize("module", [direct, support])
@pytest.mark.parametrize("deleted", [2, None])
async def test_a_deletion_during_the_read_leaves_no_cached_room(module: Any, deleted: int | None) -> None:
    """What was found before the deletion is not remembered behind it."""
    storage = MemoryStorage()
    for name in ("ada", "ben"):
        await storage.users.add(NewPerson(name=name, password_hash=b"x"))
    rooms = Asked(storage.rooms)
    asking: Any = rooms
    by_pair = Direct(storage.users, asking, storage.messages)
    by_person = Support(storage.users, asking, storage.messages)

    async def room_of_ben() -> int | None:
        return await (by_pair.room_of(1, 2) if module is direct else by_person.room_of(Peer(2, "")))

    async def delete() -> None:
        await storage.users.delete(2)
        (by_pair if module is direct else by_person).gone(deleted)

    rooms.then = delete
    assert await room_of_ben() is None
    assert await room_of_ben() is None
