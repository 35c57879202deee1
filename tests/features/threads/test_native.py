"""Threads over HTTP and on the native socket: rights, live replies, following, and pages."""

from typing import Any

import pytest

from chat.domain.entities import LOBBY_ID, Person, Room
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site


class Garden:
    """Ada's private room, of which Ben is a member, with two messages of hers."""

    def __init__(self, site: Site, room: int, ada: tuple[Person, str], ben: tuple[Person, str]) -> None:
        self._site = site
        self.room = room
        self.ada, self.adas = ada
        self.ben, self.bens = ben
        self._keys = 0

    async def call(self, method: str, path: str, token: str = "", **fields: Any) -> Answer:
        return await self._site.call(
            method, f"/rooms/{self.room}{path}", fields or None, token=token or self.adas
        )

    async def say(self, text: str, token: str = "", **fields: Any) -> int:
        self._keys += 1
        said = await self.call("POST", "/messages", token, key=f"k{self._keys}", text=text, **fields)
        assert said.status == 201, said.body
        return int(said["seq"])


@pytest.fixture
async def garden(site: Site) -> Garden:
    ada, ben = await site.join("ada"), await site.join("ben")
    room = await site.storage.rooms.create("garden", ada[0].id, is_private=True)
    assert isinstance(room, Room)
    garden = Garden(site, room.id, ada, ben)
    assert (await garden.call("PUT", f"/members/{ben[0].id}", role="member")).status == 200
    for text in ("tea?", "who waters the roses?"):
        await garden.say(text)
    return garden


ONE, TWO = 2, 3
"""The seqs of the two: Ben's joining stands before them."""


async def test_a_thread_is_read_by_any_message_of_it(garden: Garden) -> None:
    first = await garden.say("yes", garden.bens, reply=ONE)
    second = await garden.say("with milk?", garden.bens, reply=first)
    history = (await garden.call("GET", "/messages"))["messages"]
    for seq in (ONE, first, second):
        thread = await garden.call("GET", f"/threads/{seq}")
        assert (thread["root"], thread["replies"], thread["last_seq"]) == (ONE, 2, second)
        assert thread["message"] == history[1]
        assert thread["messages"] == history[3:]
        assert [each["root"] for each in thread["messages"]] == [ONE, ONE]
        assert (thread["first"], thread["last"], thread["following"]) == (True, True, True)
        assert thread["unread"] == 2
    page = await garden.call("GET", f"/threads/{ONE}?limit=1&before={second}")
    assert ([each["seq"] for each in page["messages"]], page["first"], "last" in page.body) == (
        [first],
        True,
        False,
    )
    refused = await garden.call("GET", f"/threads/{ONE}?before=3&after=1")
    assert (refused.status, refused["reason"]) == (400, "bad_history_query")
    refused = await garden.call("GET", "/threads/99")
    assert (refused.status, refused["reason"]) == (404, "no_message")


async def test_the_threads_of_a_room_are_listed(garden: Garden) -> None:
    assert (await garden.call("GET", "/threads")).body == {"threads": []}
    for root in (ONE, TWO):
        await garden.say("yes", garden.bens, reply=root)
    listed = await garden.call("GET", "/threads?limit=1")
    assert ([each["root"] for each in listed["threads"]], listed["next"]) == ([TWO], TWO)
    listed = await garden.call("GET", f"/threads?before={TWO}")
    (one,) = listed["threads"]
    assert (one["root"], one["replies"], one["following"], "next" in listed.body) == (ONE, 1, True, False)


async def test_who_may_not_read_the_room_reads_no_thread_and_follows_none(garden: Garden, site: Site) -> None:
    await garden.say("yes", garden.bens, reply=ONE)
    _, stranger = await site.join("cem")
    ways = [("GET", "/threads"), ("GET", f"/threads/{ONE}")]
    ways += [(method, f"/threads/{ONE}/following") for method in ("PUT", "DELETE")]
    for method, path in ways:
        assert (await garden.call(method, path, stranger)).status == 404
        assert (await garden.call(method, path, garden.bens)).status == 200
    await garden.call("DELETE", f"/members/{garden.ben.id}")
    for method, path in ways:
        assert (await garden.call(method, path, garden.bens)).status == 404


async def test_a_reply_is_an_ordinary_event_with_its_root_and_is_in_a_resume(
    garden: Garden, site: Site
) -> None:
    ada, ben = Replica(site.world, garden.ada), Replica(site.world, garden.ben)
    await ada.connect()
    await ben.connect()
    first = await garden.say("yes", garden.bens, reply=ONE)
    (event,) = await ada.receives()
    assert (event["type"], event["reply"], event["root"]) == ("message", ONE, ONE)
    ada.drop()
    second = await garden.say("no", garden.bens, reply=first)
    before = len(ada.events)
    await ada.connect()
    (missed,) = ada.events[before:]
    assert (missed["seq"], missed["reply"], missed["root"]) == (second, first, ONE)
    answer = await ada.asks("thread", room=garden.room, seq=second, around=first, limit=1)
    assert [each["seq"] for each in answer["messages"]] == [first]
    answer = await ada.asks("threads", room=garden.room)
    assert [each["root"] for each in answer["threads"]] == [ONE]


