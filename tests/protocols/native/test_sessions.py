"""Sessions over HTTP: refreshing and ending them, and that ended ones are invalid."""

import re
from typing import Any

import pytest
import trio

from chat.domain.accounts.sessions import Device
from tests.protocols.native.site import PAGE, PASSWORD, Site
from tests.support.account_changes import end_tokens

OVERLAP = 30
MONTH = 30 * 86_400
ELSEWHERE = Device("203.0.113.7")


async def test_a_refresh_token_gives_new_tokens_and_goes_on_with_the_session(site: Site) -> None:
    await site.add("ada")
    first = await site.log_in("ada")
    second = await site.call("POST", "/auth/refresh", {"refresh": first["refresh"]})
    assert (second.status, second["session"], second["me"]["name"]) == (200, first["session"], "ada")
    assert second["refresh"] != first["refresh"]
    assert second["expires_in"] == 900
    assert await site.is_good(second["access"])
    assert second.headers["Cache-Control"] == "no-store"
    third = await site.call("POST", "/auth/refresh", {"refresh": second["refresh"]})
    assert (third.status, third["refresh"] in (first["refresh"], second["refresh"])) == (200, False)


async def test_a_refresh_token_that_is_used_twice_within_the_overlap_has_one_successor(site: Site) -> None:
    await site.add("ada")
    first = await site.log_in("ada")
    second = await site.call("POST", "/auth/refresh", {"refresh": first["refresh"]})
    site.pass_time(OVERLAP - 1)
    again = await site.call("POST", "/auth/refresh", {"refresh": first["refresh"]})
    assert (again.status, again["refresh"]) == (200, second["refresh"])
    assert (await site.call("POST", "/auth/refresh", {"refresh": again["refresh"]})).status == 200


async def test_a_refresh_token_that_is_used_by_many_at_once_has_one_successor(site: Site) -> None:
    await site.add("ada")
    token, got = (await site.log_in("ada"))["refresh"], []

    async def refresh() -> None:
        answer = await site.call("POST", "/auth/refresh", {"refresh": token})
        got.append((answer.status, answer["refresh"]))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(refresh)
    assert len(set(got)) == 1
    assert got[0][0] == 200


async def test_a_refresh_token_that_is_used_again_after_31_seconds_ends_the_session(site: Site) -> None:
    await site.add("ada")
    first = await site.log_in("ada")
    second = await site.call("POST", "/auth/refresh", {"refresh": first["refresh"]})
    other = await site.log_in("ada")
    site.pass_time(OVERLAP + 1)
    again = await site.call("POST", "/auth/refresh", {"refresh": first["refresh"]})
    assert again.refused == (401, "unauthenticated", "refresh")
    assert not await site.is_good(second["access"])
    assert (await site.call("POST", "/auth/refresh", {"refresh": second["refresh"]})).status == 401
    assert await site.is_good(other["access"]), "of the same person, but another session"


async def test_the_one_before_the_last_but_one_ends_the_session_at_once(site: Site) -> None:
    await site.add("ada")
    first = await site.log_in("ada")
    second = await site.call("POST", "/auth/refresh", {"refresh": first["refresh"]})
    third = await site.call("POST", "/auth/refresh", {"refresh": second["refresh"]})
    assert (await site.call("POST", "/auth/refresh", {"refresh": first["refresh"]})).status == 401
    assert not await site.is_good(third["access"])


async def test_an_unknown_refresh_token_changes_nothing(site: Site) -> None:
    await site.add("ada")
    session = await site.log_in("ada")
    token = session["refresh"]
    for wrong in ("", "x", token[:-1], token + "A", "A" * 64, "é" * 64, token.replace(token[0], "!")):
        answer = await site.call("POST", "/auth/refresh", {"refresh": wrong})
        assert answer.refused == (401, "unauthenticated", "refresh")
    assert (await site.call("POST", "/auth/refresh", {})).status == 401
    assert (await site.call("POST", "/auth/refresh")).status == 401
    assert await site.is_good(session["access"])


async def test_a_session_lasts_a_month_from_its_last_refresh(site: Site) -> None:
    await site.add("ada")
    first = await site.log_in("ada")
    site.pass_time(MONTH - 1)
    second = await site.call("POST", "/auth/refresh", {"refresh": first["refresh"]})
    site.pass_time(MONTH - 1)
    third = await site.call("POST", "/auth/refresh", {"refresh": second["refresh"]})
    assert third.status == 200
    site.pass_time(MONTH)
    assert (await site.call("POST", "/auth/refresh", {"refresh": third["refresh"]})).status == 401


