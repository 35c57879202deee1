"""Other people: found and seen by everybody, and blocked, which applies to direct messages of every protocol."""

from typing import Any

import pytest
import trio

from chat.domain.entities import LOBBY_ID, Person
from chat.domain.rooms.blocks import MOST_BLOCKS
from chat.engine.people import PeopleReconciler
from chat.protocols.direct.codec import DIRECT
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Site


async def direct_room(site: Site, one: Person, other: Person) -> int:
    room = await site.storage.rooms.direct_room(one.id, other.id)
    assert room is not None
    return room.id


async def test_people_are_looked_for_by_name_and_seen_one_by_one(site: Site) -> None:
    ada, token = await site.join("ada", email="ada@example.com")
    await site.add("Adam")
    ben = await site.world.add("ben", operator=True)
    first = await site.call("GET", "/people?q=AD&limit=1", token=token)
    assert ([each["name"] for each in first["people"]], first["next"]) == (["ada"], "ada")
    rest = await site.call("GET", f"/people?q=AD&after={first['next']}", token=token)
    assert ([each["name"] for each in rest["people"]], "next" in rest.body) == (["Adam"], False)
    assert first["people"] == [(await site.call("GET", f"/people/{ada.id}", token=token)).body]
    assert set(first["people"][0]) == {"id", "name", "changed"}
    got = await site.call("GET", f"/people/{ben.id}", token=token)
    assert got["roles"] == ["operator"]
    assert (await site.call("GET", "/people/99", token=token)).refused == (404, "not_found", None)
    assert (await site.call("GET", "/people?limit=0", token=token, valid=False)).refused[2] == "limit"


async def test_blocks_are_listed_until_they_are_taken_back(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, cem = await site.add("ben"), await site.add("cem")
    for other in (cem, ben, cem):
        assert (await site.call("PUT", f"/me/blocks/{other.id}", token=token)).status == 204
    first = await site.call("GET", "/me/blocks?limit=1", token=token)
    assert ([each["name"] for each in first["people"]], first["next"]) == (["ben"], "ben")
    assert (await site.call("PUT", "/me/blocks/99", token=token)).refused == (404, "not_found", None)
    himself = await site.call("PUT", f"/me/blocks/{ada.id}", token=token)
    assert himself.refused == (400, "invalid", "person")
    for other in (ben, ben, cem):
        assert (await site.call("DELETE", f"/me/blocks/{other.id}", token=token)).status == 204
    assert (await site.call("GET", "/me/blocks", token=token)).body == {"people": []}


async def test_a_person_blocks_so_many_and_no_more(site: Site) -> None:
    ada, token = await site.join("ada")
    site.storage.users.blocks |= {(ada.id, 10_000 + n) for n in range(MOST_BLOCKS)}
    ben = await site.add("ben")
    refused = await site.call("PUT", f"/me/blocks/{ben.id}", token=token)
    assert refused.refused == (403, "forbidden", None)


async def test_a_block_refuses_direct_messages_in_every_protocol(site: Site) -> None:
    """The other way round they are sent; in rooms nothing changes; and it ends with the block."""
    (ada, token), (ben, bens) = await site.join("ada"), await site.join("ben")
    room = await direct_room(site, ada, ben)
    own, other = Replica(site.world, ada), Replica(site.world, ben)
    await own.connect()
    await other.connect()
    direct = await site.world.connect(DIRECT, ben)
    await direct.receives()
    said: Any = {"key": "k-http", "text": "hi"}

    async def tries() -> list[object]:
        by_http = await site.call("POST", f"/rooms/{room}/messages", said, token=bens)
        on_socket = await other.say(room, f"hi {len(site.world.said(room))}")
        direct.send({"from": ben.id, "to": ada.id, "content": "hi"})
        answers = await direct.receives()
        return [by_http.status, on_socket.get("code", "send_ok"), "not found" in str(answers)]

    assert await tries() == [201, "send_ok", False]
    reacted = await site.call("PUT", f"/rooms/{room}/messages/1/reactions/%F0%9F%91%8D", token=bens)
    assert reacted.status == 200
    assert (await site.call("PUT", f"/me/blocks/{ben.id}", token=token)).status == 204
    saved = len(site.world.said(room))
    assert await tries() == [200, "forbidden", True], "what was said before is saved, and told so"
    said["key"] = "k-blocked"
    assert await tries() == [403, "forbidden", True]
    changed = await site.call("PATCH", f"/rooms/{room}/messages/1", {"text": "ho"}, token=bens)
    assert changed.refused == (403, "forbidden", None)
    assert len(site.world.said(room)) == saved
    assert (await own.say(room, "from ada"))["type"] == "send_ok"
    assert (await other.say(LOBBY_ID, "to all"))["type"] == "send_ok"
    assert (await site.call("DELETE", f"/me/blocks/{ben.id}", token=token)).status == 204
    said["key"] = "k-again"
    assert await tries() == [201, "send_ok", False]


async def test_cached_blocks_cost_no_query_and_follow_changes(site: Site) -> None:
    """Another server's block is reported as a change of the blocking person."""
    ada, ben = await site.add("ada"), await site.add("ben")
    room = await direct_room(site, ada, ben)
    own = Replica(site.world, ben)
    await own.connect()
    people = PeopleReconciler(
        site.services.accounts, site.services.presence, outdated=site.services.blocks.changed
    )
    for n in range(3):
        assert (await own.say(room, f"one {n}"))["type"] == "send_ok"
    assert site.obstacles.calls.count("blocked_ids") == 1
    await site.storage.contacts.block(ada.id, ben.id)
    people.changed(ada.id)
    assert (await own.say(room, "two"))["code"] == "forbidden"
    await site.storage.contacts.unblock(ada.id, ben.id)
    people.changed(None)
    assert (await own.say(room, "three"))["type"] == "send_ok"


async def test_a_block_during_a_look_up_applies_to_the_next_message(site: Site) -> None:
    ada, ben = await site.add("ada"), await site.add("ben")
    blocks = site.services.blocks
    with site.obstacles.held("blocked_ids", after=True):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(blocks.is_blocked, ben.id, ada.id)
            await site.world.rest()
            await site.storage.contacts.block(ada.id, ben.id)
            blocks.changed(ada.id)
            site.obstacles._closed_after["blocked_ids"].set()
    assert await blocks.is_blocked(ben.id, ada.id)


@pytest.mark.parametrize("is_received", [True, False])
async def test_messages_to_a_deleted_person_are_refused(site: Site, is_received: bool) -> None:
    """Over the socket as over HTTP, whether or not the socket hears the room."""
    ada, (ben, bens) = await site.add("ada"), await site.join("ben")
    room = await direct_room(site, ada, ben)
    own = Replica(site.world, ben)
    await own.connect(sync=is_received)
    assert (await own.say(room, "hi"))["type"] == "send_ok"
    await site.storage.users.delete(ada.id)
    site.services.direct.gone(ada.id)
    refused = await own.say(room, "are you there")
    assert (refused["code"], refused["text"]) == ("forbidden", "this person is no longer here")
    said = await site.call("POST", f"/rooms/{room}/messages", {"key": "k", "text": "hi"}, token=bens)
    assert said.body["error"] == refused["text"]
    assert len(site.world.said(room)) == 1
