"""A program that is far behind gets every change at its own pace, and its rooms stay consistent."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from chat.client.structs import Position
from chat.client.wire import NewMessage, RoomSnapshot
from tests.client.comparing import info_of, plain
from tests.client.model import Json, ModelRoom, ModelWorld
from tests.client.model_server import PEOPLE, ModelServer, RefusedByModel
from tests.client.people import EventChecker, Reach, next_event, reached, texts


@pytest.fixture
def model() -> ModelServer:
    return ModelServer(ModelWorld(dict(PEOPLE)))


@pytest.fixture
def garden(model: ModelServer) -> ModelRoom:
    return model.world.add_room(1, 2)


@pytest.fixture
async def reach(model: ModelServer, autojump_clock: MockClock) -> Any:
    async with reached(model) as reach:
        yield reach


def say_many(model: ModelServer, room: ModelRoom, count: int) -> None:
    for _ in range(count):
        model.publish(room, room.say(2, f"{room.seq}", f"{room.id}-{room.seq}"))


async def test_after_thousands_of_changes_a_program_gets_each_of_them(
    reach: Reach, model: ModelServer, garden: ModelRoom
) -> None:
    async with reach() as chat:
        positions = {garden.id: Position(garden.pos, garden.at(garden.pos))}
        assert chat.rooms[garden.id].info.pos == garden.pos
    say_many(model, garden, 2500)
    for seq in range(5, 500, 7):
        garden.edit(seq, f"edited {seq}")
        garden.react(seq + 1, 2, "👍", on=True)
        garden.delete(seq + 2, 2)
    checker = EventChecker(positions)
    most = 0
    async with reach(positions=positions) as chat:
        while checker.at[garden.id] < garden.pos:
            checker.check(await next_event(chat))
            most = max(most, len(chat._connector.inbox._queue))
        assert checker.resets == []
        assert most <= 500, "what is told late comes at the program's pace"
        garden_now = chat.rooms[garden.id]
        assert sorted(info_of(garden_now).items()) == sorted(plain(garden.snapshot(1)).items())
        say_many(model, garden, 1)
        checker.check(await next_event(chat, NewMessage))
    assert checker.at[garden.id] == garden.pos


async def test_a_slow_handler_receives_all_events_that_arrived_meanwhile(
    reach: Reach, model: ModelServer, garden: ModelRoom
) -> None:
    other = model.world.add_room(1, 2)
    async with reach(places=100) as chat:
        say_many(model, garden, 1)
        assert await texts(chat, 1) == ["2"]
        checker = EventChecker(chat.positions)
        for _ in range(15):
            say_many(model, garden, 100)
            say_many(model, other, 3)
            await trio.sleep(3)
        assert chat.rooms[garden.id].info.pos == garden.pos, "rooms are as they are now meanwhile"
        while checker.at != {garden.id: garden.pos, other.id: other.pos}:
            checker.check(await next_event(chat))
        assert checker.resets == []
        assert set(chat.rooms) == {garden.id, other.id}
        for room in (garden, other):
            assert sorted(info_of(chat.rooms[room.id]).items()) == sorted(plain(room.snapshot(1)).items())


async def test_a_slow_program_receives_each_change_once_at_bounded_cost(
    reach: Reach, model: ModelServer, garden: ModelRoom
) -> None:
    async with reach() as chat:
        positions = chat.positions | {garden.id: Position(garden.pos, garden.at(garden.pos))}
    say_many(model, garden, 1500)
    asked = len(model.requests)
    checker = EventChecker(positions)
    async with reach(positions=positions) as chat:
        while checker.at[garden.id] < garden.pos:
            checker.check(await next_event(chat))
            await trio.sleep(1)
            if checker.events % 10 == 0:
                say_many(model, garden, 5)  # also while it catches up
    assert len([each for each in model.requests[asked:] if each[1]["type"] == "sync"]) < 40


async def test_changes_of_more_rooms_than_the_inbox_holds_are_all_received(
    reach: Reach, model: ModelServer, garden: ModelRoom
) -> None:
    rooms = [garden, *(model.world.add_room(1, 2) for _ in range(30))]
    async with reach(places=5) as chat:
        await trio.sleep(1)
        checker = EventChecker()
        while len(checker.at) < len(rooms):
            checker.check(await next_event(chat))
        assert set(chat.rooms) == {room.id for room in rooms}
        say_many(model, garden, 1)
        checker.check(await next_event(chat, NewMessage))


async def test_a_page_that_is_refused_for_now_is_asked_for_again_on_the_same_connection(
    reach: Reach, model: ModelServer, garden: ModelRoom
) -> None:
    async with reach() as chat:
        positions = {garden.id: Position(garden.pos, garden.at(garden.pos))}
    say_many(model, garden, 1500)
    refused: list[Json] = []

    def refuse(request: Json) -> None:
        if request["type"] == "sync" and not request.get("rest", True) and len(refused) < 3:
            refused.append(request)
            raise RefusedByModel("too_many", retry_ms=1000)

    handshakes = model.handshakes
    async with reach(positions=positions) as chat:
        model.on_request = refuse
        assert await texts(chat, 1500) == [str(n) for n in range(2, 1502)]
    assert len(refused) == 3
    assert model.handshakes == handshakes + 1


async def test_a_position_unknown_to_the_log_is_reset(
    reach: Reach, model: ModelServer, garden: ModelRoom
) -> None:
    say_many(model, garden, 3)
    positions = {garden.id: Position(4, garden.at(4))}
    say_many(model, garden, 4)
    garden.floor = garden.pos
    async with reach(positions=positions) as chat:
        got = await next_event(chat, RoomSnapshot)
        assert isinstance(got, RoomSnapshot)
        assert (got.reset, got.after) == ("erased", 4)
        page = await chat.history(garden.id, after=got.after)
        assert [each.seq for each in page.messages] == [5, 6, 7, 8, 9]
