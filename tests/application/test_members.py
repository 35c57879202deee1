"""The rights to join, add, remove and delete: one policy for all protocols."""

from collections.abc import AsyncGenerator

import pytest

from chat.application import members
from chat.application.rooms import delete_room
from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import LOBBY_ID, Person, Room
from chat.domain.refusals import (
    ALREADY_IN,
    ARCHIVED,
    BANNED,
    NO_MEMBER,
    NO_PERSON,
    NO_ROOM,
    NOT_MEMBER,
    PRIVATE,
    Refusal,
)
from chat.domain.rooms.membership import RoomRole
from chat.domain.rooms.room_rights import NOT_LEADING, NOT_ONESELF, NOT_OWNER
from tests.support.chat_world import World, open_world


class Rooms:
    """Ada made a garden and a private cellar; Ben is in the garden, Cem is nowhere."""

    def __init__(self, world: World, people: list[Person], garden: Room, cellar: Room) -> None:
        self.world, self.services = world, world.services
        self.ada, self.ben, self.cem = people
        self.garden, self.cellar = garden.id, cellar.id

    def give(self, room_id: int, person: Person, role: RoomRole | None) -> None:
        """Let somebody have a role, as another server wrote it; None lifts a ban."""
        table = self.world.storage.rooms
        if role is RoomRole.BANNED and table.has_member(room_id, person.id):
            table.remove_member(room_id, person.id)
        table.set_role(room_id, person.id, role)


@pytest.fixture
async def rooms() -> AsyncGenerator[Rooms]:
    async with open_world() as world:
        people = await world.add_all("ada", "ben", "cem")
        made = [
            await world.make_room(people[0], "garden"),
            await world.make_room(people[0], "cellar", is_private=True),
        ]
        there = Rooms(world, people, *made)
        assert await members.join(world.services, there.ben, there.garden) is None
        yield there


async def test_one_joins_public_rooms_alone(rooms: Rooms) -> None:
    services = rooms.services
    assert await members.join(services, rooms.ben, rooms.garden) == ALREADY_IN
    assert await members.join(services, rooms.ada, rooms.cellar) == ALREADY_IN
    assert await members.join(services, rooms.cem, LOBBY_ID) == ALREADY_IN
    assert await members.join(services, rooms.cem, rooms.cellar) == PRIVATE
    assert await members.join(services, rooms.cem, 99) == NO_ROOM
    rooms.give(rooms.garden, rooms.cem, RoomRole.BANNED)
    assert await members.join(services, rooms.cem, rooms.garden) == BANNED
    rooms.give(rooms.garden, rooms.cem, None)
    change = services.rooms.changing(rooms.ada, rooms.garden, is_archived=True)
    assert not isinstance(change, Refusal)
    await services.writes.write(change)
    assert await members.join(services, rooms.cem, rooms.garden) == ARCHIVED


async def test_owners_and_moderators_add_people_to_a_room(rooms: Rooms) -> None:
    services = rooms.services
    assert await members.add(services, rooms.ben, rooms.garden, rooms.cem.id) == NOT_LEADING
    assert await members.add(services, rooms.cem, rooms.cellar, rooms.cem.id) == NO_ROOM
    assert await members.add(services, rooms.ada, rooms.cellar, 99) == NO_PERSON
    assert await members.add(services, rooms.ada, 99, rooms.cem.id) == NO_ROOM
    assert await members.add(services, rooms.ada, LOBBY_ID, rooms.cem.id) == NO_ROOM
    assert await members.add(services, rooms.ada, rooms.cellar, rooms.cem.id) is None
    assert await members.add(services, rooms.ada, rooms.cellar, rooms.cem.id) == ALREADY_IN
    rooms.give(rooms.garden, rooms.ben, RoomRole.MODERATOR)
    rooms.give(rooms.garden, rooms.cem, RoomRole.BANNED)
    assert await members.add(services, rooms.ben, rooms.garden, rooms.cem.id) == BANNED
    assert await members.put(services, rooms.ben, rooms.garden, rooms.cem.id, RoomRole.MEMBER) is None


