"""Invites over HTTP: to rooms, and to register."""

import time
from typing import Any

import pytest
import trio

from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.refusals import Refusal
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import Answer, Site, open_site

DAY = 86_400
GONE = (410, "gone", None)
OVER = (410, "gone", "invite")
FORBIDDEN = (403, "forbidden", None)
NOT_FOUND = (404, "not_found", None)


async def make(site: Site, token: str, name: str, *, private: bool = True) -> int:
    made = await site.call("POST", "/rooms", {"name": name, "private": private}, token=token)
    return int(made["id"])


async def invite(site: Site, token: str, **about: Any) -> str:
    made = await site.call("POST", "/invites", about, token=token)
    assert made.status == 201, made.body
    return str(made["code"])


async def look(site: Site, code: str) -> Answer:
    return await site.call("GET", f"/invites/{code}")


async def accept(site: Site, token: str, code: str) -> Answer:
    return await site.call("POST", f"/invites/{code}", token=token)


async def test_a_code_admits_to_a_private_room_and_the_join_is_published(site: Site) -> None:
    _, token = await site.join("ada")
    ben, bens = await site.join("ben")
    _, cems = await site.join("cem")
    room = await make(site, token, "garden")
    own = Replica(site.world, ben)
    await own.connect()
    made = await site.call("POST", "/invites", {"room": room, "days": 1}, token=token)
    code = made["code"]
    assert abs(made["expires"] / 1000 - time.time() - DAY) < 60
    expected = {"code": code, "room": room, "room_name": "garden", "uses": 1}
    assert made.body == {**expected, "expires": made["expires"], "url": f"/i/{code}"}
    assert (await look(site, code)).body == made.body
    assert (await site.call("GET", f"/invites/{code}")).body == made.body
    joined = await accept(site, bens, code)
    assert (joined["id"], joined["members"], joined["last"]["kind"]) == (room, 2, "join")
    assert [event["id"] for event in await own.receives()] == [room]
    again = await accept(site, bens, code)
    assert (again.status, again["id"], again["members"]) == (200, room, 2), "a lost answer does no harm"
    assert (await look(site, code)).refused == GONE
    assert (await accept(site, cems, code)).refused == GONE
    assert (await site.call("DELETE", f"/invites/{code}", token=token)).refused == GONE
    for method in ("GET", "POST", "DELETE"):
        assert (await site.call(method, "/invites/mistyped", token=token)).refused == NOT_FOUND


async def test_an_invite_has_its_whole_address_where_the_server_knows_its_own(site: Site) -> None:
    _, token = await site.join("ada", admin=True)
    unknown = await site.call("POST", "/invites", {}, token=token)
    assert "link" not in unknown.body
    for wrong in ("chat.example", "https://chat.example/", "https://Chat.example", "ftp://chat.example"):
        refused = await site.call("PATCH", "/admin/settings", {"public_url": wrong}, token=token, valid=False)
        assert refused.refused == (400, "invalid", "public_url"), wrong
    settings = await site.call(
        "PATCH", "/admin/settings", {"public_url": "https://chat.example"}, token=token
    )
    assert (settings["public_url"]["value"], settings["public_url"]["default"]) == (
        "https://chat.example",
        "",
    )
    made = await site.call("POST", "/invites", {}, token=token)
    assert made["link"] == f"https://chat.example{made['url']}"


async def test_of_two_at_once_one_gets_the_last_use(site: Site) -> None:
    _, token = await site.join("ada")
    tokens = [(await site.join(name))[1] for name in ("ben", "cem")]
    room = await make(site, token, "garden")
    code = await invite(site, token, room=room)
    answers: list[Answer] = []

    async def take(own: str) -> None:
        answers.append(await accept(site, own, code))

    async with trio.open_nursery() as nursery:
        for own in tokens:
            nursery.start_soon(take, own)
    assert sorted(answer.status for answer in answers) == [200, 410]
    assert (await site.call("GET", f"/rooms/{room}", token=token))["members"] == 2


