"""Pictures over HTTP and on the native socket: who sets them, where they are shown, how they are served."""

from collections.abc import AsyncGenerator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from chat.domain.accounts.account_removal import How
from chat.domain.entities import LOBBY_ID, Person
from chat.engine.people import PeopleReconciler
from chat.storage.file_store import DiskFileStore
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import V1, Answer, Site, open_site
from tests.support.pictures import chunk, png

GREEN, BLUE = png(256), png(64, b"\x20\x40\xff")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncGenerator[Site]:
    store = DiskFileStore(tmp_path / "files")
    store.prepare("mark")
    async with open_site(file_store=store, file_bytes=100_000) as site:
        yield site


async def put(site: Site, path: str, token: str, data: bytes = GREEN) -> Answer:
    response = await site.app.test_client(use_cookies=False).put(
        V1 + path, data=data, headers={"Authorization": f"Bearer {token}", "Content-Type": "image/png"}
    )
    template = site.document["paths"][V1 + site.template(path)]["put"]["responses"]
    told = await response.get_json()
    described = template[str(response.status_code)]["content"]["application/json"]["schema"]
    assert site.faults(told, described) == []
    return Answer(response.status_code, told, response.headers)


async def served(site: Site, picture: str, **headers: str) -> Any:
    """The picture as everybody gets it: without a token."""
    return await site.app.test_client(use_cookies=False).get(f"{V1}/pictures/{picture}", headers=headers)


async def picture_of(site: Site, person: int, token: str) -> str | None:
    found = await site.call("GET", f"/people/{person}", token=token)
    return found.body.get("picture")  # type: ignore[no-any-return]


async def look(site: Site, person: Person) -> None:
    """Read a changed person again, as a server does that is notified of them."""
    found = site.services.statuses.found
    await PeopleReconciler(site.services.accounts, site.services.presence, found=found)._apply([person.id])


async def test_everybody_sees_ones_picture_at_once_and_can_load_it(site: Site) -> None:
    (ada, adas), (ben, bens) = await site.join("ada"), await site.join("ben")
    bens_page = Replica(site.world, ben)
    await bens_page.connect()
    await bens_page.asks("watch", people=[ada.id])
    own_page = Replica(site.world, ada)
    await own_page.connect()
    picture = (await put(site, "/me/picture", adas))["picture"]
    await look(site, ada)
    assert await picture_of(site, ada.id, bens) == picture
    assert (await site.call("GET", "/me", token=adas))["picture"] == picture
    for page in (bens_page, own_page):
        await page.receives()
        event = page.events[-1]
        assert (event["type"], event["id"], event["picture"]) == ("person", ada.id, picture)
    got = await served(site, picture)
    assert (got.status_code, await got.get_data()) == (200, GREEN)
    again = await served(site, picture, **{"If-None-Match": got.headers["ETag"]})
    assert again.status_code == 304
    removed = await site.call("DELETE", "/me/picture", token=adas)
    assert removed.status == 204
    assert await picture_of(site, ada.id, bens) is None
    await look(site, ada)
    await bens_page.receives()
    assert "picture" not in bens_page.events[-1]
    assert (await served(site, picture)).status_code == 404


async def test_a_picture_is_served_as_nothing_but_a_picture_and_for_ever(site: Site) -> None:
    _, adas = await site.join("ada")
    picture = (await put(site, "/me/picture", adas))["picture"]
    got = await served(site, picture)
    assert got.content_type == "image/png"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got.headers["Content-Security-Policy"]
    assert got.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert got.headers["Cache-Control"] == "private, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 400, "picture_type"),
        (b"\x89PNG\r\n\x1a\n<html><script>alert(1)</script>", 400, "picture_type"),
        (png(more=chunk(b"eXIf", b"MM\0*")), 400, "picture_metadata"),
        (png(600), 400, "picture_not_square"),
        (b"", 400, "picture_type"),
        (bytes(10_000_000), 413, None),
    ],
)
async def test_what_is_no_picture_is_refused(
    site: Site, data: bytes, status: int, reason: str | None
) -> None:
    ada, adas = await site.join("ada")
    refused = await put(site, "/me/picture", adas, data)
    assert (refused.status, refused.body.get("reason")) == (status, reason)
    assert await picture_of(site, ada.id, adas) is None


@pytest.mark.parametrize("address", ["0" * 64, "0" * 63, "A" * 64, "..%2f" * 4])
async def test_other_addresses_lead_to_nothing(site: Site, address: str) -> None:
    assert (await served(site, address)).status_code in (400, 404)


