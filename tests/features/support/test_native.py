"""Support conversations: claimed, assigned, closed and reopened, over HTTP and on sockets."""

import json
import random
from collections.abc import Sequence
from typing import Any

import pytest

from chat.application import members
from chat.application import rooms as use_cases
from chat.client.frames import NumberedReply as Reply
from chat.client.frames import decode
from chat.client.rooms import Rooms
from chat.client.wire import RoomInfo
from chat.domain.entities import LOBBY_ID, Draft, Peer, Person, SupportOf
from chat.domain.messages.changes import SupportChange
from chat.engine.people import PeopleReconciler
from chat.protocols.support.codec import SUPPORT
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site
from tests.support.account_changes import set_disabled


class Desk:
    """People and operators with their tokens, and what they do."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.people: dict[str, Person] = {}
        self.tokens: dict[str, str] = {}
        self.said = 0

    async def join(self, *names: str) -> None:
        """Names that begin with `o` are operators'."""
        for name in names:
            person, token = await self.site.join(name, operator=name.startswith("o"))
            self.people[name], self.tokens[name] = person, token

    async def own(self, name: str) -> Answer:
        return await self.site.call("PUT", "/support", token=self.tokens[name])

    async def say(self, name: str, room: int) -> int:
        self.said += 1
        body = {"key": f"k-{self.said}", "text": f"text {self.said}"}
        return (await self.site.call("POST", f"/rooms/{room}/messages", body, token=self.tokens[name])).status

    async def change(self, name: str, room: int, *, valid: bool = True, **what: Any) -> Answer:
        """`assignee` and `was` are names."""
        for field in ("assignee", "was"):
            if isinstance(what.get(field), str):
                what[field] = self.people[what[field]].id
        return await self.site.call("PATCH", f"/support/{room}", what, token=self.tokens[name], valid=valid)

    async def queue(self, name: str, query: str = "") -> list[int]:
        answer = await self.site.call("GET", f"/support{query}", token=self.tokens[name])
        assert answer.status == 200, answer.body
        return [room["id"] for room in answer["rooms"]]

    async def replica(self, name: str) -> Replica:
        own = Replica(self.site.world, self.people[name])
        await own.connect()
        return own


@pytest.fixture
async def desk(site: Site) -> Desk:
    desk = Desk(site)
    await desk.join("ada", "olga", "otto")
    return desk


def _as_counted(own: Replica) -> dict[int, RoomInfo]:
    """The rooms as the client computes them from all events, with the waiting times."""
    rooms = Rooms({}, max_messages=500)
    rooms.person_id = own.person.id
    for event in own.events:
        got = decode(json.dumps(event))
        assert got is not None
        assert not isinstance(got, Reply)
        rooms.apply(got)
    return {number: room.info for number, room in rooms.items()}


def _support(answer: Answer) -> tuple[str, str | None, bool]:
    """Its state, whose it is, and whether somebody waits."""
    assert answer.status == 200, answer.body
    support = answer["support"]
    assignee = support.get("assignee")
    return support.get("state", "open"), assignee and assignee["name"], "waiting_since" in support


async def test_a_conversation_is_claimed_handed_over_closed_and_opened_again(desk: Desk) -> None:
    own = await desk.own("ada")
    room = own["id"]
    assert (await desk.own("ada")).body == own.body, "it is made once"
    assert (own["support"]["person"]["name"], _support(own)) == ("ada", ("open", None, False))
    assert (await desk.change("olga", room, state="closed")).refused == (404, "not_found", None), (
        "nothing is said"
    )
    await desk.say("ada", room)
    assert _support(await desk.own("ada")) == ("open", None, True)
    for name, change, expected in (
        ("olga", {"assignee": "olga", "was": None}, ("open", "olga", True)),
        ("otto", {"assignee": "otto", "was": "olga"}, ("open", "otto", True)),
        ("otto", {"assignee": None}, ("open", None, True)),
        ("otto", {}, ("open", None, True)),
        ("otto", {"assignee": "olga", "state": "closed"}, ("closed", "olga", False)),
        ("otto", {"state": "closed"}, ("closed", "olga", False)),
        ("otto", {"state": "open", "was": "olga"}, ("open", "olga", False)),
    ):
        assert _support(await desk.change(name, room, **change)) == expected, change
    assert (await desk.own("ada"))["pos"] == 6, "what changes nothing takes no place"


