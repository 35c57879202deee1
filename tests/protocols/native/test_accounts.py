"""Accounts over HTTP: registering, logging in, one's profile, and the limits that all protocols share."""

import pytest
import trio

from chat.domain.entities import Person
from chat.domain.limits.budgets import HOLD_BACK, Budgets
from chat.domain.messages.sync_types import milliseconds
from chat.domain.ports import NewPerson
from chat.web_api import app
from tests.protocols.native.site import PASSWORD, Site, open_site
from tests.support.account_changes import set_disabled

ADA = {"name": "ada", "password": PASSWORD}


async def test_registering_gives_a_session_and_an_account_for_every_protocol(site: Site) -> None:
    made = await site.call(
        "POST", "/auth/register", ADA | {"email": "ada@example.com", "device": "laptop", "unknown": 1}
    )
    assert (made.status, made["me"]["name"], made["me"]["email"]) == (201, "ada", "ada@example.com")
    assert await site.is_good(made["access"])
    listed = await site.call("GET", "/me/sessions", token=made["access"])
    assert [each["name"] for each in listed["sessions"]] == ["laptop"]
    client = site.app.test_client(use_cookies=False)
    assert (
        await client.post("/api/login", json={"username": "ada", "password": PASSWORD})
    ).status_code == 200


async def test_a_taken_name_or_address_is_named(site: Site) -> None:
    await site.call("POST", "/auth/register", ADA | {"email": "ada@example.com"})
    for new, field in (
        (ADA, "name"),
        (ADA | {"name": "ａda"}, "name"),
        (ADA | {"name": "ben", "email": "ADA@example.com"}, "email"),
    ):
        answer = await site.call("POST", "/auth/register", new)
        assert answer.refused == (409, "taken", field)


async def test_one_logs_in_by_name_or_by_address(site: Site) -> None:
    ada = await site.add("ada", email="ada@example.com")
    for login in ("ada", "ADA", "ada@example.com", "Ada@Example.com"):
        assert (await site.log_in(login))["me"]["id"] == ada.id
    for login, password in (("ada", "x"), ("ben", PASSWORD), ("a@b", PASSWORD), ("\0", PASSWORD), ("", "x")):
        answer = await site.call("POST", "/auth/login", {"login": login, "password": password})
        assert answer.refused == (401, "unauthenticated", None)


async def test_a_disabled_account_has_no_session(site: Site) -> None:
    ada = await site.add("ada")
    session = await site.log_in("ada")
    await set_disabled(site.storage.users, ada.id, disabled=True)
    answer = await site.call("POST", "/auth/login", {"login": "ada", "password": PASSWORD})
    assert (answer.refused, answer["error"]) == (
        (401, "unauthenticated", None),
        "this account is disabled",
    )
    assert (await site.call("POST", "/auth/refresh", {"refresh": session["refresh"]})).status == 401
    await set_disabled(site.storage.users, ada.id, disabled=False)
    assert (await site.call("POST", "/auth/refresh", {"refresh": session["refresh"]})).status == 401


async def test_a_profile_is_changed_as_a_whole_or_not_at_all(site: Site) -> None:
    await site.add("ben", email="ben@example.com")
    ada = await site.add("ada", operator=True, admin=True)
    token = (await site.log_in("ada"))["access"]
    before = await site.call("GET", "/me", token=token)
    assert before.body == {
        "id": ada.id,
        "name": "ada",
        "roles": ["operator", "admin"],
        "changed": milliseconds(ada.created_at),
    }
    both = {"name": "adele", "email": "BEN@example.com"}
    refused = await site.call("PATCH", "/me", both, token=token)
    assert refused.refused == (409, "taken", "email")
    assert (await site.call("GET", "/me", token=token)).body == before.body
    every = {"name": "adele", "display": "Adèle", "email": "adele@example.com", "share_reads": False}
    changed = await site.call("PATCH", "/me", every, token=token)
    assert changed.body == before.body | every | {"changed": changed["changed"]}
    assert changed["changed"] > before["changed"]
    same = await site.call("PATCH", "/me", {}, token=token)
    assert same.body == changed.body
    less = await site.call("PATCH", "/me", {"display": None, "email": None, "share_reads": True}, token=token)
    assert less.body == before.body | {"name": "adele", "changed": less["changed"]}
    assert (await site.log_in("adele"))["me"]["name"] == "adele"


