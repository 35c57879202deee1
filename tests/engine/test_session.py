"""One client from its first frame to its last, in every dialect."""

import json
import math
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from chat.domain.closing import (
    GOING_AWAY,
    NO_PONG,
    OUTCOME_UNKNOWN,
    RESTARTING,
    TOO_SLOW,
    UNAUTHENTICATED,
    Closing,
)
from chat.domain.entities import LOBBY_ID, Message, Person
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.messages.live import Status
from chat.engine.dialect import Dialect
from chat.engine.events import Said
from chat.engine.heartbeat import beat
from chat.engine.protocol_client import ProtocolClient
from chat.engine.session import _LOOK, _TURN
from chat.engine.statuses import GRACE
from chat.inspection.disconnects import Cause, cause_of
from chat.inspection.recorder import Open
from chat.protocols.direct.codec import DIRECT
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.native.wire.codec import NATIVE
from chat.protocols.registry import DIALECTS
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER
from chat.stagger import Stagger
from tests.support.chat_world import Client, World, open_world


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    async with open_world() as world:
        yield world


def line(text: str, name: str = "ada") -> dict[str, str]:
    """A Token Talker frame."""
    return {"name": name, "message": text}


NOT_SAVED = line("the message could not be saved, try again", "server")
UNAVAILABLE = "the database does not answer, try again"


async def talker(world: World, person: Person, **settings: Any) -> Client:
    client = await world.connect(TALKER, person, **settings)
    assert client.received_now() == [line(f"authorised as {person.name}", "server")]
    return client


# --- which dialect ---


class First(NamedTuple):
    """A first frame, and the last of what it is answered with."""

    frame: Any
    answer: Any


BAD_HISTORY = "history takes a number from 1 to 1000: history 10"
FIRST_FRAMES = {
    TALKER: First(line("history x"), line(BAD_HISTORY, "server")),
    MESSENGER: First(
        {"username": "ada", "message": "history x"}, {"username": "server", "message": BAD_HISTORY}
    ),
    DIRECT: First({"from": 1, "to": 2, "content": " "}, {"error": "the message is empty"}),
    SUPPORT: First(
        {"method": "message.none", "params": [], "id": 7},
        {"error": {"code": 4, "message": "Unknown method."}, "result": None, "id": 7},
    ),
    ROOMS: First({"Type": "enter", "RoomID": 0}, {"Type": "error", "Error": "not in room"}),
    NATIVE: First(
        {"type": "none", "id": 7},
        {
            **{"type": "error", "id": 7, "code": "unknown_type"},
            **dict.fromkeys(("text", "error"), "there is no such request"),
        },
    ),
}
each_dialect = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
each_listener = pytest.mark.parametrize("listener", DIALECTS, ids=lambda dialect: f"at-{dialect.name}")


