"""Rooms and their members over HTTP."""

from typing import Any

import pytest

from chat.application import members as use_cases
from chat.domain.entities import LOBBY_ID
from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.messages.changes import Removal, RoleChange
from chat.domain.refusals import Code, Refusal
from chat.domain.rooms.membership import RoomRole
from tests.protocols.native.site import Answer, Site


async def make(site: Site, token: str, name: str, **about: Any) -> int:
    answer = await site.call("POST", "/rooms", {"name": name, **about}, token=token)
    assert answer.status == 201, answer.body
    return int(answer["id"])


async def names(site: Site, token: str, query: str = "") -> tuple[list[str], Any]:
    answer = await site.call("GET", f"/rooms/public{query}", token=token)
    return [each["name"] for each in answer["rooms"]], answer.body.get("next")


async def test_a_room_is_made_seen_and_deleted_by_its_owner(site: Site) -> None:
    _, token = await site.join("ada")
    made = await site.call("POST", "/rooms", {"name": "garden", "topic": " roses "}, token=token)
    room = made["id"]
    assert made.body == {
        "id": room,
        "kind": "room",
        "name": "garden",
        "topic": "roses",
        "role": "owner",
        "members": 1,
        "pos": 0,
        "at": 0,
        "seq": 0,
        "read": 0,
    }
    assert (await site.call("GET", f"/rooms/{room}", token=token)).body == made.body
    taken = await site.call("POST", "/rooms", {"name": "GARDEN"}, token=token)
    assert taken.refused == (409, "taken", "name")
    _, bens = await site.join("ben")
    assert (await site.call("DELETE", f"/rooms/{room}", token=bens)).refused == (403, "forbidden", None)
    await site.call("PUT", f"/rooms/{room}/members/2", {}, token=bens)
    assert (await site.call("DELETE", f"/rooms/{room}", token=bens)).refused == (403, "forbidden", None)
    assert (await site.call("DELETE", f"/rooms/{room}", token=token)).status == 204
    assert (await site.call("GET", f"/rooms/{room}", token=token)).refused == (404, "not_found", None)
    for other in (LOBBY_ID, 999, 2**53):
        refused = await site.call("DELETE", f"/rooms/{other}", token=token)
        assert refused.refused == (404, "not_found", None)


@pytest.mark.parametrize("name", ["server", "a  b", "\0"])
async def test_a_rooms_name_is_one(site: Site, name: str) -> None:
    _, token = await site.join("ada")
    answer = await site.call("POST", "/rooms", {"name": name}, token=token)
    assert answer.refused == (400, "invalid", "name")
    answer = await site.call("POST", "/rooms", {"name": "garden", "topic": "\0"}, token=token)
    assert answer.refused == (400, "invalid", "topic")
    assert await names(site, token) == ([], None)


async def test_own_rooms_are_listed_in_pages_with_unread_counts(site: Site) -> None:
    ada, token = await site.join("ada")
    _, bens = await site.join("ben")
    rooms = [LOBBY_ID, *[await make(site, token, f"room {number}") for number in range(4)]]
    await site.call("POST", f"/rooms/{LOBBY_ID}/messages", {"key": "k", "text": "hi"}, token=bens)
    pages: list[Answer] = []
    query = "?limit=2"
    while query:
        pages.append(await site.call("GET", f"/rooms{query}", token=token))
        query = f"?limit=2&after={pages[-1]['next']}" if "next" in pages[-1].body else ""
    assert [[room["id"] for room in page["rooms"]] for page in pages] == [rooms[:2], rooms[2:4], rooms[4:]]
    lobby = pages[0]["rooms"][0]
    assert (lobby["unread"], lobby["last"]["text"], lobby["pos"], lobby["seq"]) == (1, "hi", 1, 1)
    whole = await site.call("GET", "/rooms", token=token)
    assert ([room["id"] for room in whole["rooms"]], "next" in whole.body) == (rooms, False)
    assert [room["id"] for room in (await site.call("GET", "/rooms", token=bens))["rooms"]] == [LOBBY_ID]
    assert ada


