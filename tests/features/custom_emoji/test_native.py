"""Emoji of the server over HTTP: who adds and removes them, which images are taken, and reactions."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from chat.domain.entities import LOBBY_ID
from chat.storage.file_store import DiskFileStore
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import V1, Answer, Site, open_site
from tests.support.pictures import png

PARTY = png(64)
GIF = b"GIF89a\x10\x00\x10\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x10\x00\x10\x00\x00\x02\x00;"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    store = DiskFileStore(tmp_path / "files")
    store.prepare("mark")
    async with open_site(file_store=store, file_bytes=1_000_000) as site:
        yield site


async def put(site: Site, token: str, name: str, data: bytes = PARTY) -> Answer:
    response = await site.app.test_client(use_cookies=False).put(
        f"{V1}/emoji/{name}", data=data, headers={"Authorization": f"Bearer {token}"}
    )
    template = site.document["paths"][f"{V1}/emoji/{{name}}"]["put"]["responses"]
    told = await response.get_json()
    described = template[str(response.status_code)]["content"]["application/json"]["schema"]
    assert site.faults(told, described) == []
    return Answer(response.status_code, told, response.headers)


async def listed(site: Site, token: str) -> Any:
    return (await site.call("GET", "/emoji", token=token)).body


async def image(site: Site, picture: str) -> Any:
    return await site.app.test_client(use_cookies=False).get(f"{V1}/pictures/{picture}")


async def test_an_admin_adds_an_emoji_which_all_clients_learn_of(site: Site) -> None:
    (ada, adas), (olga, admins) = await site.join("ada"), await site.join("olga", admin=True)
    page = Replica(site.world, ada)
    await page.connect()
    assert await listed(site, adas) == {"emoji": []}
    assert (await put(site, adas, "party"))["reason"] == "not_admin"
    added = await put(site, admins, "party")
    assert (added.status, added["name"], added["maker"]) == (200, "party", olga.id)
    (policy,) = [each for each in await page.receives() if each["type"] == "policy"]
    assert policy["emoji"] == "+party"
    assert await listed(site, adas) == {"emoji": [added.body]}
    assert (await listed(site, admins))["may_add"] is True
    got = await image(site, added["picture"])
    assert (got.status_code, await got.get_data(), got.content_type) == (200, PARTY, "image/png")
    assert (await put(site, admins, "party", GIF))["reason"] == "emoji_taken"

    assert (await site.call("DELETE", "/emoji/party", token=adas)).status == 404
    assert (await site.call("DELETE", "/emoji/party", token=admins)).status == 204
    assert [each["emoji"] for each in await page.receives() if each["type"] == "policy"] == ["-party"]
    assert await listed(site, adas) == {"emoji": []}
    assert (await image(site, added["picture"])).status_code == 404
    assert (await site.call("DELETE", "/emoji/party", token=admins)).status == 404


async def test_by_a_setting_everybody_adds_emoji_and_removes_their_own(site: Site) -> None:
    (_, adas), (_, bens) = await site.join("ada"), await site.join("ben")
    await site.services.settings.change(None, {"emoji_makers": "everybody"})
    assert (await put(site, adas, "ship-it", GIF)).status == 200
    assert (await site.call("DELETE", "/emoji/ship-it", token=bens)).status == 404
    assert (await site.call("DELETE", "/emoji/ship-it", token=adas)).status == 204


@pytest.mark.parametrize(
    ("name", "data", "status", "reason"),
    [
        ("p", PARTY, 400, "bad_emoji_name"),
        ("Party", PARTY, 400, "bad_emoji_name"),
        ("a%3Ab", PARTY, 400, "bad_emoji_name"),
        ("pärty", PARTY, 400, "bad_emoji_name"),
        ("party_popper", PARTY, 409, "standard_emoji"),
        ("red-heart", PARTY, 409, "standard_emoji"),
        ("party", b"<svg/>", 400, "emoji_image"),
        ("party", b"\x89PNG\r\n\x1a\n<script>", 400, "emoji_image"),
        ("party", b"\xff\xd8\xff\xe0", 400, "emoji_image"),
        ("party", png(600), 400, "emoji_image"),
        ("party", b"", 400, "emoji_image"),
        ("party", PARTY + bytes(131_072), 413, "emoji_too_big"),
    ],
)
async def test_what_is_no_emoji_is_refused(
    site: Site, name: str, data: bytes, status: int, reason: str
) -> None:
    _, admins = await site.join("olga", admin=True)
    refused = await put(site, admins, name, data)
    assert (refused.status, refused["reason"]) == (status, reason)
    assert (await listed(site, admins))["emoji"] == []


async def test_people_react_with_emoji_that_there_are(site: Site) -> None:
    (ada, adas), (_, admins) = await site.join("ada"), await site.join("olga", admin=True)
    room = f"/rooms/{LOBBY_ID}/messages"
    seq = (await site.call("POST", room, {"key": "k", "text": "done :party:"}, token=adas))["seq"]
    path = f"{room}/{seq}/custom_reactions/party"
    assert (await site.call("PUT", path, token=adas))["reason"] == "no_emoji"
    assert (await site.call("PUT", f"{room}/{seq}/reactions/%3Aparty%3A", token=adas)).status == 400
    await put(site, admins, "party")
    page = Replica(site.world, ada)
    await page.connect()
    assert (await site.call("PUT", path, token=admins))["reacted"] is True
    (event,) = [each for each in await page.receives() if each["type"] == "reacted"]
    assert (event["emoji"], event["count"]) == (":party:", 1)
    await page.asks("react_custom", room=LOBBY_ID, seq=seq, name="party")
    (message,) = (await site.call("GET", room, token=adas))["messages"]
    assert [(each["emoji"], each["count"]) for each in message["reactions"]] == [(":party:", 2)]

    await site.call("DELETE", "/emoji/party", token=admins)
    assert (await site.call("DELETE", path, token=admins)).body["pos"] > event["pos"]
    (message,) = (await site.call("GET", room, token=adas))["messages"]
    assert [(each["emoji"], each["count"]) for each in message["reactions"]] == [(":party:", 1)]
