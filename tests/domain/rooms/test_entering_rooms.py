"""Entering a room: the person is a member at that moment, and unrelated changes cost nothing."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio
from msgspec import structs
from trio.testing import wait_all_tasks_blocked

from chat.domain.entities import Person, Room
from chat.domain.messages.changes import Removal, RoomDeletion
from chat.domain.ports import NewPerson
from chat.domain.refusals import NO_ROOM, NOT_MEMBER, Refusal
from chat.domain.rooms.room_rights import NOT_LEADING, NOT_OWNER
from chat.domain.rooms.rooms import Rooms
from tests.reference.storage import MemoryStorage
from tests.reference.storage.messages import MemoryMessages
from tests.reference.storage.rooms import MemoryRooms


class SlowRooms(MemoryRooms):
    """Answers about memberships wait on their way back while they are held."""

    def __init__(self, storage: MemoryStorage) -> None:
        super().__init__(storage.users)
        self.look_ups = 0
        self.is_held = False
        self._released = trio.Event()

    def release(self) -> None:
        """Let the answers go that are held, but hold the next."""
        self._released.set()
        self._released = trio.Event()

    async def is_member(self, room_id: int, person_id: int) -> bool:
        self.look_ups += 1
        answer = await super().is_member(room_id, person_id)
        if self.is_held:
            await self._released.wait()
        return answer


class World:
    """Ada's garden, in which Ben is too."""

    def __init__(self, storage: MemoryStorage) -> None:
        self.storage = storage
        self.table = SlowRooms(storage)
        table: Any = self.table
        self.rooms = Rooms(storage.users, table, storage.messages)
        self.messages = MemoryMessages(storage.users, self.table, storage.files)
        self.entered: list[Room | Refusal] = []

    async def settle(self) -> None:
        self.ada, self.ben = await self.add("ada"), await self.add("ben")
        garden = await self.rooms.create(self.ada, "garden", is_private=False)
        assert isinstance(garden, Room)
        self.garden = garden
        self.table.add_member(garden.id, self.ben.id)

    async def add(self, name: str) -> Person:
        person = await self.storage.users.add(NewPerson(name=name, password_hash=b""))
        assert isinstance(person, Person)
        return person

    async def remove(self, by: Person, room: Room, person: Person) -> Refusal | None:
        """End a membership, as those who are told of it do."""
        return await self._end(Removal(room.id, person.id, by.id, 0.0), person.id)

    async def delete(self, by: Person, room: Room) -> Refusal | None:
        """End a room, as those who are told of it do."""
        return await self._end(RoomDeletion(room.id, by.id, 0.0), None)

    async def _end(self, write: Removal | RoomDeletion, person_id: int | None) -> Refusal | None:
        (outcome,) = await self.messages.save([write])
        if outcome is None:
            return NOT_MEMBER
        if isinstance(outcome, Refusal):
            return outcome
        self.rooms.outdate(write.room_id, person_id)
        return None

    async def enter(self) -> None:
        """Let Ben enter."""
        room = await self.rooms.may_enter(self.ben, self.garden.id, trio.lowlevel.checkpoint)
        self.entered.append(room if isinstance(room, Refusal) else structs.replace(room, last_pos=0))


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    world = World(MemoryStorage())
    await world.settle()
    yield world
    assert not world.rooms._reads._under_way


async def test_removals_of_missing_memberships_do_not_delay_entering(
    world: World,
) -> None:
    strangers = [await world.add(f"stranger {n}") for n in range(8)]
    world.table.is_held = True

    async def remove_nothing(stranger: Person) -> None:
        for _ in range(100):
            assert await world.remove(stranger, world.garden, stranger) == NOT_MEMBER

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.enter)
            await wait_all_tasks_blocked()
            async with trio.open_nursery() as removing:
                for stranger in strangers:
                    removing.start_soon(remove_nothing, stranger)
            world.table.release()
            await wait_all_tasks_blocked()
            assert world.entered == [world.garden]
    assert world.table.look_ups == 1


async def test_removals_of_others_do_not_delay_entering(world: World) -> None:
    other = await world.rooms.create(world.ada, "cellar", is_private=False)
    assert isinstance(other, Room)
    world.table.add_member(other.id, world.ben.id)
    world.table.is_held = True
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.enter)
        await wait_all_tasks_blocked()
        assert await world.remove(world.ada, world.garden, world.ada) is None
        assert await world.remove(world.ben, other, world.ben) is None
        assert await world.delete(world.ada, other) is None
        world.table.release()
        await wait_all_tasks_blocked()
        assert world.entered == [world.garden]


@pytest.mark.parametrize("end", ["remove", "delete"])
async def test_a_membership_that_ends_while_it_is_looked_up_opens_no_door(world: World, end: str) -> None:
    world.table.is_held = True
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.enter)
        await wait_all_tasks_blocked()  # the answer, "a member", is on its way
        if end == "remove":
            await world.remove(world.ada, world.garden, world.ben)
        else:
            await world.delete(world.ada, world.garden)
        world.table.is_held = False
        world.table.release()
    assert world.entered == [NOT_MEMBER if end == "remove" else NO_ROOM]


async def test_an_ended_membership_is_not_read_again(world: World) -> None:
    world.table.is_held = True
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.enter)
        await wait_all_tasks_blocked()
        assert await world.remove(world.ada, world.garden, world.ben) is None
        world.table.release()
        await wait_all_tasks_blocked()
        assert world.table.look_ups == 2
        assert await world.remove(world.ada, world.garden, world.ben) == NOT_MEMBER
        world.table.release()
        await wait_all_tasks_blocked()
        assert (world.entered, world.table.look_ups) == ([NOT_MEMBER], 2)


async def test_a_refused_removal_ends_nothing(world: World) -> None:
    world.table.is_held = True
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.enter)
        await wait_all_tasks_blocked()
        assert await world.remove(world.ben, world.garden, world.ada) == NOT_LEADING
        assert await world.delete(world.ben, world.garden) == NOT_OWNER
        world.table.release()
        await wait_all_tasks_blocked()
        assert world.entered == [world.garden]


async def test_a_membership_that_ends_again_and_again_is_not_looked_up_for_ever(world: World) -> None:
    world.table.is_held = True
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.enter)
        for _ in range(10):
            await wait_all_tasks_blocked()
            await world.remove(world.ada, world.garden, world.ben)
            world.table.add_member(world.garden.id, world.ben.id)
            world.table.release()
        await wait_all_tasks_blocked()
        assert world.entered == [NOT_MEMBER]
        assert world.table.look_ups == 3
    world.table.is_held = False
    await world.enter()
    assert world.entered == [NOT_MEMBER, world.garden]


async def test_a_failed_or_cancelled_read_is_dropped(world: World) -> None:
    world.table.is_held = True
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.enter)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert not world.rooms._reads._under_way
    assert world.entered == []
