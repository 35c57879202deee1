"""Retention over HTTP and on the native socket: rules of rooms, holds, what goes, and what clients learn."""

import time
from typing import Any

import pytest

from chat.domain.accounts.account_changes import AccountChange
from chat.domain.entities import LOBBY_ID, Draft, Message, Peer, Person, Room, SupportOf, Visit
from chat.domain.messages.changes import SupportChange, SupportChanged
from chat.domain.ports import NewPerson
from chat.features.retention.remover import Remover
from chat.features.retention.rules import DAY
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site


class Garden:
    """Ada's room with Ben; Olga is an admin, and not in it."""

    def __init__(self, site: Site, room: int, people: dict[str, tuple[Person, str]]) -> None:
        self._site = site
        self.room = room
        self.people = people

    async def call(self, who: str, method: str, path: str, **fields: Any) -> Answer:
        return await self._site.call(method, path, fields or None, token=self.people[who][1])

    async def say(self, *days_ago: float) -> None:
        """Say a text in the lobby for each of these ages, oldest first."""
        ben = self.people["ben"][0]
        for age in days_ago:
            draft = Draft(LOBBY_ID, ben.id, "ben", f"{age} days", time.time() - age * DAY)
            assert isinstance(await self._site.services.writes.write(draft), Message)

    async def remove(self) -> int:
        counts = await Remover(self._site.services, grace=0.0).remove_all()
        assert counts is not None
        return sum(counts.values())


@pytest.fixture
async def garden(site: Site) -> Garden:
    people = {name: await site.join(name) for name in ("ada", "ben", "olga")}
    changed = await site.storage.users.administer(people["olga"][0].id, AccountChange(is_admin=True), None)
    assert isinstance(changed, Person)
    people["olga"] = changed, people["olga"][1]
    room = await site.storage.rooms.create("garden", people["ada"][0].id, is_private=False)
    assert isinstance(room, Room)
    garden = Garden(site, room.id, people)
    assert (await garden.call("ben", "PUT", f"/rooms/{room.id}/members/{people['ben'][0].id}")).status == 200
    return garden


async def settings(garden: Garden, **changes: Any) -> None:
    assert (await garden.call("olga", "PATCH", "/admin/settings", **changes)).status == 200


async def rule(garden: Garden, who: str, days: int | None) -> Answer:
    return await garden.call(who, "PUT", f"/rooms/{garden.room}/retention", days=days)


async def test_nothing_is_removed_unless_an_admin_says_so(garden: Garden) -> None:
    await garden.say(4000, 1)
    assert await garden.remove() == 0
    assert (await garden.call("ben", "GET", f"/rooms/{garden.room}/retention")).body == {
        "days": 0,
        "server_days": 0,
        "rooms_keep": "server",
    }


async def test_a_page_of_history_ends_at_the_first_that_is_left(garden: Garden, site: Site) -> None:
    await garden.say(90, 60, 5, 1)
    await settings(garden, message_days=30)
    overdue = (await garden.call("olga", "GET", "/admin/retention"))["overdue"]
    counts = {each["kind"]: each["count"] for each in overdue}
    assert counts == {"messages": 2, "idle_conversations": 0, "visitors": 0, "earlier_texts": 0}
    assert await garden.remove() == 2
    page = await garden.call("ben", "GET", f"/rooms/{LOBBY_ID}/messages?limit=1&before=4")
    assert ([each["seq"] for each in page["messages"]], page["first"]) == ([3], True)
    page = await garden.call("ben", "GET", f"/rooms/{LOBBY_ID}/messages?limit=50&before=3")
    assert (page["messages"], page["first"]) == ([], True)
    room = await garden.call("ben", "GET", f"/rooms/{LOBBY_ID}")
    assert (room["first"], room["seq"]) == (3, 4)
    acts = (await garden.call("olga", "GET", "/admin/audit?what=expired_removed"))["entries"]
    assert [each["detail"] for each in acts] == ["2 messages"]


async def test_clients_learn_for_how_long_keys_are_known(garden: Garden, site: Site) -> None:
    async def known() -> int:
        return int((await garden.call("ben", "GET", "/server"))["limits"]["key_days"])

    assert await known() == 0
    for name, days in (("key_days", 90), ("deleted_days", 60), ("message_days", 30)):
        await settings(garden, **{name: days})
        assert await known() == days, "the key goes with the message"
    await garden.call("olga", "PUT", f"/admin/rooms/{garden.room}/retention", days=7)
    await Remover(site.services, grace=0.0).read_shortest_rule()
    assert await known() == 7


async def test_the_newest_message_is_deleted_for_everybody(garden: Garden) -> None:
    await garden.say(90, 60)
    await settings(garden, message_days=30)
    assert await garden.remove() == 2
    (left,) = (await garden.call("ben", "GET", f"/rooms/{LOBBY_ID}/messages"))["messages"]
    assert (left["seq"], left.get("text", ""), "by" in left["deleted"]) == (2, "", False)
    assert await garden.remove() == 0


async def test_clients_learn_it_at_once_and_when_they_return(garden: Garden, site: Site) -> None:
    await garden.say(90, 60, 1)
    await settings(garden, message_days=30)
    here, away = Replica(site.world, garden.people["ben"][0]), Replica(site.world, garden.people["ada"][0])
    await away.connect()
    away.drop()
    await here.connect()
    assert await garden.remove() == 2
    (event,) = [each for each in await here.receives() if each["type"] == "trimmed"]
    assert (event["room"], event["first"], event["pos"]) == (LOBBY_ID, 3, 4)
    await away.connect()
    assert event in away.events
    assert away.resets == []


