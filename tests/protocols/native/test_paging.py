"""Clients that are far behind: in pages at their own pace, without gaps, and live after the last page."""

import random
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from chat.application import members
from chat.domain.entities import LOBBY_ID, Draft, Peer, Person, SupportOf
from chat.domain.failures import StorageDown
from chat.domain.messages.changes import Deletion, Edit, Reaction, SupportChange, Write
from chat.domain.messages.reading import ReadMark
from chat.domain.messages.sync_types import MOST_REPLAYED, RoomsAt
from chat.protocols.native.sync.snapshots import _even_shares
from tests.protocols.native.replica import Replica
from tests.support.account_changes import set_roles
from tests.support.campaign import in_campaign
from tests.support.chat_world import World, open_world


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    with trio.fail_after(60):
        async with open_world() as world:
            yield world


async def replica(world: World, name: str) -> Replica:
    own = Replica(world, await world.add(name))
    await own.connect()
    return own


async def direct_room(world: World, one: Person, other: Person) -> int:
    room = await world.storage.rooms.direct_room(one.id, other.id)
    assert room is not None
    return room.id


async def come_back(own: Replica, **fields: Any) -> dict[str, Any]:
    """Connect again, as a client that asks for pages."""
    await own.connect(sync=False)
    return await own.sync(far="page", **fields)


async def say_many(own: Replica, room: int, count: int) -> None:
    for _ in range(count):
        own.send("send", room=room, key=f"k{own._asked}", text=f"{own._asked}")
    await own.receives()


