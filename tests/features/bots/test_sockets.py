"""Bots on native sockets: what they receive and send, and when their sockets are closed."""

from typing import Any

import pytest

from chat.domain.closing import UNAUTHENTICATED
from chat.engine.people import PeopleReconciler
from chat.protocols.native.wire.codec import NATIVE
from tests.features.bots.test_bots import Garden, garden
from tests.protocols.native.site import Site
from tests.support.chat_world import Client


async def connected(at: Garden) -> Client:
    client = await at.site.world.connect(NATIVE)
    answer = await client.asks({"type": "hello", "id": 1, "token": at.tokens["bot"]})
    assert answer["type"] == "hello_ok"
    client.send({"type": "sync", "id": 2})
    rooms = [each["id"] for each in await client.receives() if each["type"] == "room"]
    assert rooms == [at.room], "its rooms, and not the lobby"
    return client


async def look(at: Garden) -> None:
    """Read the bot again, as the notice of its change has a server do."""
    people = PeopleReconciler(at.site.services.accounts, at.site.world.presence)
    await people._apply([at.bot])
    await at.site.world.rest()


def send(at: Garden, number: int) -> dict[str, Any]:
    return {"type": "send", "id": number, "room": at.room, "key": f"k{number}", "text": "here"}


async def test_a_bot_receives_and_sends_on_a_socket_within_its_scopes(site: Site) -> None:
    at = await garden(site)
    client = await connected(at)
    said = await at.say("ada", "hello")
    await at.say("ada", "in the lobby", room=1)
    assert [each["text"] for each in await client.receives() if each["type"] == "message"] == ["hello"]
    react = {"type": "react", "id": 3, "room": at.room, "seq": said["seq"], "emoji": "👍"}
    for asked, answered in ((react, "react_ok"), (send(at, 4), "send_ok")):
        client.send(asked)
        assert answered in [each["type"] for each in await client.receives()]
    await at.scoped("read")
    await look(at)
    await client.receives()
    typing = {"type": "activity", "id": 7, "room": at.room, "what": "typing"}
    for asked in (send(at, 6), typing, {**react, "id": 8}):
        assert (await client.asks(asked))["reason"] == "no_scope"
    assert client.closed_with is None


async def test_a_socket_of_a_bot_is_closed_when_it_may_no_longer_read(site: Site) -> None:
    at = await garden(site)
    client = await connected(at)
    await at.scoped("speak", "react")
    await look(at)
    await client.ends()
    assert client.closed_with == UNAUTHENTICATED
    again = await site.world.connect(NATIVE)
    refused = await again.asks({"type": "hello", "id": 1, "token": at.tokens["bot"]})
    assert refused["reason"] == "no_scope"


@pytest.mark.parametrize("how", ["disabled", "deleted", "token", "removed"])
async def test_a_socket_of_a_bot_is_closed_at_once_with_what_it_stands_on(site: Site, how: str) -> None:
    at = await garden(site)
    client = await connected(at)
    path = f"/admin/people/{at.ada}"
    match how:
        case "disabled":
            await at.call("olga", "PATCH", path, {"disabled": True})
        case "deleted":
            await at.call("olga", "DELETE", path)
        case "token":
            (token,) = (await at.seen_by("ada"))["tokens"]
            await at.call("ada", "DELETE", f"/bots/{at.bot}/tokens/{token['id']}")
        case _:
            await at.call("ada", "DELETE", f"/bots/{at.bot}")
    await look(at)
    await client.ends()
    assert client.closed_with is not None


async def test_a_socket_of_a_bot_loses_the_room_with_its_owner(site: Site) -> None:
    at = await garden(site)
    await at.call("ada", "PUT", f"/rooms/{at.room}/members/{at.ben}", {"role": "owner"})
    client = await connected(at)
    await at.call("ada", "DELETE", f"/rooms/{at.room}/members/{at.ada}")
    await at.say("ben", "without them")
    received = await client.receives()
    assert "gone" in [each["type"] for each in received]
    assert "without them" not in [each.get("text") for each in received]
