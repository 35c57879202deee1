"""A write is answered once it is committed and published here, or a second later."""

import math
from collections.abc import AsyncGenerator, Generator, Sequence

import pytest
import trio

from chat.domain.entities import LOBBY_ID, Draft, Message
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.messages.changes import Deletion, Write
from chat.domain.messages.outcomes import Outcome, Repeated, Saved
from chat.domain.refusals import NO_MESSAGE, NOT_SAVED, OUTCOME_UNKNOWN
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


async def test_several_writes_are_committed_together_and_answered_in_order(world: World) -> None:
    ada = await world.add("ada")
    saved: list[int] = []
    save = world.storage.messages.save

    async def counted(writes: Sequence[Write]) -> list[Saved]:
        saved.append(len(writes))
        return await save(writes)

    world.storage.messages.save = counted  # type: ignore[method-assign]
    drafts = [Draft(LOBBY_ID, ada.id, "ada", f"{number}", 1.0) for number in range(3)]
    missing = Deletion(LOBBY_ID, 1000, ada.id, 1.0)
    *messages, refused = await world.services.writes.write_all([*drafts, missing])
    assert [each.text for each in messages if isinstance(each, Message)] == ["0", "1", "2"]
    assert refused == NO_MESSAGE
    assert saved == [4]
    assert isinstance(messages[-1], Message)
    assert world.hub.newest_id == messages[-1].id
    assert await world.services.writes.write_all([]) == []
