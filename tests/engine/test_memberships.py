"""The end of a membership ends a socket's subscription, whichever dialect it uses."""

import math
from collections.abc import AsyncGenerator

import pytest
import trio

from chat.application import members
from chat.domain.entities import Draft, Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.messages.changes import Removal, Write
from chat.domain.messages.outcomes import Outcome
from chat.domain.refusals import ALREADY_IN, OUTCOME_UNKNOWN, Refusal
from chat.engine.dialect import Dialect
from chat.protocols.registry import DIALECTS
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.talker.codec import TALKER
from tests.support.chat_world import Client, World, open_world
from tests.support.endings import delete_room


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
    client.received_now()
    return client


async def say(world: World, person: Person, room_id: int, text: str) -> None:
    client = await world.connect(ROOMS, person)
    client.send({"Type": "enter", "RoomID": room_id})
    client.send({"Type": "message", "Text": text})
    await world.rest()
    client.leave()


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
async def test_a_removed_member_receives_only_their_other_rooms(world: World, dialect: Dialect) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden, cellar = await world.make_room(ada), await world.make_room(ada, "cellar")
    for room in (garden, cellar):
        assert await members.join(world.services, ben, room.id) is None
    client = await in_rooms(world, dialect, ben, garden.id, cellar.id)
    assert await members.remove(world.services, ada, garden.id, ben.id) is None
    await say(world, ada, garden.id, "ben is gone")
    await say(world, ada, cellar.id, "ben is here")
    received = [frame for frame in await client.receives() if "message" in frame]
    assert received == [{"name": "ada", "message": "ben is here"}]


async def test_an_invited_person_is_a_member_and_only_the_creator_invites(world: World) -> None:
    ada, ben, cem = await world.add_all("ada", "ben", "cem")
    garden = await world.make_room(ada)
    assert await members.add(world.services, ada, garden.id, ben.id) is None
    assert await members.add(world.services, ada, garden.id, ben.id) == ALREADY_IN
    assert isinstance(await members.add(world.services, ben, garden.id, cem.id), Refusal)
    assert await world.members(garden.id) == {ada.id, ben.id}