async def test_invites_follow_the_rights_of_the_maker(site: Site) -> None:
    _, token = await site.join("ada")
    ben, bens = await site.join("ben")
    _, cems = await site.join("cem")
    _, roots = await site.join("root", admin=True)
    private, public = await make(site, token, "garden"), await make(site, token, "orchard", private=False)
    for room in (private, public):
        await site.call("PUT", f"/rooms/{room}/members/{ben.id}", {}, token=token)
    for who, about, refusal in (
        (bens, {"room": private}, FORBIDDEN),
        (cems, {"room": private}, (404, "not_found", None)),
        (cems, {"room": public}, FORBIDDEN),
        (roots, {"room": private}, (404, "not_found", None)),
        (token, {"room": 1}, (404, "not_found", None)),
        (token, {}, FORBIDDEN),
    ):
        assert (await site.call("POST", "/invites", about, token=who)).refused == refusal, about
    wrong = await site.call("POST", "/invites", {"uses": 0}, token=roots, valid=False)
    assert wrong.refused == (400, "invalid", "uses")
    to_public, to_private = await invite(site, bens, room=public), await invite(site, token, room=private)
    to_register = await invite(site, roots, uses=3)
    assert {**(await look(site, to_register)).body, "expires": 0} == {
        "code": to_register,
        "url": f"/i/{to_register}",
        "uses": 3,
        "expires": 0,
    }
    assert (await accept(site, cems, to_register)).refused == (400, "invalid", "code")
    for who, code in ((cems, to_public), (bens, to_private), (token, to_register), (roots, to_private)):
        assert (await site.call("DELETE", f"/invites/{code}", token=who)).refused == FORBIDDEN
    for who, code in ((token, to_public), (token, to_private), (roots, to_register)):
        assert (await look(site, code)).status == 200
        assert (await site.call("DELETE", f"/invites/{code}", token=who)).status == 204
        assert (await look(site, code)).refused == GONE
        assert (await accept(site, cems, code)).refused == GONE


async def test_makers_list_and_revoke_their_invites_without_codes(site: Site) -> None:
    _, token = await site.join("ada")
    _, bens = await site.join("ben")
    room = await make(site, token, "garden")
    codes = [await invite(site, token, room=room, uses=2, days=days) for days in (3, 1)]
    first = await site.call("GET", "/me/invites?limit=1", token=token)
    rest = await site.call("GET", f"/me/invites?after={first['next']}", token=token)
    (soon,), (late,) = first["invites"], rest["invites"]
    assert "next" not in rest.body
    assert {**late, "id": 0, "expires": 0} == {
        "id": 0,
        "room": room,
        "room_name": "garden",
        "uses": 2,
        "expires": 0,
    }
    assert late["expires"] - soon["expires"] > 1000 * DAY
    assert not any(code in f"{first.body}{rest.body}" for code in codes)
    assert (await site.call("GET", "/me/invites", token=bens))["invites"] == []
    path = f"/me/invites/{soon['id']}"
    assert (await site.call("DELETE", path, token=bens)).refused == NOT_FOUND
    assert (await look(site, codes[1])).status == 200
    assert (await site.call("DELETE", path, token=token)).status == 204
    assert (await site.call("DELETE", path, token=token)).refused == GONE
    assert (await look(site, codes[1])).refused == GONE
    assert (await site.call("GET", "/me/invites", token=token))["invites"] == [late]
    for wrong in ("/me/invites?after=x", "/me/invites?limit=0"):
        assert (await site.call("GET", wrong, token=token, valid=False)).status == 400
    wrong = await site.call("DELETE", "/me/invites/x", token=token, valid=False)
    assert wrong.refused == (400, "invalid", "id")


