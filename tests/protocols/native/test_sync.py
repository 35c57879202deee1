"""Sync and resume: every change once, in order, from a client's positions, whatever happens meanwhile."""

import random
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio

from chat.application import members
from chat.domain.closing import TOO_SLOW
from chat.domain.entities import LOBBY_ID
from chat.domain.failures import StorageDown
from chat.domain.messages.changes import Deletion, Edit, Reaction, UnknownChange
from chat.domain.messages.reading import ReadMark
from chat.domain.messages.sync_types import MOST_REPLAYED, ChangeRange, MessageNow
from chat.engine import catch_up
from chat.protocols.native.sync import sender as sync_sender
from chat.protocols.native.sync import turns
from tests.protocols.native.replica import Replica
from tests.support.chat_world import World, open_world
from tests.support.endings import remove_member
from tests.support.replays import replay


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    with trio.fail_after(60):
        async with open_world() as world:
            yield world


async def replica(world: World, name: str) -> Replica:
    own = Replica(world, await world.add(name))
    await own.connect()
    return own


async def test_a_first_sync_has_every_room_with_the_newest_message_first(world: World) -> None:
    ada = Replica(world, await world.add("ada"))
    rooms = [await world.make_room(ada.person, name) for name in ("one", "two")]
    other = await replica(world, "ben")
    await other.say(LOBBY_ID, "hi")
    answer = await ada.connect()
    assert answer["rooms"] == 3
    assert [event["id"] for event in ada.events] == [LOBBY_ID, rooms[1].id, rooms[0].id]
    lobby = ada.events[0]
    assert (lobby["kind"], lobby["pos"], lobby["seq"], lobby["read"], lobby["unread"]) == (
        "lobby",
        1,
        1,
        0,
        1,
    )
    assert lobby["last"]["text"] == "hi"


