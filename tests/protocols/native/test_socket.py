"""The native socket: authentication, requests, answers, and events of others."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from chat.application import members
from chat.application import rooms as use_cases
from chat.domain.closing import GOING_AWAY, SESSION_ENDED, TOKEN_EXPIRED, UNAUTHENTICATED
from chat.domain.entities import LOBBY_ID, Pair, Person
from chat.domain.failures import StorageDown
from chat.domain.messages.changes import Deletion, Edit, Reaction
from chat.protocols.direct.codec import DIRECT
from chat.protocols.native.wire.codec import NATIVE
from chat.protocols.registry import DIALECTS
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER
from tests.protocols.native.replica import Replica
from tests.support.account_changes import set_roles
from tests.support.chat_world import World, open_world
from tests.support.replays import snapshots


@pytest.fixture
async def world() -> AsyncGenerator[World]:
    with trio.fail_after(30):
        async with open_world() as world:
            yield world


async def replica(world: World, name: str, *, operator: bool = False) -> Replica:
    """A person's client that has synced."""
    own = Replica(world, await world.add(name, operator=operator))
    await own.connect()
    return own


async def write(world: World, write: Any) -> None:
    """Submit a write to the journal without a submitter."""

    class Nobody:
        def on_outcome(self, _write: object, _outcome: object) -> None: ...

    await world.journal.submit(write, Nobody())
    await world.rest()


# --- hello ---


async def test_nothing_is_answered_but_a_ping_before_hello(world: World) -> None:
    ada = Replica(world, await world.add("ada"))
    ada._client = await world.connect(NATIVE)
    assert (await ada.asks("ping"))["type"] == "ping_ok"
    for kind, fields in (("sync", {}), ("send", {"room": LOBBY_ID, "key": "k", "text": "hi"})):
        assert (await ada.asks(kind, **fields))["code"] == "unauthenticated"
    assert world.said(LOBBY_ID) == []


async def test_a_socket_without_hello_is_closed_after_ten_seconds(
    world: World, autojump_clock: MockClock
) -> None:
    client = await world.connect(NATIVE)
    await trio.sleep(9.9)
    client.send({"type": "hello", "id": 1, "token": "forged"})
    assert (await client.receives())[0]["code"] == "unauthenticated"
    assert client.closed_with is None
    await client.ends()
    assert client.closed_with == UNAUTHENTICATED


async def test_the_answer_to_hello_has_the_person_the_expiry_and_the_limits(world: World) -> None:
    ada = Replica(world, await world.add("ada"))
    answer = await ada.connect(sync=False)
    assert answer["type"] == "hello_ok"
    assert answer["me"]["id"] == ada.person.id
    assert answer["lobby"] == "open"
    limits = answer["limits"]
    assert (limits["text"], limits["frame_bytes"], limits["known"]) == (4000, 65_536, 800)
    assert limits["sends_per_second"] == 0  # any, here
    assert len(limits) > 20, "all are told, those at their defaults too"
    assert {"edits", "reactions", "search"} <= set(answer["features"])
    assert (answer["protocol"], answer["data"]) == (1, await world.storage.files.store_id())
    assert answer["expires_at"] > time.time() * 1000


async def test_a_client_of_another_version_gets_the_supported_one(world: World) -> None:
    token = world.token(await world.add("ada"))
    client = await world.connect(NATIVE)
    client.send({"type": "hello", "id": 1, "token": token, "protocol": 2})
    (refused,) = await client.receives()
    assert (refused["type"], refused["code"], refused["field"]) == ("error", "invalid", "protocol")
    assert refused["error"] == refused["text"] == "this server speaks version 1"
    client.send({"type": "hello", "id": 2, "token": token, "protocol": 1})
    (answer,) = await client.receives()
    assert (answer["type"], answer["protocol"]) == ("hello_ok", 1)


async def test_policy_changes_reach_connected_clients(world: World) -> None:
    ada, settings = await replica(world, "ada"), world.services.settings
    nobody = await world.connect(NATIVE)
    policy = {"type": "policy", "server": "trio-chat", "registration": "open", "lobby": "open"}
    await settings.change(None, {"registration": "invite", "read_rate": 4.0})
    assert await ada.receives() == [policy | {"registration": "invite", "lobby": "members"}]
    await settings.change(None, {"registration": None, "server_name": "Tea house"})
    assert await ada.receives() == [policy | {"server": "Tea house"}]
    await settings.change(None, {"read_rate": None})
    assert await ada.receives() == []
    assert await nobody.receives() == [], "who has not said hello is told nothing"
    await settings.change(None, {"lobby": "members"})
    ada.drop()
    assert (await ada.connect(sync=False))["lobby"] == "members"