async def test_a_client_far_behind_gets_every_change_in_pages_then_live(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    for own in (ada, ben):
        own.drop()
    now, count = time.time(), MOST_REPLAYED + 100
    for write in (
        *(Draft(LOBBY_ID, ada.person.id, "ada", f"{n}", now) for n in range(count)),
        Edit(LOBBY_ID, 1, ada.person.id, "uno", now),
        Reaction(LOBBY_ID, 2, ben.person.id, "👍", True, now),
        Deletion(LOBBY_ID, 3, ada.person.id, now),
        Deletion(LOBBY_ID, count, ada.person.id, now),
    ):
        await world.journal.submit(write, _Nobody())
    await world.rest()
    assert (await come_back(ben))["rooms"] == 1
    assert ben.far == {LOBBY_ID}
    assert ben.events[-1]["type"] == "more"
    assert ben.rooms[LOBBY_ID]["pos"] == MOST_REPLAYED
    await ada.connect()
    await ada.say(LOBBY_ID, "while ben reads the first page")
    assert await ben.receives() == [], "nothing is told live before the last page"
    pages = 0
    while ben.far:
        before = len(ben.events)
        await ben.page()
        assert len(ben.events) - before <= MOST_REPLAYED + 2
        pages += 1
    assert pages == 1
    assert ben.rooms[LOBBY_ID]["pos"] == count + 5
    assert ben.texts(LOBBY_ID) == [
        "uno",
        "1",
        *(f"{n}" for n in range(3, count - 1)),
        "while ben reads the first page",
    ]
    await ada.say(LOBBY_ID, "live")
    assert [event["text"] for event in await ben.receives() if event["type"] == "message"] == ["live"]
    assert ben.resets == []


async def test_a_client_that_falls_behind_continues_from_its_position(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    await say_many(ada, LOBBY_ID, 20)
    position = {"room": LOBBY_ID, "pos": 3, "at": 0}
    await ben.receives()
    position["at"] = ben.events[3]["at"]
    ben.rooms[LOBBY_ID] |= position  # what came after it was dropped
    assert (await ben.sync(rest=False, far="page", limit=5))["rooms"] == 1
    assert ben.rooms[LOBBY_ID]["pos"] == 8
    await ada.say(LOBBY_ID, "another")
    assert await ben.receives() == []
    while ben.far:
        await ben.page(5)
    assert ben.rooms[LOBBY_ID]["pos"] == 21
    await ada.say(LOBBY_ID, "live")
    assert [event["text"] for event in await ben.receives()] == ["live"]


async def test_a_page_that_is_removed_while_it_is_read_leads_to_a_reset(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    ben.drop()
    await say_many(ada, LOBBY_ID, 20)
    await come_back(ben, limit=3)
    assert ben.far == {LOBBY_ID}
    with world.obstacles.held("replay"):
        ben.far.clear()
        ben.send("sync", known=[ben.position(LOBBY_ID)], rest=False, far="page", limit=3)
        await world.rest()
        world.storage.rooms.floors[LOBBY_ID] = world.storage.rooms.first_seqs[LOBBY_ID] = 9
    events = await ben.receives()
    assert events[-1]["type"] == "more"
    while ben.far:
        await ben.page()
    assert ben.resets == [(LOBBY_ID, "erased")]
    await ada.say(LOBBY_ID, "live")
    assert [event["text"] for event in await ben.receives() if event["type"] == "message"] == ["live"]


async def test_changes_during_the_last_page_follow_it_once(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    for call in ("rooms_of", "snapshots", "resume_checks", "replay"):
        for limit in (3, 4):  # a page that is the last, and one that is not
            ben.drop()
            await say_many(ada, LOBBY_ID, 4)
            await come_back(ben, limit=0)
            assert ben.far == {LOBBY_ID}
            with world.obstacles.held(call):
                known = [ben.position(LOBBY_ID)]
                ben.far.clear()
                ben.send("sync", known=known, rest=False, far="page", limit=limit)
                await world.rest()
                await ada.say(LOBBY_ID, f"during {call} {limit}")
            await ben.receives()
            while ben.far:
                await ben.page()
            assert ben.rooms[LOBBY_ID]["pos"] == len(world.said(LOBBY_ID))
    assert ben.resets == []


async def test_the_changes_of_one_sync_are_shared_out_among_the_rooms(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    rooms = [LOBBY_ID, *[(await world.make_room(ada.person, name)).id for name in ("a", "b", "c")]]
    for room in rooms[1:]:
        await members.join(world.services, ben.person, room)
    await ada.sync()
    await ben.receives()
    ben.drop()
    for room, count in zip(rooms, (0, 2, 9, 30), strict=True):
        await say_many(ada, room, count)
    before = {room: ben.rooms[room]["pos"] for room in rooms}
    await come_back(ben, limit=12)
    got = [ben.rooms[room]["pos"] - before[room] for room in rooms]
    assert got == [0, 2, 5, 5]
    assert ben.far == set(rooms[2:])
    await ada.say(rooms[0], "live in the lobby")
    await ada.say(rooms[1], "and in a")
    await ada.say(rooms[3], "but not in c")
    assert [event["text"] for event in await ben.receives()] == ["live in the lobby", "and in a"]
    while ben.far:
        await ben.page(12)
    assert [ben.rooms[room]["pos"] for room in rooms] == [ada.rooms[room]["pos"] for room in rooms]


@pytest.mark.parametrize(
    ("missing", "most", "shares"),
    [
        ([0, 0], 0, [0, 0]),
        ([5, 5], 20_000, [5, 5]),
        ([1, 100, 100], 11, [1, 5, 5]),
        ([4, 4, 4, 4], 3, [0, 1, 1, 1]),
        ([5000], 20_000, [MOST_REPLAYED]),
        ([5000, 1], 1, [1, 0]),
    ],
)
def test_rooms_with_few_changes_get_all_and_the_others_as_many_each(
    missing: list[int], most: int, shares: list[int]
) -> None:
    shared = _even_shares(dict(enumerate(missing)), most)
    assert sorted(shared.values()) == sorted(shares)
    assert sum(shared.values()) <= most


async def test_an_empty_page_has_the_position_to_continue_from(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    ben.drop()
    await say_many(ada, LOBBY_ID, 2)
    before = len(ben.events)
    await come_back(ben, limit=0)
    assert ben.events[before:] == [{"type": "more", "room": LOBBY_ID, "pos": 0, "at": 0}]


async def test_a_room_with_further_pages_is_not_among_the_synced_ones(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    ben.drop()
    await say_many(ada, LOBBY_ID, 3)
    await ben.connect(sync=False)
    known = [ben.position(LOBBY_ID)]
    await ben.asks("sync", known=known, rest=False, far="page", limit=1)
    assert (await ben.asks("sync"))["rooms"] == 0
    while ben.far:
        await ben.page()
    assert ben.rooms[LOBBY_ID]["pos"] == 3


async def test_direct_messages_wait_for_the_pages_too(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    room = await direct_room(world, ada.person, ben.person)
    await ada.sync()
    await say_many(ada, room, 1)
    await ben.receives()
    ben.drop()
    await say_many(ada, room, 5)
    await come_back(ben, limit=2)
    assert ben.far == {room}
    await ada.say(room, "are you there")
    assert await ben.receives() == [], "the room is not told as a new one"
    await ben.say(room, "just a moment")
    assert ben.rooms[room]["pos"] == 3
    while ben.far:
        await ben.page(2)
    assert ben.texts(room)[-2:] == ["are you there", "just a moment"]
    await ada.say(room, "live")
    assert [event["text"] for event in await ben.receives()] == ["live"]


async def test_a_removal_between_two_pages_is_sent_with_the_next(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    room = await world.make_room(ada.person)
    await members.join(world.services, ben.person, room.id)
    await ada.sync()
    await ben.receives()
    ben.drop()
    await say_many(ada, room.id, 5)
    await come_back(ben, limit=2)
    await members.remove(world.services, ada.person, room.id, ben.person.id)
    await ben.page()
    assert ben.events[-1] == {"type": "gone", "room": room.id, "reason": "removed"}
    await members.join(world.services, ben.person, room.id)
    await ben.receives()
    assert room.id in ben.rooms, "who joins again is told the room"


async def test_a_room_that_is_deleted_while_a_page_is_read_is_gone(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    room = await world.make_room(ada.person)
    await members.join(world.services, ben.person, room.id)
    await ada.sync()
    await ben.receives()
    ben.drop()
    await say_many(ada, room.id, 5)
    await come_back(ben, limit=2)
    with world.obstacles.held("replay"):
        known = [ben.position(room.id)]
        ben.far.clear()
        ben.send("sync", known=known, rest=False, far="page", limit=2)
        await world.rest()
        assert await members.remove(world.services, ada.person, room.id, ben.person.id) is None
    await ben.receives()
    assert room.id not in ben.rooms
    assert ben.events[-1] == {"type": "gone", "room": room.id, "reason": "removed"}
    await members.join(world.services, ben.person, room.id)
    await ben.receives()
    assert room.id in ben.rooms, "who joins again is told the room"


async def test_a_conversation_closed_before_its_last_page_comes_again_when_reopened(
    world: World,
) -> None:
    ada, olga = await world.add("ada"), Replica(world, await world.add("olga", operator=True))
    people = SupportOf(Peer(ada.id, "ada"))
    room = await world.storage.rooms.support_room(ada.id)
    assert room is not None

    async def write(write: Write) -> None:
        await world.journal.submit(write, _Nobody())
        await world.rest()

    async def say(text: str) -> None:
        await write(Draft(room.id, ada.id, "ada", text, time.time(), people=people))

    await say("help")
    await olga.connect()
    olga.drop()
    for n in range(5):
        await say(f"{n}")
    await olga.connect(sync=False)
    with world.obstacles.held("rooms_of", after=True):
        known = [olga.position(each) for each in olga.rooms]
        olga.send("sync", known=known, far="page", limit=2)
        await world.rest()
        await write(SupportChange(room.id, olga.person.id, time.time(), people, is_closed=True))
    await olga.receives()
    olga.far.clear()
    assert olga.events[-1] == {"type": "gone", "room": room.id, "reason": "closed"}
    await say("and another thing")
    await olga.receives()
    assert room.id in olga.rooms


async def test_marks_and_counts_changed_between_pages_follow_the_last(
    world: World,
) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    ben.drop()
    await say_many(ada, LOBBY_ID, 5)
    await come_back(ben, limit=2)
    elsewhere = Replica(world, ben.person)
    await elsewhere.connect()
    await elsewhere.asks("read", room=LOBBY_ID, seq=4)
    await world.add("eve")
    assert await ben.receives() == []
    await ben.page()
    mark, members = ben.events[-2:]
    assert mark == {"type": "read", "room": LOBBY_ID, "person": ben.person.id, "seq": 4, "unread": 1}
    assert members == {"type": "members", "room": LOBBY_ID, "members": 3}


async def test_a_mark_overtaken_by_an_own_message_is_not_sent_after_the_pages(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    ben.drop()
    await say_many(ada, LOBBY_ID, 5)
    await come_back(ben, limit=2)
    await world.storage.timelines.mark_read({(LOBBY_ID, ben.person.id): ReadMark(1)})
    with world.obstacles.held("mark_read"):  # as their next message does, until it is written
        world.services.read_marks.note(LOBBY_ID, ben.person.id, 6)
        await ben.page()
    assert "read" not in {event["type"] for event in ben.events}


@pytest.mark.parametrize("call", ["rooms_of", "snapshots", "resume_checks", "replay"])
async def test_a_page_that_fails_is_refused_and_works_the_next_time(world: World, call: str) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    ben.drop()
    await say_many(ada, LOBBY_ID, 5)
    await come_back(ben, limit=2)
    world.obstacles.fail(call, StorageDown("down"))
    known = [ben.position(LOBBY_ID)]
    refused = await ben.asks("sync", known=known, rest=False, far="page")
    assert refused["code"] == "unavailable"
    ben.far.clear()
    assert (await ben.sync(far="page"))["type"] == "sync_ok"
    assert ben.rooms[LOBBY_ID]["pos"] == 5
    assert ben.resets == []


async def test_a_position_of_another_history_is_reset_with_paging_too(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    await say_many(ada, LOBBY_ID, 3)
    await ben.receives()
    ben.drop()
    ben.rooms[LOBBY_ID] |= {"pos": 99, "at": ben.rooms[LOBBY_ID]["at"]}  # as after a restored backup
    await come_back(ben)
    assert ben.resets == [(LOBBY_ID, "other_history")]
    assert ben.events[-1]["after"] == 3


@pytest.mark.parametrize(
    "seed", [0, 2, 5, *(pytest.param(n, marks=in_campaign) for n in (1, 3, 4, 6, 7, 8, 9))]
)
async def test_clients_converge_to_the_saved_state_with_pages_of_any_size(world: World, seed: int) -> None:
    """Random people who speak, change, join, leave, drop, fall behind and page."""
    draw = random.Random(seed)
    people = [await replica(world, name) for name in ("ada", "ben", "eve")]
    rooms = [(await world.make_room(people[0].person, name)).id for name in ("a", "b")]
    direct = await direct_room(world, people[0].person, people[1].person)
    for own in people:
        await own.sync(far="page")
    for step in range(150):
        own = draw.choice(people)
        room = draw.choice([LOBBY_ID, *rooms, direct])
        if own._client is None:
            await come_back(own, limit=draw.choice([0, 1, 3, 20]))
            continue
        match draw.choice(
            ["say", "burst", "burst", "change", "join", "leave", "drop", "hear", "page", "page"]
        ):
            case "say":
                await own.asks("send", room=room, key=f"{own.person.id}-{step}", text=f"{step}")
            case "burst":
                for n in range(5):
                    own.send("send", room=room, key=f"{own.person.id}-{step}-{n}", text=f"{step} {n}")
            case "change" if room != direct and (said := world.said(room)):
                message = draw.choice(said)
                write: Any = Edit(room, message.seq, own.person.id, f"new {step}", time.time())
                if draw.random() < 0.3:
                    write = Deletion(room, message.seq, message.sender_id, time.time())
                await world.journal.submit(write, _Nobody())
            case "join" if room in rooms:
                await members.join(world.services, own.person, room)
            case "leave" if room in rooms and own is not people[0]:
                await members.remove(world.services, own.person, room, own.person.id)
            case "drop":
                own.drop()
            case "page" if own.far:
                await own.page(draw.choice([0, 1, 3, 20]))
            case _:
                await own.receives()
    await world.rest()
    for own in people:
        if own._client is None:
            await come_back(own)
        await own.receives()
        while own.far:
            await own.page()
        fresh = Replica(world, own.person)
        await fresh.connect()
        assert {room: own.rooms[room]["pos"] for room in own.rooms} == {
            room: fresh.rooms[room]["pos"] for room in fresh.rooms
        }
        assert own.resets == []
        fresh.drop()


class _Nobody:
    """The submitter of a write whose outcome nobody asks for."""

    def on_outcome(self, _write: object, _outcome: object) -> None:
        """Nobody asks."""


async def asked_for_help(world: World, names: str) -> dict[str, int]:
    """Return the support conversations in which these people have asked something, the first first."""
    found = dict[str, int]()
    for name in names.split():
        person = await world.add(name)
        room = await world.storage.rooms.support_room(person.id)
        assert room is not None
        people = SupportOf(Peer(person.id, name))
        await world.services.writes.write(Draft(room.id, person.id, name, "help", time.time(), people=people))
        found[name] = room.id
    return found


async def write_of(world: World, room: int, by: Person, **fields: Any) -> None:
    """Change a conversation, as an operator."""
    access = await world.services.conversations.access(by, room)
    assert access is not None
    await world.services.writes.write(SupportChange(room, by.id, time.time(), access.people, **fields))


async def test_an_operator_gets_the_first_conversations_and_others_as_they_change(world: World) -> None:
    olga = await world.add("olga", operator=True)
    rooms = await asked_for_help(world, "a b c d e f")
    await write_of(world, rooms["f"], olga, assignee=Peer(olga.id, "olga"))
    own = Replica(world, olga)
    await own.connect(sync=False)
    answer = await own.sync(conversations=2)
    had = {name for name, room in rooms.items() if room in own.rooms}
    assert (had, answer["left_out"]) == ({"a", "b", "f"}, 3), "the longest waiting, and those of the operator"
    assert LOBBY_ID in own.rooms
    # What happens in one that was left out brings it, and then its changes.
    await write_of(world, rooms["d"], olga, assignee=Peer(olga.id, "olga"))
    assert [(each["type"], each["id"]) for each in await own.receives()] == [("room", rooms["d"])]
    await own.say(rooms["d"], "hello")
    assert own.texts(rooms["d"]) == ["help", "hello"]
    # One that is closed elsewhere goes, also where it was left out, because the client counts it.
    await write_of(world, rooms["c"], olga, is_closed=True)
    assert [(each["type"], each["room"]) for each in await own.receives()] == [("gone", rooms["c"])]
    # The client reads the others from the list, and goes live from there.
    (seen,) = await world.storage.timelines.snapshots([RoomsAt(olga.id, world.hub.newest_id, (rooms["e"],))])
    own.rooms[rooms["e"]] = {"pos": seen[0].pos, "at": seen[0].at, "messages": {}}
    await own._sync([rooms["e"]], rest=False)
    await write_of(world, rooms["e"], olga, assignee=Peer(olga.id, "olga"))
    assert [(each["type"], each["room"]) for each in await own.receives()] == [("support", rooms["e"])]
    # A client that names all it has gets nothing twice, and nothing of the rest.
    own.drop()
    await own.connect(sync=False)
    before = len(own.events)
    assert "left_out" not in await own.sync(conversations=2)
    assert own.events[before:] == []


async def test_a_new_operator_gets_the_first_conversations_too(autojump_clock: MockClock) -> None:
    async with open_world(follows=True) as world:
        olga = await world.add("olga")
        rooms = await asked_for_help(world, "a b c")
        own = Replica(world, olga)
        await own.connect(sync=False)
        await own.sync(conversations=1)
        await set_roles(world.storage.users, olga.id, operator=True, admin=False)
        await trio.sleep(3)
        await own.receives()
        assert [name for name, room in rooms.items() if room in own.rooms] == ["a"]


async def test_without_a_limit_an_operator_gets_every_conversation(world: World) -> None:
    olga = await world.add("olga", operator=True)
    rooms = await asked_for_help(world, "a b c")
    own = Replica(world, olga)
    answer = await own.connect()
    assert own.rooms.keys() >= set(rooms.values())
    assert "left_out" not in answer
    await write_of(world, rooms["a"], olga, is_closed=True)
    assert [each["type"] for each in await own.receives()] == ["support", "gone"]