async def test_an_invite_opens_no_room_that_is_closed_to_one(site: Site) -> None:
    _, token = await site.join("ada")
    ben, bens = await site.join("ben")
    room = await make(site, token, "garden", private=False)
    code = await invite(site, token, room=room)
    await site.call("PUT", f"/rooms/{room}/members/{ben.id}", {"role": "banned"}, token=token)
    assert (await accept(site, bens, code)).refused == FORBIDDEN
    await site.call("DELETE", f"/rooms/{room}/members/{ben.id}", token=token)
    await site.call("PATCH", f"/rooms/{room}", {"archived": True}, token=token)
    assert (await accept(site, bens, code)).refused == FORBIDDEN
    assert (await site.call("POST", "/invites", {"room": room}, token=token)).refused == FORBIDDEN
    assert (await look(site, code))["uses"] == 1
    await site.call("DELETE", f"/rooms/{room}", token=token)
    assert (await look(site, code)).refused == GONE


async def register(site: Site, name: str, code: str) -> Answer:
    body = {"name": name, "password": "secret word", "invite": code}
    return await site.call("POST", "/auth/register", body)


async def rooms(site: Site, session: Answer) -> list[int]:
    listed = await site.call("GET", "/rooms", token=session["access"])
    return [room["id"] for room in listed["rooms"]][1:]


async def test_registering_with_a_rooms_invite_joins_the_room(site: Site) -> None:
    _, token = await site.join("ada")
    room = await make(site, token, "garden")
    code = await invite(site, token, room=room)
    assert (await register(site, "ben", "mistyped")).refused == (403, "forbidden", "invite")
    assert await rooms(site, await register(site, "ben", code)) == [room]
    assert (await register(site, "cem", code)).refused == OVER
    assert isinstance(await site.services.accounts.log_in("cem", "secret word", "here"), Refusal)


@pytest.mark.parametrize("is_admin", [False, True])
async def test_where_registering_takes_an_invite_one_to_a_room_is_enough_from_an_admin(
    is_admin: bool,
) -> None:
    async with open_site(registration="invite") as site:
        _, token = await site.join("ada", admin=is_admin)
        room = await make(site, token, "garden")
        code = await invite(site, token, room=room)
        answer = await register(site, "ben", code)
        if not is_admin:
            assert answer.refused == (403, "forbidden", "invite")
            assert (await look(site, code))["uses"] == 1
            return
        assert await rooms(site, answer) == [room]
        assert (await register(site, "cem", code)).refused == OVER


async def test_a_join_that_is_not_saved_does_not_use_up_the_invite(site: Site) -> None:
    _, token = await site.join("ada")
    _, bens = await site.join("ben")
    code = await invite(site, token, room=await make(site, token, "garden"))
    site.obstacles.fail("find_invite", StorageDown("away"))
    assert (await look(site, code)).refused == (503, "unavailable", None)
    site.obstacles.fail("withdraw_invite", StorageDown("away"))
    assert (await site.call("DELETE", f"/invites/{code}", token=token)).status == 503
    site.obstacles.fail("save", StorageDown("away"))
    assert (await accept(site, bens, code)).refused == (503, "unavailable", None)
    assert (await look(site, code))["uses"] == 1
    site.obstacles.fail("save", OutcomeUnknown("silent"), after=True)
    assert (await accept(site, bens, code)).refused == (503, "outcome_unknown", None)
    assert (await accept(site, bens, code)).status == 200