async def test_a_socket_ends_with_its_token_unless_a_fresh_one_comes_before(
    world: World, autojump_clock: MockClock
) -> None:
    ada = await world.add("ada")
    short, long = (world.accounts.tokens.issue(ada, lifetime=seconds) for seconds in (4, 12))
    client = await world.connect(NATIVE)
    assert (await client.asks({"type": "hello", "id": 1, "token": short}))["type"] == "hello_ok"
    await trio.sleep(2)
    assert (await client.asks({"type": "hello", "id": 2, "token": long}))["type"] == "hello_ok"
    await trio.sleep(8)
    assert client.closed_with is None
    await trio.sleep(5)
    assert client.closed_with == TOKEN_EXPIRED


async def test_a_second_or_bad_hello_changes_nothing(world: World) -> None:
    ada, ben = await replica(world, "ada"), await world.add("ben")
    assert (await ada.asks("hello", token=world.token(ben)))["code"] == "forbidden"
    assert (await ada.asks("hello", token="forged"))["code"] == "unauthenticated"
    expired = world.accounts.tokens.issue(ada.person, lifetime=-1)
    assert (await ada.asks("hello", token=expired))["code"] == "expired"
    assert (await ada.say(LOBBY_ID, "hi"))["type"] == "send_ok"
    assert world.said(LOBBY_ID)[0].sender_id == ada.person.id


async def test_an_ended_session_closes_the_socket(world: World) -> None:
    ada = await replica(world, "ada")
    world.presence.changed({ada.person.id: ada.person})
    assert ada.closed_with is None
    world.presence.expel_all(SESSION_ENDED)
    await ada.client.ends()
    assert ada.closed_with == SESSION_ENDED


async def test_a_stopping_server_names_the_time_to_reconnect(world: World) -> None:
    ada = await replica(world, "ada")
    world.presence.close_all(GOING_AWAY)
    await ada.client.ends()
    (bye,) = await ada.receives()
    assert bye["type"] == "bye"
    assert 0 <= bye.get("after_ms", 0) < 5000


# --- frames that are no requests ---


@pytest.mark.parametrize(
    ("frame", "code", "field"),
    [
        ("", "malformed", None),
        ("[]", "malformed", None),
        (b"{}", "malformed", None),
        ('{"id": 1}', "malformed", None),
        ('{"type": "ping"}', "malformed", None),
        ('{"type": "ping", "id": -1}', "malformed", None),
        ('{"type": "ping", "id": "x"}', "malformed", None),
        ('{"type": "fly", "id": 1}', "unknown_type", None),
        ('{"type": "hello", "id": 1}', "invalid", "token"),
        ('{"type": "send", "id": 1, "room": 1, "key": "k k", "text": "x"}', "invalid", "key"),
        ('{"type": "send", "id": 1, "room": 0, "key": "k", "text": "x"}', "invalid", "room"),
        ('{"type": "send", "id": 1, "room": 1, "key": "k"}', "invalid", "text"),
        ('{"type": "sync", "id": 1, "known": [{"room": 1, "pos": -1, "at": 0}]}', "invalid", "known"),
    ],
)
async def test_a_malformed_request_is_answered_and_costs_nothing(
    world: World, frame: str | bytes, code: str, field: str | None
) -> None:
    ada = await replica(world, "ada")
    ada.client.send(frame)
    (answer,) = ada.hear(await ada.client.receives())
    assert (answer["code"], answer.get("field")) == (code, field)
    assert answer["id"] == (0 if code == "malformed" else 1)
    assert (await ada.say(LOBBY_ID, "hi"))["type"] == "send_ok"


async def test_an_id_that_is_used_again_is_answered_again(world: World) -> None:
    """Ids are the client's own: two requests of one id are two requests."""
    ada = await replica(world, "ada")
    for key, text in (("k1", "one"), ("k2", "two")):
        ada.client.send({"type": "send", "id": 7, "room": LOBBY_ID, "key": key, "text": text})
    answers = ada.hear(await ada.client.receives())
    assert [(answer["id"], answer["type"], answer["seq"]) for answer in answers] == [
        (7, "send_ok", 1),
        (7, "send_ok", 2),
    ]
    assert [message.text for message in world.said(LOBBY_ID)] == ["one", "two"]


