"""Replies, mentions and the texts of before, over HTTP and on the sockets of every protocol."""

from typing import Any

import pytest

from chat.application import members
from chat.domain.entities import LOBBY_ID
from chat.domain.rooms import room_history
from chat.protocols.direct.codec import DIRECT
from chat.protocols.rooms.codec import ROOMS
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site

SAID = f"/rooms/{LOBBY_ID}/messages"


async def say(site: Site, token: str, text: str, *, room: int = LOBBY_ID, **fields: Any) -> Answer:
    body = {"key": text.encode().hex()[:64], "text": text, **fields}
    return await site.call("POST", f"/rooms/{room}/messages", body, token=token)


async def page(site: Site, token: str, query: str = "") -> tuple[list[int], int | None]:
    answer = await site.call("GET", f"/mentions{query}", token=token)
    return [hit["message"]["seq"] for hit in answer["hits"]], answer.body.get("next")


async def test_a_reply_is_part_of_the_message_everywhere(site: Site) -> None:
    ada, token = await site.join("ada")
    live = Replica(site.world, ada)
    await live.connect()
    await say(site, token, "one")
    said = await say(site, token, "two", reply=1)
    assert (said.status, said["reply"]) == (201, 1)
    answer = await live.asks("send", room=LOBBY_ID, key="s", text="three", reply=2)
    assert answer["seq"] == 3
    events = [each for each in live.events if each["type"] == "message"]
    assert [each.get("reply") for each in events] == [None, 1, 2]
    messages = (await site.call("GET", SAID, token=token))["messages"]
    assert [each.get("reply") for each in messages] == [None, 1, 2]
    late = Replica(site.world, ada)
    late.rooms[LOBBY_ID] = {"pos": 0, "at": 0, "messages": {}}
    await late.connect()
    assert [each.get("reply") for each in late.events] == [None, 1, 2]
    assert (await say(site, token, "two")).refused == (409, "conflict", None)
    assert (await say(site, token, "two", reply=1)).status == 200
    beyond = await say(site, token, "four", reply=4)
    assert beyond.refused == (400, "invalid", "reply")
    refused = await live.asks("send", room=LOBBY_ID, key="t", text="four", reply=99)
    assert (refused["code"], refused["field"]) == ("invalid", "reply")
    assert len(site.world.said(LOBBY_ID)) == 3


async def test_mentions_are_sent_counted_and_listed(site: Site) -> None:
    _, token = await site.join("ada")
    ben, bens = await site.join("ben smith")
    live = Replica(site.world, ben)
    await live.connect()
    said = await say(site, token, "@Ben Smith: tea?")
    assert (said["mentions"], "all" in said.body) == ([ben.id], False)
    await say(site, token, "or coffee")
    await say(site, token, "@all cake")
    events = await live.receives()
    assert [(each.get("mentions"), each.get("all")) for each in events] == [
        ([ben.id], None),
        (None, None),
        (None, True),
    ]
    room = await site.call("GET", f"/rooms/{LOBBY_ID}", token=bens)
    assert (room["unread"], room["mentions"]) == (3, 2)
    assert await page(site, bens) == ([3, 1], None)
    first, after = await page(site, bens, "?limit=1")
    assert (first, await page(site, bens, f"?limit=1&after={after}")) == ([3], ([1], None))
    assert await page(site, token) == ([], None)
    read = await live.asks("read", room=LOBBY_ID, seq=1)
    assert (read["unread"], read["mentions"]) == (2, 1)
    edited = await site.call("PATCH", f"{SAID}/2", {"text": "@ben smith, or coffee"}, token=token)
    assert edited["mentions"] == [ben.id]
    assert [each.get("mentions") for each in await live.receives()] == [[ben.id]]
    counts = await site.call("PUT", f"/rooms/{LOBBY_ID}/read", {"seq": 1}, token=bens)
    assert (counts["unread"], counts["mentions"]) == (2, 2)
    await site.call("PATCH", f"{SAID}/2", {"text": "or coffee"}, token=token)
    await site.call("DELETE", f"{SAID}/3", token=token)
    again = Replica(site.world, ben)
    await again.connect(sync=False)
    await again.sync(since=1)
    reads = [each for each in again.events if each["type"] == "read"]
    assert [(each["unread"], each.get("mentions")) for each in reads] == [(1, None)]
    assert await page(site, bens) == ([1], None)


async def test_texts_of_every_protocol_mention(site: Site) -> None:
    ada, _ = await site.join("ada")
    ben, bens = await site.join("ben", operator=True)
    garden = await site.world.make_room(ada)
    await members.add(site.world.services, ada, garden.id, ben.id)
    talker, direct, support, rooms = [
        await site.world.connect(dialect, ada) for dialect in (TALKER, DIRECT, SUPPORT, ROOMS)
    ]
    talker.send({"name": "ada", "message": "@ben in the lobby"})
    direct.send({"from": ada.id, "to": ben.id, "content": "@ben alone"})
    support.send({"method": "message.send", "params": ["@ben help"], "id": 1})
    rooms.send({"Type": "enter", "RoomID": garden.id})
    rooms.send({"Type": "message", "Text": "@ben in the garden"})
    await site.world.rest()
    hits = (await site.call("GET", "/mentions", token=bens))["hits"]
    assert {hit["message"]["text"] for hit in hits} == {
        "@ben in the lobby",
        "@ben alone",
        "@ben help",
        "@ben in the garden",
    }


async def test_a_page_of_mentions_goes_on_where_long_texts_ended_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, token = await site.join("ada")
    _, bens = await site.join("ben")
    for n in range(3):
        await say(site, token, f"{n} @ben")
    monkeypatch.setattr(room_history, "ANSWER_BYTES", 1)
    got, query = [], ""
    while True:
        seqs, after = await page(site, bens, query)
        got += seqs
        if after is None:
            break
        query = f"?after={after}"
    assert got == [3, 2, 1]


async def test_readers_of_a_message_may_read_its_earlier_texts(site: Site) -> None:
    ada, token = await site.join("ada")
    _, bens = await site.join("ben")
    garden = (await site.storage.rooms.create("garden", ada.id, is_private=True)).id  # type: ignore[union-attr]
    edits = f"{SAID}/1/edits"
    said = await say(site, token, "one")
    for text in ("two", "three"):
        await site.call("PATCH", f"{SAID}/1", {"text": text}, token=token)
    had = (await site.call("GET", edits, token=bens))["edits"]
    assert [each["text"] for each in had] == ["one", "two", "three"]
    assert had[0]["at"] == said["at"]
    assert sorted(each["at"] for each in had) == [each["at"] for each in had]
    await site.call("DELETE", f"{SAID}/1", token=token)
    assert (await site.call("GET", edits, token=bens)).body == {"edits": []}
    assert (await site.call("GET", f"{SAID}/2/edits", token=bens)).refused == (404, "not_found", None)
    await say(site, token, "secret", room=garden)
    elsewhere = await site.call("GET", f"/rooms/{garden}/messages/1/edits", token=bens)
    assert elsewhere.refused == (404, "not_found", None)