async def test_a_file_of_a_room_is_no_picture(site: Site) -> None:
    _, adas = await site.join("ada")
    room = (await site.call("POST", "/rooms", {"name": "garden", "private": True}, token=adas))["id"]
    await site.app.test_client(use_cookies=False).post(
        f"{V1}/rooms/{room}/files?name=a.png", data=BLUE, headers={"Authorization": f"Bearer {adas}"}
    )
    picture = (await put(site, "/me/picture", adas, GREEN))["picture"]
    assert (await served(site, picture)).status_code == 200
    assert (await served(site, sha256(BLUE).hexdigest())).status_code == 404


@pytest.mark.parametrize("how", How)
async def test_a_picture_goes_with_its_account(site: Site, how: How) -> None:
    ada, adas = await site.join("ada")
    picture = (await put(site, "/me/picture", adas))["picture"]
    assert await site.storage.users.delete(ada.id, how=how) is True
    assert (await served(site, picture)).status_code == 404


async def test_an_admin_removes_anothers_picture_and_nobody_else_does(site: Site) -> None:
    (ada, adas), (_, bens) = await site.join("ada"), await site.join("ben")
    _, admins = await site.join("olga", admin=True)
    await put(site, "/me/picture", adas)
    path = f"/admin/people/{ada.id}/picture"
    assert (await site.call("DELETE", path, token=bens)).status == 403
    assert await picture_of(site, ada.id, bens) is not None
    assert (await site.call("DELETE", path, token=admins)).status == 204
    assert await picture_of(site, ada.id, bens) is None
    acts = (await site.call("GET", "/admin/audit?what=picture_removed", token=admins))["entries"]
    assert [(act["by"]["name"], act["person"]["name"]) for act in acts] == [("olga", "ada")]


async def test_an_owner_gives_a_room_a_picture_which_is_published_and_replayed(site: Site) -> None:
    (ada, adas), (ben, bens) = await site.join("ada"), await site.join("ben")
    room = (await site.call("POST", "/rooms", {"name": "garden"}, token=adas))["id"]
    path = f"/rooms/{room}/picture"
    assert (await put(site, path, bens)).status == 403
    await site.call("PUT", f"/rooms/{room}/members/{ben.id}", {}, token=bens)
    assert (await put(site, path, bens))["reason"] == "not_owner"
    page, later = Replica(site.world, ben), Replica(site.world, ben)
    await page.connect()
    await later.connect()
    later.drop()
    picture = (await put(site, path, adas))["picture"]
    (event,) = await page.receives()
    assert (event["type"], event["picture"], event["by"]) == ("picture", picture, ada.id)
    assert (await site.call("GET", f"/rooms/{room}", token=bens))["picture"] == picture
    assert (await served(site, picture)).status_code == 200
    assert (await put(site, path, adas)).status == 200  # the same one: nothing changes
    assert (await site.call("DELETE", path, token=adas)).body == {}
    (event,) = await page.receives()
    assert "picture" not in event
    assert (await served(site, picture)).status_code == 404
    await later.connect()
    assert [each["type"] for each in later.events if each.get("pos", 0) > 1] == ["picture", "picture"]


async def test_admins_give_the_lobby_and_the_server_their_pictures(site: Site) -> None:
    _, adas = await site.join("ada")
    _, admins = await site.join("olga", admin=True)
    for path in (f"/rooms/{LOBBY_ID}/picture", "/admin/picture"):
        assert (await put(site, path, adas)).status == 403
        assert (await put(site, path, admins)).status == 200
    await site.call("PATCH", "/admin/settings", {"server_colour": "#1a7f5a"}, token=admins)
    state = await site.call("GET", "/setup")
    assert state["colour"] == "#1a7f5a"
    assert (await served(site, state["picture"])).status_code == 200
    refused = await site.call(
        "PATCH", "/admin/settings", {"server_colour": "red;}"}, token=admins, valid=False
    )
    assert refused.status == 400
    assert (await site.call("DELETE", "/admin/picture", token=admins)).status == 204
    assert "picture" not in (await site.call("GET", "/setup")).body


async def test_profiles_of_many_people_come_at_once_and_visitors_get_operators(site: Site) -> None:
    (ada, adas), (ben, _) = await site.join("ada"), await site.join("ben", operator=True)
    picture = (await put(site, "/me/picture", adas))["picture"]
    page = Replica(site.world, ben)
    await page.connect()
    found = (await page.asks("profiles", people=[ben.id, ada.id, 999]))["people"]
    assert [(each["id"], each.get("picture")) for each in found] == [(ada.id, picture), (ben.id, None)]


async def test_a_server_without_files_takes_no_pictures() -> None:
    async with open_site() as site:
        _, adas = await site.join("ada")
        assert (await put(site, "/me/picture", adas))["reason"] == "files_disabled"
        assert (await served(site, "0" * 64)).status_code == 404