async def test_a_removal_returns_once_the_persons_writes_are_settled(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    assert await members.join(world.services, ben, garden.id) is None
    returned = trio.Event()
    outcomes: list[Outcome] = []

    class Late(Said):
        def on_outcome(self, _write: Write, outcome: Outcome) -> None:
            assert not returned.is_set()
            outcomes.append(outcome)

    async def remove() -> None:
        assert await members.remove(world.services, ada, garden.id, ben.id) is None
        returned.set()

    async with trio.open_nursery() as nursery:
        with world.obstacles.held("save"):
            nursery.start_soon(remove)
            await world.rest()  # the removal is in a batch of its own
            await world.journal.submit(Draft(garden.id, ben.id, "ben", "a last word", 0.0), Late())
            removal = world.obstacles._closed_before["save"]
            world.obstacles._closed_before["save"] = trio.Event()
            removal.set()
            await world.rest()
            assert not await world.storage.rooms.is_member(garden.id, ben.id)
            assert (returned.is_set(), outcomes) == (False, [])
    assert len(outcomes) == 1


async def test_a_removal_returns_once_an_unknown_outcome_is_resolved(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    assert await members.join(world.services, ben, garden.id) is None
    returned = trio.Event()

    async def remove() -> None:
        assert await members.remove(world.services, ada, garden.id, ben.id) is None
        returned.set()

    async with trio.open_nursery() as nursery:
        with world.obstacles.failing("settled_id", StorageDown("away")):
            with world.obstacles.held("save"):
                nursery.start_soon(remove)
                await world.rest()  # the removal is in a batch of its own
                await world.journal.submit(Draft(garden.id, ben.id, "ben", "a last word", 0.0), Said())
                removal = world.obstacles._closed_before["save"]
                world.obstacles._closed_before["save"] = trio.Event()
                removal.set()
                await world.rest()
                world.obstacles.fail("save", OutcomeUnknown("silence"))
            await trio.sleep(5)
            assert not returned.is_set()
        await returned.wait()


async def test_a_removal_fails_if_an_outcome_stays_unknown(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    assert await members.join(world.services, ben, garden.id) is None
    world.journal.pending_writes.mark_unknown([Draft(garden.id, ben.id, "ben", "a last word", 0.0)])
    with pytest.raises(StorageDown):
        await members.remove(world.services, ada, garden.id, ben.id)
    assert await world.members(garden.id) == {ada.id}


async def test_a_room_that_was_deleted_unnoticed_is_left_and_the_lobby_is_never_looked_up(
    world: World,
) -> None:
    ada = await world.add("ada")
    garden, cellar = await world.make_room(ada), await world.make_room(ada, "cellar")
    client = await in_rooms(world, TALKER, ada, garden.id, cellar.id)
    await world.connect(TALKER, ada)
    assert await delete_room(world.storage, garden.id)
    world.obstacles.calls.clear()
    world.memberships.changed(None)  # some were deleted, and nobody knows which
    await world.rest()
    assert world.obstacles.calls.count("by_id") == 2, "the rooms that somebody hears, and not the lobby"
    assert garden.id not in client.session.subscriptions
    assert cellar.id in client.session.subscriptions


async def test_a_removal_returns_once_it_is_applied_after_earlier_messages(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    assert await members.join(world.services, ben, garden.id) is None
    client = await in_rooms(world, TALKER, ben, garden.id)
    draft = Draft(garden.id, ada.id, "ada", "before", 0.0)

    async def remove() -> None:
        assert await members.remove(world.services, ada, garden.id, ben.id) is None
        assert garden.id not in client.session.subscriptions

    for _ in range(8):  # each time the tasks that are woken take turns in another order
        async with trio.open_nursery() as nursery:
            with world.obstacles.held("save"):
                await world.journal.submit(draft, Said())  # in a batch of its own
                await world.rest()
                await world.journal.submit(draft, Said())
                nursery.start_soon(remove)
                await world.rest()
        assert len(await client.receives()) == 2
        assert await members.join(world.services, ben, garden.id) is None
        client.session.subscriptions.subscribe(garden.id, TALKER)


async def test_an_unpublished_removal_is_applied_after_a_while(world: World, autojump_clock: object) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    assert await members.join(world.services, ben, garden.id) is None
    client = await in_rooms(world, TALKER, ben, garden.id)
    fence = world.journal._broadcaster._fence
    fence.open_until(trio.current_time())
    began = trio.current_time()
    assert await members.remove(world.services, ada, garden.id, ben.id) is None
    assert trio.current_time() - began == pytest.approx(1)
    assert garden.id not in client.session.subscriptions
    fence.open_until(math.inf)


async def test_a_removal_during_the_read_repeats_it(world: World, autojump_clock: object) -> None:
    """It is applied a moment later: nobody enters in between with a stale membership."""
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    assert await members.join(world.services, ben, garden.id) is None
    rooms, goes_on, found = world.services.rooms, trio.Event(), list[bool | None]()

    async def look() -> bool:
        is_in = await world.storage.rooms.is_member(garden.id, ben.id)
        await goes_on.wait()
        return is_in

    async def enter() -> None:
        found.append(await rooms.up_to_date(ben.id, garden.id, look))

    fence = world.journal._broadcaster._fence
    fence.open_until(trio.current_time())  # nothing is felt
    async with trio.open_nursery() as nursery:
        nursery.start_soon(enter)
        await world.rest()
        nursery.start_soon(members.remove, world.services, ada, garden.id, ben.id)
        await world.rest()
        goes_on.set()
        await world.rest()
        fence.open_until(math.inf)
        assert found == [False]


async def test_a_removal_of_unknown_outcome_ends_the_subscription(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    assert await members.join(world.services, ben, garden.id) is None
    client = await in_rooms(world, TALKER, ben, garden.id)
    world.obstacles.fail("save", OutcomeUnknown("silent"))  # it never lands, which nobody knows yet
    assert await members.remove(world.services, ada, garden.id, ben.id) == OUTCOME_UNKNOWN
    assert garden.id not in client.session.subscriptions


async def test_a_removal_by_another_server_is_applied_at_its_place(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    assert await members.join(world.services, ben, garden.id) is None
    client = await in_rooms(world, TALKER, ben, garden.id)
    lines = [Draft(garden.id, ada.id, "ada", text, 0.0) for text in ("before", "after")]
    await world.storage.messages.save([lines[0], Removal(garden.id, ben.id, ada.id, 0.0), lines[1]])
    await world.journal.submit(Draft(garden.id, ada.id, "ada", "later", 0.0), Said())
    assert await client.receives() == [{"name": "ada", "message": "before"}]
    assert garden.id not in client.session.subscriptions


async def test_two_concurrent_joins_of_one_person_are_published_once(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    garden = await world.make_room(ada)
    outcomes: list[Refusal | None] = []

    async def join() -> None:
        outcomes.append(await members.join(world.services, ben, garden.id))

    async with trio.open_nursery() as nursery:
        with world.obstacles.held("save"):
            for _ in range(3):
                nursery.start_soon(join)
            await world.rest()
    assert sorted(outcomes, key=str) == [None, ALREADY_IN, ALREADY_IN]
    assert world.joined(garden.id) == [ben.id]


class Said:
    """An author who does not want to know."""

    def on_outcome(self, write: Write, outcome: Outcome) -> None:
        """Hear it all the same."""
