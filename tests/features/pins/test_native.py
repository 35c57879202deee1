"""Pins over HTTP and on the native socket: rights, events for the room, and resuming."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from chat.application import members
from chat.domain.entities import LOBBY_ID, Person, Room
from chat.features.pins.changes import MOST_PINS
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.talker.codec import TALKER
from tests.engine.cluster.test_servers import Servers, servers
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site

__all__ = ["servers"]  # the fixture


class Garden:
    """Ada's room, of which Ben is a member, with two messages."""

    def __init__(self, site: Site, room: int, ada: tuple[Person, str], ben: tuple[Person, str]) -> None:
        self._site = site
        self.room = room
        self.ada, self.adas = ada
        self.ben, self.bens = ben

    async def call(self, method: str, path: str, token: str = "", **fields: Any) -> Answer:
        return await self._site.call(
            method, f"/rooms/{self.room}{path}", fields or None, token=token or self.adas
        )

    async def pins(self) -> list[int]:
        """The seqs of the pinned messages, as Ben sees them."""
        answer = await self.call("GET", "/pins", self.bens)
        assert answer.status == 200, answer.body
        return [each["message"]["seq"] for each in answer["pins"]]


@pytest.fixture
async def garden(site: Site) -> Garden:
    ada, ben = await site.join("ada"), await site.join("ben")
    room = await site.storage.rooms.create("garden", ada[0].id, is_private=False)
    assert isinstance(room, Room)
    garden = Garden(site, room.id, ada, ben)
    assert (await garden.call("PUT", f"/members/{ben[0].id}", ben[1])).status == 200
    for text in ("one", "two"):
        said = await garden.call("POST", "/messages", ben[1], key=text, text=text)
        assert said.status == 201
    return garden


ONE, TWO = 2, 3
"""The seqs of the two: Ben's joining stands before them."""


async def test_a_pinned_message_is_listed_until_it_is_unpinned(garden: Garden) -> None:
    for seq, count in ((ONE, 1), (TWO, 2), (ONE, 2)):
        answer = await garden.call("PUT", f"/pins/{seq}")
        assert (answer.status, answer.body) == (200, {"pins": count})
    (newest, first) = (await garden.call("GET", "/pins", garden.bens))["pins"]
    assert newest["by"] == {"id": garden.ada.id, "name": "ada"}
    history = (await garden.call("GET", "/messages", garden.bens))["messages"]
    assert [first["message"], newest["message"]] == history[1:]
    for count in (1, 1):
        assert (await garden.call("DELETE", f"/pins/{TWO}")).body == {"pins": count}
    assert await garden.pins() == [ONE]


async def test_who_may_not_delete_others_messages_pins_none(garden: Garden, site: Site) -> None:
    _, stranger = await site.join("cem")
    await garden.call("PUT", f"/pins/{ONE}")
    for method in ("PUT", "DELETE"):
        refused = await garden.call(method, f"/pins/{ONE}", garden.bens)
        assert (refused.status, refused["reason"]) == (403, "not_moderator")
        refused = await garden.call(method, f"/pins/{ONE}", stranger)
        assert (refused.status, refused["reason"]) == (403, "not_member")
    refused = await garden.call("GET", "/pins", stranger)
    assert (refused.status, refused["reason"]) == (403, "not_member")
    assert await garden.pins() == [ONE]


async def test_neither_joinings_nor_deleted_messages_are_pinned(garden: Garden) -> None:
    await garden.call("PUT", f"/pins/{ONE}")
    await garden.call("DELETE", f"/messages/{ONE}", garden.bens)
    assert await garden.pins() == []
    for seq in (1, ONE, 99):
        refused = await garden.call("PUT", f"/pins/{seq}")
        assert (refused.status, refused["reason"]) == (404, "no_message")


async def test_the_fifty_first_pin_is_refused(garden: Garden) -> None:
    for nth in range(MOST_PINS - 1):
        await garden.call("POST", "/messages", garden.bens, key=f"{nth}", text=f"{nth}")
    for seq in range(ONE, ONE + MOST_PINS):
        assert (await garden.call("PUT", f"/pins/{seq}")).status == 200
    refused = await garden.call("PUT", f"/pins/{ONE + MOST_PINS}")
    assert (refused.status, refused["code"], refused["reason"]) == (429, "too_many", "too_many_pins")
    assert len(await garden.pins()) == MOST_PINS


