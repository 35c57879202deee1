"""Visitors of the support widget: an account without a password, good for one conversation, in every protocol."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chat.domain.entities import LOBBY_ID
from chat.protocols.direct.codec import DIRECT
from chat.protocols.messenger.codec import MESSENGER
from chat.protocols.native.wire.codec import NATIVE
from chat.protocols.support.codec import SUPPORT
from chat.protocols.talker.codec import TALKER
from tests.protocols.native.replica import Replica
from tests.protocols.native.site import PAGE, Answer, Site, open_site

SHOP = "https://shop.example"
NOTHING_ELSE = "a visitor has their own support conversation, and nothing else"


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    async with open_site(widget_origins=(SHOP,)) as site:
        yield site


async def come(site: Site, **about: Any) -> Answer:
    answer = await site.call("POST", "/support/visitors", about)
    assert answer.status == 201, answer.body
    return answer


async def say(site: Site, token: str, room: int, text: str) -> Answer:
    body = {"key": text.encode().hex(), "text": text}
    return await site.call("POST", f"/rooms/{room}/messages", body, token=token)


async def test_an_operator_sees_a_visitors_details_and_answers(site: Site) -> None:
    _, olgas = await site.join("olga", operator=True)
    page = "https://me:secret@shop.example/cart?session=7#top"
    visitor = await come(site, name=" Anna ", email="anna@example.com", page=page)
    me = visitor["me"]
    assert (me["display"], me["roles"], "email" in me) == ("Anna", ["guest"], False)
    assert me["name"].startswith("visitor-")
    token = visitor["access"]
    room = (await site.call("PUT", "/support", token=token))["id"]
    assert (await say(site, token, room, "is it blue?")).status == 201
    (waiting,) = (await site.call("GET", "/support?state=open", token=olgas))["rooms"]
    support = waiting["support"]
    assert (support["person"]["display"], support["person"]["roles"]) == ("Anna", ["guest"])
    assert (support["email"], support["page"]) == ("anna@example.com", "https://shop.example/cart")
    assert (await say(site, olgas, room, "it is")).status == 201
    got = await site.call("GET", f"/rooms/{room}/messages", token=token)
    assert [each["text"] for each in got["messages"]] == ["is it blue?", "it is"]
    seen = await site.call("GET", f"/rooms/{room}", token=token)
    assert (seen["support"]["assignee"]["name"], seen["unread"]) == ("olga", 1)
    assert (await site.call("PUT", f"/rooms/{room}/read", {"seq": 2}, token=token))["read"] == 2
    assert (
        await site.call("PATCH", f"/rooms/{room}/messages/1", {"text": "red?"}, token=token)
    ).status == 200
    assert (await site.call("DELETE", f"/rooms/{room}/messages/1", token=token)).status == 200
    olga = await site.call("GET", f"/people/{me['id']}", token=olgas)
    assert olga["display"] == "Anna"


async def test_a_visitor_has_no_profile_that_anybody_counts_up_to(site: Site) -> None:
    ada, _ = await site.join("ada")
    visitor = (await come(site, name="Anna"))["me"]["id"]
    client = site.app.test_client()
    assert (await client.get(f"/profile/{ada.id}")).status_code == 200
    answer = await client.get(f"/profile/{visitor}")
    assert (answer.status_code, await answer.get_json()) == (404, {"error": "there is no such person"})


async def test_visitors_may_share_names_and_addresses_with_anybody(site: Site) -> None:
    await site.join("anna", email="anna@example.com")
    sessions = [await come(site, name="anna", email="anna@example.com") for _ in range(3)]
    assert len({each["me"]["name"] for each in sessions}) == 3
    assert {each["me"]["display"] for each in sessions} == {"anna"}
    login = {"login": sessions[0]["me"]["name"], "password": ""}
    assert (await site.call("POST", "/auth/login", login, valid=False)).status == 400
    for guess in ("x", "visitor"):
        refused = await site.call("POST", "/auth/login", {**login, "password": guess})
        assert refused.refused == (401, "unauthenticated", None)
    assert (
        await site.call("POST", "/auth/login", {"login": "anna@example.com", "password": "secret word"})
    ).status == 200


async def test_a_visitor_has_one_room_and_every_other_call_is_forbidden(site: Site) -> None:
    _ada, adas = await site.join("ada")
    visitor = await come(site)
    token, person = visitor["access"], visitor["me"]["id"]
    own = (await site.call("PUT", "/support", token=token))["id"]
    garden = (await site.call("POST", "/rooms", {"name": "garden"}, token=adas))["id"]
    for method, path, body in (
        ("GET", "/rooms", None),
        ("GET", "/rooms/public", None),
        ("POST", "/rooms", {"name": "mine"}),
        ("PATCH", "/me", {"name": "ada2"}),
        ("POST", "/me/password", {"old": "x", "new": "secret word"}),
        ("GET", "/me/sessions", None),
        ("POST", "/me/sessions", {"name": "bot", "days": 3650, "password": "x"}),
        ("GET", "/me/blocks", None),
        ("GET", "/people", None),
        ("GET", "/people/1", None),
        ("PUT", "/direct/1", None),
        ("GET", f"/rooms/{own}/members", None),
        ("PUT", f"/rooms/{garden}/members/{person}", {}),
        ("POST", "/invites", {}),
        ("GET", "/search?q=x", None),
        ("GET", "/mentions", None),
        ("GET", "/support", None),
        ("PATCH", f"/support/{own}", {"state": "closed"}),
        ("GET", "/admin/people", None),
    ):
        answer = await site.call(method, path, body, token=token)
        assert answer.refused == (403, "forbidden", None), (method, path)
    for room in (LOBBY_ID, garden):
        assert (await site.call("GET", f"/rooms/{room}", token=token)).status in (403, 404)
        assert (await say(site, token, room, "hello")).status in (403, 404)
        assert (await site.call("GET", f"/rooms/{room}/messages", token=token)).status in (403, 404)


async def test_others_do_not_meet_a_visitor(site: Site) -> None:
    _, adas = await site.join("ada")
    _, olgas = await site.join("olga", operator=True, admin=True)
    person = (await come(site, name="Anna"))["me"]["id"]
    lobby = await site.call("GET", f"/rooms/{LOBBY_ID}", token=adas)
    assert lobby["members"] == 2
    members = await site.call("GET", f"/rooms/{LOBBY_ID}/members", token=adas)
    assert [each["person"]["name"] for each in members["members"]] == ["ada", "olga"]
    assert (await site.call("GET", "/people?q=visitor", token=adas))["people"] == []
    assert (await site.call("GET", "/admin/people", token=olgas))["people"][-1]["name"] == "olga"
    garden = (await site.call("POST", "/rooms", {"name": "garden"}, token=adas))["id"]
    for method, path, body in (
        ("GET", f"/people/{person}", None),
        ("PUT", f"/direct/{person}", None),
        ("PUT", f"/rooms/{garden}/members/{person}", {}),
    ):
        assert (await site.call(method, path, body, token=adas)).refused == (404, "not_found", None)
    client = site.app.test_client(use_cookies=False)
    invite = await client.put(
        "/invite", headers={"Authorization": adas}, json={"RoomID": garden, "UID": person}
    )
    assert invite.status_code == 404
    account = f"/admin/people/{person}"
    for change in ({"operator": True}, {"password": "secret word"}, {"name": "anna"}):
        assert (await site.call("PATCH", account, change, token=olgas)).refused == (400, "invalid", None)
    assert (await site.call("PATCH", account, {"disabled": True}, token=olgas))["disabled"] is True
    assert (await site.call("DELETE", account, token=olgas)).status == 200


async def test_a_session_goes_on_without_a_cookie_also_beside_somebody_elses(site: Site) -> None:
    await site.add("ada")
    browser = site.app.test_client()
    await site.call(
        "POST", "/auth/login", {"login": "ada", "password": "secret word"}, client=browser, **PAGE
    )
    visitor = await site.call("POST", "/support/visitors", {}, client=browser, **PAGE)
    assert "refresh" in visitor.body
    refreshed = await site.call(
        "POST", "/auth/refresh", {"refresh": visitor["refresh"]}, client=browser, **PAGE
    )
    assert (refreshed["me"]["roles"], "refresh" in refreshed.body) == (["guest"], True)
    ended = await site.call(
        "POST",
        "/auth/logout",
        {"refresh": refreshed["refresh"]},
        client=browser,
        token=refreshed["access"],
        **PAGE,
    )
    assert ended.status == 204
    assert (await site.call("GET", "/me", token=refreshed["access"])).status == 401
    assert (await site.call("POST", "/auth/refresh", {}, client=browser, **PAGE))["me"]["name"] == "ada"


async def test_a_visitors_socket_gets_only_their_conversation(site: Site) -> None:
    ada, adas = await site.join("ada")
    olga, olgas = await site.join("olga", operator=True)
    token = (visitor := await come(site))["access"]
    person = await site.services.accounts.person(visitor["me"]["id"])
    assert person is not None
    room = (await site.call("PUT", "/support", token=token))["id"]
    own, desk = Replica(site.world, person), Replica(site.world, olga)
    assert (await own.connect())["rooms"] == 1
    assert [*own.rooms] == [room]
    await desk.connect()
    assert (await say(site, adas, LOBBY_ID, "hello")).status == 201
    await own.say(room, "help")
    await say(site, olgas, room, "how?")
    await own.receives()
    assert [each["text"] for each in own.events if each["type"] == "message"] == ["help", "how?"]
    await desk.receives()
    assert room in desk.rooms
    refused = await own.asks("watch", people=[ada.id])
    assert (refused["code"], refused["text"]) == ("forbidden", NOTHING_ELSE)
    assert (await own.asks("send", room=LOBBY_ID, key="k", text="hi"))["code"] in ("forbidden", "not_found")
    assert (await own.asks("activity", room=room, what="typing"))["type"] == "activity_ok"
    assert {"room": room, "what": "typing"}.items() <= next(
        each for each in await desk.receives() if each["type"] == "activity"
    ).items()


async def test_each_older_protocol_knows_visitors(site: Site) -> None:
    token = (await come(site))["access"]
    for dialect, frame in (
        (TALKER, {"name": "x", "message": f"auth {token}"}),
        (MESSENGER, {"username": "x", "message": f"auth {token}"}),
    ):
        client = await site.world.connect(dialect)
        client.received_now()
        client.send(frame)
        assert NOTHING_ELSE in json.dumps(await client.receives())
    http = site.app.test_client(use_cookies=False)
    for path in ("/profile", "/rooms"):
        answer = await http.get(path, headers={"Authorization": token})
        assert (answer.status_code, await answer.get_json()) == (403, {"error": NOTHING_ELSE})
    desk = await site.world.connect(SUPPORT)
    desk.send({"method": "message.auth", "params": [token], "id": 1})
    (opened,) = await desk.receives()
    assert opened["result"]["messages"] is None
    desk.send({"method": "message.send", "params": ["help"], "id": 2})
    await site.world.rest()
    room = await site.call(
        "GET", f"/rooms/{(await site.call('PUT', '/support', token=token))['id']}", token=token
    )
    assert room["last"]["text"] == "help"
    assert {dialect.name for dialect in (NATIVE, SUPPORT) if dialect.admits_visitors} == {"native", "support"}
    assert not DIRECT.admits_visitors


async def test_a_visitor_sees_whether_an_operator_is_online(site: Site) -> None:
    ada, _ = await site.join("ada")
    olga, _ = await site.join("olga", operator=True)

    async def is_online() -> bool:
        return bool((await site.call("GET", "/support/desk"))["online"])

    await Replica(site.world, ada).connect()
    assert not await is_online()
    desk = Replica(site.world, olga)
    await desk.connect()
    assert await is_online()
    await desk.asks("status", state="away")
    assert not await is_online()


async def test_an_invalid_visitor_is_refused_and_adds_nobody(site: Site) -> None:
    for field, wrong in (
        ("name", "server"),
        ("name", "a\nb"),
        ("email", "anna"),
        ("page", "javascript:alert(1)"),
        ("page", "https://"),
        ("page", "http://[::1"),
    ):
        answer = await site.call("POST", "/support/visitors", {field: wrong})
        assert answer.refused == (400, "invalid", field), wrong
    assert site.storage.users.there() == []


async def test_an_operator_blocks_and_unblocks_a_visitor(site: Site) -> None:
    _, olgas = await site.join("olga", operator=True)
    _, bens = await site.join("ben")
    _, adas = await site.join("ada", admin=True)
    visitor = await come(site, name="Mona")
    token, refresh = visitor["access"], visitor["refresh"]
    own = await site.call("PUT", "/support", token=token)
    room = own["id"]
    assert own["support"]["came"] > 0
    assert "blocked" not in own["support"]
    await say(site, token, room, "you fools")
    refused = await site.call("PATCH", f"/support/{room}", {"blocked": True}, token=bens)
    assert refused.status == 404
    blocked = await site.call("PATCH", f"/support/{room}", {"blocked": True}, token=olgas)
    assert (blocked["support"]["blocked"], blocked["support"]["state"]) == (True, "closed")
    assert (await site.call("GET", "/support?state=open", token=olgas))["rooms"] == []
    assert (await say(site, token, room, "you cowards")).status == 401
    for _ in range(3):  # a refusal uses the token up as little as no call does
        again = await site.call("POST", "/auth/refresh", {"refresh": refresh})
        assert (again.status, again["error"]) == (401, "this account is disabled")
    another = await site.call("POST", "/support/visitors", {"name": "Not Mona"})
    assert another.refused == (429, "too_many", None)
    (act,) = (await site.call("GET", "/admin/audit?limit=1", token=adas))["entries"]
    assert (act["what"], act["by"]["name"], act["person"]["name"]) == (
        "disabled",
        "olga",
        visitor["me"]["name"],
    )

    back = await site.call("PATCH", f"/support/{room}", {"blocked": False}, token=olgas)
    assert "blocked" not in back["support"]
    await come(site, name="Not Mona")
    session = await site.call("POST", "/auth/refresh", {"refresh": refresh})
    assert (await say(site, session["access"], room, "sorry")).status == 201
    (waiting,) = (await site.call("GET", "/support?state=open", token=olgas))["rooms"]
    assert waiting["id"] == room


async def test_operators_can_not_block_people_with_an_account(site: Site) -> None:
    _, olgas = await site.join("olga", operator=True)
    _, bens = await site.join("ben")
    room = (await site.call("PUT", "/support", token=bens))["id"]
    assert (await say(site, bens, room, "help")).status == 201
    refused = await site.call("PATCH", f"/support/{room}", {"blocked": True}, token=olgas)
    assert refused.refused == (400, "invalid", "blocked")
    assert (await say(site, bens, room, "still here")).status == 201


async def test_the_desk_says_when_it_is_away_and_when_it_opens() -> None:
    async with open_site() as site:
        _, olgas = await site.join("olga", admin=True, operator=True)

        async def set_to(**settings: Any) -> Answer:
            return await site.call("PATCH", "/admin/settings", settings, token=olgas)

        async def away() -> tuple[str | None, int]:
            desk = (await site.call("GET", "/support/desk")).body
            return desk.get("away"), desk.get("opens", 0)

        await set_to(widget_origins=[SHOP])
        assert await away() == (None, 0)
        # The day before, in this zone: it closed for a day at the last midnight, or it does at the next.
        today = datetime.now(UTC)
        closed = [f"{today + timedelta(days=n):%Y-%m-%d}" for n in (0, 1)]
        await set_to(support_hours=["mon-sun/00:00-24:00"], support_holidays=closed)
        what, opens = await away()
        midnight = today.replace(hour=0, minute=0, second=0, microsecond=0)
        assert (what, opens) == ("message", (midnight + timedelta(days=2)).timestamp() * 1000)
        await set_to(when_away="hide")
        assert (await away())[0] == "hide"
        await set_to(support_holidays=None)
        assert await away() == (None, 0)
        await set_to(away_without_operators="on")
        assert await away() == ("hide", 0)
        for wrong in ({"support_time_zone": "Atlantis/Poseidonis"}, {"support_holidays": ["02-30"]}):
            refused = await set_to(when_away="message", **wrong)
            assert refused.refused == (400, "invalid", *wrong)
            assert await away() == ("hide", 0), "all or none"


async def test_while_nobody_is_there_a_visitor_leaves_an_address_for_the_answer() -> None:
    away = {"widget_origins": [SHOP], "when_away": "form", "away_without_operators": "on"}
    mailbox = {
        "mail_url": "smtps://mail.example",
        "mail_from": "chat@chat.example",
        "support_mail": "help@chat.example",
        "imap_url": "imaps://help@imap.example/INBOX",
        "imap_password": "words",
    }
    for settings, is_asked in ((mailbox, True), ({}, False)):
        async with open_site(**settings) as site:
            _, boss = await site.join("boss", admin=True)
            await site.call("PATCH", "/admin/settings", away, token=boss)
            desk = await site.call("GET", "/support/desk")
            assert desk["away"] == ("form" if is_asked else "message")
            answer = await site.call("POST", "/support/visitors", {"name": "Anna"})
            assert answer.status == (400 if is_asked else 201)
            if is_asked:
                assert (answer.refused, answer["reason"]) == (
                    (400, "invalid", "email"),
                    "visitor_address_needed",
                )
            await come(site, name="Anna", email="anna@example.com")


async def test_there_are_visitors_where_a_site_may_show_the_widget() -> None:
    async with open_site() as site:
        assert (await site.call("GET", "/support/desk")).refused == (403, "forbidden", None)
        ada, _ = await site.join("ada")
        _, olgas = await site.join("olga", admin=True)
        assert (await site.call("POST", "/support/visitors", {})).refused == (403, "forbidden", None)
        own = Replica(site.world, ada)
        assert "visitors" not in (await own.connect(sync=False))["features"]
        for wrong in (["shop.example"], ["https://shop.example/"], ["https://a; script-src *"], "*"):
            refused = await site.call(
                "PATCH", "/admin/settings", {"widget_origins": wrong}, token=olgas, valid=False
            )
            assert refused.refused == (400, "invalid", "widget_origins"), wrong
        on = await site.call("PATCH", "/admin/settings", {"widget_origins": [SHOP]}, token=olgas)
        setting = on["widget_origins"]
        assert (setting["value"], setting["default"], setting["source"]) == ([SHOP], [], "admin")
        assert (await come(site))["me"]["roles"] == ["guest"]
        again = await own.asks("hello", token=site.world.token(ada))
        assert "visitors" in again["features"]
        (act,) = (await site.call("GET", "/admin/audit?limit=1", token=olgas))["entries"]
        assert (act["what"], act["detail"]) == ("setting_changed", f"widget_origins: {SHOP}")
        assert "greeting" not in (await site.call("GET", "/support/desk")).body
        for wrong in ("x" * 201, "two\nlines", " padded"):
            refused = await site.call(
                "PATCH", "/admin/settings", {"widget_greeting": wrong}, token=olgas, valid=False
            )
            assert refused.refused == (400, "invalid", "widget_greeting"), wrong
        greeting = "Garden tools: what is broken?"
        await site.call("PATCH", "/admin/settings", {"widget_greeting": greeting}, token=olgas)
        assert (await site.call("GET", "/support/desk"))["greeting"] == greeting
        await site.call("PATCH", "/admin/settings", {"widget_greeting": ""}, token=olgas)
        assert "greeting" not in (await site.call("GET", "/support/desk")).body
        await site.call("PATCH", "/admin/settings", {"widget_origins": None}, token=olgas)
        assert (await site.call("POST", "/support/visitors", {})).refused == (403, "forbidden", None)
