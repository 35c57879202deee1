"""Direct messages: to one person, saved between people, and sent once after an absence."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio
from trio_websocket import CloseReason

from chat.domain.closing import GOING_AWAY, NO_PONG, OUTCOME_UNKNOWN, RESTARTING, TOO_SLOW
from chat.domain.entities import Person
from chat.domain.failures import StorageDown
from chat.domain.rooms.direct import FIRST_GUEST
from chat.protocols.direct.codec import DIRECT
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER
from tests.support.chat_world import EVER, Client, World, open_world

NOT_YOU = {"error": "that is not your id"}


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as world:
        yield world


def frame(sender: int, to: int, content: str) -> dict[str, object]:
    return {"from": sender, "to": to, "content": content}


def not_found(to: int) -> dict[str, object]:
    return {"error": "destination client not found", "to": to}


async def connected(world: World, person: Person) -> tuple[Client, list[Any]]:
    """A socket of a person, and its frames except the one with the id."""
    client = await world.connect(DIRECT, person)
    welcome, *missed = client.received_now()
    assert welcome == f"Connected with id {person.id}"
    return client, missed


async def here(world: World, person: Person) -> Client:
    """A socket of a person who has missed nothing."""
    client, missed = await connected(world, person)
    assert missed == []
    return client


async def guest(world: World) -> tuple[Client, int]:
    """A guest, and its id."""
    client = await world.connect(DIRECT)
    (welcome,) = client.received_now()
    assert welcome.startswith("Connected with id ")
    return client, int(welcome.split()[-1])


async def gone(*clients: Client) -> None:
    for client in clients:
        client.leave()
        await client.ends()


# --- people ---


async def test_a_message_reaches_every_connection_of_its_addressee_and_nobody_else(world: World) -> None:
    ada, ben, cem = await world.add_all("ada", "ben", "cem")
    sender, same = await here(world, ada), await here(world, ada)
    phone, desk = await here(world, ben), await here(world, ben)
    stranger, lobby = await here(world, cem), await world.connect(TALKER)
    sender.send(frame(ada.id, ben.id, " hello\n"))
    expected = [frame(ada.id, ben.id, "hello")]
    assert await phone.receives() == await desk.receives() == expected
    assert (
        await sender.receives()
        == await same.receives()
        == await stranger.receives()
        == await lobby.receives()
        == []
    )


async def test_a_direct_message_and_a_support_conversation_of_one_person_are_two_things(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    sender, receiver = await here(world, ada), await here(world, ben)
    support, phone = await world.connect(SUPPORT, ben), await world.connect(SUPPORT, ben)
    support.received_now()
    phone.received_now()
    sender.send(frame(ada.id, ben.id, "between us"))
    assert await receiver.receives() == [frame(ada.id, ben.id, "between us")]
    assert await support.receives() == []
    support.send({"method": "message.send", "params": ["help"], "id": 1})
    assert len(await support.receives()) == len(await phone.receives()) == 1
    assert await receiver.receives() == await sender.receives() == []


async def test_a_message_to_oneself_reaches_each_own_connection_once(world: World) -> None:
    (ada,) = await world.add_all("ada")
    one, two = await here(world, ada), await here(world, ada)
    one.send(frame(ada.id, ada.id, "note"))
    assert await one.receives() == await two.receives() == [frame(ada.id, ada.id, "note")]
    await gone(one, two)
    await here(world, ada)


async def test_both_people_share_one_history(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, two = await here(world, ada), await here(world, ben)
    for n in range(3):
        one.send(frame(ada.id, ben.id, f"a{n}"))
        await world.rest()
        two.send(frame(ben.id, ada.id, f"b{n}"))
        await world.rest()
    room = await world.storage.rooms.direct_room(ada.id, ben.id)
    assert room is not None
    assert [(m.seq, m.text) for m in world.said(room.id)] == [
        (n + 1, text) for n, text in enumerate(["a0", "b0", "a1", "b1", "a2", "b2"])
    ]


async def test_nobody_speaks_as_another(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    client, other = await here(world, ada), await here(world, ben)
    for claimed in (ben.id, 0, -1, 99, FIRST_GUEST, 10**30):
        assert await client.asks(frame(claimed, ben.id, "hello")) == NOT_YOU
    assert await other.receives() == []


@pytest.mark.parametrize("to", [0, -1, 99, FIRST_GUEST, EVER, 2**63, -(10**30), 10**30])
async def test_a_missing_person_is_not_found(world: World, to: int) -> None:
    (ada,) = await world.add_all("ada")
    client = await here(world, ada)
    assert await client.asks(frame(ada.id, to, "hello")) == not_found(to)
    assert client.closed_with is None


@pytest.mark.parametrize("text", ["", " \t", "x" * 4001, "a\0b"])
async def test_a_text_that_can_not_be_a_message_is_refused(world: World, text: str) -> None:
    ada, ben = await world.add_all("ada", "ben")
    client, other = await here(world, ada), await here(world, ben)
    assert "error" in await client.asks(frame(ada.id, ben.id, text))
    assert await other.receives() == []


async def test_a_ping_is_answered_to_guests_too(world: World) -> None:
    client, _ = await guest(world)
    assert await client.asks("ping") == "pong"


# --- people who were away ---


async def test_missed_messages_are_sent_once_in_order(world: World) -> None:
    ada, ben, cem = await world.add_all("ada", "ben", "cem")
    one, two = await here(world, ada), await here(world, ben)
    for n in range(3):
        one.send(frame(ada.id, cem.id, f"a{n}"))
        await world.rest()
        two.send(frame(ben.id, cem.id, f"b{n}"))
        await world.rest()
    client, missed = await connected(world, cem)
    assert [each["content"] for each in missed] == ["a0", "b0", "a1", "b1", "a2", "b2"]
    assert {each["to"] for each in missed} == {cem.id}
    await world.rest()
    second = await here(world, cem)
    await gone(client, second)
    await here(world, cem)


async def test_messages_received_live_are_not_sent_again(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, two = await here(world, ada), await here(world, ben)
    one.send(frame(ada.id, ben.id, "live"))
    assert len(await two.receives()) == 1
    await gone(two)
    one.send(frame(ada.id, ben.id, "missed"))
    await world.rest()
    _, missed = await connected(world, ben)
    assert missed == [frame(ada.id, ben.id, "missed")]


async def test_just_delivered_messages_are_not_sent_again_before_they_are_recorded(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, two = await here(world, ada), await here(world, ben)
    with world.obstacles.held("mark_delivered"):
        one.send(frame(ada.id, ben.id, "hi"))
        assert len(await two.receives()) == 1
        await gone(two)
        back = await world.connect(DIRECT, ben)
        assert back.received_now() == [f"Connected with id {ben.id}"]
    assert await back.receives() == []


async def test_notes_that_could_not_be_written_are_written_later(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, two = await here(world, ada), await here(world, ben)
    world.obstacles.fail("mark_delivered", StorageDown("down"), StorageDown("still down"))
    one.send(frame(ada.id, ben.id, "hi"))
    assert len(await two.receives()) == 1
    await gone(two)
    await trio.sleep(5)
    await here(world, ben)


async def test_deliveries_recorded_after_an_outage_are_not_sent_again(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, two = await here(world, ada), await here(world, ben)
    world.obstacles.fail("mark_delivered", StorageDown("down"))
    one.send(frame(ada.id, ben.id, "hi"))
    assert len(await two.receives()) == 1
    await gone(two)
    begun = trio.current_time()
    _, missed = await connected(world, ben)
    assert missed == []
    assert trio.current_time() - begun < 0.5, "the next try is made at once"


async def test_a_client_is_sent_away_while_deliveries_can_not_be_recorded(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, two = await here(world, ada), await here(world, ben)
    world.obstacles.fail("mark_delivered", StorageDown("down"), StorageDown("down"), StorageDown("down"))
    one.send(frame(ada.id, ben.id, "hi"))
    assert len(await two.receives()) == 1
    await gone(two)
    back = await world.connect(DIRECT, ben)
    await back.ends()
    assert back.closed_with == OUTCOME_UNKNOWN
    await trio.sleep(5)
    _, missed = await connected(world, ben)
    assert missed == []


async def test_messages_sent_during_the_read_follow_the_missed_ones(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one = await here(world, ada)
    for text in ("missed 1", "missed 2"):
        one.send(frame(ada.id, ben.id, text))
    await world.rest()
    with world.obstacles.held("undelivered", after=True):
        two = await world.connect(DIRECT, ben)
        for text in ("live 1", "live 2"):
            one.send(frame(ada.id, ben.id, text))
        assert await two.receives() == [f"Connected with id {ben.id}"]
    one.send(frame(ada.id, ben.id, "live 3"))
    assert [each["content"] for each in await two.receives()] == [
        "missed 1",
        "missed 2",
        "live 1",
        "live 2",
        "live 3",
    ]
    await gone(two)
    await here(world, ben)


async def test_two_connections_opened_together_each_get_everything_in_order(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one = await here(world, ada)
    one.send(frame(ada.id, ben.id, "missed"))
    await world.rest()
    with world.obstacles.held("undelivered", after=True):
        pair = [await world.connect(DIRECT, ben) for _ in range(2)]
        one.send(frame(ada.id, ben.id, "live"))
        await world.rest()
    for client in pair:
        _, *received = await client.receives()
        assert [each["content"] for each in received] == ["missed", "live"]
    await gone(*pair)
    await here(world, ben)


async def test_undelivered_messages_of_a_closing_connection_go_to_the_next_one(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, closing = await here(world, ada), await here(world, ben)
    closing.send_queue.finish()  # as after a close frame of trio-websocket's, with the session still at work
    one.send(frame(ada.id, ben.id, "live"))
    await world.rest()
    _, missed = await connected(world, ben)
    assert [each["content"] for each in missed] == ["live"]


@pytest.mark.parametrize("limit", [20_000, 100_000], ids=["waits to be told", "waits for the send queue"])
async def test_a_client_cut_during_catch_up_gets_the_rest_next_time(
    world: World, autojump_clock: object, limit: int
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one = await here(world, ada)
    for n in range(60):
        one.send(frame(ada.id, ben.id, f"{n} " + "x" * 500))
    await world.rest()
    with world.obstacles.held("undelivered"):
        stuck = await world.connect(DIRECT, ben, limit=limit)
        stuck.stop_reading(after=8000)
    await world.rest()
    one.send(frame(ada.id, ben.id, "60 live"))
    await stuck.ends()
    assert stuck.closed_with == TOO_SLOW
    _, *received = stuck.received_now()
    assert 10 < len(received) < 20
    _, missed = await connected(world, ben)
    numbers = [int(each["content"].split()[0]) for each in received + missed]
    assert sorted(set(numbers)) == list(range(61)), "nothing may be lost"
    assert numbers[len(received) :] == sorted(numbers[len(received) :])


async def test_messages_that_failed_to_load_are_sent_next_time_in_order(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one = await here(world, ada)
    one.send(frame(ada.id, ben.id, "missed"))
    await world.rest()
    world.obstacles.fail("undelivered", StorageDown("down"))
    with world.obstacles.held("undelivered"):
        two = await world.connect(DIRECT, ben)
        one.send(frame(ada.id, ben.id, "meanwhile"))
        await world.rest()
    await two.ends()
    assert two.received_now() == [
        f"Connected with id {ben.id}",
        {"error": "the database does not answer, try again"},
    ]
    assert two.closed_with == OUTCOME_UNKNOWN
    _, missed = await connected(world, ben)
    assert [each["content"] for each in missed] == ["missed", "meanwhile"]


async def test_a_client_that_returns_during_a_stop_gets_everything_next_time(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one = await here(world, ada)
    one.send(frame(ada.id, ben.id, "missed"))
    await world.rest()
    with world.obstacles.held("undelivered"):
        two = await world.connect(DIRECT, ben)
        with world.obstacles.held("save", after=True):
            one.send(frame(ada.id, ben.id, "last words"))
            await world.rest()
            world.presence.close_all(GOING_AWAY)
            await world.rest()
        await two.ends()
    assert two.received_now() == [f"Connected with id {ben.id}"]
    await world.deliveries.wait_written(ben.id)
    untold = await world.storage.messages.undelivered(ben.id, 0, EVER, 100, 1 << 20)
    assert [message.text for message in untold] == ["missed", "last words"]


async def test_a_client_that_leaves_before_the_read_gets_the_missed_next_time(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one = await here(world, ada)
    one.send(frame(ada.id, ben.id, "missed"))
    await world.rest()
    with world.obstacles.held("undelivered"):
        two = await world.connect(DIRECT, ben)
        two.send_queue.finish()  # as the answer to a close frame does
        two.leave()
        await world.rest()
    await two.ends()
    assert two.received_now() == [f"Connected with id {ben.id}"]
    _, missed = await connected(world, ben)
    assert [each["content"] for each in missed] == ["missed"]


def contents(received: list[Any]) -> list[str]:
    return [each["content"] for each in received if "content" in each]


async def test_a_cut_slow_reader_gets_the_rest_on_its_next_connection(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, slow = await here(world, ada), await here(world, ben)
    slow.stop_reading(after=20_000)
    for n in range(3000):
        one.send(frame(ada.id, ben.id, f"{n}"))
    await slow.ends()
    assert slow.closed_with == TOO_SLOW
    slow.go_on_reading()
    first = contents(slow.received_now())
    assert 0 < len(first) < 3000
    _, missed = await connected(world, ben)
    assert first + contents(missed) == [str(n) for n in range(3000)]


async def test_a_stalled_reader_gets_the_rest_on_its_next_connection(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, stuck = await here(world, ada), await here(world, ben)
    stuck.stop_reading(after=1000)
    for n in range(300):
        one.send(frame(ada.id, ben.id, f"{n}"))
    await world.rest()
    await stuck.ends()
    assert stuck.closed_with == TOO_SLOW
    first = contents(stuck.received_now())
    assert 0 < len(first) < 300
    _, missed = await connected(world, ben)
    assert first + contents(missed) == [str(n) for n in range(300)]


async def test_messages_buffered_during_a_lost_catch_up_go_to_the_next_connection(
    world: World,
) -> None:
    """Another connection of the person had caught up and left before."""
    ada, ben = await world.add_all("ada", "ben")
    one = await here(world, ada)
    one.send(frame(ada.id, ben.id, "missed"))
    await world.rest()
    with world.obstacles.held("undelivered"):
        second = await world.connect(DIRECT, ben)
        second.stop_reading()
    first = await world.connect(DIRECT, ben)
    assert contents(first.received_now()[1:]) == ["missed"]
    await gone(first)
    one.send(frame(ada.id, ben.id, "while only the second is there"))
    await world.rest()
    second.scope.cancel()
    await second.ends()
    _, missed = await connected(world, ben)
    assert contents(missed) == ["while only the second is there"]


async def test_deliveries_are_recorded_although_another_connection_never_caught_up(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, phone = await here(world, ada), await here(world, ben)
    with world.obstacles.held("undelivered"):
        desk = await world.connect(DIRECT, ben)
        one.send(frame(ada.id, ben.id, "heard on the phone"))
        assert len(await phone.receives()) == 1
        desk.scope.cancel()
        await desk.ends()
    await gone(phone)
    await here(world, ben)


async def test_a_long_inbox_is_sent_and_recorded_piece_by_piece(world: World, autojump_clock: object) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one = await here(world, ada)
    for n in range(200):
        one.send(frame(ada.id, ben.id, f"{n} " + "x" * 3900))
    await world.rest()
    with world.obstacles.held("undelivered"):
        slow = await world.connect(DIRECT, ben, limit=400_000)
        slow.stop_reading(after=300_000)
    world.obstacles.calls.clear()
    await world.rest()
    slow.scope.cancel()
    await slow.ends()
    assert world.obstacles.calls.count("undelivered") <= 4, "it is read only as the client reads"
    first = [int(text.split()[0]) for text in contents(slow.received_now())]
    assert 60 < len(first) < 120
    _, missed = await connected(world, ben)
    rest = [int(text.split()[0]) for text in contents(missed)]
    assert first == list(range(len(first)))
    assert rest == list(range(rest[0], 200))
    assert len(first) - 40 < rest[0] <= len(first), (
        "what was told before the cut is noted, but for the last piece"
    )


async def test_a_client_that_gets_a_long_inbox_is_not_cut_for_silence(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one = await here(world, ada)
    one.send(frame(ada.id, ben.id, "missed"))
    await world.rest()
    with world.obstacles.held("undelivered"):
        client = await world.connect(DIRECT, ben)
        for now in (100.0, 200.0):
            if trio.current_time() + now > client.session.pinger.quiet_until:
                client.session.beat(trio.current_time() + now, 25, 10)
        await world.rest()
        assert client.received_now() == [f"Connected with id {ben.id}"]
    assert contents(await client.receives()) == ["missed"]
    assert client.pings == 1, "behind what was missed"
    client.session.beat(trio.current_time() + 100, 25, 10)
    await world.rest()
    assert client.pings == 2


# --- what counts as delivered ---


async def test_messages_lost_with_a_connection_are_sent_again_once_in_order(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, dead = await here(world, ada), await here(world, ben)
    dead.vanish()
    for n in range(30):
        one.send(frame(ada.id, ben.id, f"{n}"))
        await trio.sleep(0.5)
    assert len(dead.received_now()) == 30, "its kernel has them"
    assert dead.pings == 1
    dead.session.close(NO_PONG)
    await dead.ends()
    back, missed = await connected(world, ben)
    assert contents(missed) == [f"{n}" for n in range(30)]
    await gone(back)
    await here(world, ben)


async def test_messages_confirmed_before_a_connection_was_lost_are_not_sent_again(
    world: World, autojump_clock: object
) -> None:
    ada, ben, cem = await world.add_all("ada", "ben", "cem")
    one, other, dying = await here(world, ada), await here(world, cem), await here(world, ben)
    one.send(frame(ada.id, ben.id, "heard"))
    assert contents(await dying.receives()) == ["heard"]
    await trio.sleep(2)
    dying.vanish()
    one.send(frame(ada.id, ben.id, "lost"))
    await world.rest()
    other.send(frame(cem.id, ben.id, "lost too"))
    await world.rest()
    dying.scope.cancel()
    await dying.ends()
    _, missed = await connected(world, ben)
    assert contents(missed) == ["lost", "lost too"]


async def test_a_busy_pair_is_pinged_about_once_a_second(world: World, autojump_clock: object) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, two = await here(world, ada), await here(world, ben)
    for n in range(100):
        one.send(frame(ada.id, ben.id, f"{n}"))
        await trio.sleep(0.05)
    assert len(two.received_now()) == 100
    assert two.pings in (9, 10), "some at once, and one a second"
    await trio.sleep(1.5)
    two.scope.cancel()
    await two.ends()
    await here(world, ben)


async def test_the_answer_to_a_close_frame_confirms_everything_before_it(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, two = await here(world, ada), await here(world, ben)
    two.vanish()
    two.connection.answers_close = True
    for n in range(30):
        one.send(frame(ada.id, ben.id, f"{n}"))
    assert len(await two.receives()) == 30
    two.session.close(RESTARTING)
    await two.ends()
    await here(world, ben)


@pytest.mark.parametrize(
    "came", [CloseReason(1001, None), CloseReason(1000, None), CloseReason(1006, None), None]
)
async def test_a_close_frame_of_a_client_that_leaves_by_itself_is_no_answer_to_ours(
    world: World, autojump_clock: object, came: CloseReason | None
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, two = await here(world, ada), await here(world, ben)
    two.vanish()
    one.send(frame(ada.id, ben.id, "crosses it"))
    assert len(await two.receives()) == 1

    async def aclose(code: int, reason: str) -> None:
        await trio.lowlevel.checkpoint()
        two.connection.closed = came

    two.connection.aclose = aclose  # type: ignore[method-assign]
    two.session.close(GOING_AWAY)
    await two.ends()
    _, missed = await connected(world, ben)
    assert contents(missed) == ["crosses it"]


async def test_a_quick_return_waits_for_the_answer_to_the_close_frame(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, two = await here(world, ada), await here(world, ben)
    answered = trio.Event()
    answer = two.connection.aclose

    async def aclose(code: int, reason: str) -> None:
        await answered.wait()
        await answer(code, reason)

    two.connection.aclose = aclose  # type: ignore[method-assign]
    one.send(frame(ada.id, ben.id, "before the restart"))
    assert len(await two.receives()) == 1
    one.send(frame(ada.id, ben.id, "a moment later"))
    assert len(await two.receives()) == 1
    two._answers = False
    two.session.close(RESTARTING)
    await world.rest()
    back = await world.connect(DIRECT, ben)
    assert back.received_now() == [f"Connected with id {ben.id}"]
    answered.set()
    await two.ends()
    assert await back.receives() == []


async def test_another_connection_confirms_messages_of_a_lost_one(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one, phone, desk = await here(world, ada), await here(world, ben), await here(world, ben)
    phone.vanish()
    one.send(frame(ada.id, ben.id, "on the desk"))
    assert len(await desk.receives()) == 1
    phone.scope.cancel()
    await phone.ends()
    await gone(desk)
    await here(world, ben)


async def test_a_long_inbox_lost_with_a_connection_is_sent_again_whole(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    one = await here(world, ada)
    for n in range(450):
        one.send(frame(ada.id, ben.id, f"{n}"))
    await world.rest()
    with world.obstacles.held("undelivered"):
        dead = await world.connect(DIRECT, ben)
        dead.vanish()
    await world.rest()
    assert len(dead.received_now()) == 451
    dead.scope.cancel()
    await dead.ends()
    back, missed = await connected(world, ben)
    assert contents(missed) == [f"{n}" for n in range(450)]
    await gone(back)
    await here(world, ben)


async def test_a_guest_gets_no_pings_after_messages(world: World) -> None:
    (one, first), (two, second) = await guest(world), await guest(world)
    one.send(frame(first, second, "hi"))
    assert len(await two.receives()) == 1
    assert two.pings == 0


# --- guests ---


async def test_guests_have_ids_of_their_own_and_talk_without_being_saved(world: World) -> None:
    (one, first), (two, second) = await guest(world), await guest(world)
    assert first != second
    assert min(first, second) >= FIRST_GUEST
    one.send(frame(first, second, "hi"))
    assert await two.receives() == [frame(first, second, "hi")]
    assert await one.asks(frame(second, first, "as another")) == NOT_YOU
    assert await one.asks(frame(first, first, "to myself")) == frame(first, first, "to myself")
    assert await world.storage.messages.newest_id() == 0


async def test_a_guest_that_is_gone_is_not_found_and_its_id_is_not_given_again(world: World) -> None:
    (one, first), (two, second) = await guest(world), await guest(world)
    await gone(two)
    assert await one.asks(frame(first, second, "hi")) == not_found(second)
    _, third = await guest(world)
    assert third not in (first, second)


async def test_between_a_guest_and_a_person_messages_are_relayed_alone(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client, number = await guest(world)
    assert await client.asks(frame(number, ada.id, "anybody home?")) == not_found(ada.id)
    person = await here(world, ada)
    client.send(frame(number, ada.id, "hello"))
    assert await person.receives() == [frame(number, ada.id, "hello")]
    person.send(frame(ada.id, number, "hello guest"))
    assert await client.receives() == [frame(ada.id, number, "hello guest")]
    assert await client.asks(frame(ada.id, ada.id, "as ada")) == NOT_YOU
    assert await world.storage.messages.newest_id() == 0
    await gone(person, client)
    world.assert_nothing_is_left()


# --- a lab ---


async def test_with_trust_from_a_client_may_claim_any_person() -> None:
    async with open_world(trust_from=True) as world:
        ada, ben = await world.add_all("ada", "ben")
        client, number = await guest(world)
        other = await here(world, ben)
        client.send(frame(ada.id, ben.id, "hi"))
        assert await client.receives() == [f"Connected with id {ada.id}"]
        assert await other.receives() == [frame(ada.id, ben.id, "hi")]
        other.send(frame(ben.id, ada.id, "hi back"))
        assert await client.receives() == [frame(ben.id, ada.id, "hi back")]
        assert await other.asks(frame(ben.id, number, "the guest is gone")) == not_found(number)


@pytest.mark.parametrize("nobody", [0, -1, 99, FIRST_GUEST + 7, EVER, 10**30])
async def test_in_a_lab_too_one_must_be_somebody(nobody: int) -> None:
    async with open_world(trust_from=True) as world:
        (ada,) = await world.add_all("ada")
        client, _ = await guest(world)
        assert await client.asks(frame(nobody, ada.id, "hi")) == NOT_YOU


async def test_with_trust_from_a_claimed_person_gets_the_missed_messages() -> None:
    async with open_world(trust_from=True) as world:
        ada, ben = await world.add_all("ada", "ben")
        one = await here(world, ada)
        one.send(frame(ada.id, ben.id, "missed"))
        await world.rest()
        client, _ = await guest(world)
        client.send(frame(ben.id, ben.id, "me"))
        received = await client.receives()
        assert received == [
            f"Connected with id {ben.id}",
            frame(ada.id, ben.id, "missed"),
            frame(ben.id, ben.id, "me"),
        ]
