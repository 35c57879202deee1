"""Clients over budget are refused and read slowly, in every dialect; refused messages are neither saved nor sent."""

from collections.abc import AsyncGenerator, Callable
from typing import Any, NamedTuple

import pytest
import trio

from chat.domain.closing import GOING_AWAY
from chat.domain.entities import LOBBY_ID, Draft, Person
from chat.domain.limits.budgets import HOLD_BACK, Budgets
from chat.engine.heartbeat import beat
from chat.protocols.direct.codec import DIRECT
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER
from tests.support.chat_world import Client, World, open_world

RATE, BURST = 5, 20
TEXT = 5000
TOO_MANY = "too many messages, wait 1 second"


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world(budgets=Budgets(messages=RATE, text=TEXT, pages=10)) as world:
        yield world


class Flood(NamedTuple):
    """Somebody who can say the same again and again, how, to whom, and what they hear when it is too much."""

    sender: Client
    frame: Any
    listener: Client
    refusal: Any


def line(name: str, text: str, key: str = "name") -> dict[str, str]:
    return {key: name, "message": text}


async def in_the_lobby(world: World, text: str, *, key: str = "name") -> Flood:
    ada, ben = await world.add_all("ada", "ben")
    dialect = TALKER if key == "name" else MESSENGER
    sender, listener = await world.connect(dialect, ada), await world.connect(dialect, ben)
    return Flood(sender, line("ada", text, key), listener, line("server", TOO_MANY, key))


async def by_messenger(world: World, text: str) -> Flood:
    return await in_the_lobby(world, text, key="username")


async def in_a_room(world: World, text: str) -> Flood:
    ada, ben = await world.add_all("ada", "ben")
    sender, listener = await world.connect(ROOMS, ada), await world.connect(ROOMS, ben)
    for client in (sender, listener):
        client.send({"Type": "enter", "RoomID": LOBBY_ID})
    return Flood(sender, {"Type": "message", "Text": text}, listener, {"Type": "error", "Error": TOO_MANY})


async def for_support(world: World, text: str) -> Flood:
    ada, olga = await world.add("ada"), await world.add("olga", operator=True)
    sender, listener = await world.connect(SUPPORT, ada), await world.connect(SUPPORT, olga)
    refusal = {"error": {"code": 5, "message": TOO_MANY}, "result": None, "id": "x"}
    return Flood(sender, {"method": "message.send", "params": [text], "id": "x"}, listener, refusal)


async def to_one(world: World, text: str) -> Flood:
    ada, ben = await world.add_all("ada", "ben")
    sender, listener = await world.connect(DIRECT, ada), await world.connect(DIRECT, ben)
    return Flood(sender, {"from": ada.id, "to": ben.id, "content": text}, listener, {"error": TOO_MANY})


async def from_a_guest(world: World, text: str) -> Flood:
    (ben,) = await world.add_all("ben")
    sender, listener = await world.connect(DIRECT), await world.connect(DIRECT, ben)
    number = sender.session.client.client_id
    return Flood(sender, {"from": number, "to": ben.id, "content": text}, listener, {"error": TOO_MANY})


each_flood = pytest.mark.parametrize(
    "flooding", [in_the_lobby, by_messenger, in_a_room, for_support, to_one, from_a_guest]
)
Flooding = Callable[[World, str], Any]


async def flood_of(world: World, flooding: Flooding, text: str = "hi") -> Flood:
    flood: Flood = await flooding(world, text)
    await flood.sender.receives()
    await flood.listener.receives()
    return flood


def submitted(world: World) -> list[Draft]:
    """The drafts that the journal is given from here on."""
    drafts: list[Draft] = []
    submit = world.journal.submit

    async def watched(draft: Draft, *others: Any) -> None:
        drafts.append(draft)
        await submit(draft, *others)

    journal: Any = world.journal
    journal.submit = watched
    return drafts


@each_flood
async def test_a_flood_is_answered_once_a_second_and_the_budget_is_all_that_comes_through(
    world: World, autojump_clock: object, flooding: Flooding
) -> None:
    flood = await flood_of(world, flooding)
    drafts = submitted(world)
    for _ in range(1000):
        flood.sender.send(flood.frame)
    seconds = 10
    await trio.sleep(seconds - HOLD_BACK / 2)
    answers = await flood.sender.receives()
    assert answers.count(flood.refusal) == seconds
    got = await flood.listener.receives()
    assert len(got) == BURST + RATE * (seconds - 1)
    assert len(drafts) == (0 if flooding is from_a_guest else len(got))
    assert flood.sender.connection._frames.statistics().current_buffer_used > 900, "the rest is not even read"
    assert flood.sender.closed_with is None


@each_flood
async def test_a_delayed_client_that_waits_continues(
    world: World, autojump_clock: object, flooding: Flooding
) -> None:
    flood = await flood_of(world, flooding)
    for _ in range(BURST + 1):
        flood.sender.send(flood.frame)
    assert flood.refusal in await flood.sender.receives()
    assert len(await flood.listener.receives()) == BURST
    flood.sender.send(flood.frame)
    await trio.sleep(HOLD_BACK)
    assert flood.refusal not in await flood.sender.receives()
    assert len(await flood.listener.receives()) == 1


@each_flood
async def test_long_texts_use_up_the_budget_of_bytes(
    world: World, autojump_clock: object, flooding: Flooding
) -> None:
    flood = await flood_of(world, flooding, "x" * 4000)
    for _ in range(BURST + 1):
        flood.sender.send(flood.frame)
    assert "too much text, wait 1 second" in str(await flood.sender.receives())
    assert len(await flood.listener.receives()) == 8 * TEXT // 4000