async def test_a_thousand_positions_are_taken_and_no_more(world: World) -> None:
    ada = await replica(world, "ada")
    known = [{"room": n, "pos": 0, "at": 0} for n in range(2, 1003)]
    assert (await ada.asks("sync", known=known))["field"] == "known"
    assert (await ada.asks("sync", known=known[:1000]))["type"] == "sync_ok"


# --- saying something ---


async def test_a_send_is_answered_before_its_event_which_its_sender_gets_too(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    asked = ada.send("send", room=LOBBY_ID, key="k1", text="hi all")
    answer, event = await ada.client.receives()
    assert (answer["id"], answer["type"], answer["seq"], answer["pos"]) == (asked, "send_ok", 1, 1)
    assert event["at"] == answer["at"]
    assert await ben.receives() == [event]
    assert event | {"at": 0} == {
        "type": "message",
        "room": LOBBY_ID,
        "seq": 1,
        "pos": 1,
        "at": 0,
        "sender": {"id": ada.person.id, "name": "ada"},
        "text": "hi all",
    }


async def test_a_key_saves_once_however_often_it_is_sent(world: World) -> None:
    ada = await replica(world, "ada")
    first = await ada.say(LOBBY_ID, "hi", "k")
    again = await ada.say(LOBBY_ID, "hi", "k")
    assert again == first | {"id": again["id"], "again": True}
    other = await ada.say(LOBBY_ID, "ho", "k")
    assert (other["code"], other["room"], other["seq"]) == ("conflict", LOBBY_ID, 1)
    ada.send("send", room=LOBBY_ID, key="twin", text="both")
    twin = await ada.say(LOBBY_ID, "both", "twin")
    assert (twin["seq"], twin["again"]) == (2, True)
    assert [message.text for message in world.said(LOBBY_ID)] == ["hi", "both"]


async def test_messages_of_one_socket_are_saved_in_order(world: World) -> None:
    ada = await replica(world, "ada")
    asked = [ada.send("send", room=LOBBY_ID, key=f"k{n}", text=f"{n}") for n in range(100)]
    answers = ada.hear(await ada.client.receives())
    assert [answer["id"] for answer in answers] == asked
    assert [message.text for message in world.said(LOBBY_ID)] == [f"{n}" for n in range(100)]


async def test_where_one_may_not_be_there_is_no_room_to_speak_in(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    public = await world.make_room(ada.person)
    hidden = await world.make_room(ada.person, "cellar", is_private=True)
    assert (await ben.say(public.id, "hi"))["code"] == "forbidden"
    assert (await ben.say(hidden.id, "hi"))["code"] == "not_found"
    assert (await ben.say(99, "hi"))["code"] == "not_found"
    assert (await ben.say(LOBBY_ID, " "))["code"] == "invalid"
    assert world.said(public.id) == world.said(hidden.id) == []


async def test_a_socket_without_a_sync_may_send_and_gets_no_events(world: World) -> None:
    ada = Replica(world, await world.add("ada"))
    room = await world.make_room(ada.person)
    await ada.connect(sync=False)
    assert (await ada.say(room.id, "hi"))["seq"] == 1
    assert ada.events == []


async def test_an_unsaved_message_is_refused_and_not_published(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    world.obstacles.fail("save", StorageDown("down"))
    assert (await ada.say(LOBBY_ID, "lost"))["code"] == "unavailable"
    assert (await ada.say(LOBBY_ID, "kept"))["seq"] == 1
    assert [event["text"] for event in await ben.receives()] == ["kept"]


# --- what becomes of messages ---


async def test_changes_are_sent_with_their_positions(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    for text in ("one", "two"):
        await ada.say(LOBBY_ID, text)
    now = time.time()
    await write(world, Edit(LOBBY_ID, 1, ada.person.id, "uno", now))
    await write(world, Reaction(LOBBY_ID, 1, ben.person.id, "👍", True, now))
    await write(world, Deletion(LOBBY_ID, 2, ada.person.id, now))
    got = (await ben.receives())[2:]
    assert [(event["type"], event["seq"], event["pos"]) for event in got] == [
        ("edited", 1, 3),
        ("reacted", 1, 4),
        ("deleted", 2, 5),
    ]
    assert (got[0]["text"], got[1]["count"], got[2]["by"]) == ("uno", 1, ada.person.id)
    assert ben.texts(LOBBY_ID) == ["uno"]


async def test_the_socket_has_all_operations_of_http(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    for text in ("one", "two"):
        await ada.say(LOBBY_ID, text)
    edited = await ada.asks("edit", room=LOBBY_ID, seq=1, text="uno")
    assert (edited["type"], edited["pos"], edited["text"]) == ("edit_ok", 3, "uno")
    reacted = await ben.asks("react", room=LOBBY_ID, seq=1, emoji="👍")
    assert (reacted["type"], reacted["pos"]) == ("react_ok", 4)
    assert (await ben.asks("react", room=LOBBY_ID, seq=1, emoji="👍", on=False))["pos"] == 5
    assert (await ada.asks("delete", room=LOBBY_ID, seq=2))["pos"] == 6
    history = await ben.asks("history", room=LOBBY_ID, limit=1)
    assert (history["type"], history["pos"], history.get("first"), history["last"]) == (
        "history_ok",
        6,
        None,
        True,
    )
    assert [message["seq"] for message in history["messages"]] == [2]
    assert (await ben.asks("read", room=LOBBY_ID, seq=1))["read"] == 1
    assert ben.texts(LOBBY_ID) == ["uno"]


async def test_sending_marks_earlier_messages_as_read(world: World, autojump_clock: MockClock) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    await ada.say(LOBBY_ID, "one")
    world.obstacles.fail("mark_read", StorageDown("down"))
    await ben.say(LOBBY_ID, "two")
    await ada.say(LOBBY_ID, "three")
    await trio.sleep(2)  # a failed write is tried again after a second
    marks = {own.person.name: await lobby_mark(world, own.person) for own in (ada, ben)}
    assert marks == {"ada": (3, 0), "ben": (2, 1)}


async def lobby_mark(world: World, person: Person) -> tuple[int, int]:
    (lobby,) = await snapshots(world.storage, person.id, world.hub.newest_id, [LOBBY_ID])
    return lobby.read, lobby.unread


async def test_only_own_messages_can_be_changed(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    await ada.say(LOBBY_ID, "one")
    changes: dict[str, dict[str, str]] = {"edit": {"text": "two"}, "delete": {}}
    for kind, fields in changes.items():
        assert (await ben.asks(kind, room=LOBBY_ID, seq=1, **fields))["code"] == "forbidden"
        assert (await ada.asks(kind, room=LOBBY_ID, seq=7, **fields))["code"] == "not_found"
    for emoji in ("a", "1", "👍👍👍👍👍👍👍👍👍", ""):
        assert (await ben.asks("react", room=LOBBY_ID, seq=1, emoji=emoji))["code"] == "invalid", emoji
    world.obstacles.fail("save", StorageDown("down"))
    assert (await ada.asks("edit", room=LOBBY_ID, seq=1, text="x"))["code"] == "unavailable"
    assert [message.text for message in world.said(LOBBY_ID)] == ["one"]


async def test_concurrent_reads_of_one_socket_are_bounded(world: World) -> None:
    ada = await replica(world, "ada")
    with world.obstacles.held("history"):
        asked = [ada.send("history", room=LOBBY_ID) for _ in range(65)]
        (refused,) = ada.hear(await ada.client.receives())
        assert (refused["id"], refused["code"]) == (asked[-1], "too_many")
        assert (await ada.say(LOBBY_ID, "not behind those"))["type"] == "send_ok"
    answers = ada.hear(await ada.client.receives())
    assert sorted(answer["id"] for answer in answers) == asked[:-1]


# --- rooms that come and go ---


async def test_joining_sends_the_room_and_then_its_changes(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    room = await world.make_room(ada.person)
    await ada.sync()
    await ada.say(room.id, "before")
    assert await members.join(world.services, ben.person, room.id) is None
    await ada.say(room.id, "after")
    got = await ben.receives()
    assert [event["type"] for event in got] == ["room", "message"]
    assert (got[0]["id"], got[0]["name"], got[0]["seq"], got[0].get("unread", 0)) == (
        room.id,
        "garden",
        2,
        0,
    )
    assert ben.rooms[room.id]["pos"] == 3
    assert (await ben.say(room.id, "hello"))["pos"] == 4


async def test_a_removed_members_last_event_is_the_removal(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    room = await world.make_room(ada.person)
    assert await members.join(world.services, ben.person, room.id) is None
    await ada.sync()
    await ben.receives()
    assert await members.remove(world.services, ada.person, room.id, ben.person.id) is None
    await ada.say(room.id, "unheard")
    got = await ben.receives()
    assert [event["type"] for event in got] == ["member", "gone"]
    assert got[1] == {"type": "gone", "room": room.id, "reason": "removed"}
    assert [event["type"] for event in ada.events[-2:]] == ["member", "message"]
    assert (await ben.say(room.id, "still here"))["code"] == "forbidden"


async def test_writes_of_a_removed_member_are_settled_before_the_answer(
    world: World,
) -> None:
    """Twelve of these texts are at the journal behind the removal, the others wait until they may get there."""
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    room = await world.make_room(ada.person)
    await members.join(world.services, ben.person, room.id)
    await ben.receives()
    is_acknowledged = False

    async def remove() -> None:
        nonlocal is_acknowledged
        assert await members.remove(world.services, ada.person, room.id, ben.person.id) is None
        is_acknowledged = True

    async with trio.open_nursery() as nursery:
        with world.obstacles.held("save"):
            nursery.start_soon(remove)
            await world.rest()
            asked = [ben.send("send", room=room.id, key=f"{n}", text="x" * 2000) for n in range(14)]
            await world.rest()
        with world.obstacles.held("save"):
            await world.rest()
            assert room.id not in ben.client.session.subscriptions
            assert not is_acknowledged
    saved = len(world.said(room.id))
    codes = {each["id"]: each.get("code") for each in ben.hear(await ben.client.receives())}
    assert [codes[each] for each in asked] == [None] * 12 + ["forbidden"] * 2
    assert len(world.said(room.id)) == saved == 1 + 12


async def test_a_deleted_room_is_gone_for_all(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    room = await world.make_room(ada.person)
    assert await members.join(world.services, ben.person, room.id) is None
    await ada.sync()
    assert await use_cases.delete_room(world.services, ada.person, room.id) is None
    for own in (ada, ben):
        assert (await own.receives())[-1] == {"type": "gone", "room": room.id, "reason": "deleted"}


async def direct_room(world: World, one: Person, other: Person) -> int:
    room = await world.storage.rooms.direct_room(one.id, other.id)
    assert room is not None
    return int(getattr(room, "id", room))


async def test_direct_messages_reach_both_sides_whatever_they_speak(world: World) -> None:
    ada, ben = await replica(world, "ada"), await replica(world, "ben")
    old = await world.connect(DIRECT, ada.person)
    await old.receives()
    old.send({"from": ada.person.id, "to": ben.person.id, "content": "first"})
    got = await ben.receives()
    assert [event["type"] for event in got] == ["room"]
    assert (got[0]["kind"], got[0]["peer"]["name"], got[0]["last"]["text"]) == ("direct", "ada", "first")
    assert [event["type"] for event in await ada.receives()] == ["room"], "who sent it has other sockets"
    assert (await ben.say(got[0]["id"], "second"))["pos"] == 2
    assert [event["text"] for event in await ada.receives()] == ["second"]
    assert [frame["content"] for frame in await old.receives()] == ["second"]


async def test_a_direct_message_is_no_third_persons(world: World) -> None:
    ada, ben, eve = [await replica(world, name) for name in ("ada", "ben", "eve")]
    room = await direct_room(world, ada.person, ben.person)
    await ada.sync()
    await ada.say(room, "secret")
    assert await eve.receives() == []
    assert (await eve.say(room, "hi"))["code"] == "not_found"
    await write(world, Edit(room, 1, ada.person.id, "open", time.time(), Pair(ada.person.id, ben.person.id)))
    assert (await ben.receives())[-1]["text"] == "open"
    assert await eve.receives() == []


async def test_a_support_conversation_is_its_persons_and_every_operators(world: World) -> None:
    eve, olga = await replica(world, "eve"), await replica(world, "olga", operator=True)
    old = await world.connect(SUPPORT, await world.add("ada"))
    await old.receives()
    ada = Replica(world, old.session.person or eve.person)
    await ada.connect()
    old.send({"method": "message.send", "params": ["help"], "id": 1})
    (got,) = await olga.receives()
    assert (got["kind"], got["peer"]["name"], got["last"]["text"]) == ("support", "ada", "help")
    assert (await olga.say(got["id"], "coming"))["type"] == "send_ok"
    assert "coming" in str(await old.receives())
    await ada.receives()
    assert ada.texts(got["id"])[-1] == "coming"
    assert await eve.receives() == []
    assert (await eve.say(got["id"], "me too"))["code"] == "not_found"


@pytest.mark.parametrize("follows", [True, False])
async def test_the_conversation_of_a_deleted_person_is_gone(
    follows: bool,
) -> None:
    """Also while a subscribed socket did not get it yet."""
    with trio.fail_after(30):
        async with open_world(follows=follows) as world:
            olga = await replica(world, "olga", operator=True)
            ada = await world.add("ada")
            old = await world.connect(SUPPORT, ada)
            old.send({"method": "message.send", "params": ["help"], "id": 1})
            (got,) = await olga.receives()
            await world.storage.users.delete(ada.id)
            await world.rest()
            if follows:
                assert await olga.receives() == [{"type": "gone", "room": got["id"], "reason": "deleted"}]
            else:
                world.services.support.gone(ada.id)
            assert (await olga.say(got["id"], "are you there"))["code"] == "not_found"
            typing = await olga.asks("activity", room=got["id"], what="typing")
            assert typing["code"] == "not_found"
            for kind, fields in (("edit", {"text": "no"}), ("react", {"emoji": "👍", "on": True})):
                answer = await olga.asks(kind, room=got["id"], seq=1, **fields)
                assert answer["code"] == "not_found", answer
            assert [said.text for said in world.said(got["id"])] == ["help"]


async def test_a_new_operator_gets_the_conversations_and_a_former_loses_them(world: World) -> None:
    ada, olga = await replica(world, "ada"), await replica(world, "olga")
    old = await world.connect(SUPPORT, ada.person)
    old.send({"method": "message.send", "params": ["help"], "id": 1})
    assert await olga.receives() == []
    now = await set_roles(world.storage.users, olga.person.id, operator=True, admin=False)
    world.presence.changed({olga.person.id: now})
    person, got = await olga.receives()
    assert (person["type"], person["roles"]) == ("person", ["operator"])
    assert (got["kind"], got["peer"]["name"]) == ("support", "ada")
    no_more = await set_roles(world.storage.users, olga.person.id, operator=False, admin=False)
    world.presence.changed({olga.person.id: no_more})
    assert (await olga.receives())[1:] == [{"type": "gone", "room": got["id"], "reason": "removed"}]


async def test_losing_the_operators_role_during_a_sync_ends_conversations(world: World) -> None:
    ada, olga = await world.add("ada"), Replica(world, await world.add("olga", operator=True))
    old = await world.connect(SUPPORT, ada)
    old.send({"method": "message.send", "params": ["help"], "id": 1})
    await olga.connect(sync=False)
    with world.obstacles.held("snapshots", after=True):  # it was read, and is on its way
        olga.send("sync")
        await world.rest()
        no_more = await set_roles(world.storage.users, olga.person.id, operator=False, admin=False)
        world.presence.changed({olga.person.id: no_more})
    assert "support" not in [event.get("kind") for event in await olga.receives()]
    old.send({"method": "message.send", "params": ["secret"], "id": 2})
    assert await olga.receives() == []
    assert "secret" not in str(olga.rooms)


async def test_the_lobby_is_one_whatever_one_speaks(world: World) -> None:
    ada = await replica(world, "ada")
    old = await world.connect(TALKER, await world.add("ben"))
    await old.receives()
    old.send({"name": "ben", "message": "hello"})
    assert [event["text"] for event in await ada.receives()] == ["hello"]
    await ada.say(LOBBY_ID, "welcome")
    assert await old.receives() == [{"name": "ada", "message": "welcome"}]
    assert NATIVE in DIALECTS


async def test_a_closed_socket_leaves_no_state(world: World) -> None:
    ada = await replica(world, "ada")
    ada.drop()
    await world.rest()
    world.assert_nothing_is_left()


async def test_an_unsaved_message_is_in_no_room(world: World) -> None:
    ada = await replica(world, "ada")
    guest = await world.connect(DIRECT)
    guest_id = guest.session.client.client_id  # type: ignore[union-attr]
    old = await world.connect(DIRECT, ada.person)
    await old.receives()
    with world.obstacles.held("snapshots"):
        for text in ("psst", "hey"):
            guest.send({"from": guest_id, "to": ada.person.id, "content": text})
            await world.rest()
    assert [frame["content"] for frame in await old.receives()] == ["psst", "hey"]
    assert await ada.receives() == []


async def test_leaving_while_new_rooms_are_read_leaves_no_state(world: World) -> None:
    olga = await replica(world, "olga")
    now = await set_roles(world.storage.users, olga.person.id, operator=True, admin=False)
    with world.obstacles.held("rooms_of", after=True):
        world.presence.changed({olga.person.id: now})
        await world.rest()
        olga.client.stop_reading()  # so that the connection lasts longer than its session
        olga.send("ping")
        await world.rest()
        olga.drop()
        await world.rest()
    await world.rest()
    assert not world.hub._topics