async def test_a_late_claim_gets_the_current_assignee(desk: Desk) -> None:
    room = (await desk.own("ada"))["id"]
    await desk.say("ada", room)
    assert _support(await desk.change("olga", room, assignee="olga", was=None)) == ("open", "olga", True)
    late = await desk.change("otto", room, assignee="otto", was=None)
    assert late.refused == (409, "conflict", None)
    assert late["holder"] == {"id": desk.people["olga"].id, "name": "olga"}
    await desk.change("olga", room, assignee=None)
    nobody = await desk.change("otto", room, state="closed", was="olga")
    assert (nobody.refused, "holder" in nobody.body) == ((409, "conflict", None), False)


async def test_a_forbidden_request_is_refused_with_the_reason(desk: Desk) -> None:
    await desk.join("ben", "otis")
    room = (await desk.own("ada"))["id"]
    await desk.say("ada", room)
    await set_disabled(desk.site.storage.users, desk.people["otis"].id, disabled=True)
    garden = (await desk.site.world.make_room(desk.people["olga"])).id
    assert (await desk.change("ada", room, state="closed")).refused == (403, "forbidden", None)
    assert (await desk.change("ben", room, state="closed")).refused == (404, "not_found", None)
    assert (await desk.change("olga", 999, state="closed")).refused == (404, "not_found", None)
    assert (await desk.change("olga", garden, state="closed")).refused == (404, "not_found", None)
    for nobody in ("ada", "otis", 999):
        assert (await desk.change("olga", room, assignee=nobody)).refused == (400, "invalid", "assignee")
    for wrong in ({"state": "gone"}, {"assignee": 0}, {"was": -1}):
        field = next(iter(wrong))
        assert (await desk.change("olga", room, valid=False, **wrong)).refused == (400, "invalid", field)
    for query, field in (("?state=gone", "state"), ("?assignee=-1", "assignee"), ("?after=x", "after")):
        answer = await desk.site.call("GET", f"/support{query}", token=desk.tokens["olga"], valid=False)
        assert answer.refused == (400, "invalid", field)
    assert (await desk.site.call("GET", "/support", token=desk.tokens["ada"])).refused == (
        403,
        "forbidden",
        None,
    )
    assert _support(await desk.own("ada")) == ("open", None, True)


async def test_conversations_are_listed_longest_waiting_first_in_pages(desk: Desk) -> None:
    await desk.join("ben", "cem", "dan")
    rooms = [(await desk.own(name))["id"] for name in ("dan", "cem", "ben", "ada")]
    for name, room in zip(("dan", "cem", "ben", "ada"), rooms, strict=True):
        await desk.say(name, room)
    await desk.say("olga", rooms[1])
    await desk.change("olga", rooms[2], state="closed")
    dan, cem, ben, ada = rooms
    assert await desk.queue("otto") == [dan, ada, cem, ben]
    assert await desk.queue("otto", "?state=open") == [dan, ada, cem]
    assert await desk.queue("otto", "?state=closed") == [ben]
    assert await desk.queue("otto", f"?assignee={desk.people['olga'].id}") == [cem]
    assert await desk.queue("otto", "?assignee=0&state=open") == [dan, ada]
    paged, after = list[int](), ""
    while True:
        page = await desk.site.call("GET", f"/support?limit=1{after}", token=desk.tokens["otto"])
        paged += [room["id"] for room in page["rooms"]]
        if "next" not in page.body:
            break
        after = f"&after={page['next']}"
    assert paged == [dan, ada, cem, ben]


