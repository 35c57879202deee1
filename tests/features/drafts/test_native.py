"""Drafts over HTTP and on the socket: the event for one's other sessions, and rights."""

from typing import Any

import pytest

from chat.domain.entities import LOBBY_ID
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site


async def save(site: Site, token: str, room: int = LOBBY_ID, **fields: Any) -> Answer:
    return await site.call("PUT", f"/rooms/{room}/draft", fields, token=token)


async def listed(site: Site, token: str) -> list[tuple[int, str]]:
    found = (await site.call("GET", "/me/drafts", token=token))["drafts"]
    return [(each.get("thread", 0), each.get("text", "")) for each in found]


async def test_a_draft_reaches_ones_other_sessions_and_nobody_else(site: Site) -> None:
    (ada, adas), (ben, bens) = await site.join("ada"), await site.join("ben")
    phone, other = Replica(site.world, ada), Replica(site.world, ben)
    await phone.connect()
    await other.connect()
    kept = await save(site, adas, text="hello, I ", reply=3, device="laptop")
    assert (kept["text"], kept["reply"]) == ("hello, I ", 3)
    (event,) = await phone.receives()
    assert event == {"type": "draft", "device": "laptop", **kept.body}
    newer = await save(site, adas, text="hell", age=60_000)
    assert newer["text"] == "hello, I "  # what was typed later elsewhere
    await save(site, adas, thread=7, text="in a thread")
    assert sorted(await listed(site, adas)) == [(0, "hello, I "), (7, "in a thread")]
    assert await listed(site, bens) == []
    answer = await phone.asks("save_draft", room=LOBBY_ID, text="")
    assert "text" not in answer
    assert await listed(site, adas) == [(0, ""), (7, "in a thread")]
    assert [each for each in await other.receives() if each["type"] == "draft"] == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"text": "x" * 4001}, 400),
        ({"text": "a\0b"}, 400),
        ({"text": "x", "age": -1}, 400),
        ({"text": "  a ", "age": 2**53 - 1}, 200),
    ],
)
async def test_what_can_be_no_draft_is_refused(site: Site, fields: dict[str, Any], status: int) -> None:
    _, adas = await site.join("ada")
    assert (
        await site.call("PUT", f"/rooms/{LOBBY_ID}/draft", fields, token=adas, valid=status == 200)
    ).status == status


async def test_nobody_keeps_a_draft_where_they_see_nothing(site: Site) -> None:
    (_, adas), (_, bens) = await site.join("ada"), await site.join("ben")
    room = (await site.call("POST", "/rooms", {"name": "garden", "private": True}, token=adas))["id"]
    assert (await save(site, bens, room, text="x")).status == 404
    assert (await save(site, adas, room, text="x")).status == 200
