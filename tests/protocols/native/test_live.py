"""Transient events: typing, presence, read marks, and profiles."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from chat.application import members
from chat.domain.closing import TOO_MANY_SOCKETS
from chat.domain.entities import LOBBY_ID, Draft, Peer, Person, SupportOf, Visit
from chat.domain.failures import StorageDown
from chat.domain.limits.budgets import Budgets
from chat.domain.messages.changes import SupportChange
from chat.domain.ports import NewPerson, ProfileChange
from chat.engine.people import PeopleReconciler
from chat.protocols.native.connection import sockets
from chat.protocols.native.wire.codec import NATIVE
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Site
from tests.support.account_changes import set_roles
from tests.support.chat_world import World, open_world
from tests.support.replays import snapshots


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    with trio.fail_after(30):
        async with open_world() as world:
            yield world


async def replica(world: World, person: str | Person, *, operator: bool = False) -> Replica:
    """A client of a person, who may be a new one, that has synced."""
    known = person if isinstance(person, Person) else await world.add(person, operator=operator)
    own = Replica(world, known)
    await own.connect()
    return own


async def direct_room(world: World, one: Person, other: Person) -> int:
    room = await world.storage.rooms.direct_room(one.id, other.id)
    assert room is not None
    return room.id


async def help_room(world: World, person: Person) -> int:
    """A support conversation in which something was said."""
    client = await world.connect(SUPPORT, person)
    client.send({"method": "message.send", "params": ["help"], "id": 1})
    await client.receives()
    client.leave()
    room = await world.storage.rooms.support_room(person.id)
    assert room is not None
    return room.id


def activity(person: Person, room: int, what: str) -> dict[str, Any]:
    return {
        "type": "activity",
        "room": room,
        "person": {"id": person.id, "name": person.name},
        "what": what,
    }


# --- activity ---


async def test_typing_reaches_others_in_the_room_and_is_not_saved(world: World) -> None:
    ada, ben, eve = [await replica(world, name) for name in ("ada", "ben", "eve")]
    second = await replica(world, ada.person)
    pair = await direct_room(world, ada.person, ben.person)
    for each in (ada, ben, second):
        await each.sync()
    assert await ada.asks("activity", room=pair, what="typing") == {"type": "activity_ok", "id": ada._asked}
    assert await ben.receives() == [activity(ada.person, pair, "typing")]
    assert (await eve.receives(), await second.receives()) == ([], [])
    assert world.said(pair) == []
    assert (await eve.asks("activity", room=pair, what="typing"))["code"] == "not_found"
    assert (await ada.asks("activity", room=pair, what="sleeping"))["field"] == "what"
    await ada.asks("activity", room=LOBBY_ID, what="typing")
    assert await ben.receives() == await eve.receives() == [activity(ada.person, LOBBY_ID, "typing")]


async def test_repeated_activity_is_sent_every_three_seconds_and_new_at_once(
    world: World, autojump_clock: MockClock
) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    got = []
    for what, pause in (
        ("none", 0.0),  # nothing was told yet
        ("typing", 2.9),
        ("typing", 0.2),
        ("typing", 0.1),
        ("none", 0.1),
        ("none", 0.1),
        ("typing", 4.0),
        ("none", 0.0),
    ):
        assert (await ada.asks("activity", room=LOBBY_ID, what=what))["type"] == "activity_ok"
        got.append([each["what"] for each in await ben.receives()])
        await trio.sleep(pause)
    assert got == [[], ["typing"], [], ["typing"], ["none"], [], ["typing"], ["none"]]


async def test_viewing_a_conversation_is_sent_to_operators_only(world: World) -> None:
    ada = await replica(world, "ada")
    room = await help_room(world, ada.person)
    olga, zoe = [await replica(world, name, operator=True) for name in ("olga", "zoe")]
    await ada.receives()
    await olga.asks("activity", room=room, what="viewing")
    assert await zoe.receives() == [activity(olga.person, room, "viewing")]
    assert await ada.receives() == []
    await olga.asks("activity", room=room, what="typing")
    assert await zoe.receives() == await ada.receives() == [activity(olga.person, room, "typing")]
    for who, where in ((ada, room), (olga, LOBBY_ID), (ada, LOBBY_ID)):
        assert (await who.asks("activity", room=where, what="viewing"))["code"] == "forbidden"


async def test_typing_of_a_blocked_or_removed_person_is_not_sent(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    pair = await direct_room(world, ada.person, ben.person)
    garden = await world.make_room(ada.person)
    await members.join(world.services, ben.person, garden.id)
    for each in (ada, ben):
        await each.sync()
    await world.services.blocks.block(ada.person, ben.person.id)
    assert (await ben.asks("activity", room=pair, what="typing"))["code"] == "forbidden"
    await members.remove(world.services, ada.person, garden.id, ben.person.id)
    assert (await ben.asks("activity", room=garden.id, what="typing"))["code"] == "forbidden"
    assert [each["type"] for each in await ada.receives()] == ["member"]


async def test_a_slow_client_gets_no_activity(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    ben.client.stop_reading()
    for n in range(2):
        await ada.say(LOBBY_ID, "x" * 4000, f"k{n}")
    queued = ben.client.send_queue.queued
    await ada.asks("activity", room=LOBBY_ID, what="typing")
    assert ben.client.send_queue.queued == queued
    ben.client.go_on_reading()
    assert [each["type"] for each in await ben.receives()] == ["message", "message"]


async def test_activity_costs_as_much_as_a_message(autojump_clock: MockClock) -> None:
    async with open_world(budgets=Budgets(messages=0.25)) as world:
        ada = await replica(world, "ada")
        codes = [
            (await ada.asks("activity", room=LOBBY_ID, what=what)).get("code") for what in ("typing", "none")
        ]
    assert codes == [None, "too_many"]


# --- presence ---


async def test_a_socket_of_any_protocol_that_authenticated_counts(
    world: World, autojump_clock: MockClock
) -> None:
    ada = await replica(world, "ada")
    ben, cem, dan = await world.add_all("ben", "cem", "dan")
    people = [ben.id, cem.id, dan.id, 99]
    lurking = await world.connect(TALKER)
    got = await ada.asks("watch", people=people)
    assert got["people"] == [{"id": each, "state": "offline"} for each in people]
    lurking.send({"name": "ben", "message": f"auth {world.token(ben)}"})
    desk = await world.connect(SUPPORT, cem)
    await trio.sleep(1.5)
    (event,) = await ada.receives()
    assert event["type"] == "presence"
    assert {(each["id"], each["state"]) for each in event["people"]} == {
        (ben.id, "online"),
        (cem.id, "online"),
    }
    for client in (lurking, desk):
        client.leave()
    await trio.sleep(9)
    assert await ada.receives() == []
    await trio.sleep(3)
    (event,) = await ada.receives()
    assert {each["state"] for each in event["people"]} == {"offline"}


async def test_a_person_is_away_if_all_sockets_report_it(world: World, autojump_clock: MockClock) -> None:
    ada = await replica(world, "ada")
    phone, desk = await replica(world, "ben"), Replica(world, await world.add("nobody"))
    ben = phone.person
    desk.person = ben
    await desk.connect()

    async def seen() -> list[str]:
        await trio.sleep(1.5)
        return [each["state"] for event in await ada.receives() for each in event["people"]]

    assert (await ada.asks("watch", people=[ben.id]))["people"][0]["state"] == "online"
    assert (await phone.asks("status", state="away"))["type"] == "status_ok"
    assert await seen() == []
    await desk.asks("status", state="away")
    await desk.asks("status", state="away")
    assert await seen() == ["away"]
    await phone.asks("status", state="online")
    assert await seen() == ["online"]
    phone.client.leave()
    assert await seen() == ["away"]
    assert (await desk.asks("status", state="offline"))["field"] == "state"


async def test_at_most_500_people_are_watched_and_those_alone(
    world: World, autojump_clock: MockClock
) -> None:
    ada, ben, cem = await replica(world, "ada"), await world.add("ben"), await world.add("cem")
    refused = await ada.asks("watch", people=list(range(1, 502)))
    assert (refused["code"], refused["field"]) == ("invalid", "people")
    assert len((await ada.asks("watch", people=list(range(1, 501))))["people"]) == 500
    await ada.asks("watch", people=[cem.id])
    for person in (ben, cem):
        await world.connect(TALKER, person)
    await trio.sleep(1.5)
    assert [each["people"] for each in await ada.receives()] == [[{"id": cem.id, "state": "online"}]]
    ada.client.leave()
    await ada.client.ends()
    assert not world.services.statuses._watchers


async def test_before_hello_nothing_live_is_answered(world: World) -> None:
    ada = Replica(world, await world.add("ada"))
    ada._client = await world.connect(NATIVE)
    for kind, fields in (
        ("activity", {"room": LOBBY_ID, "what": "typing"}),
        ("watch", {"people": [1]}),
        ("status", {"state": "away"}),
    ):
        assert (await ada.asks(kind, **fields))["code"] == "unauthenticated"


# --- read ---


async def test_a_mark_reaches_own_sockets_and_others_if_shared(world: World) -> None:
    ada, ben, eve = [await replica(world, name) for name in ("ada", "ben", "eve")]
    second = await replica(world, ada.person)
    pair = await direct_room(world, ada.person, ben.person)
    for each in (ada, ben, second):
        await each.sync()
    for text in ("one", "two", "three"):
        await ben.say(pair, text)
    for each in (ada, ben, second):
        await each.receives()
    mark = {"type": "read", "room": pair, "person": ada.person.id, "seq": 2}
    assert (await ada.asks("read", room=pair, seq=2))["unread"] == 1
    assert await second.receives() == [mark | {"unread": 1}]
    assert await ben.receives() == [mark]
    assert (await ada.receives(), await eve.receives()) == ([], [])
    await ada.asks("read", room=pair, seq=1)  # it is further already
    assert (await second.receives(), await ben.receives()) == ([], [])
    await ada.asks("read", room=pair, seq=1, back=True)
    assert await ben.receives() == [mark | {"seq": 1}]
    assert [each["unread"] for each in await second.receives()] == [2]


async def test_a_mark_set_back_stays_although_an_earlier_message_is_saved_later(
    world: World,
) -> None:
    ada = await replica(world, "ada")
    await ada.sync()
    await ada.say(LOBBY_ID, "one")
    with world.obstacles.held("save"):
        ada.send("send", room=LOBBY_ID, key="two", text="two")
        back = ada.send("read", room=LOBBY_ID, seq=0, back=True)
        assert ada.hear(await ada.client.receives()) == [], "what was said first comes first"
    answers = {each["id"]: each for each in ada.hear(await ada.client.receives())}
    assert answers[back]["type"] == "read_ok", answers
    await world.rest()
    (lobby,) = await snapshots(world.storage, ada.person.id, 99, [LOBBY_ID])
    assert lobby.read == 0


async def test_a_mark_over_http_reaches_all_sockets(site: Site) -> None:
    ada, token = await site.join("ada")
    own = Replica(site.world, ada)
    await own.connect()
    await own.say(LOBBY_ID, "hi")
    await own.receives()
    assert (await site.call("PUT", f"/rooms/{LOBBY_ID}/read", {"seq": 1}, token=token)).status == 200
    assert await own.receives() == [{"type": "read", "room": LOBBY_ID, "person": ada.id, "seq": 1}]


async def test_a_new_socket_gets_the_shared_read_positions(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    (ada, token), (ben, bens), (cem, cems) = [await site.join(name) for name in ("ada", "ben", "cem")]
    body = {"key": "k", "text": "hi"}
    assert (await site.call("POST", f"/rooms/{LOBBY_ID}/messages", body, token=token)).status == 201
    await site.call("PATCH", "/me", {"share_reads": False}, token=cems)
    for each in (bens, cems):
        await site.call("PUT", f"/rooms/{LOBBY_ID}/read", {"seq": 1}, token=each)

    async def reads() -> dict[int, int | None]:
        listed = await site.call("GET", f"/rooms/{LOBBY_ID}/members", token=token)
        return {each["person"]["id"]: each.get("read") for each in listed["members"]}

    got = await reads()
    assert {ben.id: got[ben.id], cem.id: got[cem.id]} == {ben.id: 1, cem.id: None}
    assert got.keys() == {ada.id, ben.id, cem.id}
    monkeypatch.setattr("chat.domain.messages.reading.MOST_SHARED_WITH", 2)
    assert set((await reads()).values()) == {None}


async def test_nobody_else_sees_a_mark_that_is_not_shared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    await ben.say(LOBBY_ID, "hi")
    await ada.receives()
    await ada.asks("read", room=LOBBY_ID, seq=1)
    assert [each["type"] for each in await ben.receives()] == ["read"]
    with monkeypatch.context() as patch:
        patch.setattr("chat.domain.messages.reading.MOST_SHARED_WITH", 1)
        await ada.asks("read", room=LOBBY_ID, seq=1)
        assert await ben.receives() == []
    private = await world.storage.users.change_profile(ada.person.id, ProfileChange(share_reads=False))
    assert isinstance(private, Person)
    world.presence.changed({private.id: private})
    await ada.asks("read", room=LOBBY_ID, seq=1)
    assert await ben.receives() == []


# --- profiles ---


async def test_a_new_profile_reaches_watchers_and_own_sockets(world: World) -> None:
    ada, ben, eve = [await replica(world, name) for name in ("ada", "ben", "eve")]
    await ada.asks("watch", people=[ben.person.id])
    people = PeopleReconciler(world.accounts, world.presence, found=world.services.statuses.found)

    async def look() -> None:
        people.changed(ben.person.id)
        await people._apply([ben.person.id])

    await look()
    assert await ada.receives() == []
    await world.storage.users.change_profile(ben.person.id, ProfileChange(name="Benno", display_name="B."))
    for _ in range(2):
        await look()
    (got,) = await ada.receives()
    assert got | {"changed": 0} == {
        "type": "person",
        "id": ben.person.id,
        "name": "Benno",
        "display": "B.",
        "changed": 0,
    }
    assert await ben.receives() == [got]
    assert await eve.receives() == []


async def test_a_resume_has_changed_profiles_of_contacts(world: World) -> None:
    ada, ben, eve = [await replica(world, name) for name in ("ada", "ben", "eve")]
    await direct_room(world, ada.person, ben.person)
    await ada.say(LOBBY_ID, "hi")
    await ada.receives()
    newest = ada.rooms[LOBBY_ID]["at"]
    for each in (ben, eve):
        await world.storage.users.change_profile(each.person.id, ProfileChange(display_name="D"))
    ada.drop()
    await ada.connect(sync=False)
    before = len(ada.events)
    await ada.sync(since=newest)
    got = [each for each in ada.events[before:] if each["type"] == "person"]
    assert [(each["id"], each["display"]) for each in got] == [(ben.person.id, "D")]
    before = len(ada.events)
    await ada.sync(since=newest + 120_000)
    assert ada.events[before:] == [{"type": "members", "room": LOBBY_ID, "members": 3}]


# --- how many are in the lobby ---


async def test_the_lobbys_member_count_is_published_once_a_second(
    autojump_clock: MockClock,
) -> None:
    async with open_world(follows=True) as world:
        ada, eve = await replica(world, "ada"), await replica(world, "eve")
        visitor = await world.storage.users.add(NewPerson(name="v", password_hash=b"", visit=Visit()))
        assert isinstance(visitor, Person)
        guest = Replica(world, visitor)
        await guest.connect()
        await trio.sleep(2)
        for each in (ada, eve):
            await each.receives()
        calls = world.obstacles.calls.count("count")
        ben, _cem = await world.add_all("ben", "cem")
        await trio.sleep(2)
        for each in (ada, eve):
            (got,) = [event for event in await each.receives() if event["type"] == "members"]
            assert got == {"type": "members", "room": LOBBY_ID, "members": 4}
        assert world.obstacles.calls.count("count") == calls + 1
        await world.storage.users.delete(ben.id)
        world.obstacles.fail("count", StorageDown("gone"))
        await trio.sleep(3)
        assert [event["members"] for event in await ada.receives()] == [3]
        assert ada.rooms[LOBBY_ID]["members"] == 3
        assert "members" not in [event["type"] for event in guest.events + await guest.receives()]


async def test_a_resume_has_the_lobbys_member_count(world: World) -> None:
    """Its positions are valid, so it gets no snapshot."""
    ada = await replica(world, "ada")
    await ada.say(LOBBY_ID, "hi")
    await ada.receives()
    ada.drop()
    await world.add_all("ben", "cem")
    world.services.member_counts.changed(None)
    await ada.connect(sync=False)
    await ada.sync(since=ada.rooms[LOBBY_ID]["at"])
    assert ada.rooms[LOBBY_ID]["members"] == 3
    assert ada.resets == []


async def test_a_join_during_the_lobbys_count_is_in_the_next(world: World) -> None:
    lobby = world.services.member_counts
    with world.obstacles.held("count", after=True):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lobby.in_lobby)
            await world.rest()
            await world.add("ada")
            lobby.changed(1)
            world.obstacles._closed_after["count"].set()
    assert await lobby.in_lobby() == 1
    asked = world.obstacles.calls.count("count")
    assert await lobby.in_lobby() == 1
    assert world.obstacles.calls.count("count") == asked


async def test_a_changed_number_of_operators_reaches_their_conversations(
    autojump_clock: MockClock,
) -> None:
    """Ada hears her own and is no operator, Olga hears all that are open; Ben's is closed, so he is alone in it."""
    async with open_world(follows=True) as world:
        ada, ben = await replica(world, "ada"), await replica(world, "ben")
        olga, otto = await replica(world, "olga", operator=True), await replica(world, "otto")
        asked, closed = await help_room(world, ada.person), await help_room(world, ben.person)
        everybody = ada, ben, olga, otto

        async def counts() -> list[int | None]:
            """The member counts of Ada's conversation that each received, checked against the real number."""
            await trio.sleep(3)
            for each in everybody:
                await each.receives()
            assert ben.rooms[closed]["members"] == 1
            (there,) = (await world.storage.timelines.members_of_conversations([asked])).values()
            got = [each.rooms[asked]["members"] for each in everybody if asked in each.rooms]
            assert set(got) == {there}
            return got

        people = SupportOf(Peer(ben.person.id, "ben"))
        await world.services.writes.write(SupportChange(closed, olga.person.id, 2.0, people, is_closed=True))
        assert await counts() == [2, 2]
        await set_roles(world.storage.users, otto.person.id, operator=True, admin=False)
        assert await counts() == [3, 3, 3]
        received = len(olga.events)
        await world.add("eve")
        await counts()
        assert [(event["type"], event["room"]) for event in olga.events[received:]] == [("members", LOBBY_ID)]
        ada.drop()
        await set_roles(world.storage.users, otto.person.id, operator=False, admin=False)
        await trio.sleep(2)
        await ada.connect(sync=False)
        await ada.sync(since=ada.rooms[asked]["at"])
        assert ada.resets == []
        assert await counts() == [2, 2]
        await world.storage.users.delete(olga.person.id)
        everybody = ada, ben
        assert await counts() == [1]
        reopened = Draft(closed, ben.person.id, "ben", "again", 3.0, people=people)
        await set_roles(world.storage.users, otto.person.id, operator=True, admin=False)
        assert await counts() == [2]
        await world.services.writes.write(reopened)
        await trio.sleep(2)
        await ben.receives()
        assert ben.rooms[closed]["members"] == 2


# --- sockets of one person ---


async def test_a_person_has_twenty_sockets_and_no_more(world: World) -> None:
    ada = await world.add("ada")
    own = [Replica(world, ada) for _ in range(sockets.MOST_SOCKETS)]
    for each in own:
        await each.connect(sync=False)
    assert (await own[0].asks("hello", token=world.token(ada)))["type"] == "hello_ok"
    extra = await world.connect(NATIVE)
    extra.send({"type": "hello", "id": 1, "token": world.token(ada)})
    await extra.ends()
    assert (extra.closed_with, extra.received_now()) == (TOO_MANY_SOCKETS, [])
    assert all(each.closed_with is None for each in own)
    own[0].client.leave()
    await own[0].client.ends()
    await Replica(world, ada).connect()