@each_dialect
@each_listener
async def test_the_first_frame_of_known_shape_chooses_the_dialect(
    world: World, dialect: Dialect, listener: Dialect
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    client = await world.connect_at_root(listener, ada)
    client.received_now()
    client.send(FIRST_FRAMES[dialect].frame)
    assert (await client.receives())[-1] == FIRST_FRAMES[dialect].answer
    for other in DIALECTS:  # what is chosen stays chosen
        client.send(FIRST_FRAMES[other].frame)
    answers = await client.receives()
    assert len(answers) == len(DIALECTS)
    assert all(answer.keys() == FIRST_FRAMES[dialect].answer.keys() for answer in answers)
    speaker = await talker(world, ben)
    speaker.send(line("hi all", "ben"))
    received = await client.receives()
    assert len(received) == (1 if (dialect in (TALKER, MESSENGER)) else 0)
    noted = [event.what for event in client.session.record.events or ()]
    assert (f"speaks {dialect.name}" in noted) == (dialect is not listener)


@each_listener
async def test_until_then_a_client_speaks_the_listeners_own_dialect(world: World, listener: Dialect) -> None:
    ada, ben = await world.add_all("ada", "ben")
    client = await world.connect_at_root(listener, ada)
    client.received_now()
    for frame in ("", "[]", '{"x": 1}', b"\0", '{"name": "ada"}'):
        client.send(frame)
    answers = await client.receives()
    assert len(answers) == 5
    assert all(
        answer.keys()
        <= {"name", "username", "message", "error", "result", "id", "Type", "Error", "type", "code", "text"}
        for answer in answers
    )
    speaker = await talker(world, ben)
    speaker.send(line("one", "ben"))
    assert len(await client.receives()) == (1 if (listener in (TALKER, MESSENGER)) else 0)
    client.send(FIRST_FRAMES[TALKER].frame)
    assert (await client.receives())[-1] == FIRST_FRAMES[TALKER].answer
    speaker.send(line("two", "ben"))
    assert await client.receives() == [line("two", "ben")]


async def test_choosing_a_dialect_repeats_and_loses_no_lobby_message(
    world: World,
) -> None:
    (ada,) = await world.add_all("ada")
    speaker = await talker(world, ada)
    client = await world.connect_at_root(TALKER)
    speaker.send(line("one"))
    client.send({"username": "", "message": "who is there?"})
    speaker.send(line("two"))
    received = [frame for frame in await client.receives() if "server" not in frame.values()]
    assert [frame["message"] for frame in received] == ["one", "two"]


async def test_on_a_path_of_its_own_a_dialect_is_fixed(world: World) -> None:
    client = await world.connect(TALKER)
    assert (await client.asks({"Type": "enter", "RoomID": 1}))["name"] == "server"
    assert (await client.asks({"username": "ada", "message": "hi"}))["name"] == "server"


# --- what comes first ---


async def test_buffered_changes_follow_the_sent_ones_in_order(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client = await talker(world, ada)
    speaker = await talker(world, ada)
    client.session.subscriptions.buffer()
    speaker.send(line("one"))
    speaker.send(line("two"))
    assert await client.receives() == []
    client.session.send(Said(Message(9, LOBBY_ID, 9, ada.id, "ada", "the answer", 0.0)))
    client.session.subscriptions.flush()
    speaker.send(line("three"))
    texts = [frame["message"] for frame in await client.receives()]
    assert texts == ["the answer", "one", "two", "three"]


async def test_buffered_changes_of_an_ended_subscription_are_dropped(world: World) -> None:
    client, garden = await world.connect(TALKER), 77
    await client.receives()
    subscriptions, noted = client.session.subscriptions, list[str]()
    subscriptions.subscribe(garden, TALKER)
    subscriptions.buffer()
    for topic, text in ((LOBBY_ID, "one"), (garden, "secret"), (LOBBY_ID, "two"), (garden, "late")):
        said = Message(9, topic, 9, 1, "ada", text, 0.0)
        world.context.hub.send_frames(topic, TALKER, TALKER.encode(Said(said)))
        subscriptions.when_written(lambda text=text: noted.append(text))
    subscriptions.forget([garden])
    subscriptions.flush()
    assert [frame["message"] for frame in await client.receives()] == noted == ["one", "two"]


async def test_a_client_that_is_held_too_long_is_cut(world: World, autojump_clock: object) -> None:
    ada, ben = await world.add_all("ada", "ben")
    client = await talker(world, ada, limit=10_000)
    speaker = await talker(world, ben)
    client.session.subscriptions.buffer()
    for _ in range(4):
        speaker.send(line("x" * 4000, "ben"))
    await client.ends()
    assert client.closed_with == TOO_SLOW
    assert speaker.closed_with is None


async def test_history_contains_the_sockets_last_message(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client = await talker(world, ada)
    with world.obstacles.held("save", after=True):
        client.send(line("just said"))
        client.send(line("history 5"))
        client.send(line("said later"))
        assert await client.receives() == []
    received = await client.receives()
    assert received[0] == line("just said")


async def test_a_long_history_is_in_order_and_live_messages_are_not_lost(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    speaker, reader = await talker(world, ada), await talker(world, ben)
    for n in range(350):
        speaker.send(line(f"{n}"))
    assert len(await reader.receives()) == 350
    with world.obstacles.held("timeline"):
        reader.send(line("history 300", "ben"))
        assert await reader.receives() == []
        speaker.send(line("meanwhile"))
        assert await reader.receives() == [line("meanwhile")]
    assert [frame["message"] for frame in await reader.receives()] == [f"{n}" for n in range(50, 350)]


async def test_wait_for_outcomes_waits_only_for_writes_submitted_so_far(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client = await talker(world, ada)
    await client.session.pending_drafts.wait()  # nothing was
    settled: list[str] = []

    async def wait(name: str) -> None:
        await client.session.pending_drafts.wait()
        settled.append(name)

    async with trio.open_nursery() as nursery:
        with world.obstacles.held("save", after=True):
            client.send(line("one"))
            await world.rest()
            nursery.start_soon(wait, "first")
            await world.rest()
            assert settled == []
        with world.obstacles.held("save"):
            client.send(line("two"))
            await world.rest()
            assert settled == ["first"]
            nursery.start_soon(wait, "second")
            await world.rest()
            assert settled == ["first"]
    assert settled == ["first", "second"]


@pytest.mark.parametrize(("seconds", "turn"), [(math.inf, _TURN), (-1.0, _LOOK)], ids=["quick", "slow"])
async def test_many_frames_of_one_client_yield_to_others_now_and_then(
    world: World, monkeypatch: pytest.MonkeyPatch, seconds: float, turn: int
) -> None:
    monkeypatch.setattr("chat.engine.session._TURN_SECONDS", seconds)
    (ada,) = await world.add_all("ada")
    client, turns = await talker(world, ada), list[int]()
    pending_drafts, many = client.session.pending_drafts, 8 * _TURN

    class Many:
        last_received_at = trio.current_time()

        async def receive(self) -> list[str]:
            self.receive = trio.sleep_forever  # type: ignore[method-assign]
            return [f'{{"name": "ada", "message": "{n}"}}' for n in range(many)]

        def receive_no_more(self) -> None:
            """Nothing more comes."""

    async def meanwhile() -> None:
        while pending_drafts._submitted <= many:
            turns.append(pending_drafts._submitted)
            await trio.lowlevel.checkpoint()

    receiver: Any = Many()
    client.session.receiver = receiver
    async with trio.open_nursery() as nursery:
        nursery.start_soon(meanwhile)
        client.send(line("first"))
    assert {*turns} <= {0, *range(1, 1 + many, turn)}
    assert len({*turns}) >= 4  # now and then it comes first twice
    await world.rest()
    assert len(world.said(LOBBY_ID)) == 1 + many


# --- how it ends ---


@pytest.mark.parametrize("is_cut_off", [True, False], ids=["cut off", "closed"])
async def test_a_protocol_is_notified_once_when_its_client_ends(world: World, is_cut_off: bool) -> None:
    client, got = await world.connect(TALKER), list[object]()

    class Protocol(ProtocolClient):
        def ended(self) -> None:
            got.append("ended")

        def ending(self, closing: Closing) -> None:
            got.append(closing)

    client.session.client = Protocol()
    if is_cut_off:
        client.scope.cancel()
    else:
        client.session.close(UNAUTHENTICATED)
    await client.ends()
    assert got == (["ended"] if is_cut_off else ["ended", UNAUTHENTICATED])


async def test_answers_to_a_client_are_in_its_record(world: World) -> None:
    client = await world.connect(NATIVE)
    before = len(client.session.record.frames)
    answer = await client.asks({"type": "ping", "id": 1})
    (frame,) = client.session.record.frames[before:]
    assert (frame.sent, frame.length) == (True, len(json.dumps(answer, separators=(",", ":"))))


async def test_a_socket_that_reports_away_twice_counts_once(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client, statuses = await world.connect(TALKER, ada), world.context.statuses
    other = await world.connect(TALKER, ada)
    for is_away, status in ((True, Status.ONLINE), (True, Status.ONLINE), (False, Status.ONLINE)):
        client.session.set_away(is_away=is_away)
        assert statuses.status(ada.id) is status
    for each in (client, other, other):
        each.session.set_away(is_away=True)
    assert statuses.status(ada.id) is Status.AWAY
    client.session.set_away(is_away=False)
    assert statuses.status(ada.id) is Status.ONLINE
    nobody = await world.connect(TALKER)
    nobody.session.set_away(is_away=True)
    assert statuses._away == {ada.id: 1}


async def test_a_client_that_leaves_leaves_no_state(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    clients = [await world.connect_at_root(dialect, ada) for dialect in DIALECTS]
    clients += [await world.connect(dialect, ben) for dialect in DIALECTS]
    assert len(world.presence) == 2 * len(DIALECTS)
    for client in clients:
        client.leave()
        await client.ends()
        assert client.closed_with is None  # the client has said goodbye already
    world.assert_nothing_is_left()


@asynccontextmanager
async def last_words(world: World) -> AsyncGenerator[tuple[Client, Client]]:
    """Somebody in the lobby whose message is not saved before the block ends, and somebody who talks there too."""
    ada, ben = await world.add_all("ada", "ben")
    client, other = await world.connect(ROOMS, ada), await talker(world, ben)
    client.send({"Type": "enter", "RoomID": LOBBY_ID})
    await client.receives()
    with world.obstacles.held("save", after=True):
        client.send({"Type": "message", "Text": "last words"})
        await world.rest()
        yield client, other


async def test_a_stopping_server_closes_after_accepted_writes_are_published(
    world: World, autojump_clock: object
) -> None:
    async with last_words(world) as (client, other):
        world.presence.close_all(GOING_AWAY)
        await world.rest()
        assert client.closed_with is other.closed_with is None
    await client.ends()
    await other.ends()
    got = client.received_now()
    assert [frame["Type"] for frame in got] == ["sent", "message"]
    assert [frame["message"] for frame in other.received_now()] == ["last words"]
    assert client.closed_with == other.closed_with == GOING_AWAY
    assert [message.text for message in world.said(LOBBY_ID)] == ["last words"]
    late = await world.connect(TALKER)  # who comes while the server stops is told so too
    await late.ends()
    assert late.closed_with == GOING_AWAY
    world.assert_nothing_is_left()


async def test_a_client_sent_away_gets_its_outcomes_first(world: World, autojump_clock: object) -> None:
    async with last_words(world) as (client, other):
        client.session.close(RESTARTING)
        await world.rest()
        assert client.closed_with is None
    await client.ends()
    assert "sent" in [frame["Type"] for frame in client.received_now()]
    assert (client.closed_with, other.closed_with) == (RESTARTING, None)
    with world.obstacles.held("save", after=True):
        other.send({"name": "ben", "message": "on it goes"})
        await world.rest()
        late = await world.connect(TALKER)
        late.session.close(RESTARTING)  # has said nothing, and waits for nobody
        await late.ends()
        assert late.closed_with == RESTARTING


async def test_the_first_reason_to_close_counts(world: World) -> None:
    client = await world.connect(TALKER)
    client.session.close(UNAUTHENTICATED)
    client.session.close(GOING_AWAY)
    await client.ends()
    assert client.closed_with == UNAUTHENTICATED


async def test_a_reader_that_does_not_read_is_cut_and_nobody_else_notices(
    world: World, autojump_clock: object
) -> None:
    (ada,) = await world.add_all("ada")
    speaker = await talker(world, ada)
    slow, quick = await world.connect(TALKER, limit=20_000), await world.connect(TALKER, limit=20_000)
    slow.stop_reading()
    for n in range(10):
        speaker.send(line(f"{n}" + "x" * 3000))
        assert len(await quick.receives()) == 1
    await slow.ends()
    assert slow.closed_with == TOO_SLOW
    assert quick.closed_with is speaker.closed_with is None
    slow.go_on_reading()
    assert slow.received_now() == []


async def test_a_write_that_makes_no_progress_cuts_the_client(world: World, autojump_clock: object) -> None:
    (ada,) = await world.add_all("ada")
    speaker, stuck = await talker(world, ada), await world.connect(TALKER)
    stuck.stop_reading()
    speaker.send(line("hello?"))
    started = trio.current_time()
    await stuck.ends()
    assert stuck.closed_with == TOO_SLOW
    assert trio.current_time() - started < 15


async def test_a_slow_reader_is_waited_for_where_it_asked_for_much(world: World) -> None:
    ada, ben = await world.add_all("ada", "ben")
    speaker = await talker(world, ada)
    for n in range(60):
        speaker.send(line(f"{n} " + "x" * 3000))
        await world.rest()
    reader = await talker(world, ben, limit=150_000)
    reader.stop_reading()
    reader.send(line("history 60", "ben"))
    await world.rest()
    reader.go_on_reading()
    received = await reader.receives()
    assert [int(frame["message"].split()[0]) for frame in received] == list(range(60))
    assert reader.closed_with is None


# --- the heartbeat ---


async def test_a_silent_client_is_pinged_and_one_that_does_not_answer_is_cut(
    world: World, autojump_clock: object
) -> None:
    (ada,) = await world.add_all("ada")
    dead, alive, talkative = [await world.connect(TALKER) for _ in range(2)] + [await talker(world, ada)]
    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: beat(world.presence, interval=25, patience=10))
        for _ in range(30):
            await trio.sleep(2)
            talkative.last_received_at = trio.current_time()
            if "ping!" in alive.received_now():
                alive.last_received_at = trio.current_time()
            if dead.gone.is_set():
                break
        assert 35 <= trio.current_time() - started <= 40
        await trio.sleep(100)  # nobody sends any more, and the other two answer no longer
        assert dead.closed_with == alive.closed_with == talkative.closed_with == NO_PONG
        nursery.cancel_scope.cancel()
    assert dead.received_now() == ["ping!"]
    assert talkative.received_now() == ["ping!"]
    world.assert_nothing_is_left()


async def test_a_client_taken_for_dead_gets_nothing_more(world: World, autojump_clock: object) -> None:
    dead, now = await world.connect(TALKER), trio.current_time()
    dead.session.beat(now + 30, 25, 10)
    assert await dead.receives() == ["ping!"]
    dead.session.beat(now + 60, 25, 10)
    dead.session.send(Said(Message(9, LOBBY_ID, 9, 1, "ada", "too late", 0.0)))
    await dead.ends()
    assert (dead.closed_with, dead.received_now()) == (NO_PONG, [])


async def test_after_a_stall_pongs_are_read_before_clients_are_cut(
    world: World, autojump_clock: MockClock
) -> None:
    dead, alive = [await world.connect(TALKER) for _ in range(2)]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: beat(world.presence, interval=25, patience=10))
        await trio.sleep(27)
        assert dead.received_now() == alive.received_now() == ["ping!"]
        autojump_clock.jump(60)  # in which neither the answer was read nor anybody looked
        await wait_all_tasks_blocked()
        alive.last_received_at = trio.current_time()
        await dead.ends()
        assert dead.closed_with == NO_PONG
        await trio.sleep(27)
        assert (alive.closed_with, alive.received_now()) == (None, ["ping!"])
        nursery.cancel_scope.cancel()


# --- a database that fails ---


@each_dialect
async def test_a_message_that_could_not_be_saved_is_answered_and_the_client_stays(
    world: World, dialect: Dialect
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    client = await world.connect(dialect, ada)
    say = await ready_to_say(client, dialect, to=ben.id)
    world.obstacles.fail("save", StorageDown("down"))
    refusal = await client.asks(say("lost"))
    assert "could not be saved" in str(refusal) or "internal error" in str(refusal)
    client.send(say("kept"))
    assert "could not be saved" not in str(await client.receives())
    assert [message.text for room in range(1, 5) for message in world.said(room)] == ["kept"]
    assert client.closed_with is None


async def ready_to_say(client: Client, dialect: Dialect, to: int) -> Any:
    """Go where something can be said, and return what makes a frame of it."""
    if dialect is ROOMS:
        client.send({"Type": "enter", "RoomID": LOBBY_ID})
    if dialect is NATIVE:
        person = client.session.person
        assert person is not None
        client.send({"type": "hello", "id": 1, "token": client.session.context.accounts.grant(person).token})
        client.send({"type": "sync", "id": 2})
    await client.receives()
    return {
        "talker": line,
        "messenger": lambda text: {"username": "ada", "message": text},
        "direct": lambda text: {"from": client.session.client.client_id, "to": to, "content": text},
        "support": lambda text: {"method": "message.send", "params": [text], "id": 1},
        "rooms": lambda text: {"Type": "message", "Text": text},
        "native": lambda text: {
            "type": "send",
            "id": 3,
            "room": LOBBY_ID,
            "key": text.split()[0],
            "text": text,
        },
    }[dialect.name]


@each_dialect
async def test_an_unknown_outcome_ends_the_client_and_a_committed_message_is_published(
    world: World, autojump_clock: object, dialect: Dialect
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    client = await world.connect(dialect, ada)
    say = await ready_to_say(client, dialect, to=ben.id)
    other = await world.connect(dialect, ada if dialect is SUPPORT else ben)
    await ready_to_say(other, dialect, to=ada.id)
    world.obstacles.fail("save", OutcomeUnknown("silence"), after=True)
    client.send(say("landed"))
    await client.ends()
    assert client.closed_with == OUTCOME_UNKNOWN
    await trio.sleep(2)
    received = await other.receives()
    assert len(received) == 1
    assert "landed" in str(received)
    assert other.closed_with is None


@each_dialect
async def test_a_write_of_unknown_outcome_that_did_not_happen_is_never_published(
    world: World, autojump_clock: object, dialect: Dialect
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    client = await world.connect(dialect, ada)
    say = await ready_to_say(client, dialect, to=ben.id)
    other = await world.connect(dialect, ada if dialect is SUPPORT else ben)
    await ready_to_say(other, dialect, to=ada.id)
    world.obstacles.fail("save", OutcomeUnknown("silence"))
    client.send(say("not landed"))
    await client.ends()
    assert client.closed_with == OUTCOME_UNKNOWN
    await trio.sleep(2)
    assert await other.receives() == []


async def test_a_token_that_can_not_be_looked_up_is_answered_and_may_be_sent_again(world: World) -> None:
    (ada,) = await world.add_all("ada")
    client = await world.connect(TALKER)
    token = world.token(ada)
    world.obstacles.fail("by_ids", StorageDown("down"))
    assert await client.asks(line(f"auth {token}")) == line(UNAVAILABLE, "server")
    assert await client.asks(line(f"auth {token}")) == line("authorised as ada", "server")


@pytest.mark.parametrize("count", [10, 500])
async def test_a_history_that_can_not_be_read_is_answered(world: World, count: int) -> None:
    (ada,) = await world.add_all("ada")
    client = await talker(world, ada)
    for n in range(count):
        client.send(line(f"{n}"))
    await client.receives()
    world.obstacles.fail("timeline", StorageDown("down"))
    client.send(line(f"history {count}"))
    assert (await client.receives())[-1] == line(UNAVAILABLE, "server")
    client.send(line(f"history {count}"))
    assert len(await client.receives()) == count


async def test_an_end_with_the_servers_own_is_a_usual_one(world: World) -> None:
    ada = await world.connect(TALKER)
    world.presence.close_all(GOING_AWAY)
    task = trio.lowlevel.current_task()
    cause = cause_of(Open(ada.session.record, ada.session, trio.CancelScope(), task), None)
    assert cause == Cause("going away", "The server was stopping, and said so (1001).", usual=True)
    assert [event.what for event in ada.session.record.events or ()] == ["the server closes: 1001"]


async def test_a_slow_client_that_reads_on_is_not_taken_for_dead(
    world: World, autojump_clock: object
) -> None:
    (ada,) = await world.add_all("ada")
    speaker, slow = await talker(world, ada), await world.connect(TALKER)
    slow.stop_reading()
    for n in range(10):
        speaker.send(line(f"{n} " + "x" * 3000))
        await world.rest()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: beat(world.presence, interval=5, patience=4))
        for _ in range(12):  # 24 seconds, in which a ping would wait behind what is queued
            slow.go_on_reading()
            slow.stop_reading(after=1000)
            await trio.sleep(2)
        assert slow.closed_with is None
        slow.go_on_reading()
        await slow.ends()  # with nothing queued it is pinged, and has to answer
        assert slow.closed_with == NO_PONG
        nursery.cancel_scope.cancel()
    assert [str(frame)[:5] for frame in slow.received_now()][-1] == "ping!"


async def test_a_client_that_authenticates_later_is_online_until_it_leaves(
    world: World, autojump_clock: object
) -> None:
    ada, ben = await world.add_all("ada", "ben")
    statuses = world.context.statuses
    client = await world.connect(TALKER)
    assert {statuses.status(each.id) for each in (ada, ben)} == {Status.OFFLINE}
    for person in (ada, ben):
        client.send({"name": person.name, "message": f"auth {world.token(person)}"})
        await world.rest()
        assert statuses.status(person.id) is Status.ONLINE
    await trio.sleep(GRACE + 1)
    assert [statuses.status(each.id) for each in (ada, ben)] == [Status.OFFLINE, Status.ONLINE]
    client.leave()
    await trio.sleep(GRACE + 1)
    assert statuses.status(ben.id) is Status.OFFLINE


# --- being cut ---


async def test_a_hundred_that_are_cut_in_one_fan_out_end_one_after_the_other(
    world: World, autojump_clock: object
) -> None:
    """The decision is made at once: no more bytes wait for any of them. It is their ends that are spread."""
    (ada,) = await world.add_all("ada")
    speaker = await world.connect(TALKER, ada)
    slow = [await world.connect(TALKER, limit=10_000) for _ in range(100)]
    for client in slow:
        client.stop_reading()
    ends: list[float] = []

    async def note_end(client: Client) -> None:
        await client.ends()
        ends.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        for client in slow:
            nursery.start_soon(note_end, client)
        for n in range(20):
            speaker.send({"name": "ada", "message": f"{n} " + "x" * 990})
        await world.rest()
        assert {client.send_queue.waiting()[1] for client in slow} == {0}, "nothing waits but what had begun"
    assert max(ends.count(moment) for moment in ends) == 1
    assert ends[-1] - ends[0] < 2.5
    assert all(client.closed_with == TOO_SLOW for client in slow)


async def test_many_more_that_are_cut_end_within_two_seconds_all_the_same(autojump_clock: object) -> None:
    moments = Stagger(0.005, 2.0)
    asked = [moments.next() for _ in range(10_000)]
    assert asked[:3] == pytest.approx([asked[0], asked[0] + 0.005, asked[0] + 0.01])
    assert asked[-1] - trio.current_time() == pytest.approx(2.0)
    await trio.sleep(10)
    assert moments.next() == trio.current_time()


# --- long texts ---


@pytest.mark.parametrize("text", ["hello", "history 3", "auth {token}"])
async def test_a_claimed_name_is_refused_by_its_length_before_it_is_normalised(
    world: World, text: str, normalised: list[int]
) -> None:
    """NFC takes quadratic time over marks in the wrong order: 3 s of everybody's for one frame."""
    ada = await world.add("ada")
    client = await talker(world, ada)
    long = "a" + "\u0301" * 16_000 + "\u0316" * 16_000
    client.send(line(text.format(token=world.token(ada)), long))
    await world.rest()
    got = client.received_now()
    assert [frame["message"].split(";")[0] for frame in got] == ["that is not your name"]
    assert max(normalised, default=0) <= 256