async def test_joinable_rooms_are_found_by_a_part_of_their_names(site: Site) -> None:
    _, token = await site.join("ada")
    _, bens = await site.join("ben")
    for name in ("Roses", "garden", "Old garden", "gardeners"):
        await make(site, token, name)
    await make(site, token, "secret garden", private=True)
    assert await names(site, bens) == (["garden", "gardeners", "Old garden", "Roses"], None)
    assert await names(site, bens, "?q=GARDEN") == (["garden", "gardeners", "Old garden"], None)
    assert await names(site, bens, "?q=GARDEN&limit=2") == (["garden", "gardeners"], "gardeners")
    assert await names(site, bens, "?q=GARDEN&limit=2&after=gardeners") == (["Old garden"], None)
    assert await names(site, bens, "?q=%25") == ([], None)
    assert await names(site, token) == ([], None)


async def test_notification_settings_of_a_room_are_personal(site: Site) -> None:
    _, token = await site.join("ada")
    _, bens = await site.join("ben")
    path = f"/rooms/{LOBBY_ID}/mine"
    assert (await site.call("PATCH", path, {"notify": "all"}, token=token))["notify"] == "all"
    both = await site.call("PATCH", path, {"hidden": True}, token=token)
    assert (both["notify"], both["hidden"]) == ("all", True)
    assert (await site.call("PATCH", path, {"starred": True}, token=token))["starred"] is True
    assert (await site.call("PATCH", path, {"starred": False}, token=token)).body == both.body
    assert (await site.call("PATCH", path, {}, token=token)).body == both.body
    other = await site.call("GET", f"/rooms/{LOBBY_ID}", token=bens)
    assert not {"notify", "hidden"} & other.body.keys()
    wrong = await site.call("PATCH", path, {"notify": "some"}, token=token, valid=False)
    assert wrong.refused == (400, "invalid", "notify")
    private = await make(site, token, "garden", private=True)
    refused = await site.call("PATCH", f"/rooms/{private}/mine", {"hidden": True}, token=bens)
    assert refused.refused == (404, "not_found", None)


