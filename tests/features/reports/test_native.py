"""Reports over HTTP: who sees what of them, what is done about a message, and the event for moderators."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock

from chat.domain.accounts.sessions import Device
from chat.domain.entities import LOBBY_ID, Person, Room
from chat.domain.ports import NewPerson
from chat.features.reports.native import ReportMessage, report_message
from chat.operations.operation import Caller
from tests.engine.cluster.test_servers import Servers, servers
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site

__all__ = ["servers"]  # the fixture


class Garden:
    """Ada's room, in which Ben and Eve are, with a message of Eve, beside a moderator and an admin of the server."""

    def __init__(self, site: Site, room: int, people: dict[str, tuple[Person, str]], seq: int) -> None:
        self.site, self.room, self.people, self.seq = site, room, people, seq

    def id(self, name: str) -> int:
        return self.people[name][0].id

    async def call(self, by: str, method: str, path: str, **fields: Any) -> Answer:
        return await self.site.call(method, path, fields or None, token=self.people[by][1])

    async def report(self, by: str = "ben", **fields: Any) -> Answer:
        path = f"/rooms/{self.room}/messages/{self.seq}/report"
        return await self.call(by, "POST", path, **{"reason": "spam", **fields})

    async def open(self, by: str = "mod") -> list[Any]:
        return list((await self.call(by, "GET", "/reports"))["reported"])

    async def handle(self, by: str, **deeds: bool) -> Answer:
        (reported,) = await self.open(by)
        return await self.call(by, "PUT", f"/reports/{reported['id']}", **deeds)


async def make_garden(site: Site, *, is_private: bool) -> Garden:
    people = {name: await site.join(name) for name in ("ada", "ben", "eve")}
    people["mod"] = await site.join("mod", moderator=True)
    people["boss"] = await site.join("boss", admin=True)
    room = await site.storage.rooms.create("garden", people["ada"][0].id, is_private=is_private)
    assert isinstance(room, Room)
    garden = Garden(site, room.id, people, 0)
    for name in ("ben", "eve"):
        path = f"/rooms/{room.id}/members/{garden.id(name)}"
        assert (await garden.call("ada", "PUT", path, role="member")).status == 200
    said = await garden.call("eve", "POST", f"/rooms/{room.id}/messages", key="k", text="buy now")
    garden.seq = said["seq"]
    return garden


@pytest.fixture
async def garden(site: Site) -> Garden:
    return await make_garden(site, is_private=False)


@pytest.fixture
async def private(site: Site) -> Garden:
    return await make_garden(site, is_private=True)


async def test_moderators_get_the_quote_and_who_reported_it(garden: Garden) -> None:
    first = await garden.report(comment=" again and again ")
    assert first.status == 201
    again = await garden.report(reason="hate")
    assert (again.status, again.body) == (200, first.body)
    await garden.report("ada", reason="other")
    for by in ("mod", "boss"):
        assert (await garden.call(by, "GET", "/reports/count")).body == {"open": 1}
        (reported,) = await garden.open(by)
        assert reported["author"] == {"id": garden.id("eve"), "name": "eve"}
        assert (reported["text"], reported["name"], reported["kind"]) == ("buy now", "garden", "room")
        assert "readable" not in reported  # they may join, but are not in it
        assert reported.get("may", []) == (["disable"] if by == "boss" else [])
        assert [
            (each["by"]["name"], each["reason"], each.get("comment")) for each in reported["reports"]
        ] == [("ben", "spam", "again and again"), ("ada", "other", None)]
    for by in ("ada", "ben", "eve"):
        for method, path in (("GET", "/reports"), ("GET", "/reports/count"), ("PUT", "/reports/1")):
            refused = await garden.call(by, method, path, **({"ban": True} if method == "PUT" else {}))
            assert (refused.status, refused["reason"]) == (403, "not_server_moderator")


async def test_what_is_wrong_with_a_report(garden: Garden) -> None:
    assert (await garden.report("eve"))["reason"] == "own_report"
    assert (await garden.report("mod"))["reason"] == "not_member"
    assert (await garden.report(comment="\0")).status == 400
    bad = f"/rooms/{garden.room}/messages/{garden.seq}/report"
    for fields in ({"reason": "boredom"}, {"reason": "spam", "comment": "x" * 501}, {"comment": "x"}):
        refused = await garden.site.call("POST", bad, fields, token=garden.people["ben"][1], valid=False)
        assert refused.status == 400
    garden.seq += 1
    assert (await garden.report())["reason"] == "no_message"


