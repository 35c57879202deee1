"""One client's unsaved messages are bounded, although all messages are committed together."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio

from chat.domain.entities import LOBBY_ID
from chat.domain.messages.changes import Write
from chat.engine.pending_drafts import PendingDrafts
from chat.protocols.talker.codec import TALKER
from tests.support.chat_world import Client, World, open_world

LONG = "x" * 4000


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as world:
        yield world


async def flood(world: World, text: str, times: int) -> Client:
    """Somebody who says it so often, all of it in the server's hands before anything is saved."""
    person = await world.add("ada")
    client = await world.connect(TALKER, person)
    for _ in range(times):
        client.send(f'{{"name": "ada", "message": "{text}"}}')
    await world.rest()
    return client


async def test_of_a_flood_of_long_texts_few_wait_for_a_commit_at_once(world: World) -> None:
    with trio.fail_after(10):
        with world.obstacles.held("save"):
            client = await flood(world, LONG, 100)
            assert 0 < client.session.pending_drafts.pending <= 6
        await world.rest()
        assert len(world.said(LOBBY_ID)) == 100


async def test_of_short_texts_as_many_as_fill_a_commit_wait_for_one(world: World) -> None:
    with trio.fail_after(10):
        with world.obstacles.held("save"):
            client = await flood(world, "hi", 200)
            assert client.session.pending_drafts.pending == 200
        await world.rest()
        assert len(world.said(LOBBY_ID)) == 200


class Full:
    """A journal that has no place for a first write, and has one from then on."""

    def __init__(self) -> None:
        self.asked = 0

    async def submit(self, write: Write, submitter: object, origin: object = None) -> None:
        self.asked += 1
        if self.asked == 1:
            await trio.sleep_forever()
        await trio.lowlevel.checkpoint()


async def test_a_draft_cancelled_before_the_journal_took_it_holds_no_place(world: World) -> None:
    ada = await world.add("ada")
    unused: Any = object()
    full: Any = Full()
    pending_drafts = PendingDrafts(full, unused, unused)
    with trio.move_on_after(0.01) as scope:
        await pending_drafts.submit(LOBBY_ID, ada, LONG)
    assert scope.cancelled_caught
    assert pending_drafts.pending == 0
    with trio.fail_after(30):
        for _ in range(6):  # as many as may be there at once
            await pending_drafts.place_for(LONG)
            await pending_drafts.submit(LOBBY_ID, ada, LONG)
    assert pending_drafts.pending == 6
