"""Administration of rooms over HTTP: an admin lists and changes rooms without being a member."""

from typing import Any

import pytest

from chat.domain.entities import LOBBY_ID
from chat.domain.failures import OutcomeUnknown, StorageDown
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Site

GARDEN = 2


async def grown(site: Site) -> tuple[str, str, Replica]:
    """The tokens of ada, whose private garden is room 2, and of the admin olga; and ada's client."""
    ada, token = await site.join("ada")
    _, olgas = await site.join("olga", admin=True)
    await site.call("POST", "/rooms", {"name": "garden", "private": True}, token=token)
    said = {"key": "k", "text": "the key is under the mat"}
    await site.call("POST", f"/rooms/{GARDEN}/messages", said, token=token)
    client = Replica(site.world, ada)
    await client.connect()
    return token, olgas, client


async def acts(site: Site) -> list[tuple[str, str | None, str]]:
    """What the audit has of rooms, the newest first."""
    found = await site.storage.audit.acts(None, 99)
    return [(act.what, act.by and act.by.name, act.detail) for act in found if act.room_id == GARDEN]


async def test_all_rooms_are_listed_in_pages_without_messages(site: Site) -> None:
    token, olgas, _ = await grown(site)
    direct = await site.call("PUT", "/direct/2", token=token)
    got = await site.call("GET", "/admin/rooms", token=olgas)
    lobby, garden = got["rooms"]
    assert "mat" not in str(got.body)
    assert direct["id"] not in [each["id"] for each in got["rooms"]]
    assert (lobby["id"], lobby["kind"], lobby["members"]) == (LOBBY_ID, "lobby", 2)
    assert {**garden, "created": 0, "last": 0} == {
        "id": GARDEN,
        "kind": "room",
        "name": "garden",
        "private": True,
        "creator": "ada",
        "members": 1,
        "messages": 1,
        "created": 0,
        "last": 0,
    }
    first = await site.call("GET", "/admin/rooms?limit=1", token=olgas)
    rest = await site.call("GET", f"/admin/rooms?limit=1&after={first['next']}", token=olgas)
    assert (first["rooms"], rest["rooms"], "next" in rest.body) == ([lobby], [garden], False)
    assert (await site.call("GET", "/admin/rooms?q=GARD", token=olgas))["rooms"] == [garden]


async def test_room_changes_by_an_admin_are_published_and_recorded(site: Site) -> None:
    _, olgas, adas = await grown(site)
    path = f"/admin/rooms/{GARDEN}"
    changed = await site.call("PATCH", path, {"name": "yard", "archived": True}, token=olgas)
    assert (changed["name"], changed["archived"], changed["members"]) == ("yard", True, 1)
    (event,) = await adas.receives()
    assert (event["type"], event["name"], event["archived"], event["private"]) == (
        "changed",
        "yard",
        True,
        True,
    )
    assert (await site.call("PATCH", path, {"name": "yard"}, token=olgas)).body == changed.body
    opened = await site.call("PATCH", path, {"archived": False}, token=olgas)
    assert "archived" not in opened.body
    assert (await site.call("GET", f"/rooms/{GARDEN}", token=olgas)).status == 404, "it stays ada's"
    assert (await site.call("DELETE", path, token=olgas)).status == 204
    assert [event["type"] for event in await adas.receives()] == ["changed", "gone"]
    assert (await site.call("GET", "/admin/rooms?q=yard", token=olgas))["rooms"] == []
    assert await acts(site) == [
        ("room_deleted", "olga", "yard"),
        ("room_unarchived", "olga", "yard"),
        ("room_archived", "olga", "yard"),
        ("room_renamed", "olga", "garden -> yard"),
    ]


async def test_changes_by_owners_are_not_in_the_audit(site: Site) -> None:
    token, _, _ = await grown(site)
    await site.call("PATCH", f"/rooms/{GARDEN}", {"name": "yard"}, token=token)
    await site.call("DELETE", f"/rooms/{GARDEN}", token=token)
    assert await acts(site) == []


@pytest.mark.parametrize(
    ("room", "body", "refused"),
    [
        (LOBBY_ID, {"name": "hall"}, (404, "not_found", None)),
        (99, {"archived": True}, (404, "not_found", None)),
        (GARDEN, {"name": "lobby"}, (409, "taken", "name")),
        (GARDEN, {"name": "a\nb"}, (400, "invalid", "name")),
    ],
)
async def test_rooms_that_an_admin_may_not_change_stay(
    site: Site, room: int, body: dict[str, Any], refused: tuple[int, str, str | None]
) -> None:
    _, olgas, _ = await grown(site)
    before = (await site.call("GET", "/admin/rooms", token=olgas)).body
    path = f"/admin/rooms/{room}"
    assert (await site.call("PATCH", path, body, token=olgas)).refused == refused
    if room != GARDEN:
        assert (await site.call("DELETE", path, token=olgas)).refused == (404, "not_found", None)
    assert (await site.call("GET", "/admin/rooms", token=olgas)).body == before


async def test_a_failure_changes_nothing_or_is_answered_as_unknown(site: Site) -> None:
    _, olgas, _ = await grown(site)
    path = f"/admin/rooms/{GARDEN}"
    for method, body in (("PATCH", {"archived": True}), ("DELETE", None)):
        site.obstacles.fail("save", StorageDown("away"))
        assert (await site.call(method, path, body, token=olgas)).refused == (503, "unavailable", None)
    assert await acts(site) == []
    site.obstacles.fail("save", OutcomeUnknown("silent"), after=True)
    answer = await site.call("PATCH", path, {"archived": True}, token=olgas)
    assert answer.refused == (503, "outcome_unknown", None)
    assert (await site.call("PATCH", path, {"archived": True}, token=olgas))["archived"]