async def test_support_changes_reach_everybody_in_the_conversation(desk: Desk) -> None:
    room = (await desk.own("ada"))["id"]
    await desk.say("ada", room)
    ada, olga, otto = [await desk.replica(name) for name in ("ada", "olga", "otto")]
    await desk.say("olga", room)
    await desk.change("otto", room, assignee="otto", was="olga")
    for own in (ada, olga, otto):
        said, *changes = await own.receives()
        assert said["type"] == "message"
        assert [(each["pos"], each["state"], each["assignee"]["name"], each["by"]) for each in changes] == [
            (3, "open", "olga", desk.people["olga"].id),
            (4, "open", "otto", desk.people["otto"].id),
        ]
    olga.drop()
    await desk.say("ada", room)
    await desk.change("otto", room, state="closed")
    assert [each["type"] for each in await otto.receives()] == ["message", "support", "gone"]
    assert otto.events[-1] == {"type": "gone", "room": room, "reason": "closed"}
    assert [each["type"] for each in await ada.receives()] == ["message", "support"]
    await olga.connect()
    assert olga.events[-1] == {"type": "gone", "room": room, "reason": "closed"}, (
        "she knew it, and comes back"
    )
    members = await desk.site.call("GET", f"/rooms/{room}/members", token=desk.tokens["olga"])
    assert [each["person"]["name"] for each in members["members"]] == ["ada"]
    history = await desk.site.call("GET", f"/rooms/{room}/messages", token=desk.tokens["olga"])
    assert len(history["messages"]) == 3, "operators may still read it"

    await desk.say("ada", room)
    assert [each["type"] for each in await ada.receives()] == ["message", "support"]
    for own in (olga, otto):
        (got,) = await own.receives()
        assert (got["type"], got["id"], got["members"]) == ("room", room, 3)
        assert (got["support"].get("state", "open"), got["support"]["assignee"]["name"]) == ("open", "otto")
        assert got["pos"] == 8
    assert (await otto.say(room, "hi"))["type"] == "send_ok"
    assert [own.rooms[room]["pos"] for own in (ada, olga, otto) if await own.receives() is not None] == [
        9,
        9,
        9,
    ]


async def test_sending_over_older_protocols_claims_and_reopens(desk: Desk) -> None:
    room = (await desk.own("ada"))["id"]
    own, operator = [await desk.site.world.connect(SUPPORT, desk.people[name]) for name in ("ada", "olga")]
    for client in (own, operator):
        client.received_now()
    own.send({"method": "message.send", "params": ["help"], "id": 1})
    await desk.site.world.rest()
    operator.send({"method": "message.operatorSend", "params": ["how?", desk.people["ada"].id], "id": 1})
    await desk.site.world.rest()
    assert _support(await desk.own("ada")) == ("open", "olga", False)
    await desk.change("otto", room, assignee="otto", state="closed")
    own.send({"method": "message.send", "params": ["thanks"], "id": 2})
    await desk.site.world.rest()
    assert _support(await desk.own("ada")) == ("open", "otto", True)
    await desk.change("otto", room, state="closed")
    operator.send({"method": "message.operatorSend", "params": ["bye"], "id": 2})
    await desk.site.world.rest()
    assert _support(await desk.own("ada")) == ("open", "otto", False)
    for client in (own, operator):
        texts = [got["result"]["message"]["message_text"] for got in client.received_now()]
        assert texts == ["help", "how?", "thanks", "bye"], "of the rest nothing is said"


@pytest.mark.parametrize("call", ["rooms_of", "snapshots"])
@pytest.mark.parametrize("is_known", [False, True])
async def test_a_closing_during_a_sync_leaves_no_operator_in_it(
    desk: Desk, call: str, is_known: bool
) -> None:
    room = (await desk.own("ada"))["id"]
    await desk.say("ada", room)
    otto = await desk.replica("otto")
    otto.drop()
    if not is_known:
        otto.rooms.clear()
    await otto.connect(sync=False)
    known = [{"room": id_, "pos": each["pos"], "at": each["at"]} for id_, each in otto.rooms.items()]
    with desk.site.obstacles.held(call, after=True):
        otto.send("sync", known=known)
        await desk.site.world.rest()
        desk.site.world._nursery.start_soon(lambda: desk.change("olga", room, state="closed"))
        await desk.site.world.rest()
    await otto.receives()
    assert room not in otto.rooms
    assert not otto.client.session.client._room_sync.is_subscribed(room)
    await desk.say("ada", room)
    await otto.receives()
    assert otto.rooms[room]["support"].get("state", "open") == "open", "it is told again"