async def test_a_direct_room_is_the_same_for_both(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    first = await site.call("PUT", f"/direct/{ben.id}", token=token)
    second = await site.call("PUT", f"/direct/{ada.id}", token=bens)
    assert (first["id"], first["kind"], first["peer"]["name"]) == (second["id"], "direct", "ben")
    assert second["peer"]["name"] == "ada"
    assert (await site.call("PUT", f"/direct/{ada.id}", token=token))["peer"]["id"] == ada.id
    for nobody in (99, 0, 2**53):
        answer = await site.call("PUT", f"/direct/{nobody}", token=token)
        assert answer.refused == (404, "not_found", None)


async def members(site: Site, token: str, room: int) -> dict[str, str]:
    answer = await site.call("GET", f"/rooms/{room}/members", token=token)
    return {each["person"]["name"]: each.get("role", "member") for each in answer["members"]}


async def test_joining_and_leaving_a_public_room_are_published(site: Site) -> None:
    _, token = await site.join("ada")
    ben, bens = await site.join("ben")
    room = await make(site, token, "garden")
    me = f"/rooms/{room}/members/{ben.id}"
    joined = await site.call("PUT", me, {}, token=bens)
    assert (joined.status, joined["members"], joined["seq"]) == (200, 2, 1)
    assert (joined["last"]["kind"], joined["last"]["sender"]["id"]) == ("join", ben.id)
    again = await site.call("PUT", me, {"role": "member"}, token=bens)
    assert (again.status, again.body) == (200, joined.body)
    assert await members(site, bens, room) == {"ada": "owner", "ben": "member"}
    assert (await site.call("DELETE", me, token=bens)).status == 204
    assert (await site.call("DELETE", me, token=bens)).refused == (403, "forbidden", None)
    assert await members(site, token, room) == {"ada": "owner"}
    assert (await site.call("DELETE", me, token=token)).refused == (404, "not_found", None)


async def test_owners_and_moderators_add_and_remove_members(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    cem, cems = await site.join("cem")
    room = await make(site, token, "garden", private=True)
    path = f"/rooms/{room}/members"
    assert (await site.call("PUT", f"{path}/{ben.id}", {}, token=bens)).refused == (404, "not_found", None)
    assert (await site.call("PUT", f"{path}/{ben.id}", {}, token=token))["members"] == 2
    assert (await site.call("PUT", f"{path}/{cem.id}", {}, token=bens)).refused == (403, "forbidden", None)
    assert (await site.call("PUT", f"{path}/99", {}, token=token)).refused == (404, "not_found", None)
    site.storage.rooms.roles[room, ben.id] = RoomRole.MODERATOR
    assert (await site.call("PUT", f"{path}/{cem.id}", {}, token=bens))["members"] == 3
    assert (await site.call("DELETE", f"{path}/{ada.id}", token=bens)).refused == (403, "forbidden", None)
    assert (await site.call("DELETE", f"{path}/{ben.id}", token=cems)).refused == (403, "forbidden", None)
    assert (await site.call("DELETE", f"{path}/{cem.id}", token=bens)).status == 204
    assert await members(site, token, room) == {"ada": "owner", "ben": "moderator"}
    assert (await site.call("GET", path, token=cems)).refused == (404, "not_found", None)


@pytest.mark.parametrize(
    "asked",
    [("DELETE", None), ("PUT", {"role": "banned"}), ("PUT", {"role": "moderator"})],
    ids=["remove", "ban", "give_role"],
)
async def test_a_member_removed_meanwhile_changes_no_membership(
    site: Site, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, Any]
) -> None:
    _, token = await site.join("ada")
    ben, bens = await site.join("ben")
    cem, _ = await site.join("cem")
    room = await make(site, token, "garden")
    for each in (ben, cem):
        await site.call("PUT", f"/rooms/{room}/members/{each.id}", {}, token=token)
    site.storage.rooms.roles[room, ben.id] = RoomRole.OWNER
    access = site.storage.rooms.access

    async def late(room_id: int, person_id: int) -> object:
        found = await access(room_id, person_id)
        if person_id == cem.id and site.storage.rooms.has_member(room, ben.id):
            assert await site.services.memberships.end(Removal(room, ben.id, ben.id, 1.0)) is None
        return found

    monkeypatch.setattr(site.storage.rooms, "access", late)
    method, body = asked
    answer = await site.call(method, f"/rooms/{room}/members/{cem.id}", body, token=bens)
    assert answer.refused == (403, "forbidden", None)
    assert await members(site, token, room) == {"ada": "owner", "cem": "member"}


@pytest.mark.parametrize("how", ["DELETE", "PUT", "in the rooms protocol"])
async def test_a_member_made_owner_meanwhile_is_not_removed(
    site: Site, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    cem, _ = await site.join("cem")
    room = await make(site, token, "garden")
    for each, role in ((ben, "moderator"), (cem, "member")):
        await site.call("PUT", f"/rooms/{room}/members/{each.id}", {"role": role}, token=token)
    access = site.storage.rooms.access

    async def late(room_id: int, person_id: int) -> object:
        found = await access(room_id, person_id)
        if person_id == cem.id:  # what the moderator has just read is so no more
            made = RoleChange(room, cem.id, RoomRole.OWNER, ada.id, 1.0)
            assert not isinstance(await site.services.writes.write(made), Refusal)
        return found

    monkeypatch.setattr(site.storage.rooms, "access", late)
    if how == "in the rooms protocol":
        refusal = await use_cases.remove(site.services, ben, room, cem.id)
        assert refusal is not None
        assert refusal.code is Code.FORBIDDEN
    else:
        body = {"role": "banned"} if how == "PUT" else None
        answer = await site.call(how, f"/rooms/{room}/members/{cem.id}", body, token=bens)
        assert answer.refused == (403, "forbidden", None)
    monkeypatch.undo()
    assert await members(site, token, room) == {"ada": "owner", "ben": "moderator", "cem": "owner"}


async def test_a_banned_person_can_not_join(site: Site) -> None:
    _, token = await site.join("ada")
    ben, bens = await site.join("ben")
    room = await make(site, token, "garden")
    site.storage.rooms.roles[room, ben.id] = RoomRole.BANNED
    for caller in (token, bens):
        answer = await site.call("PUT", f"/rooms/{room}/members/{ben.id}", {}, token=caller)
        assert answer.refused == (403, "forbidden", None)
    assert await names(site, bens) == ([], None)


async def test_members_of_every_kind_of_room_come_page_by_page(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    await site.join("olga", operator=True)
    direct = await site.call("PUT", f"/direct/{ben.id}", token=token)
    desk = await site.storage.rooms.support_room(ada.id)
    assert desk is not None
    for room, inside in ((LOBBY_ID, ["ada", "ben", "olga"]), (direct["id"], ["ada", "ben"])):
        assert list(await members(site, token, room)) == inside
    assert list(await members(site, token, desk.id)) == ["ada", "olga"]
    page = await site.call("GET", f"/rooms/{LOBBY_ID}/members?limit=2", token=bens)
    assert ([each["person"]["id"] for each in page["members"]], page["next"]) == ([1, 2], 2)
    page = await site.call("GET", f"/rooms/{LOBBY_ID}/members?limit=2&after=2", token=bens)
    assert ([each["person"]["id"] for each in page["members"]], "next" in page.body) == ([3], False)


async def test_built_in_rooms_can_not_be_joined(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    direct = await site.call("PUT", f"/direct/{ada.id}", token=token)
    for room in (LOBBY_ID, direct["id"], 99):
        for method in ("PUT", "DELETE"):
            answer = await site.call(method, f"/rooms/{room}/members/{ben.id}", token=bens)
            assert answer.refused == (404, "not_found", None), (method, room)


async def test_each_call_answers_a_storage_outage(site: Site) -> None:
    ada, token = await site.join("ada")
    room = await make(site, token, "garden")
    await site.join("ben")
    calls: list[tuple[str, str, str, Any]] = [
        ("snapshots", "GET", "/rooms", None),
        ("joinable", "GET", "/rooms/public", None),
        ("create", "POST", "/rooms", {"name": "cellar"}),
        ("access", "GET", f"/rooms/{room}", None),
        ("access", "DELETE", f"/rooms/{room}", None),
        ("save", "DELETE", f"/rooms/{room}", None),
        ("set_own", "PATCH", f"/rooms/{room}/mine", {"hidden": True}),
        ("direct_room", "PUT", "/direct/2", None),
        ("members", "GET", f"/rooms/{room}/members", None),
        ("save", "PUT", f"/rooms/{room}/members/2", {}),
        ("save", "DELETE", f"/rooms/{room}/members/{ada.id}", None),
        ("save", "PATCH", f"/rooms/{room}", {"topic": "roses"}),
        ("save", "PUT", f"/rooms/{room}/members/2", {"role": "banned"}),
        ("banned", "GET", f"/rooms/{room}/members?role=banned", None),
        ("invite", "POST", "/invites", {"room": room}),
    ]
    for call, method, path, body in calls:
        site.obstacles.fail(call, StorageDown("away"))
        assert (await site.call(method, path, body, token=token)).refused == (503, "unavailable", None), path
    assert await members(site, token, room) == {"ada": "owner"}
    site.obstacles.fail("save", OutcomeUnknown("silent"), after=True)
    answer = await site.call("PUT", f"/rooms/{room}/members/2", {}, token=token)
    assert answer.refused == (503, "outcome_unknown", None)
