"""Who may make invites, from when on, and how many: by settings, over HTTP and in both storages."""

from typing import Any

import pytest
import trio

from chat.domain.entities import Draft, MessageKind, Person, Room
from chat.domain.ports import NewInvite, NewPerson, Storage
from chat.features.invites.mailed import INVITED
from tests.protocols.native.site import Answer, Site

FAR_AWAY = 4_000_000_000.0


async def invite(site: Site, room: int, token: str) -> Answer:
    return await site.call("POST", "/invites", {"room": room}, token=token)


async def setting(site: Site, **changes: Any) -> None:
    await site.services.settings.change(None, changes)


@pytest.fixture
async def garden(site: Site) -> tuple[int, str, str]:
    """A public room with ben in it; his token and an admin's, who is in it too."""
    ada, adas = await site.join("ada", admin=True)
    ben, bens = await site.join("ben")
    room = await site.storage.rooms.create("garden", ada.id, is_private=False)
    assert isinstance(room, Room)
    assert (await site.call("PUT", f"/rooms/{room.id}/members/{ben.id}", {}, token=bens)).status == 200
    return room.id, bens, adas


async def test_only_admins_invite_and_what_others_made_is_over(
    site: Site, garden: tuple[int, str, str]
) -> None:
    room, bens, adas = garden
    made = await invite(site, room, bens)
    assert made.status == 201
    await setting(site, inviting="admins")
    refused = await invite(site, room, bens)
    assert (refused.status, refused["reason"]) == (403, "inviting_needs_admin")
    assert (await invite(site, room, adas)).status == 201
    assert (await site.call("GET", f"/invites/{made['code']}")).status == 410
    assert (await site.call("GET", "/me/invites", token=bens))["invites"] == []
    await setting(site, inviting=None)
    assert (await site.call("GET", f"/invites/{made['code']}")).status == 200


async def test_people_invite_once_they_have_been_here_for_days(
    site: Site, garden: tuple[int, str, str]
) -> None:
    room, bens, adas = garden
    await setting(site, inviting_days=3)
    refused = await invite(site, room, bens)
    assert (refused.status, refused["reason"]) == (403, "inviting_too_soon")
    assert refused["error"] == "people invite after 3 days here, wait 3 days"
    assert 250_000_000 < refused["retry_ms"] <= 259_200_000
    assert (await invite(site, room, adas)).status == 201


async def test_each_has_so_many_open_invites(site: Site, garden: tuple[int, str, str]) -> None:
    room, bens, adas = garden
    await setting(site, open_invites=2)
    first = await invite(site, room, bens)
    assert [(await invite(site, room, bens)).status for _ in range(2)] == [201, 429]
    refused = await invite(site, room, bens)
    assert refused["error"] == "you have 2 open invitations already: revoke one first"
    assert [(await invite(site, room, adas)).status for _ in range(3)] == [201] * 3
    assert (await site.call("DELETE", f"/invites/{first['code']}", token=bens)).status == 204
    assert (await invite(site, room, bens)).status == 201


async def test_of_many_at_once_no_more_are_made(storage: Storage) -> None:
    for name in ("ada", "ben"):
        assert isinstance(await storage.users.add(NewPerson(name=name, password_hash=b"x")), Person)
    room = await storage.rooms.create("garden", 1, is_private=False)
    assert isinstance(room, Room)
    await storage.messages.save([Draft(room.id, 2, "ben", "", 1.0, MessageKind.JOIN)])
    await storage.settings.change_settings({"open_invites": 3}, None)

    async def make(nth: int) -> None:
        new = NewInvite(
            digest=bytes([nth]), uses=1, expires_at=FAR_AWAY, room_id=room.id, maker_id=2, registers=False
        )
        await storage.users.invite(new)

    async with trio.open_nursery() as nursery:
        for nth in range(8):
            nursery.start_soon(make, nth)
    assert await storage.feature_ports[INVITED].open_count(2) == 3
    await storage.settings.change_settings({"inviting": "admins"}, None)
    assert await storage.feature_ports[INVITED].open_count(2) == 0
