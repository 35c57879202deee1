"""Statuses over HTTP: who sees them, what is refused, and the handler that ends them."""

import time
from typing import Any

import pytest

from chat.due.port import DUE
from chat.engine.people import PeopleReconciler
from chat.features.statuses.use_cases import PERSON_STATUSES, STATUS_END, PersonStatus, end_due
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Site, open_site

HOUR = 3600


def soon(seconds: float = HOUR) -> int:
    """A time in the future, in Unix milliseconds."""
    return int((time.time() + seconds) * 1000)


async def status_of(site: Site, person: int, token: str) -> Any:
    return (await site.call("GET", f"/people/{person}", token=token)).body.get("status")


async def look(site: Site, *people: int) -> None:
    """Read changed people again, as a server does that is notified of them."""
    found = site.services.statuses.found
    await PeopleReconciler(site.services.accounts, site.services.presence, found=found)._apply(people)


async def test_a_status_reaches_who_watches_and_ends_on_time(site: Site) -> None:
    (ada, adas), (ben, bens) = await site.join("ada"), await site.join("ben")
    pages = Replica(site.world, ben), Replica(site.world, ada)
    for page in pages:
        await page.connect()
        await page.asks("watch", people=[ada.id])
    status = {"emoji": "🌴", "text": "on holiday", "until": soon()}
    assert (
        await site.call("PUT", "/me/status", status | {"text": "  on \n holiday "}, token=adas)
    ).body == status
    assert await status_of(site, ada.id, bens) == status
    assert (await site.call("GET", "/me", token=adas))["status"] == status
    await look(site, ada.id)
    for page in pages:
        await page.receives()
        assert (page.events[-1]["type"], page.events[-1]["status"]) == ("person", status)

    over = PersonStatus("🌴", "on holiday", -1.0)
    await site.storage.feature_ports[PERSON_STATUSES].set_status(ada.id, over)
    (item,) = await site.storage.feature_ports[DUE].claim([STATUS_END], 9, 60.0)
    await end_due(site.services, item)
    assert await status_of(site, ada.id, bens) is None
    await look(site, ada.id)
    await pages[0].receives()
    assert "status" not in pages[0].events[-1]


async def test_one_clears_ones_status(site: Site) -> None:
    ada, adas = await site.join("ada")
    for status in ({"emoji": "🌴"}, {"text": "שלום, 100 %"}):
        assert (await site.call("PUT", "/me/status", status, token=adas)).body == status
        assert await status_of(site, ada.id, adas) == status
    for _ in range(2):
        assert (await site.call("DELETE", "/me/status", token=adas)).status == 204
        assert await status_of(site, ada.id, adas) is None


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({}, "bad_status"),
        ({"text": " \n\t"}, "bad_status"),
        ({"text": "x" * 101}, "bad_status"),
        ({"text": "hi\0"}, "bad_status"),
        ({"text": "\u202ehi"}, "bad_status"),
        ({"text": "hi\u2066"}, "bad_status"),
        ({"emoji": "<b>"}, "bad_emoji"),
        ({"emoji": ""}, "bad_status"),
        ({"text": "hi", "until": 0}, "time_past"),
        ({"text": "hi", "until": 253_402_300_799_000}, "time_far"),
    ],
)
async def test_what_is_no_status_is_refused(site: Site, status: dict[str, Any], reason: str) -> None:
    ada, adas = await site.join("ada")
    refused = await site.call("PUT", "/me/status", status, token=adas)
    assert (refused.status, refused["reason"]) == (400, reason)
    assert refused["field"] in ("text", "emoji", "until")
    assert await status_of(site, ada.id, adas) is None


async def test_visitors_see_no_status() -> None:
    async with open_site(widget_origins=("https://shop.example",)) as site:
        olga, olgas = await site.join("olga", operator=True)
        assert (await site.call("PUT", "/me/status", {"text": "out sick"}, token=olgas)).status == 200
        visitor = (await site.call("POST", "/support/visitors", {"name": "Anna"})).body
        found = await site.call("POST", "/profiles", {"people": [olga.id]}, token=visitor["access"])
        assert [(each["id"], each.get("status")) for each in found["people"]] == [(olga.id, None)]
        page = Replica(site.world, await site.services.accounts.person(visitor["me"]["id"]))
        await page.connect()
        await page.asks("watch", people=[olga.id])
        await look(site, olga.id)
        assert [each for each in await page.receives() if "status" in each] == []