async def test_sessions_are_listed_with_where_they_come_from(site: Site) -> None:
    await site.add("ada"), await site.add("ben")
    await site.log_in("ben")
    phone = await site.log_in("ada", device=" phone ")
    login = {"login": "ada", "password": PASSWORD}
    desk = await site.call("POST", "/auth/login", login, **{"User-Agent": "browser\x00/1" + "x" * 300})
    listed = await site.call("GET", "/me/sessions", token=desk["access"])
    newer, older = listed["sessions"]
    assert (newer["id"], newer["current"], newer.get("name")) == (desk["session"], True, None)
    assert newer["agent"] == ("browser/1" + "x" * 300)[:199], "200 characters were read, one can't be shown"
    assert (older["id"], older.get("current"), older["name"]) == (phone["session"], None, "phone")
    assert newer["created"] == newer["used"] > 1_600_000_000_000
    assert len(listed["sessions"]) == 2, "nobody else's"


async def test_an_ended_session_is_refused_at_once_and_the_others_go_on(site: Site) -> None:
    await site.add("ada")
    one, two, three = [await site.log_in("ada") for _ in range(3)]
    assert (await site.call("DELETE", f"/me/sessions/{one['session']}", token=two["access"])).status == 204
    assert not await site.is_good(one["access"])
    assert (await site.call("POST", "/auth/refresh", {"refresh": one["refresh"]})).status == 401
    assert await site.is_good(two["access"])
    assert (await site.call("DELETE", "/me/sessions", token=two["access"])).status == 204
    assert not await site.is_good(three["access"])
    assert await site.is_good(two["access"])
    again = await site.call("DELETE", f"/me/sessions/{one['session']}", token=two["access"])
    assert again.refused == (404, "not_found", None)


async def test_nobody_ends_a_session_of_somebody_else(site: Site) -> None:
    await site.add("ada"), await site.add("ben")
    ada, ben = await site.log_in("ada"), await site.log_in("ben")
    answer = await site.call("DELETE", f"/me/sessions/{ada['session']}", token=ben["access"])
    assert answer.refused == (404, "not_found", None)
    await site.call("DELETE", "/me/sessions", token=ben["access"])
    assert await site.is_good(ada["access"])
    for nobody in (0, 2**53, 10**30):
        answer = await site.call("DELETE", f"/me/sessions/{nobody}", token=ben["access"])
        assert answer.refused == (404, "not_found", None)


async def test_logging_out_ends_the_session_of_either_token_and_is_fine_twice(site: Site) -> None:
    await site.add("ada")
    one, two = await site.log_in("ada"), await site.log_in("ada")
    for _ in range(2):
        assert (await site.call("POST", "/auth/logout", token=one["access"])).status == 204
        assert not await site.is_good(one["access"])
        assert (await site.call("POST", "/auth/logout", {"refresh": two["refresh"]})).status == 204
        assert not await site.is_good(two["access"])
    assert (await site.call("POST", "/auth/logout")).status == 204


async def test_a_token_for_a_program_is_good_in_every_protocol_until_it_is_ended(site: Site) -> None:
    await site.add("ada")
    mine = (await site.log_in("ada"))["access"]
    made = await site.call(
        "POST", "/me/sessions", {"name": "weather bot", "days": 2, "password": PASSWORD}, token=mine
    )
    assert (made.status, made["session"]["kind"], made["session"]["name"]) == (201, "token", "weather bot")
    assert await site.is_good(made["token"])
    site.pass_time(2 * 86_400 - 1)
    assert await site.is_good(made["token"])
    site.pass_time(1)
    assert not await site.is_good(made["token"])
    made = await site.call("POST", "/me/sessions", {"name": "weather bot", "password": PASSWORD}, token=mine)
    await site.call("DELETE", f"/me/sessions/{made['session']['id']}", token=mine)
    assert not await site.is_good(made["token"])


async def test_another_password_ends_all_sessions_and_begins_one(site: Site) -> None:
    await site.add("ada")
    one, two = await site.log_in("ada"), await site.log_in("ada")
    change = {"old": PASSWORD, "new": "another word"}
    fresh = await site.call("POST", "/me/password", change, token=one["access"])
    assert fresh.status == 200
    assert [await site.is_good(each["access"]) for each in (one, two, fresh)] == [False, False, True]
    assert (await site.call("POST", "/auth/refresh", {"refresh": two["refresh"]})).status == 401
    listed = await site.call("GET", "/me/sessions", token=fresh["access"])
    assert [each["id"] for each in listed["sessions"]] == [fresh["session"]]
    wrong = await site.call("POST", "/me/password", change, token=fresh["access"])
    assert wrong.refused == (403, "forbidden", "old")


async def test_logging_somebody_out_everywhere_ends_their_sessions(site: Site) -> None:
    ada = await site.add("ada")
    session = await site.log_in("ada")
    await end_tokens(site.storage.users, ada.id)
    assert not await site.is_good(session["access"])
    assert (await site.call("POST", "/auth/refresh", {"refresh": session["refresh"]})).status == 401


