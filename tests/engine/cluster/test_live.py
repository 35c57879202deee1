"""Transient events between servers: typing, read marks, presence, and blocks."""

import trio
from msgspec import structs
from trio.testing import MockClock

from chat.bus.payloads import Noticed, encode
from chat.domain.entities import LOBBY_ID
from chat.domain.failures import StorageDown
from chat.domain.messages.live import HasRead
from chat.domain.nodes import FENCE
from chat.protocols.talker.codec import TALKER
from tests.engine.cluster.test_servers import Servers, servers
from tests.protocols.native.replica import Replica
from tests.support.replays import snapshots

__all__ = ["servers"]  # the fixture


async def test_own_changes_and_marks_reach_the_other_server(
    autojump_clock: MockClock, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    here, elsewhere, other = (
        Replica(servers.one, ada),
        Replica(servers.other, ada),
        Replica(servers.other, ben),
    )
    for each in (here, elsewhere, other):
        await each.connect()
    assert (await other.say(LOBBY_ID, "hi"))["type"] == "send_ok"
    await trio.sleep(0.1)
    for each in (here, elsewhere, other):
        await each.receives()
    await here.asks("activity", room=LOBBY_ID, what="typing")
    await here.asks("read", room=LOBBY_ID, seq=1)
    await trio.sleep(0.1)
    mark = {"type": "read", "room": LOBBY_ID, "person": ada.id, "seq": 1}
    typing = {"type": "activity", "room": LOBBY_ID, "person": {"id": ada.id, "name": "ada"}, "what": "typing"}
    assert await other.receives() == [typing, mark]
    assert await elsewhere.receives() == [mark]
    assert await here.receives() == []


async def test_a_read_mark_that_comes_late_from_a_third_server_does_not_go_back(
    autojump_clock: MockClock, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    reader, writer = Replica(servers.one, ada), Replica(servers.other, ben)
    for each in (reader, writer):
        await each.connect()
    for n in range(3):
        await writer.say(LOBBY_ID, f"{n}")
    await trio.sleep(0.1)
    await reader.receives()

    async def published(*marks: HasRead) -> list[tuple[int, int]]:
        async with servers.network.open_bus() as third:
            for mark in marks:
                third.publish(encode(Noticed(99, mark)))
            await trio.sleep(0.1)
        return [(event["seq"], event.get("unread", 0)) for event in await reader.receives()]

    newest, before = (HasRead(LOBBY_ID, None, ada.id, seq, 3 - seq, 0, is_shared=False) for seq in (3, 1))
    assert await published(newest, before, newest) == [(3, 0), (3, 0)]
    assert await published(structs.replace(before, is_back=True)) == [(1, 2)]
    await published(newest)
    await trio.sleep(20)  # that somebody went back may be lost: a mark is not held against them for ever
    assert await published(before) == [(1, 2)]


async def test_a_read_by_sending_elsewhere_is_recorded_before_a_mark_goes_back(
    autojump_clock: MockClock, servers: Servers
) -> None:
    with servers.other.obstacles.held("mark_read"):
        ada = await servers.one.add("ada")
        here, elsewhere = Replica(servers.one, ada), Replica(servers.other, ada)
        await here.connect()
        await elsewhere.connect()
        await elsewhere.say(LOBBY_ID, "one")
        asked = here.send("read", room=LOBBY_ID, seq=0, back=True)
        assert here.hear(await here.client.receives()) == []
    await trio.sleep(1)
    (answer,) = here.hear(await here.client.receives())
    assert (answer["id"], answer["type"], answer.get("read", 0)) == (asked, "read_ok", 0)
    (room,) = await snapshots(servers.storage, ada.id, 2**62)
    assert room.read == 0


async def test_a_mark_overtaken_by_an_own_message_elsewhere_is_not_sent(
    autojump_clock: MockClock, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    here, elsewhere, other = (
        Replica(servers.one, ada),
        Replica(servers.other, ada),
        Replica(servers.one, ben),
    )
    for each in (here, elsewhere, other):
        await each.connect()
    for text in ("one", "two"):
        await other.say(LOBBY_ID, text)
    await here.receives()
    await elsewhere.asks("read", room=LOBBY_ID, seq=1)
    since = here.rooms[LOBBY_ID]["at"]
    here.drop()
    with servers.other.obstacles.held("mark_read"):
        await elsewhere.say(LOBBY_ID, "three")
        await here.connect(sync=False)
        before = len(here.events)
        here.send("sync", known=[{"room": LOBBY_ID, "pos": 2, "at": since}], since=since)
        await here.receives()
    await trio.sleep(1)
    (answer,) = here.hear(await here.client.receives())
    assert answer["type"] == "sync_ok"
    published = [each for each in here.events[before:] if each["type"] in ("message", "read")]
    assert [(each["type"], each["seq"], each.get("unread", 0)) for each in published] == [
        ("message", 3, 0),
        ("read", 3, 0),
    ]


async def test_a_server_without_a_lease_publishes_no_room_changes(
    autojump_clock: MockClock, servers: Servers
) -> None:
    """Who was removed meanwhile would hear it."""
    ada, ben = await servers.one.add_all("ada", "ben")
    here, other = Replica(servers.one, ada), Replica(servers.other, ben)
    await here.connect()
    await other.connect()
    with servers.other.obstacles.failing("renew", StorageDown("cut off")):
        await trio.sleep(FENCE + 1)
        await here.asks("activity", room=LOBBY_ID, what="typing")
        await trio.sleep(0.1)
        assert await other.receives() == []


async def test_presence_on_another_server_ends_with_that_server(
    autojump_clock: MockClock, servers: Servers
) -> None:
    ada, ben, cem = await servers.one.add_all("ada", "ben", "cem")
    watching = Replica(servers.one, ada)
    await watching.connect()
    await servers.other.connect(TALKER, ben)
    await watching.asks("watch", people=[ben.id, cem.id])
    states: dict[int, str] = {}

    async def seen() -> dict[int, str]:
        for event in await watching.receives():
            states.update({each["id"]: each["state"] for each in event["people"]})
        return states

    await trio.sleep(1.5)
    assert await seen() == {ben.id: "online"}
    on_both = [await world.connect(TALKER, cem) for world in (servers.one, servers.other)]
    await trio.sleep(1.5)
    assert (await seen())[cem.id] == "online"
    on_both[0].leave()
    await trio.sleep(15)
    assert (await seen())[cem.id] == "online"
    servers.network.is_cut = True  # as where the other server has died
    await trio.sleep(25)
    assert await seen() == {ben.id: "offline", cem.id: "offline"}
    servers.network.is_cut = False
    await trio.sleep(8)
    assert await seen() == {ben.id: "online", cem.id: "online"}