@each_flood
async def test_one_person_has_one_budget_on_all_connections(
    world: World, autojump_clock: object, flooding: Flooding
) -> None:
    flood = await flood_of(world, flooding)
    if flood.sender.session.person is None:
        pytest.skip("a guest is nobody else's second connection")
    other = await world.connect(TALKER, flood.sender.session.person)
    for _ in range(BURST):
        flood.sender.send(flood.frame)
    await flood.sender.receives()
    assert len(await flood.listener.receives()) == BURST
    other.send(line("ada", "hi"))
    assert (await other.receives())[-1] == line("server", TOO_MANY)


async def test_a_flood_does_not_look_like_silence(world: World, autojump_clock: object) -> None:
    flood = await flood_of(world, in_the_lobby)
    flood.listener.leave()
    async with trio.open_nursery() as nursery:

        async def look_after() -> None:
            await beat(world.presence, interval=5, patience=2)

        nursery.start_soon(look_after)
        for _ in range(1000):
            flood.sender.send(flood.frame)  # all at once: its last sign of life is as old as the first
        await trio.sleep(30)
        assert flood.sender.closed_with is None
        assert "ping!" not in await flood.sender.receives()
        nursery.cancel_scope.cancel()


async def test_a_delayed_client_is_told_at_once_that_the_server_stops(
    world: World, autojump_clock: object
) -> None:
    flood = await flood_of(world, in_the_lobby)
    for _ in range(1000):
        flood.sender.send(flood.frame)
    await world.rest()
    world.presence.close_all(GOING_AWAY)
    with trio.fail_after(HOLD_BACK / 2):
        await flood.sender.gone.wait()
    assert flood.sender.closed_with == GOING_AWAY


@pytest.mark.parametrize(
    ("frame", "at_once", "rate"), [("ping", 800, 200), ("nonsense", 100, 20)], ids=["any", "malformed"]
)
async def test_frames_that_cost_nothing_are_read_so_many_times_a_second(
    world: World, autojump_clock: object, frame: str, at_once: int, rate: int
) -> None:
    client = await world.connect(DIRECT)
    for _ in range(10_000):
        client.send(frame)
    seconds = 5
    await trio.sleep(seconds - 0.01)
    answers = await client.receives()
    assert abs(len(answers) - (at_once + rate * seconds)) <= 2
    assert client.closed_with is None


# --- history ---


async def test_history_over_budget_is_refused_in_the_dialect_then_delayed(
    world: World,
    autojump_clock: object,
) -> None:
    (ada,) = await world.add_all("ada")
    client = await world.connect(TALKER, ada)
    await client.receives()
    for _ in range(50):
        client.send(line("ada", "history 1000"))
    await trio.sleep(HOLD_BACK * 2.5)
    assert await client.receives() == [line("server", "too much history, wait 1 second")] * 3
    assert client.connection._frames.statistics().current_buffer_used == 50 - 4 - 3 - 2


async def test_a_history_of_long_messages_costs_more(world: World, autojump_clock: object) -> None:
    (ada,) = await world.add_all("ada")
    client = await world.connect(TALKER, ada, limit=10**7)
    for number in range(100):
        await world.storage.messages.save([Draft(LOBBY_ID, ada.id, "ada", f"{number} " + "x" * 3900, 0.0)])
    client.received_now()
    for _ in range(7):
        client.send(line("ada", "history 100"))
        assert len(await client.receives()) == 100
    assert await client.asks(line("ada", "history 100")) == line("server", "too much history, wait 1 second")


async def test_an_operator_over_budget_is_refused_under_the_requests_id(
    world: World, autojump_clock: object
) -> None:
    olga = await world.add("olga", operator=True)
    client = await world.connect(SUPPORT, olga)
    client.received_now()
    for ref in range(4):
        client.send({"method": "message.history", "params": ["olga", 0, 2**62], "id": ref})
    *_, refused = await client.receives()
    expected = {"code": 5, "message": "too much history, wait 1 second"}
    assert refused == {"error": expected, "result": None, "id": 3}
    await trio.sleep(HOLD_BACK)
    for ref in range(20):
        client.send({"method": "message.conversations", "params": [], "id": ref})
    *_, refused = await client.receives()
    assert refused["error"] == expected


@pytest.mark.parametrize("how", ["in the handshake", "by a frame"])
async def test_a_client_over_its_read_budget_is_refused_at_the_support_desk(
    world: World, autojump_clock: object, how: str
) -> None:
    (ada,) = await world.add_all("ada")

    async def came() -> Client:
        client = await world.connect(SUPPORT, ada if how == "in the handshake" else None)
        if how == "by a frame":
            client.send(auth(world, ada, 7))
        return client

    ref = 7 if how == "by a frame" else None
    for _ in range(40):
        (answer,) = await (await came()).receives()
        assert answer == {"error": None, "result": {"messages": None}, "id": ref}
    client = await came()
    (answer,) = await client.receives()
    assert answer == {
        "error": {"code": 5, "message": "too much history, wait 1 second"},
        "result": None,
        "id": ref,
    }
    await trio.sleep(HOLD_BACK)
    assert client.session.person is None
    assert (await client.asks(auth(world, ada, 8)))["error"] is None
    assert client.session.person == ada


def auth(world: World, person: Person, ref: int) -> dict[str, object]:
    return {"method": "message.auth", "params": [world.token(person)], "id": ref}
