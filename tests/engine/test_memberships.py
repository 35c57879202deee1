"""What a membership's end means to open sockets: what counts is what they are subscribed to, not what they speak."""

from collections.abc import AsyncGenerator

import pytest

from chat.domain.entities import Person
from chat.engine.dialect import Dialect
from chat.protocols.registry import DIALECTS
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.talker.codec import TALKER
from tests.support.chat_world import Client, World, open_world


@pytest.fixture
async def world(autojump_clock: object) -> AsyncGenerator[World]:
    async with open_world() as world:
        yield world


async def in_rooms(world: World, dialect: Dialect, person: Person, *room_ids: int) -> Client:
    """A client that hears several rooms at once, as no protocol of today lets one."""
    client = await world.connect(dialect, person)
    client.session.subscriptions.unsubscribe_all()
    for room_id in room_ids:
        client.session.subscriptions.subscribe(room_id, TALKER)
    client.heard_now()
    return client


async def say(world: World, person: Person, room_id: int, text: str) -> None:
    client = await world.connect(ROOMS, person)
    client.send({"Type": "enter", "RoomID": room_id})
    client.send({"Type": "message", "Text": text})
    await world.rest()
    client.leave()


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
async def test_who_is_removed_hears_that_room_no_more_and_all_others_still(
    world: World, dialect: Dialect
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden, cellar = await world.make_room(ada), await world.make_room(ada, "cellar")
    for room in (garden, cellar):
        assert await world.memberships.join(ben, room.id) is None
    client = await in_rooms(world, dialect, ben, garden.id, cellar.id)
    assert await world.memberships.remove(ada, garden.id, ben.id) is None
    await say(world, ada, garden.id, "ben is gone")
    await say(world, ada, cellar.id, "ben is here")
    assert await client.hears() == [{"name": "ada", "message": "ben is here"}]


async def test_a_room_that_was_deleted_unnoticed_is_left_and_the_lobby_is_never_looked_up(
    world: World,
) -> None:
    ada = await world.add("ada")
    garden, cellar = await world.make_room(ada), await world.make_room(ada, "cellar")
    client = await in_rooms(world, TALKER, ada, garden.id, cellar.id)
    await world.connect(TALKER, ada)
    assert await world.storage.rooms.delete(garden.id)
    world.obstacles.calls.clear()
    world.memberships.changed(None)  # some were deleted, and nobody knows which
    await world.rest()
    assert world.obstacles.calls.count("by_id") == 2, "the rooms that somebody hears, and not the lobby"
    assert garden.id not in client.session.subscriptions
    assert cellar.id in client.session.subscriptions