async def test_nobody_raises_their_own_role(rooms: Rooms) -> None:
    put = members.put
    for role in (RoomRole.MODERATOR, RoomRole.OWNER, RoomRole.BANNED):
        assert await put(rooms.services, rooms.ben, rooms.garden, rooms.ben.id, role) == NOT_ONESELF
        assert await put(rooms.services, rooms.cem, rooms.garden, rooms.cem.id, role) == NOT_MEMBER
        assert await put(rooms.services, rooms.cem, rooms.cellar, rooms.cem.id, role) == NO_ROOM
    assert await put(rooms.services, rooms.ben, rooms.garden, rooms.ben.id, None) == ALREADY_IN
    assert await put(rooms.services, rooms.cem, LOBBY_ID, rooms.cem.id, None) == NO_ROOM


async def test_members_leave_or_are_removed_by_owners_and_moderators(rooms: Rooms) -> None:
    services = rooms.services
    assert await members.remove(services, rooms.ben, rooms.garden, rooms.ada.id) == NOT_LEADING
    assert await members.remove(services, rooms.ada, rooms.garden, rooms.cem.id) == NO_MEMBER
    assert await members.remove(services, rooms.cem, rooms.garden, rooms.cem.id) == NOT_MEMBER
    assert await members.remove(services, rooms.cem, rooms.cellar, rooms.cem.id) == NO_ROOM
    for room_id in (LOBBY_ID, 99):
        assert await members.remove(services, rooms.ada, room_id, rooms.ada.id) == NO_ROOM
    assert await members.remove(services, rooms.ben, rooms.garden, rooms.ben.id) is None
    rooms.give(rooms.garden, rooms.ben, RoomRole.BANNED)
    assert await members.remove(services, rooms.ben, rooms.garden, rooms.ben.id) == NOT_MEMBER
    assert await members.remove(services, rooms.ada, rooms.garden, rooms.ben.id) is None, "a ban is lifted"
    assert await members.join(services, rooms.ben, rooms.garden) is None


async def test_a_moderator_of_the_server_removes_people_from_public_rooms(rooms: Rooms) -> None:
    services = rooms.services
    change = AccountChange(is_moderator=True)
    await rooms.world.storage.users.administer(rooms.cem.id, change, None)
    cem = await services.accounts.person(rooms.cem.id)
    assert cem is not None
    assert cem.is_moderator
    for room_id in (rooms.garden, rooms.cellar):
        await members.add(services, rooms.ada, room_id, cem.id)
    await members.add(services, rooms.ada, rooms.cellar, rooms.ben.id)
    assert await members.remove(services, cem, rooms.garden, rooms.ben.id) is None
    assert await members.remove(services, cem, rooms.cellar, rooms.ben.id) == NOT_LEADING
    assert await members.remove(services, cem, rooms.garden, rooms.ada.id) == NOT_LEADING, "she owns it"


async def test_the_maker_of_a_room_owns_it_while_nobody_else_does(rooms: Rooms) -> None:
    services = rooms.services
    rooms.give(rooms.garden, rooms.ben, RoomRole.OWNER)
    assert await members.remove(services, rooms.ada, rooms.garden, rooms.ada.id) is None
    assert await delete_room(services, rooms.ada, rooms.garden) == NOT_MEMBER
    assert await members.remove(services, rooms.ben, rooms.garden, rooms.ben.id) is None
    assert await delete_room(services, rooms.ben, rooms.garden) == NOT_MEMBER
    assert await members.add(services, rooms.ada, rooms.garden, rooms.cem.id) is None
    rooms.give(rooms.garden, rooms.ada, RoomRole.BANNED)
    assert await delete_room(services, rooms.ada, rooms.garden) == NOT_MEMBER
    rooms.give(rooms.garden, rooms.ada, None)
    assert await delete_room(services, rooms.cem, rooms.garden) == NOT_OWNER
    assert await delete_room(services, rooms.ada, rooms.garden) is None
    assert await delete_room(services, rooms.ada, rooms.garden) == NO_ROOM


async def test_conversations_are_no_rooms(rooms: Rooms) -> None:
    ada, ben = rooms.ada, rooms.ben
    direct = await rooms.world.storage.rooms.direct_room(ada.id, ben.id)
    support = await rooms.world.storage.rooms.support_room(ada.id)
    assert direct is not None
    assert support is not None
    for room in (direct, support):
        assert await members.join(rooms.services, ben, room.id) == NO_ROOM
        assert await members.add(rooms.services, ada, room.id, ben.id) == NO_ROOM
        assert await members.remove(rooms.services, ada, room.id, ada.id) == NO_ROOM
        assert await delete_room(rooms.services, ada, room.id) == NO_ROOM