@pytest.mark.parametrize(
    ("keep", "days", "refused"),
    [
        ("server", 10, "keep_fixed"),
        ("server", None, None),
        ("shorter", 10, None),
        ("shorter", 90, "keep_too_long"),
        ("shorter", 0, "keep_too_long"),
        ("any", 90, None),
        ("any", 0, None),
    ],
)
async def test_owners_choose_within_what_admins_allow(
    garden: Garden, keep: str, days: int | None, refused: str | None
) -> None:
    await settings(garden, message_days=30, rooms_keep=keep)
    answer = await rule(garden, "ada", days)
    assert answer.body.get("reason") == refused
    if refused is None:
        assert answer["days"] == (30 if days is None else days)
        assert answer.body.get("own", False) == (days is not None)
    assert (await rule(garden, "ben", days))["reason"] == "not_owner"
    assert (await rule(garden, "olga", days))["reason"] == "not_member"
    answer = await garden.call("olga", "PUT", f"/admin/rooms/{garden.room}/retention", days=days)
    assert (answer.status, answer["days"]) == (200, 30 if days is None else days)


async def test_holds_are_placed_listed_and_lifted(garden: Garden) -> None:
    await garden.say(90, 1)
    await settings(garden, message_days=30)
    placed = await garden.call("olga", "POST", "/admin/holds", kind="room", target=LOBBY_ID, reason="case 7")
    (hold,) = placed["holds"]
    assert (placed.status, hold["name"], hold["reason"]) == (201, "lobby", "case 7")
    assert await garden.remove() == 0
    lifted = await garden.call("olga", "DELETE", f"/admin/holds/{hold['id']}")
    assert (lifted.status, lifted["holds"]) == (200, [])
    assert await garden.remove() == 1
    for kind, target, reason in (("server", 1, "hold_target"), ("room", None, "hold_target")):
        fields = {"target": target} if target else {}
        answer = await garden.call("olga", "POST", "/admin/holds", kind=kind, reason="x", **fields)
        assert (answer.status, answer["reason"]) == (400, reason)
    refused = await garden.call("olga", "POST", "/admin/holds", kind="person", target=999, reason="x")
    assert refused.status == 404
    assert (await garden.call("olga", "DELETE", "/admin/holds/999")).status == 404
    assert (await garden.call("olga", "POST", "/admin/holds", kind="server", reason="all")).status == 201
    assert (await garden.call("olga", "GET", "/admin/holds"))["holds"][0]["kind"] == "server"


async def test_idle_conversations_are_closed_and_then_removed(garden: Garden, site: Site) -> None:
    operator, _token = await site.join("oleg", operator=True)
    new = NewPerson(name="anna", password_hash=b"", visit=Visit())
    anna = await site.storage.users.add(new)
    assert isinstance(anna, Person)
    room = await site.storage.rooms.support_room(anna.id)
    assert isinstance(room, Room)
    here, visiting = Replica(site.world, operator), Replica(site.world, anna)
    await here.connect()
    await visiting.connect()
    people = SupportOf(Peer(anna.id, anna.name))
    said = Draft(room.id, anna.id, anna.name, "hello", time.time() - 30 * DAY, people=people)
    assert isinstance(await site.services.writes.write(said), Message)
    await settings(garden, support_close_days=14, support_remove_days=20)
    assert await garden.remove() == 1
    assert {"type": "gone", "room": room.id, "reason": "closed"} in await here.receives()
    (event,) = [each for each in await visiting.receives() if each["type"] == "support"]
    assert (event["state"], event["by"]) == ("closed", anna.id)
    (act,) = (await garden.call("olga", "GET", "/admin/audit?what=conversation_closed"))["entries"]
    assert (act["room"], act["person"]["id"], act["detail"], "by" in act) == (
        room.id,
        anna.id,
        "14 days",
        False,
    )
    assert await garden.remove() == 0
    assert (await garden.call("olga", "GET", "/admin/audit?what=expired_removed"))["entries"] == []


async def test_a_visitor_goes_with_a_conversation_that_was_closed_for_long(
    garden: Garden, site: Site
) -> None:
    anna = await site.storage.users.add(NewPerson(name="anna", password_hash=b"", visit=Visit()))
    assert isinstance(anna, Person)
    room = await site.storage.rooms.support_room(anna.id)
    assert isinstance(room, Room)
    people, long_ago = SupportOf(Peer(anna.id, anna.name)), time.time() - 30 * DAY
    said = Draft(room.id, anna.id, anna.name, "hello", long_ago, people=people)
    assert isinstance(await site.services.writes.write(said), Message)
    close = SupportChange(room.id, anna.id, long_ago, people, is_closed=True)
    assert isinstance(await site.services.writes.write(close), SupportChanged)
    await settings(garden, support_remove_days=20)
    assert await garden.remove() == 1
    assert await site.storage.users.by_id(anna.id) is None
    (act,) = (await garden.call("olga", "GET", "/admin/audit?what=expired_removed"))["entries"]
    assert act["detail"] == "1 visitors"