async def test_too_many_sessions_end_the_least_recently_used(site: Site) -> None:
    ada = await site.add("ada")
    first = await site.log_in("ada")
    for _ in range(99):
        await site.services.sessions.open(ada, ELSEWHERE)
    assert await site.is_good(first["access"])
    bot = await site.call(
        "POST", "/me/sessions", {"name": "bot", "password": PASSWORD}, token=first["access"]
    )
    await site.services.sessions.open(ada, ELSEWHERE)
    assert not await site.is_good(first["access"])
    assert await site.is_good(bot["token"]), "programs are counted for themselves"


async def test_a_browser_has_its_refresh_token_in_a_cookie_that_no_script_reads(site: Site) -> None:
    await site.add("ada")
    browser = site.app.test_client()
    login = {"login": "ada", "password": PASSWORD}
    session = await site.call("POST", "/auth/login", login, client=browser, **PAGE)
    assert "refresh" not in session.body
    cookie = session.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/api/v1/auth"} <= set(re.split("; ", cookie))
    assert "Secure" not in cookie, "this one came by http"
    fresh = await site.call("POST", "/auth/refresh", client=browser, **PAGE)
    assert (fresh.status, fresh["session"], "refresh" in fresh.body) == (200, session["session"], False)
    assert fresh.headers["Set-Cookie"] != cookie
    gone = await site.call("POST", "/auth/logout", client=browser, **PAGE)
    assert "Max-Age=0" in gone.headers["Set-Cookie"]
    assert not await site.is_good(fresh["access"])
    assert (await site.call("POST", "/auth/refresh", client=browser, **PAGE)).status == 401


async def test_the_cookie_is_secure_where_the_request_came_by_https(site: Site) -> None:
    await site.add("ada")
    client = site.app.test_client(use_cookies=False)
    answer = await client.post(
        "/api/v1/auth/login",
        json={"login": "ada", "password": PASSWORD},
        headers={"Sec-Fetch-Site": "same-origin"},
        scheme="https",
    )
    assert "; Secure" in answer.headers["Set-Cookie"]
    assert "refresh" not in await answer.get_json()


@pytest.fixture
async def program(site: Site) -> dict[str, str]:
    """The tokens of an admin: her own, and one that she made for a program."""
    await site.add("olga", admin=True)
    hers = (await site.log_in("olga"))["access"]
    made = await site.call("POST", "/me/sessions", {"name": "bot", "password": PASSWORD}, token=hers)
    return {"olga": hers, "bot": made["token"]}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/me/sessions", {"name": "for ever", "days": 3650, "password": PASSWORD}),
        ("DELETE", "/me/sessions", None),
        ("DELETE", "/me/sessions/1", None),
        ("POST", "/me/password", {"old": PASSWORD, "new": "another word"}),
        ("PATCH", "/me", {"email": "eve@example.com"}),
        ("PATCH", "/me", {"name": "eve", "display": "Eve"}),
        ("PATCH", "/admin/people/1", {"password": "another word"}),
        ("DELETE", "/admin/people/1", None),
        ("DELETE", "/admin/people/1/sessions", None),
        ("POST", "/admin/people", {"name": "eve", "password": "another word"}),
        ("POST", "/admin/people/1/reset", None),
        ("PATCH", "/admin/settings", {"registration": "open"}),
    ],
)
async def test_a_program_does_nothing_that_outlives_its_token(
    site: Site, program: dict[str, str], method: str, path: str, body: Any
) -> None:
    answer = await site.call(method, path, body, token=program["bot"])
    assert answer.refused == (403, "forbidden", None)
    assert "log in" in answer["error"]
    assert [await site.is_good(token) for token in program.values()] == [True, True]
    assert len((await site.call("GET", "/me/sessions", token=program["bot"]))["sessions"]) == 2


async def test_an_api_token_acts_in_rooms_until_it_is_logged_out(site: Site, program: dict[str, str]) -> None:
    bot = program["bot"]
    assert (await site.call("PATCH", "/me", {"display": "Bot of tea"}, token=bot)).status == 200
    assert (await site.call("POST", "/rooms", {"name": "garden"}, token=bot)).status == 201
    for path in ("/admin/people", "/admin/settings", "/admin/audit"):
        assert (await site.call("GET", path, token=bot)).status == 200
    assert (await site.call("POST", "/auth/logout", {}, token=bot)).status == 204
    assert [await site.is_good(token) for token in program.values()] == [True, False]


async def test_creating_a_token_needs_the_password(site: Site) -> None:
    await site.add("ada")
    own = (await site.log_in("ada"))["access"]
    wrong = {"name": "bot", "password": "a guess of eve"}
    for _ in range(5):
        answer = await site.call("POST", "/me/sessions", wrong, token=own)
        assert answer.refused == (403, "forbidden", "password")
    assert (await site.call("POST", "/me/sessions", wrong, token=own)).status == 429
    missing = await site.call("POST", "/me/sessions", {"name": "bot"}, token=own, valid=False)
    assert missing.refused == (400, "invalid", "password")
    assert len((await site.call("GET", "/me/sessions", token=own))["sessions"]) == 1
