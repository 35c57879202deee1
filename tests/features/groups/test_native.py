"""Group direct messages over HTTP and on the socket: who is in, who may do what, and when they are notified."""

from typing import Any

import pytest

from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Site


async def test_a_group_is_the_room_of_its_people_alone(site: Site) -> None:
    (ada, adas), (ben, bens), (cleo, cleos), (dan, dans) = [
        await site.join(name) for name in ("ada", "ben", "cleo", "dan")
    ]
    phone, other = Replica(site.world, ben), Replica(site.world, dan)
    await phone.connect()
    await other.connect()
    room = await site.call("PUT", "/direct", {"people": [cleo.id, ben.id, ben.id]}, token=adas)
    assert [each["name"] for each in room["others"]] == ["ben", "cleo"]
    assert (room["kind"], room["private"], room["members"], room["name"]) == (
        "room",
        True,
        3,
        "ada, ben, cleo",
    )
    path = f"/rooms/{room['id']}"
    events = await phone.receives()
    (seen,) = [each for each in events if each["type"] == "room"]
    assert [each["name"] for each in seen["others"]] == ["ada", "cleo"]
    assert [each for each in await other.receives() if each.get("room", each.get("id")) == room["id"]] == []

    again = await site.call("PUT", "/direct", {"people": [ada.id, cleo.id]}, token=bens)
    assert again["id"] == room["id"]
    assert "role" not in again.body  # that of a member
    for method, tail, body in (
        ("PUT", f"/members/{dan.id}", {}),
        ("DELETE", f"/members/{cleo.id}", None),
        ("PATCH", "", {"name": "ours"}),
        ("PATCH", "", {"topic": "ours"}),
        ("PATCH", "", {"private": False}),
        ("DELETE", "", None),
    ):
        refused = await site.call(method, path + tail, body, token=adas)
        assert refused.status == 403, (method, tail)
    invited = await site.call("POST", "/invites", {"room": room["id"]}, token=adas, valid=False)
    assert invited.status in (403, 404)
    assert (await site.call("GET", path, token=dans)).status == 404

    assert (await site.call("DELETE", f"{path}/members/{cleo.id}", token=cleos)).status == 204
    left = await site.call("GET", path, token=adas)
    assert [each["name"] for each in left["others"]] == ["ben"]
    new = await site.call("PUT", "/direct", {"people": [ben.id, cleo.id]}, token=adas)
    assert new["id"] != room["id"]
    assert (await site.call("GET", path, token=cleos)).status == 404


@pytest.mark.parametrize(
    ("people", "status", "reason"),
    [
        ([], 400, "group_size"),
        ([1, 1], 400, "group_size"),
        (list(range(1000, 1009)), 400, "group_size"),
        (list(range(1000, 1010)), 400, "bad_value"),
        ([1000, 1001], 404, "no_person"),
    ],
)
async def test_a_set_of_people_that_is_no_group_is_refused(
    site: Site, people: list[int], status: int, reason: str | None
) -> None:
    _, adas = await site.join("ada")
    refused: Any = await site.call("PUT", "/direct", {"people": people}, token=adas, valid=len(people) < 10)
    assert (refused.status, refused.body.get("reason")) == (status, reason)
