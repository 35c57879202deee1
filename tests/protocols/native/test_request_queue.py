"""While a sync waits for its turn, reads are answered and writes are saved after the sync, in order."""

from collections.abc import AsyncGenerator

import pytest
import trio

from chat.domain.entities import LOBBY_ID
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.limits.budgets import Budgets
from chat.protocols.native.connection import request_queue
from tests.protocols.native.replica import Replica
from tests.support.chat_world import World, open_world


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    with trio.fail_after(30):
        async with open_world() as world:
            yield world


async def helloed(world: World, name: str) -> Replica:
    own = Replica(world, await world.add(name))
    await own.connect(sync=False)
    return own


async def test_reads_are_answered_while_writes_wait_in_order(
    world: World,
) -> None:
    ada = await helloed(world, "ada")
    await ada.say(LOBBY_ID, "said")
    with world.obstacles.held("rooms_of"):
        first = ada.send("sync")
        writes = [ada.send("send", room=LOBBY_ID, key=f"k{n}", text=f"{n}") for n in range(2)]
        edit = ada.send("edit", room=LOBBY_ID, seq=1, text="edited")
        second = ada.send("sync", rest=False)
        last = ada.send("send", room=LOBBY_ID, key="last", text="last")
        assert (await ada.asks("ping"))["type"] == "ping_ok"
        assert (await ada.asks("hello", token=world.token(ada.person)))["type"] == "hello_ok"
        assert (await ada.asks("watch", people=[1]))["type"] == "watch_ok"
        assert (await ada.asks("history", room=LOBBY_ID))["last"]
        assert len(world.said(LOBBY_ID)) == 1
    answers = ada.hear(await ada.client.receives())
    assert [each["type"] for each in answers if each["id"] in (first, second)] == ["sync_ok", "sync_ok"]
    assert {each["id"]: each["type"] for each in answers} == {
        first: "sync_ok",
        **dict.fromkeys((*writes, last), "send_ok"),
        edit: "edit_ok",
        second: "sync_ok",
    }
    assert [message.text for message in world.said(LOBBY_ID)] == ["edited", "0", "1", "last"]
    assert ada.texts(LOBBY_ID) == ["edited", "0", "1", "last"]
    assert not ada.client.session.client._queue.is_busy  # type: ignore[union-attr]
    assert (await ada.say(LOBBY_ID, "and-on"))["type"] == "send_ok"


async def test_waiting_requests_are_bounded_and_none_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_queue, "_MOST", 3)
    ada = await helloed(world, "ada")
    with world.obstacles.held("rooms_of"):
        ada.send("sync")
        asked = [ada.send("send", room=LOBBY_ID, key=f"k{n}", text=f"{n}") for n in range(5)]
        ada.send("ping")
        assert await ada.client.receives() == []  # so much it may not ask at once
    answers = ada.hear(await ada.client.receives())
    assert [each["id"] for each in answers if each["type"] == "send_ok"] == asked
    assert answers[-1]["type"] in ("ping_ok", "send_ok")
    assert [message.text for message in world.said(LOBBY_ID)] == ["0", "1", "2", "3", "4"]


async def test_a_refused_waiting_request_does_not_stop_later_ones(world: World) -> None:
    ada = await helloed(world, "ada")
    with world.obstacles.held("rooms_of"):
        first = ada.send("sync")
        bad = ada.send("send", room=99, key="k1", text="to nobody")
        good = ada.send("send", room=LOBBY_ID, key="k2", text="hi")
        await world.rest()
        world.obstacles.fail("rooms_of", StorageDown("away"))
    codes = {each["id"]: each.get("code") for each in ada.hear(await ada.client.receives())}
    assert codes == {first: "unavailable", bad: "not_found", good: None}
    assert (await ada.sync())["type"] == "sync_ok"


async def test_an_unknown_outcome_of_a_queued_request_ends_the_socket(world: World) -> None:
    ada = await helloed(world, "ada")
    await ada.say(LOBBY_ID, "hi")
    with world.obstacles.held("rooms_of"):
        ada.send("sync")
        ada.send("delete", room=LOBBY_ID, seq=1)
        await world.rest()
        world.obstacles.fail("save", OutcomeUnknown("silent"))
    answers = [each for each in ada.hear(await ada.client.receives()) if each["type"] == "error"]
    assert [each["code"] for each in answers] == ["outcome_unknown"] or ada.closed_with is not None


async def test_a_client_that_leaves_drops_its_waiting_requests(world: World) -> None:
    ada = await helloed(world, "ada")
    with world.obstacles.held("rooms_of"):
        ada.send("sync")
        ada.send("send", room=LOBBY_ID, key="k", text="too late")
        await world.rest()
        ada.client.leave()
        await ada.client.ends()
    await world.rest()
    assert world.said(LOBBY_ID) == []
    world.assert_nothing_is_left()
    ben = await helloed(world, "ben")
    assert (await ben.sync())["type"] == "sync_ok"


async def test_a_sync_over_budget_is_refused_and_held_back(autojump_clock: object) -> None:
    async with open_world(budgets=Budgets(pages=0.25)) as world:
        ada = await helloed(world, "ada")
        codes = []
        for _ in range(3):
            codes.append((await ada.sync()).get("code"))
            await trio.sleep(1.5)
    assert codes[0] is None
    assert "too_many" in codes
