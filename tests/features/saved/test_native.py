"""Saved messages over HTTP and on the native socket: rights, pages, and the event for all of one's sessions."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from chat.domain.entities import LOBBY_ID, Person, Room
from chat.features.saved import use_cases
from tests.engine.cluster.test_servers import Servers, servers
from tests.features.saved import model
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site

__all__ = ["servers"]  # the fixture


class Garden:
    """Ada's private room, of which Ben is a member, with two messages of hers."""

    def __init__(self, site: Site, room: int, ada: tuple[Person, str], ben: tuple[Person, str]) -> None:
        self.site = site
        self.room = room
        self.ada, self.adas = ada
        self.ben, self.bens = ben

    async def call(self, method: str, path: str, token: str = "", **fields: Any) -> Answer:
        return await self.site.call(method, path, fields or None, token=token or self.bens)

    async def save(self, seq: int, token: str = "", method: str = "PUT") -> Answer:
        return await self.call(method, f"/me/saved/{self.room}/{seq}", token)


@pytest.fixture
async def garden(site: Site) -> Garden:
    ada, ben = await site.join("ada"), await site.join("ben")
    room = await site.storage.rooms.create("garden", ada[0].id, is_private=True)
    assert isinstance(room, Room)
    garden = Garden(site, room.id, ada, ben)
    path = f"/rooms/{room.id}"
    assert (await garden.call("PUT", f"{path}/members/{ben[0].id}", garden.adas, role="member")).status == 200
    for text in ("one", "two"):
        assert (await garden.call("POST", f"{path}/messages", garden.adas, key=text, text=text)).status == 201
    return garden


ONE, TWO = 2, 3
"""The seqs of the two: Ben's joining stands before them."""


async def test_one_saves_lists_and_removes_messages(garden: Garden) -> None:
    assert (await garden.call("GET", "/me/saved")).body == {"saved": []}
    for seq in (ONE, TWO):
        answer = await garden.save(seq)
        assert (answer.status, answer.body) == (200, {"saved": True})
    page = await garden.call("GET", "/me/saved?limit=1")
    history = (await garden.call("GET", f"/rooms/{garden.room}/messages"))["messages"]
    assert [each["message"] for each in page["saved"]] == [history[2]]
    rest = await garden.call("GET", f"/me/saved?limit=1&after={page['next']}")
    assert ([each["message"] for each in rest["saved"]], "next" in rest.body) == ([history[1]], False)
    places = await garden.call("GET", "/me/saved/places")
    assert places.body == {"rooms": [{"room": garden.room, "seqs": [ONE, TWO]}]}
    assert (await garden.call("GET", "/me/saved", garden.adas)).body == {"saved": []}
    for _ in range(2):
        answer = await garden.save(TWO, method="DELETE")
        assert (answer.status, answer.body) == (200, {"saved": False})
    assert [each["message"]["seq"] for each in (await garden.call("GET", "/me/saved"))["saved"]] == [ONE]


async def test_who_was_removed_sees_nothing_and_saves_nothing(garden: Garden) -> None:
    assert (await garden.save(ONE)).status == 200
    gone = await garden.call("DELETE", f"/rooms/{garden.room}/members/{garden.ben.id}", garden.adas)
    assert gone.status == 204
    assert (await garden.call("GET", "/me/saved")).body == {"saved": []}
    assert (await garden.save(TWO)).status == 404
    assert (await garden.save(ONE, method="DELETE")).status == 200
    assert (await garden.call("GET", "/me/saved/places")).body == {"rooms": []}


async def test_refusals(garden: Garden, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await garden.save(99))["reason"] == "no_message"
    monkeypatch.setattr(model, "MOST_SAVED", 1)
    assert (await garden.save(ONE)).status == 200
    refused = await garden.save(TWO)
    assert (refused.status, refused["reason"]) == (429, use_cases.TOO_MANY_SAVED.reason)


async def test_it_reaches_all_sessions_of_the_person_on_all_servers(
    autojump_clock: MockClock, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    here, second, bens = (Replica(servers.one, each) for each in (ada, ada, ben))
    there = Replica(servers.other, ada)
    for each in (here, second, bens, there):
        await each.connect()
    seq = (await here.say(LOBBY_ID, "the key is under the pot"))["seq"]
    await heard(here, second, there, bens)
    for on in (True, False):
        assert (await here.asks("save", room=LOBBY_ID, seq=seq, on=on))["saved"] is on
        event = {"type": "saved", "room": LOBBY_ID, "seq": seq, **({} if on else {"on": False})}
        got = await heard(here, second, there, bens)
        assert [*here.events, *got[0]].count(event) == 1  # beside the answer
        assert got[1:] == [[event], [event], []]


async def heard(*replicas: Replica, of: str = "saved") -> list[list[dict[str, Any]]]:
    """The events of a type that each has got since."""
    await trio.sleep(0.1)
    return [[event for event in await each.receives() if event["type"] == of] for each in replicas]