@pytest.mark.parametrize("call", ["rooms_of", "snapshots", "resume_checks"])
async def test_a_deletion_during_a_sync_removes_conversation_and_rooms(desk: Desk, call: str) -> None:
    room, world, olga = (await desk.own("ada"))["id"], desk.site.world, desk.people["olga"]
    await desk.say("ada", room)
    garden = await world.make_room(olga)
    otto = await desk.replica("otto")
    await members.join(world.services, desk.people["otto"], garden.id)
    await otto.receives()
    otto.drop()
    await otto.connect(sync=False)
    known = [{"room": id_, "pos": each["pos"], "at": each["at"]} for id_, each in otto.rooms.items()]
    with desk.site.obstacles.held(call, after=True):
        otto.send("sync", known=known)
        await world.rest()
        await world.storage.users.delete(desk.people["ada"].id)
        world.services.presence.person_deleted(desk.people["ada"].id)
        world._nursery.start_soon(use_cases.delete_room, world.services, olga, garden.id)
        await world.rest()
    await otto.receives()
    assert otto.rooms.keys() == {LOBBY_ID}
    assert otto.client.session.subscriptions.rooms() == [LOBBY_ID]
    assert otto.client.session.client.conversations() == {}


async def test_an_unpublished_deletion_removes_the_conversation(desk: Desk) -> None:
    """As after a line to the database that was lost: all who are here, and those who are heard, are looked at."""
    room, services = (await desk.own("ada"))["id"], desk.site.services
    await desk.say("ada", room)
    otto = await desk.replica("otto")
    await desk.site.world.storage.users.delete(desk.people["ada"].id)

    def gone(person_id: int | None) -> None:
        if person_id is not None:
            services.presence.person_deleted(person_id)

    await PeopleReconciler(services.accounts, services.presence, gone).recheck_people()
    assert await otto.receives() == [{"type": "gone", "room": room, "reason": "deleted"}]


@pytest.mark.parametrize("by", ["its person", "an operator"])
async def test_a_conversation_opened_during_its_snapshot_is_sent_again(desk: Desk, by: str) -> None:
    ada, olga = desk.people["ada"], desk.people["olga"]
    room = (await desk.own("ada"))["id"]
    people = SupportOf(Peer(ada.id, "ada"))
    otto, writes, rest = await desk.replica("otto"), desk.site.services.writes, desk.site.world.rest
    with desk.site.obstacles.held("snapshots", after=True):
        with desk.site.obstacles.held("snapshots"):
            await writes.write(Draft(room, ada.id, "ada", "one", 1.0, people=people))
            await rest()
            await writes.write(SupportChange(room, olga.id, 2.0, people, is_closed=True))
        await rest()  # it is read, closed
        if by == "its person":
            await writes.write(Draft(room, ada.id, "ada", "two", 3.0, people=people))
        else:
            await writes.write(SupportChange(room, olga.id, 3.0, people, is_closed=False))
            await writes.write(Draft(room, olga.id, "olga", "two", 4.0, people=people))
        await rest()
    await otto.receives()
    got = otto.rooms[room]["pos"]
    assert got >= 4
    await desk.say("ada", room)
    await otto.receives()
    assert otto.rooms[room]["pos"] == got + 1


async def test_a_message_right_after_opening_reaches_everybody(
    desk: Desk,
) -> None:
    """Its operator has not received yet that it is open, and requests nothing in between."""
    room = (await desk.own("ada"))["id"]
    await desk.say("ada", room)
    ada, olga, otto = [await desk.replica(name) for name in ("ada", "olga", "otto")]
    for n in range(3):
        await desk.change("olga", room, state="closed")
        with desk.site.obstacles.held("snapshots", after=True):
            desk.site.world._nursery.start_soon(lambda: desk.change("olga", room, state="open"))
            await desk.site.world.rest()
            olga.send("send", room=room, key=f"at-once-{n}", text=f"at once {n}")
            await desk.site.world.rest()
        for own in (ada, olga, otto):
            await own.receives()
            assert _as_counted(own)[room].seq == n + 2, own.person.name
            assert own.rooms[room]["support"].get("state", "open") == "open"