async def test_pins_of_an_archived_room_stay_as_they_are(garden: Garden) -> None:
    await garden.call("PUT", f"/pins/{ONE}")
    await garden.call("PATCH", "", archived=True)
    for method, seq in (("PUT", TWO), ("DELETE", ONE)):
        refused = await garden.call(method, f"/pins/{seq}")
        assert (refused.status, refused["reason"]) == (403, "room_archived")
    assert await garden.pins() == [ONE]


async def test_a_pin_is_published_in_the_room_and_is_in_a_resume(garden: Garden, site: Site) -> None:
    ada, ben = Replica(site.world, garden.ada), Replica(site.world, garden.ben)
    await ada.connect()
    await ben.connect()
    answer = await ada.asks("pin", room=garden.room, seq=ONE)
    assert {name: answer[name] for name in ("type", "pins")} == {"type": "pin_ok", "pins": 1}
    (event,) = await ben.receives()
    pos = event["pos"]
    got = {
        "type": "pinned",
        "room": garden.room,
        "pos": pos,
        "at": event["at"],
        "seq": ONE,
        "by": garden.ada.id,
    }
    assert event == got
    assert ada.events[-1] == got
    ben.drop()
    await ada.asks("pin", room=garden.room, seq=ONE, on=False)
    await ada.asks("pin", room=garden.room, seq=TWO)
    before = len(ben.events)
    await ben.connect()
    unpinned, pinned = ben.events[before:]
    assert (unpinned["pos"], unpinned["seq"], unpinned["on"]) == (pos + 1, ONE, False)
    assert (pinned["pos"], pinned["seq"], pinned.get("on", True)) == (pos + 2, TWO, True)
    assert ben.resets == []


async def test_an_unchanged_pin_is_answered_and_not_published(garden: Garden, site: Site) -> None:
    ada = Replica(site.world, garden.ada)
    await ada.connect()
    await ada.asks("pin", room=garden.room, seq=ONE)
    before = len(ada.events)
    assert (await ada.asks("pin", room=garden.room, seq=ONE))["pins"] == 1
    assert (await ada.asks("pin", room=garden.room, seq=TWO, on=False))["pins"] == 1
    assert ada.events[before:] == []


async def test_other_protocols_receive_nothing_of_pins(site: Site) -> None:
    _, token = await site.join("mod", moderator=True)
    ben, _ = await site.join("ben")
    await site.call("POST", f"/rooms/{LOBBY_ID}/messages", {"key": "k", "text": "hello"}, token=token)
    clients = [await site.world.connect(dialect, ben) for dialect in (TALKER, MESSENGER)]
    for client in clients:
        client.received_now()
    pinned = await site.call("PUT", f"/rooms/{LOBBY_ID}/pins/1", token=token)
    assert pinned.body == {"pins": 1}
    assert [await client.receives() for client in clients] == [[], []]


async def test_nobody_pins_in_direct_rooms_and_conversations(site: Site) -> None:
    _, adas = await site.join("ada")
    olga, olgas = await site.join("olga", operator=True)
    direct = (await site.call("PUT", f"/direct/{olga.id}", token=adas))["id"]
    support = (await site.call("PUT", "/support", token=adas))["id"]
    for room in (direct, support):
        await site.call("POST", f"/rooms/{room}/messages", {"key": f"{room}", "text": "hello"}, token=adas)
        for token in (adas, olgas):
            refused = await site.call("PUT", f"/rooms/{room}/pins/1", token=token)
            assert (refused.status, refused["reason"]) == (403, "not_moderator")
            assert (await site.call("GET", f"/rooms/{room}/pins", token=token)).body == {"pins": []}


async def test_a_pin_reaches_clients_of_another_server_at_once(
    autojump_clock: MockClock, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    room = await servers.one.make_room(ada, "garden")
    here, there = Replica(servers.one, ada), Replica(servers.other, ben)
    for each in (here, there):
        await each.connect()
    await members.join(servers.one.services, ben, room.id)
    await here.say(room.id, "hello")
    await trio.sleep(0.1)
    await there.receives()
    said = max(there.rooms[room.id]["messages"])
    await here.asks("pin", room=room.id, seq=said)
    await trio.sleep(0.1)
    (event,) = await there.receives()
    assert (event["type"], event["seq"], event["by"]) == ("pinned", said, ada.id)