async def test_a_resume_has_exactly_the_missed_changes(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    await ada.say(LOBBY_ID, "one")
    await ben.receives()
    ben.drop()
    for text in ("two", "three"):
        await ada.say(LOBBY_ID, text)
    before = len(ben.events)
    assert (await ben.connect())["rooms"] == 1
    assert [event["text"] for event in ben.events[before:]] == ["two", "three"]
    before = len(ben.events)
    ben.drop()
    await ben.connect()
    assert ben.events[before:] == []
    await ada.say(LOBBY_ID, "four")
    assert [event["text"] for event in await ben.receives()] == ["four"]


async def test_unknown_changes_of_a_newer_server_advance_positions(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    await ada.say(LOBBY_ID, "one")
    await ben.receives()
    for text in ("two", "three"):
        await write_unknown(world)
        await ada.say(LOBBY_ID, text)
        assert [event["type"] for event in await ben.receives()] == ["unknown", "message"]
        ben.drop()
        await write_unknown(world)
        await ada.say(LOBBY_ID, f"{text} and a half")
        before = len(ben.events)
        await ben.connect()
        assert [event["type"] for event in ben.events[before:]] == ["unknown", "message"]
    assert ben.resets == []
    assert ben.rooms[LOBBY_ID]["pos"] == 9
    assert (
        ada.texts(LOBBY_ID)
        == ben.texts(LOBBY_ID)
        == ["one", "two", "two and a half", "three", "three and a half"]
    )


async def write_unknown(world: World) -> None:
    """Have a change in the lobby of which only a newer server knows what it is."""
    room = await world.storage.rooms.by_id(LOBBY_ID)
    assert room is not None
    world.storage.messages.keep(UnknownChange(*world.storage.messages.next(room), time.time()))


async def test_missed_messages_are_sent_in_their_current_state(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    ben.drop()
    for text in ("one", "two"):
        await ada.say(LOBBY_ID, text)
    now = time.time()
    for write in (
        Edit(LOBBY_ID, 1, ada.person.id, "uno", now),
        Reaction(LOBBY_ID, 1, ada.person.id, "👍", True, now),
        Deletion(LOBBY_ID, 2, ada.person.id, now),
    ):
        await world.journal.submit(write, _Nobody())
    await world.rest()
    before = len(ben.events)
    await ben.connect()
    got = ben.events[before:]
    assert [(event["type"], event["pos"]) for event in got] == [
        ("message", 1),
        ("message", 2),
        ("edited", 3),
        ("reacted", 4),
        ("deleted", 5),
    ]
    assert (got[0]["text"], "text" in got[1], "deleted" in got[1]) == ("uno", False, True)
    assert got[0]["reactions"] == [{"emoji": "👍", "count": 1, "people": [ada.person.id]}]


async def test_changes_during_a_sync_follow_it_once(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    ben.drop()
    await ada.say(LOBBY_ID, "missed")
    for call in ("rooms_of", "snapshots", "resume_checks", "replay"):
        before = len(ben.events)
        await ben.connect(sync=False)
        with world.obstacles.held(call):
            ben.send(
                "sync",
                known=[
                    {"room": LOBBY_ID, "pos": ben.rooms[LOBBY_ID]["pos"], "at": ben.rooms[LOBBY_ID]["at"]}
                ],
            )
            await world.rest()
            await ada.say(LOBBY_ID, f"during {call}")
        await ben.receives()
        got = [event["text"] for event in ben.events[before:]]
        assert got == ["missed", f"during {call}"] if call == "rooms_of" else got[-1:] == [f"during {call}"]
        assert ben.rooms[LOBBY_ID]["pos"] == len(world.said(LOBBY_ID))
        ben.drop()
        await ada.say(LOBBY_ID, f"after {call}")


async def test_a_position_that_the_server_never_had_is_another_history(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    await ada.say(LOBBY_ID, "one")
    await ben.receives()
    ben.drop()
    ben.rooms[LOBBY_ID]["at"] += 1  # as after a restored backup
    await ben.connect()
    assert ben.resets == [(LOBBY_ID, "other_history")]
    assert ben.rooms[LOBBY_ID]["pos"] == 1
    ben.drop()
    ben.rooms[LOBBY_ID] |= {"pos": 7, "at": 1}
    await ben.connect()
    assert ben.resets[1:] == [(LOBBY_ID, "other_history")]


async def test_a_client_too_far_behind_gets_a_snapshot(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    ben.drop()
    for n in range(MOST_REPLAYED + 1):
        ada.send("send", room=LOBBY_ID, key=f"k{n}", text=f"{n}")
    await ada.receives()
    await ben.connect()
    assert ben.resets == [(LOBBY_ID, "too_far")]
    assert ben.events[-1]["after"] == 0, "history can be read on from there"
    ben.drop()
    for n in range(10):
        await ada.say(LOBBY_ID, f"more {n}")
    await ben.connect(sync=False)
    await ben.sync(limit=9)
    assert ben.resets[1:] == [(LOBBY_ID, "too_far")]
    assert ben.events[-1]["after"] == MOST_REPLAYED + 1


async def test_a_long_absence_is_sent_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catch_up, "_REPLAYED", 100)
    monkeypatch.setattr(sync_sender, "_PIECE", 50)
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    rooms = [LOBBY_ID, *[(await world.make_room(ada.person, name)).id for name in ("a", "b")]]
    for room in rooms[1:]:
        await members.join(world.services, ben.person, room)
    await ada.sync()
    await ben.receives()
    ben.drop()
    for n in range(30):
        await ada.say(rooms[n % 3], f"{n}")
    await ben.connect()
    assert ben.resets == []
    assert {room: ben.rooms[room]["pos"] for room in rooms} == {
        room: ada.rooms[room]["pos"] for room in rooms
    }


async def test_a_room_that_is_known_and_not_ones_own_is_gone(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    room = await world.make_room(ada.person)
    await members.join(world.services, ben.person, room.id)
    await ben.receives()
    ben.drop()
    await members.remove(world.services, ada.person, room.id, ben.person.id)
    before = len(ben.events)
    await ben.connect()
    assert ben.events[before:] == [{"type": "gone", "room": room.id, "reason": "removed"}]
    strange = await ben.asks("sync", known=[{"room": 12345, "pos": 3, "at": 4}], rest=False)
    assert strange["rooms"] == 0
    assert ben.events[-1] == {"type": "gone", "room": 12345, "reason": "removed"}


async def test_without_rest_only_known_rooms_are_synced_and_subscribed(world: World) -> None:
    ada = Replica(world, await world.add("ada"))
    room = await world.make_room(ada.person)
    await ada.connect(sync=False)
    answer = await ada.asks("sync", known=[{"room": LOBBY_ID, "pos": 0, "at": 0}], rest=False)
    assert answer["rooms"] == 1
    ben = await replica(world, "ben")
    ada.rooms[LOBBY_ID] = {"pos": 0, "at": 0, "messages": {}}
    await ben.say(LOBBY_ID, "hi")
    assert [event["text"] for event in await ada.receives()] == ["hi"]
    assert (await ada.asks("sync"))["rooms"] == 1, "of what is heard already nothing is told again"
    assert ada.events[-1]["id"] == room.id


async def test_a_removal_during_a_sync_leaves_nobody_in_the_room(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    for number, call in enumerate(("rooms_of", "snapshots")):
        room = await world.make_room(ada.person, f"room {number}")
        await members.join(world.services, ben.person, room.id)
        await ben.receives()
        ben.drop()
        ben.rooms.clear()
        await ben.connect(sync=False)
        with world.obstacles.held(call, after=True):
            ben.send("sync")
            await world.rest()
            assert await members.remove(world.services, ada.person, room.id, ben.person.id) is None
        await ben.receives()
        assert room.id not in ben.rooms, call
        assert room.id not in ben.client.session.subscriptions


async def test_a_removal_found_by_a_sync_ends_the_rooms_events(
    world: World,
) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    room = await world.make_room(ada.person)
    await members.join(world.services, ben.person, room.id)
    await ben.receives()
    known = [{"room": room.id, "pos": ben.rooms[room.id]["pos"], "at": ben.rooms[room.id]["at"]}]
    assert await remove_member(world.storage, room.id, ben.person.id)  # by a server that is not heard yet
    before = len(ben.events)
    await ben.asks("sync", known=known, rest=False)
    await ada.say(room.id, "not for ben")  # behind the removal, which is read from the log
    await ben.receives()
    assert ben.events[before:] == [{"type": "gone", "room": room.id, "reason": "removed"}]
    await members.join(world.services, ben.person, room.id)
    await ben.receives()
    assert ben.events[-1]["type"] == "room"


async def test_a_removal_during_a_sync_ends_the_rooms_events(
    world: World,
) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    room = await world.make_room(ada.person)
    await members.join(world.services, ben.person, room.id)
    await ben.receives()
    ben.drop()
    await ben.connect(sync=False)
    before = len(ben.events)
    with world.obstacles.held("snapshots"):
        with world.obstacles.held("rooms_of", after=True):
            ben.send("sync", known=[{"room": room.id, "pos": 1, "at": 1}])
            await world.rest()
            assert await members.remove(world.services, ada.person, room.id, ben.person.id) is None
        await world.rest()
        await ada.say(room.id, "not for ben")
    await ben.receives()
    got = [event for event in ben.events[before:] if event.get("room", event.get("id")) == room.id]
    assert got == [{"type": "gone", "room": room.id, "reason": "removed"}]


async def test_a_join_during_a_sync_follows_it(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    room = await world.make_room(ada.person)
    await ada.sync()
    with world.obstacles.held("rooms_of", after=True):
        ben.send("sync")
        await world.rest()
        await members.join(world.services, ben.person, room.id)
    await ben.receives()
    await ada.say(room.id, "welcome")
    await ben.receives()
    assert ben.rooms[room.id]["pos"] == 2


@pytest.mark.parametrize("call", ["rooms_of", "snapshots", "resume_checks", "replay"])
async def test_a_sync_that_fails_is_refused_and_works_the_next_time(world: World, call: str) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    await world.make_room(ben.person)  # which it does not know, so that it is looked at as a whole
    ben.drop()
    await ada.say(LOBBY_ID, "one")
    await ben.connect(sync=False)
    before = len(ben.events)
    world.obstacles.fail(call, StorageDown("down"))
    with world.obstacles.held(call):
        known = [{"room": LOBBY_ID, "pos": ben.rooms[LOBBY_ID]["pos"], "at": ben.rooms[LOBBY_ID]["at"]}]
        ben.send("sync", known=known)
        await world.rest()
        await ada.say(LOBBY_ID, "two")
    (answer,) = ben.hear(await ben.client.receives())
    assert answer["code"] == "unavailable"
    assert ben.events[before:] == [], "what is told with a hole is not told"
    assert (await ben.sync())["type"] == "sync_ok"
    assert ben.rooms[LOBBY_ID]["pos"] == 2
    await ada.say(LOBBY_ID, "three")
    await ben.receives()
    assert ben.rooms[LOBBY_ID]["pos"] == 3


async def test_a_resume_has_marks_made_on_other_sockets(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    await ada.say(LOBBY_ID, "one")
    await ben.receives()
    ben.drop()
    await world.storage.timelines.mark_read({(LOBBY_ID, ben.person.id): ReadMark(1)})
    await ben.connect(sync=False)
    answer = await ben.sync(since=ben.rooms[LOBBY_ID]["at"])
    assert answer["type"] == "sync_ok"
    assert ben.events[-1] == {"type": "read", "room": LOBBY_ID, "person": ben.person.id, "seq": 1}


async def test_a_mark_overtaken_by_an_own_message_is_not_sent(world: World) -> None:
    ben = await replica(world, "ben")
    await ben.say(LOBBY_ID, "one")
    await world.storage.timelines.mark_read({(LOBBY_ID, ben.person.id): ReadMark(1)})
    since = ben.rooms[LOBBY_ID]["at"]
    ben.drop()
    await ben.connect(sync=False)
    with world.obstacles.held("mark_read"):  # as their next message does, until it is written
        world.services.read_marks.note(LOBBY_ID, ben.person.id, 2)
        assert (await ben.sync(since=since))["type"] == "sync_ok"
    assert [each["type"] for each in ben.events if each["type"] == "read"] == []


async def test_a_too_slow_reader_of_a_sync_is_cut_and_can_resume(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    ben.drop()
    for n in range(60):
        await ada.say(LOBBY_ID, f"{n} " + "x" * 1000, f"k{n}")
    await ben.connect(sync=False, limit=20_000)
    ben.client.stop_reading(after=5000)
    known = [{"room": LOBBY_ID, "pos": ben.rooms[LOBBY_ID]["pos"], "at": ben.rooms[LOBBY_ID]["at"]}]
    ben.send("sync", known=known)
    for n in range(60, 90):
        await ada.say(LOBBY_ID, f"{n} " + "x" * 1000, f"k{n}")
    ben.hear(ben.client.received_now())
    ben.client.go_on_reading()
    await ben.client.ends()
    assert ben.closed_with == TOO_SLOW
    ben.drop()
    await ben.connect()
    assert ben.texts(LOBBY_ID) == [message.text for message in world.said(LOBBY_ID)]
    assert ben.resets == []


async def test_many_resumes_at_once_take_few_queries(world: World) -> None:
    people = [await replica(world, f"person{n}") for n in range(turns.TOGETHER)]
    await people[0].say(LOBBY_ID, "one")
    for own in people:
        own.drop()
        await own.connect(sync=False)
    world.obstacles.calls.clear()
    for own in people:
        own.send("sync", known=[{"room": LOBBY_ID, "pos": 0, "at": 0}])
    for own in people:
        (answer,) = own.hear(await own.client.receives())
        assert answer["type"] == "sync_ok"
        assert own.texts(LOBBY_ID) == ["one"]
    asked = {call: world.obstacles.calls.count(call) for call in ("rooms_of", "resume_checks", "replay")}
    assert max(asked.values()) <= 4, asked


async def test_a_few_at_once_read_many_rooms_as_they_are(world: World) -> None:
    (owner,) = [await world.add("owner")]
    rooms = [(await world.make_room(owner, f"room{n}")).id for n in range(turns.FEW_ROOMS)]
    people = [Replica(world, await world.add(f"person{n}")) for n in range(2 * turns.WITH_MANY)]
    for own in people:
        for room in rooms:
            await members.join(world.services, own.person, room)
        await own.connect(sync=False)
    world.obstacles.calls.clear()
    with world.obstacles.held("snapshots"):
        for own in people:
            own.send("sync")
        await world.rest()
        assert world.obstacles.calls.count("snapshots") == turns.WITH_MANY
    for own in people:
        (answer,) = own.hear(await own.client.receives())
        assert answer["rooms"] == 1 + len(rooms)


async def test_a_client_that_does_not_read_gives_up_its_turn(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    for n in range(90):
        await ada.say(LOBBY_ID, f"{n} " + "x" * 1000, f"k{n}")
    slow = []
    for n in range(turns.TOGETHER):
        slow.append(Replica(world, await world.add(f"slow{n}")))
        await slow[-1].connect(sync=False, limit=20_000)
        slow[-1].client.stop_reading(after=5000)
        slow[-1].send("sync", known=[{"room": LOBBY_ID, "pos": 0, "at": 0}])
    await world.rest()
    assert (await ben.sync())["type"] == "sync_ok"
    for own in slow:
        got = [frame["type"] for frame in own.client.received_now()]
        assert "message" in got
        assert "sync_ok" not in got


async def test_a_sync_that_waits_too_long_for_its_turn_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [await replica(world, f"person{n}") for n in range(turns.TOGETHER + 1)]
    with world.obstacles.held("rooms_of"), monkeypatch.context() as patch:
        for own in people[:-1]:
            own.send("sync")
        await world.rest()
        patch.setattr(turns, "_PATIENCE", 0.0)
        people[-1].send("sync")
        (answer,) = people[-1].hear(await people[-1].client.receives())
        assert answer["code"] == "unavailable"
    assert (await people[-1].sync())["type"] == "sync_ok"


@pytest.mark.parametrize("seed", range(10))
async def test_clients_converge_to_the_saved_state_whatever_they_lose(world: World, seed: int) -> None:
    """Random people who send, edit, delete, join, leave, disconnect and resume; each keeps its state."""
    draw = random.Random(seed)
    people = [await replica(world, name) for name in ("ada", "ben", "eve")]
    rooms = [(await world.make_room(people[0].person, name)).id for name in ("a", "b")]
    for own in people:
        await own.sync()
    for step in range(120):
        own = draw.choice(people)
        room = draw.choice([LOBBY_ID, *rooms])
        if own._client is None:
            await own.connect()
            continue
        match draw.choice(["say", "say", "say", "change", "join", "leave", "drop", "hear", "burst"]):
            case "say":
                await own.asks("send", room=room, key=f"{own.person.id}-{step}", text=f"{step}")
            case "burst":
                for n in range(5):
                    own.send("send", room=room, key=f"{own.person.id}-{step}-{n}", text=f"{step} {n}")
            case "change" if said := world.said(room):
                message = draw.choice(said)
                write: Any = Edit(room, message.seq, own.person.id, f"new {step}", time.time())
                if draw.random() < 0.3:
                    write = Deletion(room, message.seq, message.sender_id, time.time())
                await world.journal.submit(write, _Nobody())
            case "join" if room != LOBBY_ID:
                await members.join(world.services, own.person, room)
            case "leave" if room != LOBBY_ID and own is not people[0]:
                await members.remove(world.services, own.person, room, own.person.id)
            case "drop":
                own.drop()
            case _:
                await own.receives()
    await world.rest()
    for own in people:
        if own._client is None:
            await own.connect()
        await own.receives()
        fresh = Replica(world, own.person)
        await fresh.connect()
        assert {room: own.rooms[room]["pos"] for room in own.rooms} == {
            room: fresh.rooms[room]["pos"] for room in fresh.rooms
        }
        assert own.resets == []
        for room, kept in own.rooms.items():
            now = {
                each.seq: each
                for each in await replay(
                    world.storage, own.person.id, [ChangeRange(room, 0, kept["pos"])], 1 << 20
                )
                if isinstance(each, MessageNow)
            }
            for seq, message in kept["messages"].items():
                assert ("deleted" in message) == (now[seq].deleted_at is not None)
                assert message.get("text", "") == now[seq].text
        fresh.drop()


class _Nobody:
    """The submitter of a write whose outcome nobody asks for."""

    def on_outcome(self, _write: object, _outcome: object) -> None:
        """Nobody asks."""
