"""A block or unblock reaches all sessions of its person, whichever process made it, and those that come back."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from chat.domain.entities import LOBBY_ID, Person
from chat.domain.failures import StorageDown
from chat.domain.ports import ProfileChange
from chat.features.blocks import FEATURE
from tests.protocols.native.replica import Replica
from tests.reference.storage import MemoryStorage
from tests.support.chat_world import World, open_world


@pytest.fixture
async def worlds(autojump_clock: MockClock) -> AsyncGenerator[list[World]]:
    """Two servers on one storage, which they follow."""
    storage = MemoryStorage()
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(open_world(storage, follows=True)) for _ in range(2)]
        for world in found:
            assert FEATURE.open is not None
            await stack.enter_async_context(FEATURE.open(world.services))
        yield found


def blocks(*people: Person) -> list[dict[str, Any]]:
    return [{"type": "blocks", "people": [each.id for each in people]}]


async def heard(*replicas: Replica) -> list[list[dict[str, Any]]]:
    """The events about blocks that each has got since."""
    await trio.sleep(2)
    return [[event for event in await each.receives() if event["type"] == "blocks"] for each in replicas]


async def test_a_block_reaches_all_sessions_of_its_person_on_all_servers(worlds: list[World]) -> None:
    one, other = worlds
    ada, ben, cem = await one.add_all("ada", "ben", "cem")
    here, second, there, bens = (
        Replica(one, ada),
        Replica(one, ada),
        Replica(other, ada),
        Replica(other, ben),
    )
    for each in (here, second, there, bens):
        await each.connect()
    await heard(here, second, there, bens)
    assert await one.services.blocks.block(ada, ben.id) is None
    assert await heard(here, second, there, bens) == [blocks(ben)] * 3 + [[]]
    assert await other.services.blocks.block(ada, cem.id) is None
    assert await heard(here, second, there, bens) == [blocks(ben, cem)] * 3 + [[]]
    await one.services.blocks.unblock(ada, ben.id)
    assert await heard(here, there) == [blocks(cem)] * 2
    # A change that is none, and one of something else, say nothing.
    assert await one.services.blocks.block(ada, cem.id) is None
    await one.storage.users.change_profile(ada.id, ProfileChange(display_name="A."))
    assert await heard(here, there) == [[], []]


async def test_a_change_while_the_database_is_away_comes_when_it_is_back(worlds: list[World]) -> None:
    one, other = worlds
    ada, ben = await one.add_all("ada", "ben")
    there = Replica(other, ada)
    await there.connect()
    other.obstacles.fail("blocks_since", StorageDown("gone"))
    await one.services.blocks.block(ada, ben.id)
    assert await heard(there) == [blocks(ben)]
    # Reports were lost: everybody is looked at.
    await one.services.blocks.unblock(ada, ben.id)
    other.services.blocks.changed(None)
    assert await heard(there) == [blocks()]


async def test_a_resume_has_changed_blocks(worlds: list[World]) -> None:
    one, _ = worlds
    ada, ben = await one.add_all("ada", "ben")
    replica = Replica(one, ada)
    await replica.connect()
    await replica.say(LOBBY_ID, "hi")
    await replica.receives()
    newest = replica.rooms[LOBBY_ID]["at"]
    replica.drop()
    await one.services.blocks.block(ada, ben.id)
    for since, expected in ((newest, blocks(ben)), (newest + 120_000, [])):
        await replica.connect(sync=False)
        before = len(replica.events)
        await replica.sync(since=since)
        assert [each for each in replica.events[before:] if each["type"] == "blocks"] == expected
        replica.drop()
