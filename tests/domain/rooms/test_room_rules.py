"""Rights to see, read, join, invite to and delete rooms, and their refusals."""

import time
from typing import Any

import pytest

from chat.domain.entities import LOBBY_ID, Draft, Message, MessageKind, Person, Room
from chat.domain.ports import NewPerson
from chat.domain.refusals import NO_ROOM, NOT_MEMBER, Refusal
from chat.domain.rooms.rooms import MOST_MESSAGES, ROOM_TAKEN, Rooms
from tests.reference.storage import MemoryStorage


class World:
    """Ada made a garden and a private cellar; Ben is in the garden, Cem is nowhere."""

    def __init__(self) -> None:
        self.storage = MemoryStorage()
        self.rooms = Rooms(self.storage.users, self.storage.rooms, self.storage.messages)

    async def settle(self) -> None:
        self.ada, self.ben, self.cem = [await self._add(name) for name in ("ada", "ben", "cem")]
        self.garden, self.cellar = await self.make("garden"), await self.make("cellar", is_private=True)
        self.storage.rooms.add_member(self.garden.id, self.ben.id)

    async def _add(self, name: str) -> Person:
        person = await self.storage.users.add(NewPerson(name=name, password_hash=b""))
        assert isinstance(person, Person)
        return person

    async def make(self, name: str, *, is_private: bool = False) -> Room:
        room = await self.rooms.create(self.ada, name, is_private=is_private)
        assert isinstance(room, Room)
        return room

    async def say(self, room: Room, count: int) -> list[int]:
        """Say so much in a room, and return the ids."""
        said = await self.storage.messages.save(
            [Draft(room.id, self.ada.id, "ada", f"line {n}", 0.0) for n in range(count)]
        )
        return [message.id for message in said if message is not None]


@pytest.fixture
async def world() -> World:
    world = World()
    await world.settle()
    return world


async def test_a_room_has_a_clean_name_that_no_other_has_and_its_creator_in_it(world: World) -> None:
    assert (world.garden.name, world.garden.creator_id, world.garden.is_private) == (
        "garden",
        world.ada.id,
        False,
    )
    assert world.cellar.is_private
    assert await world.rooms.of(world.ada, LOBBY_ID) == [LOBBY_ID, world.garden.id, world.cellar.id]
    assert await world.rooms.of(world.cem, LOBBY_ID) == [LOBBY_ID]
    assert await world.rooms.create(world.ben, "GARDEN", is_private=False) == ROOM_TAKEN
    refused: Any = await world.rooms.create(world.ben, "  ", is_private=False)
    assert isinstance(refused, Refusal)
    assert refused.text.startswith("a room's name has")


async def test_a_private_room_is_seen_by_its_members_alone(world: World) -> None:
    for person in (world.ada, world.cem, None):
        assert await world.rooms.see(person, world.garden.id) == world.garden
    assert await world.rooms.see(world.ada, world.cellar.id) == world.cellar
    for person in (world.ben, None):
        assert await world.rooms.see(person, world.cellar.id) == NO_ROOM


async def test_conversations_are_no_rooms(world: World) -> None:
    direct = await world.storage.rooms.direct_room(world.ada.id, world.ben.id)
    support = await world.storage.rooms.support_room(world.ada.id)
    assert direct is not None
    assert support is not None
    for room in (direct, support):
        assert await world.rooms.see(world.ada, room.id) == NO_ROOM
        assert await world.rooms.may_hear(world.ada, room.id) == NO_ROOM
        assert await world.rooms.messages(world.ada, room.id, 0) == NO_ROOM


async def test_members_read_the_newest_messages_and_page_back_from_there(world: World) -> None:
    ids = await world.say(world.garden, MOST_MESSAGES + 3)
    assert len(ids) == 103

    async def read(person: Person, last_id: int) -> list[int] | Refusal:
        found = await world.rooms.messages(person, world.garden.id, last_id)
        return found if isinstance(found, Refusal) else [message.id for message in found]

    assert await read(world.ben, 0) == ids[:-101:-1]
    assert await read(world.ben, ids[5]) == ids[5::-1]
    assert await read(world.cem, 0) == NOT_MEMBER
    assert await world.rooms.messages(world.ben, 99, 0) == NO_ROOM
    (only,) = await world.say(world.cellar, 1)
    found = await world.rooms.messages(world.ada, world.cellar.id, 0)
    assert [message.id for message in found if isinstance(message, Message)] == [only]


async def test_a_join_has_the_room_the_person_and_the_time_in_microseconds(world: World) -> None:
    before = time.time()
    draft = world.rooms.joining(world.ben, world.garden.id)
    assert (draft.room_id, draft.sender_id, draft.sender_name) == (world.garden.id, world.ben.id, "ben")
    assert (draft.text, draft.kind) == ("", MessageKind.JOIN)
    assert before - 1e-6 <= draft.created_at <= time.time() + 1e-6
    assert draft.created_at == round(draft.created_at, 6)