@pytest.mark.parametrize("seed", range(5))
async def test_everybody_ends_with_the_conversations_as_they_are(desk: Desk, seed: int) -> None:
    """Random people who send, claim, hand over, close, disconnect and resume; each keeps its state."""
    draw = random.Random(seed)
    await desk.join("ben")
    rooms = {name: (await desk.own(name))["id"] for name in ("ada", "ben")}
    replicas = {name: await desk.replica(name) for name in desk.people}
    operators: Sequence[str] = ("olga", "otto")
    for _ in range(60):
        whose = draw.choice(("ada", "ben"))
        name = draw.choice((whose, *operators))
        own = replicas[name]
        match draw.choice(("say", "say", "burst", "close", "open", "claim", "hand over", "drop", "hear")):
            case "say":
                await desk.say(name, rooms[whose])
            case "burst" if own._client is not None:
                for n in range(3):
                    own.send("send", room=rooms[whose], key=f"b-{desk.said}-{n}", text="burst")
                desk.said += 1
            case "close":
                await desk.change(draw.choice(operators), rooms[whose], state="closed")
            case "open":  # and write at once, where one can
                operator = draw.choice(operators)
                await desk.change(operator, rooms[whose], state="open")
                if replicas[operator]._client is not None:
                    replicas[operator].send("send", room=rooms[whose], key=f"o-{desk.said}", text="opened")
                    desk.said += 1
            case "claim":
                operator = draw.choice(operators)
                await desk.change(operator, rooms[whose], assignee=operator, was=None)
            case "hand over":
                await desk.change("olga", rooms[whose], assignee=draw.choice(("olga", "otto", None)))
            case "drop":
                own.drop() if own._client is not None else await own.connect()
            case _ if own._client is not None:
                await own.receives()
    for name, own in replicas.items():
        if own._client is None:
            await own.connect()
        await own.receives()
        fresh = await desk.replica(name)
        assert own.rooms.keys() == fresh.rooms.keys()
        counted, now = _as_counted(own), _as_counted(fresh)
        assert {room: (info.pos, info.at) for room, info in counted.items()} == {
            room: (info.pos, info.at) for room, info in now.items()
        }
        assert {room: info.support for room, info in counted.items()} == {
            room: info.support for room, info in now.items()
        }
        fresh.drop()


async def test_operators_count_the_open_conversations(desk: Desk) -> None:
    await desk.join("ben")
    for name in ("ada", "ben"):
        await desk.say(name, (await desk.own(name))["id"])
    answer = await desk.site.call("GET", "/support/counts", token=desk.tokens["olga"])
    assert answer.body == {"open": 2, "waiting": 2, "mine": 0, "unread": 2, "unread_in": 2}
    refused = await desk.site.call("GET", "/support/counts", token=desk.tokens["ada"])
    assert refused.refused[:2] == (403, "forbidden")


async def test_operators_read_how_a_conversation_was_led(desk: Desk) -> None:
    room = (await desk.own("ada"))["id"]
    await desk.say("ada", room)
    await desk.say("olga", room)
    await desk.change("olga", room, assignee="otto")
    await desk.change("otto", room, state="closed", assignee=None)
    await desk.say("ada", room)

    async def changes(name: str) -> Answer:
        return await desk.site.call("GET", f"/support/{room}/changes", token=desk.tokens[name])

    names = {person.id: name for name, person in desk.people.items()}
    found = [
        (names[each["by"]], each["state"], each.get("assignee", {}).get("name"))
        for each in (await changes("olga"))["changes"]
    ]
    assert found == [
        ("olga", "open", "olga"),
        ("olga", "open", "otto"),
        ("otto", "closed", None),
        ("ada", "open", None),
    ]
    assert (await changes("ada")).refused[:2] == (403, "forbidden"), "the person sees none"
