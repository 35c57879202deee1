"""A client stays connected, and each request takes effect once, whatever happens to its connections."""

from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from chat.client import Chat, open_chat
from chat.client.errors import LoggedOut, Refused
from chat.client.events import Connected, Disconnected
from chat.client.wire import PresenceChanged, RoomSnapshot, Sent
from tests.client.model import Json, ModelRoom
from tests.client.model_server import ModelServer, RefusedByModel, on_loopback
from tests.client.people import Reach, next_event, texts

ADA, BEN, GARDEN = 1, 2, 1


def say(model: ModelServer, room: ModelRoom, text: str) -> None:
    """Ben says something."""
    model.publish(room, room.say(BEN, text, f"key of {text}"))


def said(room: ModelRoom) -> list[str]:
    """The texts of a room."""
    return [message["text"] for message in room.messages.values() if "text" in message]


async def test_a_message_whose_answer_is_lost_is_saved_once(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    lost: list[Json] = []

    def loses(request: Json) -> bool:
        if request["type"] == "send" and len(lost) < 3:
            lost.append(request)
            return True
        return False

    model.loses_answer = loses
    async with reach("ada") as chat:
        sent = await chat.send(GARDEN, "hi")
        assert sent == Sent(seq=4, pos=4, at=sent.at, again=True)
    assert said(garden) == ["hi"]
    assert len({request["key"] for request in lost}) == 1


async def test_requests_wait_in_order_while_the_server_is_away(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada") as chat, trio.open_nursery() as nursery:
        model.is_reachable = False
        model.sockets[0].drop()
        for n in range(100):  # more than may be unanswered
            nursery.start_soon(chat.send, GARDEN, f"{n:02}")
            await trio.testing.wait_all_tasks_blocked()
        await trio.sleep(100)
        assert said(garden) == []
        model.is_reachable = True
    assert said(garden) == [f"{n:02}" for n in range(100)]


async def test_the_same_key_sends_once_and_another_text_is_a_conflict(
    garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada") as chat:
        first = await chat.send(GARDEN, "hi", key="mine")
        again = await chat.send(GARDEN, "hi", key="mine")
        assert (again.seq, again.again) == (first.seq, True)
        with pytest.raises(Refused) as refused:
            await chat.send(GARDEN, "ho", key="mine")
        assert (refused.value.code, refused.value.room, refused.value.seq) == ("conflict", GARDEN, first.seq)
        await chat.send(GARDEN, "ho")
    assert said(garden) == ["hi", "ho"]


async def test_each_request_has_its_effect(
    garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada") as chat:
        seq = (await chat.send(GARDEN, "one")).seq
        assert await chat.edit(GARDEN, seq, "eins") == garden.pos
        assert await chat.add_reaction(GARDEN, seq, "👍") == garden.pos
        page = await chat.history(GARDEN, limit=1)
        assert [(each.text, each.reactions[0].mine) for each in page.messages] == [("eins", True)]
        assert (page.last, page.first) == (True, False)
        assert [each.seq for each in (await chat.history(GARDEN, before=3)).messages] == [1, 2]
        assert [each.seq for each in (await chat.history(GARDEN, after=2)).messages] == [3, 4]
        assert await chat.remove_reaction(GARDEN, seq, "👍") == garden.pos
        assert await chat.delete(GARDEN, seq) == garden.pos
        garden.say(BEN, "two", "k2")
        assert await chat.mark_unread(GARDEN, 5) == 1
        assert await chat.mark_read(GARDEN, 5) == 0
        assert await chat.ping() > 0
        assert chat.person_id == ADA


async def test_a_refusal_for_now_is_waited_for_and_one_for_good_is_raised(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    waits = [700, 300]

    def on_request(request: Json) -> None:
        if request["type"] == "send" and waits:
            raise RefusedByModel("too_many", retry_ms=waits.pop())

    model.on_request = on_request
    async with reach("ada") as chat:
        before = trio.current_time()
        await chat.send(GARDEN, "hi")
        assert trio.current_time() - before == pytest.approx(1.0)
        with pytest.raises(Refused, match="not_found"):
            await chat.send(7, "hi")
    assert said(garden) == ["hi"]


async def test_a_send_that_is_cancelled_is_not_sent_later(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada") as chat:
        model.is_reachable = False
        model.sockets[0].drop()
        with trio.move_on_after(3):
            await chat.send(GARDEN, "never mind")
        model.is_reachable = True
        await chat.send(GARDEN, "hi")
    assert said(garden) == ["hi"]


async def test_missed_changes_are_received_in_order_after_a_lost_connection(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada") as chat:
        assert isinstance(await next_event(chat), RoomSnapshot)
        assert await next_event(chat) == Connected()
        model.sockets[0].drop()
        for n in range(5):
            say(model, garden, str(n))
        lost = await next_event(chat)
        assert isinstance(lost, Disconnected)
        assert 0.25 <= lost.retry_in <= 0.5
        assert await texts(chat, 5) == ["0", "1", "2", "3", "4"]
        await next_event(chat, Connected)


async def test_an_event_that_is_lost_is_asked_for(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    model.loses_event = lambda event: event.get("text") in ("1", "2")
    async with reach("ada") as chat:
        for n in range(5):
            say(model, garden, str(n))
        assert await texts(chat, 5) == ["0", "1", "2", "3", "4"]
    syncs = [request for _, request in model.requests if request["type"] == "sync"]
    known = [{"room": GARDEN, "pos": 4, "at": garden.at(4)}]
    assert [(sync.get("known", []), sync.get("rest", True)) for sync in syncs] == [([], True), (known, False)]


async def test_a_restarted_program_goes_on_from_its_positions(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada") as chat:
        for n in range(4):
            say(model, garden, str(n))
        assert await texts(chat, 2) == ["0", "1"]  # the others wait, and are not its position
        positions = chat.positions
    async with reach("ada", positions) as chat:
        assert chat.rooms[GARDEN].info.name == "room 1"
        assert chat.rooms[GARDEN].info.unread == 4
        say(model, garden, "4")
        assert await texts(chat, 3) == ["2", "3", "4"]


async def test_a_program_that_sends_for_each_event_never_waits_for_itself(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    received = []
    async with reach("ada", places=4) as chat:
        for n in range(50):
            say(model, garden, str(n))
        async for event in chat.events():
            text = getattr(event, "text", None)
            if text is not None and text.isdigit():
                received.append(text)
                await chat.send(GARDEN, f"answer to {text}")
                if text == "49":
                    break
    assert received == [str(n) for n in range(50)]
    assert said(garden)[50:] == [f"answer to {n}" for n in range(50)]


async def test_a_silent_server_is_left_within_half_a_minute(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada") as chat:
        await next_event(chat, Connected)
        before = trio.current_time()
        model.is_silent = True
        lost = await next_event(chat)
        assert isinstance(lost, Disconnected)
        assert trio.current_time() - before <= 30
        model.is_silent = False
        await next_event(chat, Connected)


async def test_a_ping_after_waking_up_finds_a_connection_that_answers(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada") as chat:
        (old,) = model.sockets
        model.is_silent = True
        async with trio.open_nursery() as nursery:
            nursery.start_soon(chat.ping)
            await trio.sleep(5)
            model.is_silent = False
        (new,) = model.sockets
        assert new is not old


async def test_a_stopping_server_names_the_time_to_reconnect(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada") as chat:
        await next_event(chat, Connected)
        model.sockets[0].send_frame({"type": "bye", "after_ms": 4321})
        model.sockets[0].close(1001)
        assert await next_event(chat) == Disconnected("closed with 1001", 4.321)
        before = trio.current_time()
        await next_event(chat, Connected)
        assert trio.current_time() - before == pytest.approx(4.321)


@pytest.mark.parametrize("code", [4401, 4403])
async def test_a_token_that_is_good_no_more_ends_the_block(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock, code: int
) -> None:
    async def live() -> None:
        async with reach("ada"):
            model.sockets[0].close(code)
            await trio.sleep_forever()

    with pytest.raises(LoggedOut):
        await live()


async def test_a_wrong_token_is_reported_at_once(reach: Reach, autojump_clock: MockClock) -> None:
    with pytest.raises(LoggedOut):
        async with reach("nobody"):
            pytest.fail("there is nobody of that name")


async def test_a_frame_too_big_for_a_proxy_is_refused_and_the_rest_is_sent(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    def close(request: Json) -> None:
        if len(request.get("text", "")) > 100:
            model.sockets[0].close(1009)
            raise RefusedByModel("too_big")

    model.on_request = close
    codes = []

    async def send(text: str) -> None:
        try:
            await chat.send(GARDEN, text)
        except Refused as refused:
            codes.append(refused.code)

    async with reach("ada") as chat, trio.open_nursery() as nursery:
        for text in ("small", "x" * 101, "behind it"):
            nursery.start_soon(send, text)
    assert codes == ["too_big"]
    assert sorted(said(garden)) == ["behind it", "small"]


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda chat: chat.send(GARDEN, "x" * 70_000), "invalid"),
        (lambda chat: chat.send(GARDEN, "\x00" * 20_000), "invalid"),
        (lambda chat: chat.send(GARDEN, "\ud800"), "invalid"),
        (lambda chat: chat.send(GARDEN, "x", key="k" * 70_000), "too_big"),
        (lambda chat: chat.send(GARDEN, "x", files=range(30_000)), "too_big"),
        (lambda chat: chat.edit(GARDEN, 1, "x" * 70_000), "invalid"),
        (lambda chat: chat.edit(GARDEN, 1, "half \ud800 of one"), "invalid"),
        (lambda chat: chat.add_reaction(GARDEN, 1, "\ud800"), "invalid"),
        (lambda chat: chat.add_reaction(GARDEN, 1, "x" * 70_000), "too_big"),
        (lambda chat: chat.watch(range(30_000)), "too_big"),
        (lambda chat: chat.search("\ud800"), "invalid"),
        (lambda chat: chat.http.create_room("\ud800"), "invalid"),
        (lambda chat: chat.upload(GARDEN, b"x", "x", media_type="a\r\nb"), "invalid"),
    ],
)
async def test_an_unsendable_request_fails_only_for_its_caller(
    ask: Callable[[Chat], Awaitable[object]],
    code: str,
    model: ModelServer,
    garden: ModelRoom,
    reach: Reach,
    autojump_clock: MockClock,
) -> None:
    async with reach("ada") as chat:
        with pytest.raises(Refused) as refused:
            await ask(chat)
        assert refused.value.code == code
        await chat.send(GARDEN, "y" * 4000)
        assert model.handshakes == 1


async def test_an_unknown_frame_ends_the_connection_but_not_the_client(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada") as chat:
        await next_event(chat, Connected)
        model.sockets[0].send_frame({"type": "message", "room": "garden"})
        assert isinstance(await next_event(chat), Disconnected)
        await chat.send(GARDEN, "hi")


async def test_an_error_in_the_block_comes_out_as_it_is(
    garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    error = KeyError("of the program")
    error.__cause__ = ValueError("before it")
    with pytest.raises(KeyError) as raised:
        async with reach("ada"):
            raise error
    assert raised.value is error
    assert repr(raised.value.__cause__) == "ValueError('before it')"


async def test_over_tcp_as_in_memory(model: ModelServer, garden: ModelRoom) -> None:
    with trio.fail_after(20):
        async with on_loopback(model) as url, open_chat(url, token="token of ada") as chat:
            await chat.send(GARDEN, "hi")
            assert await texts(chat, 1) == ["hi"]
            model.sockets[0].drop()
            await chat.send(GARDEN, "ho")
            assert await texts(chat, 1) == ["ho"]
    assert model.sockets == []


async def test_a_dropped_connected_event_is_repeated(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada", places=4) as chat:
        await next_event(chat, Connected)
        for n in range(20):
            model.sockets[0].drop()
            await trio.sleep(100)
            say(model, garden, str(n))
        assert await texts(chat, 20) == [str(n) for n in range(20)]
        await next_event(chat, Connected)


async def test_a_dropped_disconnected_event_is_repeated(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada", places=4) as chat:
        await next_event(chat, Connected)
        for n in range(20):
            say(model, garden, str(n))
        await trio.sleep(1)
        model.is_reachable = False
        model.sockets[0].drop()
        await trio.sleep(100)
        await next_event(chat, Disconnected)
        model.is_reachable = True
        await next_event(chat, Connected)


async def test_a_dropped_presence_event_is_repeated(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    async with reach("ada", places=4) as chat:
        await chat.watch([BEN])
        await next_event(chat, Connected)
        async with reach("ben"):
            for n in range(20):
                say(model, garden, str(n))
            await trio.sleep(1)
            got = await next_event(chat, PresenceChanged)
            assert isinstance(got, PresenceChanged)
            assert [each.state for each in got.people] == ["online"]


async def test_a_removal_during_a_count_keeps_the_connection(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    rooms = (garden, model.world.add_room(ADA, BEN))

    def on_request(request: Json) -> None:
        if request["type"] == "read":
            for room in rooms:
                if ADA in room.members:
                    model.remove(room, ADA)

    async with reach("ada") as chat:
        for room in rooms:
            await chat.send(room.id, "hi")  # which moves a mark that is counted after the next connection
        model.on_request = on_request
        model.sockets[0].drop()
        await chat.ping()
        await trio.sleep(100)
        assert not chat.rooms
        assert len(model.sockets) == 1


async def test_unread_counts_that_failed_are_requested_later(
    model: ModelServer, garden: ModelRoom, reach: Reach, autojump_clock: MockClock
) -> None:
    refusals = [{"code": "unavailable"}, {"code": "too_many", "retry_ms": 7000}]
    asked: list[float] = []

    def on_request(request: Json) -> None:
        if request["type"] == "read":
            asked.append(trio.current_time())
            if refusals:
                raise RefusedByModel(**refusals.pop())

    async with reach("ada") as chat:
        await chat.send(GARDEN, "hi")
        model.on_request = on_request
        handshakes = model.handshakes
        model.sockets[0].drop()
        await trio.sleep(100)
        assert model.handshakes == handshakes + 1
        assert not refusals
        assert asked[1] - asked[0] == pytest.approx(7.0, abs=0.1)
        assert len(asked) == 3