async def test_registering_follows_the_servers_setting() -> None:
    async with open_site(registration="closed") as site:
        assert (await site.call("GET", "/setup"))["registration"] == "closed"
        assert (await site.call("POST", "/auth/register", ADA)).refused == (403, "forbidden", None)
    async with open_site(registration="invite") as site:
        assert (await site.call("POST", "/auth/register", ADA)).refused == (403, "forbidden", "invite")
        code = await site.services.accounts.invite(1, 60)
        assert (await site.call("POST", "/auth/register", ADA | {"invite": code})).status == 201


async def test_wrong_passwords_here_and_elsewhere_are_counted_together(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "HOLD_BACK", 0.0)
    await site.add("ada")
    client = site.app.test_client(use_cookies=False)
    for _ in range(3):
        await site.call("POST", "/auth/login", {"login": "ada", "password": "wrong"})
    for _ in range(2):
        await client.post("/api/login", json={"username": "ada", "password": "wrong"})
    answer = await site.call("POST", "/auth/login", {"login": "ADA", "password": PASSWORD})
    assert answer.refused == (429, "too_many", None)
    assert answer["retry_ms"] > 10_000
    assert answer.headers["Retry-After"] == "12"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/me", {}),
        ("POST", "/me/password", {"old": "x", "new": "another word"}),
        ("POST", "/me/sessions", {"name": "bot", "password": "x"}),
        ("DELETE", "/me/sessions", None),
        ("DELETE", "/me/sessions/99", None),
    ],
)
async def test_a_change_costs_a_message(
    autojump_clock: object, method: str, path: str, body: dict[str, str] | None
) -> None:
    async with open_site(budgets=Budgets(messages=5)) as site:
        ada = await site.storage.users.add(NewPerson(name="ada", password_hash=b"x"))
        assert isinstance(ada, Person)
        token = site.services.accounts.grant(ada).token
        for _ in range(20):
            assert (await site.call("PATCH", "/me", {}, token=token)).status == 200
        began = trio.current_time()
        answer = await site.call(method, path, body, token=token)
        assert trio.current_time() == began + HOLD_BACK
        assert (answer.refused, answer["retry_ms"]) == ((429, "too_many", None), 1000)
        assert (await site.call("GET", "/me", token=token)).status == 200, "looking around costs nothing"


async def test_an_expired_token_and_an_invalid_one_have_different_answers(site: Site) -> None:
    ada = await site.add("ada")
    old = site.services.accounts.tokens.issue(ada, lifetime=-1)
    assert (await site.call("GET", "/me", token=old)).refused == (401, "expired", None)
    for bad in ("", "nonsense", old[:-2], "x" * 5000):
        assert (await site.call("GET", "/me", token=bad)).refused == (401, "unauthenticated", None)


async def test_tokens_of_the_other_protocols_are_good_here(site: Site) -> None:
    ada = await site.add("ada")
    token = site.services.accounts.grant(ada).token
    assert (await site.call("GET", "/me", token=token))["id"] == ada.id
    session = await site.log_in("ada")
    assert (await site.call("DELETE", "/me/sessions", token=token)).status == 204
    assert not await site.is_good(session["access"])
    assert await site.is_good(token), "it is of no session"


async def test_a_password_that_is_changed_while_somebody_logs_in_keeps_them_out(site: Site) -> None:
    ada = await site.add("ada")
    with site.obstacles.held("begin"):
        async with trio.open_nursery() as nursery:
            answers = []

            async def log_in() -> None:
                login = {"login": "ada", "password": PASSWORD}
                answers.append(await site.call("POST", "/auth/login", login))

            nursery.start_soon(log_in)
            while "begin" not in site.obstacles.calls:
                await trio.lowlevel.checkpoint()
            changed = await site.storage.users.set_password(ada.id, b"other")
            assert isinstance(changed, Person)
            site.obstacles._closed_before["begin"].set()
    assert answers[0].refused == (401, "unauthenticated", None)
