"""Messages of one socket are saved in the order sent, also over budget."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio
from msgspec.structs import replace
from trio.testing import MockClock

from chat.domain.entities import LOBBY_ID
from chat.domain.limits.budgets import Budgets
from chat.operations.operation import Cost
from chat.protocols.native.wire.codec import ASKED
from tests.protocols.native.replica import Replica
from tests.support.chat_world import World, open_world


@pytest.fixture
async def world(autojump_clock: MockClock) -> AsyncGenerator[World]:
    with trio.fail_after(600):
        async with open_world(budgets=Budgets(messages=50.0)) as world:
            yield world


@pytest.fixture
async def ada(world: World) -> Replica:
    ada = Replica(world, await world.add("ada"))
    await ada.connect()
    return ada


async def send_all(ada: Replica, numbers: list[int], room: int = LOBBY_ID) -> dict[int, dict[str, Any]]:
    """Send these without waiting for an answer; return the answers by number."""
    asked = {ada.send("send", room=room, key=f"k{n}", text=f"{n}"): n for n in numbers}
    answers: dict[int, dict[str, Any]] = {}
    while len(answers) < len(asked):
        await trio.sleep(0.5)
        for answer in ada.hear(ada.client.received_now()):
            answers[asked[answer["id"]]] = answer
    return answers


def refused(answers: dict[int, dict[str, Any]]) -> list[int]:
    return [n for n, answer in sorted(answers.items()) if answer["type"] == "error"]


async def test_of_four_hundred_in_flight_all_are_saved_in_the_order_sent(world: World, ada: Replica) -> None:
    left = list(range(400))
    tries = 0
    while left:
        answers = await send_all(ada, left)
        codes = {answer.get("code") for answer in answers.values()}
        assert codes <= {None, "too_many"}
        left = refused(answers)
        assert left == list(range(400 - len(left), 400)), "behind the first that is refused none is saved"
        assert all(100 <= answers[n]["retry_ms"] <= 1000 for n in left)
        tries += 1
        await trio.sleep(1)
    assert [message.text for message in world.said(LOBBY_ID)] == [str(n) for n in range(400)]
    assert tries < 10, "to wait costs little"


async def test_other_rooms_continue_and_the_refusal_names_its_message(world: World, ada: Replica) -> None:
    room = await world.make_room(ada.person)
    await ada.sync()
    answers = await send_all(ada, list(range(210)))
    first = refused(answers)[0]
    assert (await send_all(ada, [1000], room.id))[1000]["type"] == "send_ok"
    after = (await send_all(ada, [first + 1]))[first + 1]
    assert after["code"] == "too_many"
    assert f"k{first}" in after["text"]
    assert (await send_all(ada, [first]))[first]["type"] == "send_ok"
    assert (await send_all(ada, [first + 1]))[first + 1]["type"] == "send_ok"


async def test_giving_up_the_refused_message_unblocks_the_room(world: World, ada: Replica) -> None:
    first = refused(await send_all(ada, list(range(210))))[0]
    await trio.sleep(2)
    assert refused(await send_all(ada, [1000])), "it may have been sent before the refusal was read"
    await trio.sleep(10)
    assert not refused(await send_all(ada, [1001, 1002]))
    assert str(first) not in {message.text for message in world.said(LOBBY_ID)}


async def test_a_refused_message_that_is_refused_for_good_holds_up_nothing(
    world: World, ada: Replica
) -> None:
    first = refused(await send_all(ada, list(range(210))))[0]
    await trio.sleep(2)
    answer = await ada.asks("send", room=LOBBY_ID, key=f"k{first}", text="   ")
    assert answer["code"] == "invalid"
    assert not refused(await send_all(ada, [1000]))


@pytest.mark.parametrize("cost", [cost for cost in Cost if cost is not Cost.NOTHING])
async def test_whatever_an_operation_costs_a_socket_pays_it(
    cost: Cost, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "edit" if cost in (Cost.TEXT, Cost.MESSAGE) else "history"
    (kind,) = (each for each in ASKED if each.operation.on_socket == name)
    monkeypatch.setattr(kind, "operation", replace(kind.operation, cost=cost))
    once = Budgets(messages=0.25, text=1.0, pages=0.25, searches=0.25, uploads=1 / 60)
    async with open_world(budgets=once) as world:
        ada = Replica(world, await world.add("ada"))
        await ada.connect(sync=False)
        codes = []
        for _ in range(3):
            fields = {"seq": 1, "text": "x"} if name == "edit" else {}
            ada.send(name, room=LOBBY_ID, **fields)
            await trio.sleep(0.01)
        await trio.sleep(5)
        codes = [answer.get("code") for answer in ada.hear(ada.client.received_now())]
    assert "too_many" in codes