async def test_a_private_room_shows_its_quote_and_no_more(private: Garden) -> None:
    await private.report()
    (reported,) = await private.open()
    assert (reported["text"], reported["kind"]) == ("buy now", "room")
    assert not {"name", "readable", "may"} & reported.keys()
    for deed in ("delete", "ban"):
        refused = await private.handle("mod", **{deed: True})
        assert (refused.status, refused["reason"]) == (404, "no_room")
    assert (await private.handle("mod", disable=True))["reason"] == "not_admin"
    assert len(await private.open()) == 1
    done = await private.handle("boss", disable=True)
    assert (done["handled"]["by"]["name"], done["handled"]["done"]) == ("boss", ["disable"])
    assert (await private.call("eve", "GET", "/me")).status == 401
    assert await private.open() == []


async def test_moderators_delete_and_ban_where_they_are_in(garden: Garden) -> None:
    await garden.report()
    for by in ("mod", "boss"):
        assert (await garden.call(by, "PUT", f"/rooms/{garden.room}/members/{garden.id(by)}")).status == 200
    (reported,) = await garden.open()
    assert (reported["readable"], reported["may"]) == (True, ["delete", "ban"])
    done = await garden.handle("mod", delete=True, ban=True)
    assert done.status == 200
    assert (done["handled"]["by"]["name"], done["handled"]["done"]) == ("mod", ["delete", "ban"])
    assert (done["deleted"], done["text"], done.body.get("may")) == (True, "buy now", None)
    history = await garden.call("ada", "GET", f"/rooms/{garden.room}/messages")
    assert [
        each.get("deleted", {}).get("by") for each in history["messages"] if each["seq"] == garden.seq
    ] == [garden.id("mod")]
    assert (await garden.call("eve", "GET", f"/rooms/{garden.room}/messages")).status == 403
    late = await garden.call("boss", "PUT", f"/reports/{reported['id']}", disable=True)
    assert (late.status, late["reason"]) == (409, "report_handled")
    assert (await garden.call("eve", "GET", "/me")).status == 200  # nothing was done
    assert [
        each["id"] for each in (await garden.call("boss", "GET", "/reports?state=handled"))["reported"]
    ] == [reported["id"]]


async def test_what_was_done_before_is_no_obstacle(garden: Garden) -> None:
    await garden.report()
    await garden.call("mod", "PUT", f"/rooms/{garden.room}/members/{garden.id('mod')}")
    await garden.call("eve", "DELETE", f"/rooms/{garden.room}/messages/{garden.seq}")
    await garden.call("ada", "PUT", f"/rooms/{garden.room}/members/{garden.id('eve')}", role="banned")
    (reported,) = await garden.open()
    assert (reported["deleted"], reported.get("may")) == (True, None)
    assert (await garden.handle("mod", delete=True, ban=True)).status == 200


async def test_the_room_is_deleted(garden: Garden) -> None:
    await garden.report()
    assert (await garden.call("ada", "DELETE", f"/rooms/{garden.room}")).status == 204
    (reported,) = await garden.open()
    assert (reported["text"], reported.get("kind"), reported.get("name")) == ("buy now", None, None)
    assert (await garden.handle("mod", ban=True)).status == 404
    assert (await garden.handle("mod")).status == 200


async def test_pages(garden: Garden) -> None:
    path = f"/rooms/{garden.room}/messages"
    for nth in range(3):
        garden.seq = (await garden.call("eve", "POST", path, key=f"k{nth}", text=f"buy {nth}"))["seq"]
        await garden.report()
    page = await garden.call("mod", "GET", "/reports?limit=2")
    assert [each["text"] for each in page["reported"]] == ["buy 2", "buy 1"]
    rest = await garden.call("mod", "GET", f"/reports?limit=2&after={page['next']}")
    assert ([each["text"] for each in rest["reported"]], "next" in rest.body) == (["buy 0"], False)


async def test_only_moderators_learn_of_it_on_all_servers(
    autojump_clock: MockClock, servers: Servers
) -> None:
    ada, ben = await servers.one.add_all("ada", "ben")
    mod = await servers.storage.users.add(NewPerson(name="mod", password_hash=b"x", is_moderator=True))
    assert isinstance(mod, Person)
    here, author, mods, there = (
        Replica(servers.one, ada),
        Replica(servers.one, ben),
        Replica(servers.one, mod),
        Replica(servers.other, mod),
    )
    for each in (here, author, mods, there):
        await each.connect()
    seq = (await author.say(LOBBY_ID, "buy now"))["seq"]
    await heard(here, author, mods, there)
    request = ReportMessage(room=LOBBY_ID, seq=seq, reason="spam")
    await report_message(servers.one.services, Caller(ada, Device("")), request)
    assert await heard(here, author, mods, there) == [[], [], [{"type": "reports"}], [{"type": "reports"}]]


async def heard(*replicas: Replica) -> list[list[dict[str, Any]]]:
    """The events about reports that each has got since."""
    await trio.sleep(0.1)
    return [[event for event in await each.receives() if event["type"] == "reports"] for each in replicas]
