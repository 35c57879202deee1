"""A write is answered once it is committed and published here, or a second later."""

import math
from collections.abc import AsyncGenerator, Generator

import pytest
import trio

from chat.domain.entities import LOBBY_ID, Draft, Message
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.messages.outcomes import Outcome, Repeated
from chat.domain.refusals import NOT_SAVED, OUTCOME_UNKNOWN
from chat.engine.fence import Fence
from chat.engine.writes import _PUBLISH_TIMEOUT
from tests.support.chat_world import World, open_world


@pytest.fixture
async def world(autojump_clock: object) -> AsyncGenerator[World]:
    async with open_world() as world:
        yield world


@pytest.fixture
def fence(world: World) -> Generator[Fence]:
    """What keeps this server from telling anything, until the end of the test."""
    fence = world.services.writes._broadcaster._fence
    fence.open_until(-math.inf)
    yield fence
    fence.open_until(math.inf)


async def test_an_answer_comes_after_the_local_publication(world: World, fence: Fence) -> None:
    ada = await world.add("ada")
    answered: list[Outcome] = []

    async def write() -> None:
        answered.append(await world.services.writes.write(Draft(LOBBY_ID, ada.id, "ada", "hi", 1.0)))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        await world.rest()
        assert [message.text for message in world.said(LOBBY_ID)] == ["hi"], "it is committed"
        assert answered == []
        fence.open_until(math.inf)
        await world.rest()
        (outcome,) = answered
        assert isinstance(outcome, Message)
        assert world.hub.newest_id == outcome.id


async def test_an_unpublished_write_is_answered_at_its_commit(world: World, fence: Fence) -> None:
    ada = await world.add("ada")
    started = trio.current_time()
    outcome = await world.services.writes.write(Draft(LOBBY_ID, ada.id, "ada", "hi", 1.0))
    assert isinstance(outcome, Message)
    assert _PUBLISH_TIMEOUT <= trio.current_time() - started < 2 * _PUBLISH_TIMEOUT
    assert not fence.is_open


async def test_a_writes_outcome_is_known_once_writes_in_flight_are_saved(world: World) -> None:
    ada = await world.add("ada")
    draft = Draft(LOBBY_ID, ada.id, "ada", "hi", 1.0, key="k")
    assert await world.services.writes.repeated(draft) is None
    answered: list[object] = []

    async def ask() -> None:
        answered.append(await world.services.writes.repeated(draft))

    async with trio.open_nursery() as nursery:
        with world.obstacles.held("save"):
            nursery.start_soon(world.services.writes.write, draft)
            await world.rest()
            nursery.start_soon(ask)
            await world.rest()
            assert answered == []
    (outcome,) = answered
    assert isinstance(outcome, Repeated)
    assert outcome.message.text == "hi"


async def test_a_write_of_unknown_outcome_is_answered_as_unknown(
    world: World,
) -> None:
    ada = await world.add("ada")
    draft = Draft(LOBBY_ID, ada.id, "ada", "hi", 1.0, key="k")
    world.obstacles.fail("save", OutcomeUnknown("silence"), after=True)
    with world.obstacles.failing("settled_id", StorageDown("away")):
        assert await world.services.writes.write(draft) is OUTCOME_UNKNOWN
        assert await world.services.writes.repeated(draft) is NOT_SAVED
    await trio.sleep(1)
    assert isinstance(await world.services.writes.repeated(draft), Repeated)


async def test_a_missing_write_is_answered_at_once(world: World, fence: Fence) -> None:
    ada = await world.add("ada")
    started = trio.current_time()
    world.obstacles.fail("save", StorageDown("away"))
    outcome = await world.services.writes.write(Draft(LOBBY_ID, ada.id, "ada", "hi", 1.0))
    assert outcome is NOT_SAVED
    assert trio.current_time() - started < _PUBLISH_TIMEOUT
    assert not fence.is_open
