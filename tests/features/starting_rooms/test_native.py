"""The rooms that new people start in, over HTTP; and that people who come are in them."""

import trio.testing

from chat.domain.accounts.account_changes import AccountChange
from chat.due.port import DUE, DueItem
from chat.due.schedule import SCHEDULE
from chat.features.starting_rooms.joining import open_waking, start
from chat.features.starting_rooms.port import KIND
from tests.protocols.native.site import Site

PATH = "/admin/starting-rooms"


async def join_as_admin(site: Site) -> str:
    ada = await site.add("ada")
    await site.storage.users.administer(ada.id, AccountChange(is_admin=True), None)
    return str((await site.log_in("ada"))["access"])


async def names_of_rooms(site: Site, token: str) -> list[str]:
    return [room["name"] for room in (await site.call("GET", "/rooms", token=token))["rooms"]]


async def test_new_people_are_members_of_the_rooms_that_an_admin_has_chosen(site: Site) -> None:
    token = await join_as_admin(site)
    garden, cellar, attic = [
        (await site.call("POST", "/rooms", {"name": name}, token=token))["id"]
        for name in ("garden", "cellar", "attic")
    ]
    for room, rooms in ((cellar, [cellar]), (garden, [garden, cellar]), (attic, [garden, cellar, attic])):
        assert (await site.call("PUT", f"{PATH}/{room}", token=token))["rooms"] == rooms
    assert (await site.call("DELETE", f"{PATH}/{cellar}", token=token))["rooms"] == [garden, attic]
    assert (await site.call("GET", PATH, token=token))["rooms"] == [garden, attic]
    await site.call("PATCH", f"/rooms/{attic}", {"archived": True}, token=token)

    due, wakes = site.storage.feature_ports[DUE], site.services.feature_ports[SCHEDULE].wakes
    async with open_waking(site.services):
        await trio.testing.wait_all_tasks_blocked()
        ben, bens = await site.join("ben")
        site.services.member_counts.changed(ben.id)
        await trio.testing.wait_all_tasks_blocked()
        assert site.services.feature_ports[SCHEDULE].wakes > wakes
    assert await names_of_rooms(site, bens) == ["lobby"]
    for item in await due.claim([KIND], 9, 60.0):
        await start(site.services, item)
        await start(site.services, item)  # as after a kill
        await due.done(item)
    assert await names_of_rooms(site, bens) == ["lobby", "garden"]
    said = (await site.call("GET", f"/rooms/{garden}/messages", token=token))["messages"]
    assert [(each["kind"], each["sender"]["name"]) for each in said] == [("join", "ben")]
    await start(site.services, DueItem(9, KIND, "99", 1))  # who was deleted meanwhile


async def test_only_public_rooms_are_chosen_by_admins(site: Site) -> None:
    token = await join_as_admin(site)
    _, bens = await site.join("ben")
    room = (await site.call("POST", "/rooms", {"name": "garden", "private": True}, token=token))["id"]
    refused = await site.call("PUT", f"{PATH}/{room}", token=token)
    assert (refused.status, refused["reason"]) == (409, "starting_room_private")
    assert (await site.call("PUT", f"{PATH}/99", token=token)).status == 404
    for method, path in (("GET", PATH), ("PUT", f"{PATH}/{room}"), ("DELETE", f"{PATH}/{room}")):
        assert (await site.call(method, path, token=bens)).status == 403