async def test_owners_and_moderators_list_and_withdraw_a_rooms_invites(site: Site) -> None:
    ada, token = await site.join("ada")
    ben, bens = await site.join("ben")
    _, cems = await site.join("cem")
    room = await make(site, token, "garden", private=False)
    await site.call("PUT", f"/rooms/{room}/members/{ben.id}", {}, token=token)
    await invite(site, token, room=await make(site, token, "cellar"))
    own, other = await invite(site, token, room=room, days=2), await invite(site, bens, room=room)
    path = f"/rooms/{room}/invites"
    first = await site.call("GET", f"{path}?limit=1", token=token)
    rest = await site.call("GET", f"{path}?after={first['next']}", token=token)
    (adas,), (his,) = first["invites"], rest["invites"]
    assert (adas["by"], his["by"]) == ({"id": ada.id, "name": "ada"}, {"id": ben.id, "name": "ben"})
    assert not any(code in f"{first.body}{rest.body}" for code in (own, other))
    for who, refusal in ((bens, FORBIDDEN), (cems, FORBIDDEN)):
        assert (await site.call("GET", path, token=who)).refused == refusal
        assert (await site.call("DELETE", f"{path}/{his['id']}", token=who)).refused == refusal
    elsewhere = await site.call("GET", "/me/invites", token=token)
    (cellars,) = [each["id"] for each in elsewhere["invites"] if each["id"] != adas["id"]]
    assert (await site.call("DELETE", f"{path}/{cellars}", token=token)).refused == NOT_FOUND
    assert (await site.call("DELETE", f"{path}/{his['id']}", token=token)).status == 204
    assert (await look(site, other)).refused == GONE
    assert (await site.call("DELETE", f"{path}/{his['id']}", token=token)).refused == GONE
    assert (await site.call("GET", path, token=token))["invites"] == [adas]


async def test_admins_list_and_withdraw_every_invite(site: Site) -> None:
    _, token = await site.join("ada")
    _, roots = await site.join("root", admin=True)
    room = await make(site, token, "garden")
    to_room, to_register = await invite(site, token, room=room, days=1), await invite(site, roots)
    await site.services.invites.issue(3, 30 * DAY)
    listed = await site.call("GET", "/admin/invites", token=roots)
    assert [each.get("by", {}).get("name") for each in listed["invites"]] == ["ada", "root", None]
    assert [each.get("room_name") for each in listed["invites"]] == ["garden", None, None]
    assert (await site.call("GET", "/admin/invites", token=token)).refused == FORBIDDEN
    for each in listed["invites"]:
        path = f"/admin/invites/{each['id']}"
        assert (await site.call("DELETE", path, token=token)).refused == FORBIDDEN
        assert (await site.call("DELETE", path, token=roots)).status == 204
    for code in (to_room, to_register):
        assert (await look(site, code)).refused == GONE
    assert (await site.call("GET", "/admin/invites", token=roots))["invites"] == []
    assert (await site.call("DELETE", f"/admin/invites/{'0' * 64}", token=roots)).refused == NOT_FOUND


@pytest.mark.parametrize("body", [{"role": "banned"}, {"role": "member"}, None], ids=str)
async def test_invites_end_with_their_makers_right(site: Site, body: Any) -> None:
    _, token = await site.join("ada")
    ben, bens = await site.join("ben")
    _, cems = await site.join("cem")
    room = await make(site, token, "garden")
    path = f"/rooms/{room}/members/{ben.id}"
    await site.call("PUT", path, {"role": "moderator"}, token=token)
    code = await invite(site, bens, room=room)
    assert (await look(site, code)).status == 200
    assert (await site.call("PUT" if body else "DELETE", path, body, token=token)).status in (200, 204)
    assert (await look(site, code)).refused == GONE
    assert (await accept(site, cems, code)).refused == GONE
    assert (await register(site, "dan", code)).refused == OVER


async def test_invites_of_a_former_admin_are_invalid() -> None:
    async with open_site(registration="invite") as site:
        _, token = await site.join("ada", admin=True)
        root, roots = await site.join("root", admin=True)
        code = await invite(site, roots, uses=2)
        assert (await register(site, "ben", code)).status == 201
        change = {"admin": False, "disabled": True}
        assert (await site.call("PATCH", f"/admin/people/{root.id}", change, token=token)).status == 200
        assert (await register(site, "cem", code)).refused == OVER
        assert (await look(site, code)).refused == GONE
