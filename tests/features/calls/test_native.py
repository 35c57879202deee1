"""Calls over HTTP: a message with a link that nobody can guess, where the setting says so."""

import re

import pytest

from chat.domain.entities import LOBBY_ID
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Site

MEET = "https://meet.example/team/{room}?lang=en"


async def test_a_call_is_a_message_with_a_link_that_nobody_can_guess(site: Site) -> None:
    ada, adas = await site.join("ada")
    path = f"/rooms/{LOBBY_ID}/calls"
    refused = await site.call("POST", path, {"key": "a"}, token=adas)
    assert (refused.status, refused["reason"]) == (403, "calls_off")
    page = Replica(site.world, ada)
    await page.connect()
    await site.services.settings.change(None, {"call_url": MEET})
    (policy,) = [each for each in await page.receives() if each["type"] == "policy"]
    assert policy["calls"] is True
    begun = await site.call("POST", path, {"key": "a"}, token=adas)
    assert begun.status == 200
    again = await site.call("POST", path, {"key": "a"}, token=adas)
    assert again.body == begun.body
    assert (await site.call("POST", path, {"key": "b"}, token=adas))["seq"] == begun["seq"] + 1
    texts = [
        each["text"]
        for each in (await site.call("GET", f"/rooms/{LOBBY_ID}/messages", token=adas))["messages"]
    ]
    names = [re.fullmatch(r"📞 https://meet\.example/team/([0-9a-f]{32})\?lang=en", text) for text in texts]
    assert len({found and found[1] for found in names}) == len(texts) == 2
    assert None not in names


async def test_only_who_may_write_in_the_room_begins_a_call(site: Site) -> None:
    (_, adas), (_, bens) = await site.join("ada"), await site.join("ben")
    await site.services.settings.change(None, {"call_url": MEET})
    room = (await site.call("POST", "/rooms", {"name": "garden", "private": True}, token=adas))["id"]
    assert (await site.call("POST", f"/rooms/{room}/calls", {"key": "a"}, token=bens)).status == 404
    sent = await site.call("POST", f"/rooms/{room}/messages", {"key": "b", "text": "hello"}, token=adas)
    assert sent.status == 201
    used = await site.call("POST", f"/rooms/{room}/calls", {"key": "b"}, token=adas)
    assert (used.status, used["reason"]) == (409, "key_used")


@pytest.mark.parametrize(
    "address",
    [
        "https://meet.example/",
        "https://meet.example",
        "https://{room}.example/",
        "https://meet.example/{room}/{room}",
        "https://meet.example/{name}",
        "javascript:alert({room})",
        "https://a@meet.example/{room}",
        "https://meet.example/{room} x",
        "https://meet.example/{room}\n",
        "https://meet.example/<{room}>",
        "https://meet.example/(*{room}*)",
        "https://meet.example/" + "x" * 300 + "{room}",
    ],
)
async def test_an_address_without_a_place_for_the_name_is_refused(site: Site, address: str) -> None:
    _, admins = await site.join("olga", admin=True)
    refused = await site.call("PATCH", "/admin/settings", {"call_url": address}, token=admins, valid=False)
    assert refused.status == 400
