"""Folders over HTTP, and the event that one's other sessions receive."""

from typing import Any

from chat.features.folders.folders import MOST_FOLDERS
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site

PATH = "/me/folders"


def shown(answer: Answer) -> list[tuple[Any, ...]]:
    assert answer.status == 200, answer.body
    return [(each["id"], each["name"], each.get("rooms", [])) for each in answer.body.get("folders", [])]


async def test_folders_are_made_filled_and_reach_ones_other_sessions(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    room = (await site.world.make_room(ada)).id
    other, stranger = Replica(site.world, ada), Replica(site.world, ben)
    for replica in (other, stranger):
        await replica.connect()
    assert shown(await site.call("GET", PATH, token=token)) == []
    assert shown(await site.call("POST", PATH, {"name": " Garden  work "}, token=token)) == [
        (1, "Garden work", [])
    ]
    filled = [(1, "Garden work", [room])]
    assert shown(await site.call("PUT", f"/rooms/{room}/folder", {"folder": 1}, token=token)) == filled
    assert shown(await site.call("GET", PATH, token=token)) == filled
    assert shown(await site.call("PATCH", f"{PATH}/1", {"name": "Roses"}, token=token)) == [
        (1, "Roses", [room])
    ]
    assert shown(await site.call("PUT", f"/rooms/{room}/folder", {}, token=token)) == [(1, "Roses", [])]
    assert shown(await site.call("DELETE", f"{PATH}/1", token=token)) == []
    got = [each for each in await other.receives() if each["type"] == "folders"]
    assert [each["version"] for each in got] == [1, 2, 3, 4, 5]
    assert got[1]["folders"] == [{"id": 1, "name": "Garden work", "rooms": [room]}]
    assert [each for each in await stranger.receives() if each["type"] == "folders"] == []

    assert (await site.call("PUT", f"/rooms/{room}/folder", {}, token=bens)).status in (403, 404)
    refused = await site.call("PUT", f"/rooms/{room}/folder", {"folder": 1}, token=token)
    assert (refused.status, refused["reason"]) == (404, "no_folder")
    for method, body in (("PATCH", {"name": "x"}), ("DELETE", None)):
        assert (await site.call(method, f"{PATH}/1", body, token=token))["reason"] == "no_folder"
    for method, path in (("POST", PATH), ("PATCH", f"{PATH}/1")):
        refused = await site.call(method, path, {"name": "\u200b"}, token=token)
        assert (refused.status, refused["reason"]) == (400, "bad_folder_name")


async def test_there_are_so_many_folders_at_most(site: Site) -> None:
    _, token = await site.join("ada")
    for nth in range(MOST_FOLDERS):
        await site.call("POST", PATH, {"name": f"folder {nth}"}, token=token)
    refused = await site.call("POST", PATH, {"name": "one more"}, token=token)
    assert (refused.status, refused["reason"]) == (409, "too_many_folders")