async def test_a_thread_is_followed_and_unfollowed(garden: Garden, site: Site) -> None:
    first = await garden.say("yes", garden.bens, reply=ONE)

    async def follows(token: str) -> bool:
        return bool((await garden.call("GET", f"/threads/{ONE}", token)).body.get("following"))

    assert (await garden.call("DELETE", f"/threads/{first}/following")).body == {
        "root": ONE,
        "following": False,
    }
    await garden.say("no", garden.bens, reply=ONE)
    assert [await follows(token) for token in (garden.adas, garden.bens)] == [False, True]
    assert (await garden.call("PUT", f"/threads/{ONE}/following")).body == {"root": ONE, "following": True}
    ben = Replica(site.world, garden.ben)
    await ben.connect()
    answer = await ben.asks("follow_thread", room=garden.room, seq=first, on=False)
    assert (answer["root"], answer["following"]) == (ONE, False)
    assert [await follows(token) for token in (garden.adas, garden.bens)] == [True, False]


async def test_a_thread_of_a_deleted_message_stays(garden: Garden) -> None:
    await garden.say("yes", garden.bens, reply=ONE)
    await garden.call("DELETE", f"/messages/{ONE}")
    thread = await garden.call("GET", f"/threads/{ONE}")
    assert "deleted" in thread["message"]
    assert "text" not in thread["message"]
    assert [each["text"] for each in thread["messages"]] == ["yes"]


async def test_visitors_read_no_threads(site: Site) -> None:
    _, token = await site.join("ada")
    assert (await site.call("GET", f"/rooms/{LOBBY_ID}/threads", token=token)).status == 200
    assert (await site.call("GET", f"/rooms/{LOBBY_ID}/threads")).status == 401


async def test_a_room_is_made_of_a_thread_for_those_who_follow_it(site: Site, garden: Garden) -> None:
    cem, dora, eve = await site.join("cem"), await site.join("dora"), await site.join("eve")
    for person, _ in (cem, dora):
        await garden.call("PUT", f"/members/{person.id}", role="member")
    first = await garden.say("I do", garden.bens, reply=TWO)
    await garden.say("me too", cem[1], reply=TWO)
    await garden.call("DELETE", f"/threads/{TWO}/following", cem[1])
    await garden.call("PUT", f"/threads/{TWO}/following", dora[1])
    asked = {"key": "k-1", "name": "Roses", "private": True, "base": "https://chat.example"}
    made = await garden.call("POST", f"/threads/{first}/room", **asked)
    assert (made.status, made["name"], made["private"], made["role"]) == (201, "Roses", True, "owner")
    members = (await site.call("GET", f"/rooms/{made['id']}/members", token=garden.adas))["members"]
    assert {each["person"]["name"] for each in members} == {"ada", "ben", "dora"}
    said = (await site.call("GET", f"/rooms/{made['id']}/messages", token=garden.bens))["messages"]
    (quote,) = [each for each in said if each.get("kind") != "join"]
    root = f"https://chat.example/room/{garden.room}/{TWO}"
    assert quote["text"] == f"> who waters the roses?\n>\n> — ada\n\n{root}"
    thread = await garden.call("GET", f"/threads/{TWO}")
    assert thread["messages"][-1]["text"] == f"#Roses: https://chat.example/room/{made['id']}"
    assert thread["replies"] == 3

    # With the same key it is the same room, also if something is left to do.
    await site.call("DELETE", f"/rooms/{made['id']}/members/{garden.ben.id}", token=garden.adas)
    again = await garden.call("POST", f"/threads/{first}/room", **asked)
    assert again["id"] == made["id"]
    assert (await garden.call("GET", f"/threads/{TWO}"))["replies"] == 3
    said = (await site.call("GET", f"/rooms/{made['id']}/messages", token=garden.bens))["messages"]
    assert len([each for each in said if each.get("kind") != "join"]) == 1

    taken = await garden.call("POST", f"/threads/{TWO}/room", **{**asked, "key": "k-2"})
    assert taken.refused == (409, "taken", "name")
    refused = await garden.call("POST", f"/threads/{TWO}/room", eve[1], **{**asked, "key": "k-3"})
    assert refused.status == 404


async def test_a_room_that_a_kill_left_empty_is_the_one_of_the_next_call(site: Site, garden: Garden) -> None:
    left = await site.call("POST", "/rooms", {"name": "Roses"}, token=garden.adas)
    path, asked = f"/threads/{TWO}/room", {"key": "k-1", "name": "roses", "base": "https://chat.example"}
    assert (await garden.call("POST", path, garden.bens, **asked)).refused == (409, "taken", "name")
    private = await garden.call("POST", path, **{**asked, "private": True})  # type: ignore[arg-type]
    assert private.refused == (409, "taken", "name")
    made = await garden.call("POST", path, **asked)  # type: ignore[arg-type]
    assert (made.status, made["id"]) == (201, left["id"])
    said = (await site.call("GET", f"/rooms/{made['id']}/messages", token=garden.adas))["messages"]
    assert said[0]["text"].startswith("> who waters the roses?")
    again = await garden.call("POST", path, **{**asked, "key": "k-2"})  # type: ignore[arg-type]
    assert again.refused == (409, "taken", "name")  # by now there is something in it


async def test_no_room_is_made_of_what_is_deleted_archived_or_no_message(garden: Garden) -> None:
    reply = await garden.say("yes", garden.bens, reply=ONE)
    join, asked = 1, {"key": "k-1", "name": "Tea"}
    await garden.call("DELETE", f"/messages/{ONE}")
    for seq in (reply, ONE, join, 99):
        refused = await garden.call("POST", f"/threads/{seq}/room", **asked)
        assert (refused.status, refused["reason"]) == (404, "no_message"), seq
    await garden.call("PATCH", "", archived=True)
    refused = await garden.call("POST", f"/threads/{TWO}/room", **asked)
    assert (refused.status, refused["reason"]) == (403, "room_archived")
