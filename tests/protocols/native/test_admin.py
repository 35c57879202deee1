"""Administration over HTTP: rights, accounts, settings that apply at once, and the audit."""

import time
from typing import Any

import pytest
import trio.testing

from chat.domain.accounts.resets import RESET_LASTS
from chat.domain.entities import LOBBY_ID
from chat.domain.limits.budgets import Budgets
from tests.protocols.native.site import Answer, Site, open_site

CALLS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("GET", "/admin/people", None),
    ("GET", "/admin/people/1", None),
    ("POST", "/admin/people", {"name": "Zoë", "password": "hunter2hunter2"}),
    ("POST", "/admin/people/1/reset", None),
    ("PATCH", "/admin/people/1", {"name": "Zoë"}),
    ("DELETE", "/admin/people/1/sessions", None),
    ("DELETE", "/admin/people/1", None),
    ("GET", "/admin/settings", None),
    ("PATCH", "/admin/settings", {"registration": "closed"}),
    ("GET", "/admin/backups", None),
    ("GET", "/admin/audit", None),
    ("GET", "/admin/rooms", None),
    ("PATCH", "/admin/rooms/2", {"archived": True}),
    ("DELETE", "/admin/rooms/2", None),
]


async def admins(site: Site) -> tuple[str, str]:
    """The tokens of ada and of the admin olga, whose ids are 1 and 2."""
    return (await site.join("ada"))[1], (await site.join("olga", admin=True))[1]


async def test_only_admins_may_and_a_refusal_changes_nothing(site: Site) -> None:
    ada, olga = await admins(site)
    await site.call("PATCH", "/admin/people/1", {"operator": True, "moderator": True}, token=olga)
    before = await site.storage.users.everyone(), await site.storage.audit.acts(None, 99)
    for method, path, body in CALLS:
        assert (await site.call(method, path, body)).refused == (401, "unauthenticated", None)
        assert (await site.call(method, path, body, token=ada)).refused == (403, "forbidden", None)
    assert before == (await site.storage.users.everyone(), await site.storage.audit.acts(None, 99))
    assert await site.storage.settings.changed_settings() == {}


async def test_a_session_alone_changes_no_admins_own_password(site: Site) -> None:
    _, olga = await admins(site)
    change = {"name": "helga", "password": "another word"}
    own = (await site.call("GET", "/me", token=olga))["id"]
    assert (await site.call("PATCH", f"/admin/people/{own}", change, token=olga))["reason"] == "own_password"
    assert (await site.call("GET", "/me", token=olga))["name"] == "olga"


async def test_an_admin_adds_a_person_who_logs_in_with_the_first_password(site: Site) -> None:
    _ada, olga = await admins(site)
    zoe = {"name": "Zoë", "password": "hunter2hunter2", "roles": ["operator", "moderator"]}
    added = await site.call("POST", "/admin/people", zoe, token=olga)
    assert (added.status, added["name"], added["roles"]) == (201, "Zoë", ["operator", "moderator"])
    assert (
        await site.call("POST", "/auth/login", {"login": "Zoë", "password": "hunter2hunter2"})
    ).status == 200
    assert (await site.call("POST", "/admin/people", zoe, token=olga)).refused == (409, "taken", "name")
    for field, wrong in (("name", "a/b"), ("password", "x"), ("roles", ["king"])):
        refused = await site.call("POST", "/admin/people", {**zoe, field: wrong}, token=olga, valid=False)
        assert refused.status == 400, field
    found = await site.call("GET", f"/admin/audit?person={added['id']}&what=person_added", token=olga)
    (act,) = found["entries"]
    assert (act["by"]["name"], act["person"]["name"], act["detail"]) == ("olga", "Zoë", "operator, moderator")


async def test_an_admins_link_sets_a_new_password_once(site: Site) -> None:
    ada, olga = await admins(site)
    made = await site.call("POST", "/admin/people/1/reset", token=olga)
    assert (made.status, made["url"]) == (201, f"/reset#{made['code']}")
    assert "link" not in made.body
    other = await site.call("POST", "/admin/people/1/reset", token=olga)
    assert (await site.call("POST", "/admin/people/99/reset", token=olga)).status == 404
    for wrong in ("", "x", made["code"][:-1], made["code"][:-2] + "zz"):
        refused = await site.call("POST", "/auth/reset", {"code": wrong, "password": "correct horse"})
        assert (refused.status, refused["code"]) == (410, "gone"), wrong
    short = await site.call("POST", "/auth/reset", {"code": made["code"], "password": "x"})
    assert (short.status, short["field"]) == (400, "password")

    session = await site.call("POST", "/auth/reset", {"code": made["code"], "password": "correct horse"})
    assert session["me"]["name"] == "ada"
    assert (await site.call("GET", "/me", token=session["access"])).status == 200
    assert (await site.call("GET", "/me", token=ada)).status == 401
    for used in (made, other):
        again = await site.call("POST", "/auth/reset", {"code": used["code"], "password": "another horse"})
        assert again.status == 410, "another password makes every link void"
    assert (
        await site.call("POST", "/auth/login", {"login": "ada", "password": "correct horse"})
    ).status == 200
    (reset, *made_before) = (await site.call("GET", "/admin/audit", token=olga))["entries"]
    assert (reset["what"], reset["by"]["name"]) == ("password_reset", "ada")
    assert [(each["what"], each["by"]["name"], each["person"]["name"]) for each in made_before[:2]] == [
        ("reset_made", "olga", "ada")
    ] * 2


async def test_a_reset_link_lasts_a_day_and_not_for_disabled_accounts(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, olga = await admins(site)
    body = {
        "code": (await site.call("POST", "/admin/people/1/reset", token=olga))["code"],
        "password": "correct horse",
    }
    now = time.time()
    monkeypatch.setattr("chat.domain.accounts.resets.time.time", lambda: now + RESET_LASTS + 2)
    assert (await site.call("POST", "/auth/reset", body)).status == 410
    monkeypatch.undo()
    await site.call("DELETE", "/admin/people/1/sessions", token=olga)
    assert (await site.call("POST", "/auth/reset", body)).status == 410
    await site.call("PATCH", "/admin/people/1", {"disabled": True}, token=olga)
    made = await site.call("POST", "/admin/people/1/reset", token=olga)
    assert (await site.call("POST", "/auth/reset", {**body, "code": made["code"]})).status == 401
    assert (await site.call("POST", "/auth/link/account", {"code": made["code"]})).status == 401


async def test_an_admins_link_says_whose_password_it_sets_until_it_is_used(site: Site) -> None:
    _, olga = await admins(site)
    code = (await site.call("POST", "/admin/people/1/reset", token=olga))["code"]

    async def whose(code: str) -> Answer:
        return await site.call("POST", "/auth/link/account", {"code": code})

    assert (await whose(code)).body == (await whose(code)).body == {"name": "ada"}
    for wrong in ("", "code", code[:-1], f"A{code}", f"{code[:-2]}AA"):
        assert (await whose(wrong)).refused == (410, "gone", "code")
    body = {"code": code, "password": "correct horse"}
    assert (await site.call("POST", "/auth/reset", body)).status == 200
    assert (await whose(code)).refused == (410, "gone", "code")


@pytest.mark.parametrize("change", [{"admin": False}, {"disabled": True}, None], ids=str)
async def test_a_reset_link_depends_on_its_makers_current_rights(
    site: Site, change: dict[str, bool] | None
) -> None:
    _, olga = await admins(site)
    nora, noras = await site.join("nora", admin=True)
    code = (await site.call("POST", "/admin/people/1/reset", token=noras))["code"]
    path = f"/admin/people/{nora.id}"
    ended = await site.call("PATCH" if change else "DELETE", path, change, token=olga)
    assert ended.status == 200
    body = {"code": code, "password": "correct horse"}
    assert (await site.call("POST", "/auth/reset", body)).refused == (410, "gone", "code")


async def test_the_state_of_backups_is_empty_before_the_first(site: Site) -> None:
    _, olga = await admins(site)
    assert (await site.call("GET", "/admin/backups", token=olga)).body == {}


async def test_failed_log_ins_are_in_the_audit_and_a_stranger_does_not_fill_it(site: Site) -> None:
    _, olga = await admins(site)
    wrong = {"login": "ada", "password": "not hers at all"}
    for _ in range(5):
        await site.call("POST", "/auth/login", wrong)
    await site.call("POST", "/auth/login", {**wrong, "login": "nobody has this"})
    await trio.testing.wait_all_tasks_blocked()  # a task of its own writes them
    found = await site.call("GET", "/admin/audit?what=login_failed", token=olga)
    assert [(act["person"]["name"], "by" in act, act["detail"]) for act in found["entries"]] == [
        ("ada", False, "<local>")
    ] * 3
    refused = await site.call("GET", "/admin/audit?what=a,,b", token=olga, valid=False)
    assert refused.refused == (400, "invalid", "what")


async def test_accounts_are_listed_page_by_page_as_admins_see_them(site: Site) -> None:
    _ada, olga = await admins(site)
    await site.add("ben", email="ben@example.com")
    first = await site.call("GET", "/admin/people?limit=2", token=olga)
    assert [each["name"] for each in first["people"]] == ["ada", "olga"]
    rest = await site.call("GET", f"/admin/people?after={first['next']}", token=olga)
    assert [each["name"] for each in rest["people"]] == ["ben"]
    assert "next" not in rest.body
    found = await site.call("GET", "/admin/people?q=EXAMPLE", token=olga)
    (ben,) = found["people"]
    assert ben == {"id": 3, "name": "ben", "email": "ben@example.com"} | dict.fromkeys(
        ("created", "changed"), ben["created"]
    )
    admins_found = await site.call("GET", "/admin/people?role=admin", token=olga)
    assert "olga" in [each["name"] for each in admins_found["people"]]
    assert "ben" not in [each["name"] for each in admins_found["people"]]
    assert (await site.call("GET", "/admin/people?role=king", token=olga, valid=False)).status == 400
    assert (await site.call("GET", "/admin/people/2", token=olga))["sessions"] == 1
    for nobody in (99, 2**53 - 1):
        assert (await site.call("GET", f"/admin/people/{nobody}", token=olga)).status == 404
    for nobody in (0, 2**63, 2**70):
        assert (await site.call("GET", f"/admin/people/{nobody}", token=olga, valid=False)).status == 404


async def test_an_account_is_changed_as_a_whole(site: Site) -> None:
    ada, olga = await admins(site)
    one = "/admin/people/1"
    same = await site.call("PATCH", one, {}, token=olga)
    assert (same["name"], same["sessions"], "roles" in same.body) == ("ada", 1, False)
    for body, roles in (
        ({"operator": True}, ["operator"]),
        ({"moderator": True}, ["operator", "moderator"]),
        ({"operator": False, "admin": True}, ["moderator", "admin"]),
        ({"roles": ["operator"]}, ["operator"]),
        ({"roles": []}, []),
    ):
        assert (await site.call("PATCH", one, body, token=olga)).body.get("roles", []) == roles
    for bad, refused in (
        ({"name": "Olga", "admin": True}, (409, "taken", "name")),
        ({"name": "a/b", "admin": True}, (400, "invalid", "name")),
        ({"password": "x", "admin": True}, (400, "invalid", "password")),
        ({"roles": ["admin"], "admin": True}, (400, "invalid", "roles")),
    ):
        assert (await site.call("PATCH", one, bad, token=olga)).refused == refused
        assert (await site.call("GET", one, token=olga)).body == same.body | {
            "changed": (await site.call("GET", one, token=olga))["changed"]
        }
    for field, wrong in (
        ("name", ""),
        ("roles", ["king"]),
        ("roles", "admin"),
        ("operator", None),
        ("disabled", "yes"),
        ("password", "x" * 73),
    ):
        answer = await site.call("PATCH", one, {field: wrong}, token=olga, valid=False)
        assert answer.refused == (400, "invalid", field)
    assert await site.is_good(ada)
    gone = await site.call("PATCH", one, {"password": "another word", "disabled": True}, token=olga)
    assert (gone["disabled"], gone.body.get("sessions", 0)) == (True, 0)
    assert not await site.is_good(ada)
    await site.call("PATCH", one, {"disabled": False}, token=olga)
    assert (await site.log_in("ada", password="another word"))["me"]["id"] == 1
    ended = await site.call("DELETE", f"{one}/sessions", token=olga)
    assert (ended.status, ended.body.get("sessions", 0)) == (200, 0)
    assert (await site.call("DELETE", one, token=olga))["name"] == "ada"
    assert (await site.call("DELETE", one, token=olga)).refused == (404, "not_found", None)


async def test_an_admin_does_not_take_the_last_one_away(site: Site) -> None:
    _ada, olga = await admins(site)
    for method, body in (
        ("PATCH", {"admin": False}),
        ("PATCH", {"roles": []}),
        ("PATCH", {"disabled": True}),
        ("DELETE", None),
    ):
        answer = await site.call(method, "/admin/people/2", body, token=olga)
        assert answer.refused == (409, "conflict", None)
    await site.call("PATCH", "/admin/people/1", {"admin": True}, token=olga)
    assert (await site.call("PATCH", "/admin/people/2", {"admin": False}, token=olga)).status == 200
    assert (await site.call("GET", "/admin/people/2", token=olga)).refused == (403, "forbidden", None)


async def test_settings_apply_at_once_and_name_their_source() -> None:
    async with open_site(budgets=Budgets(messages=50, calls=100)) as site:
        ada, olga = await admins(site)
        got = await site.call("GET", "/admin/settings", token=olga)
        assert got["registration"] == {"value": "open", "default": "open", "source": "start"}
        assert got["message_rate"] == {"value": 50, "default": 50, "source": "start"}
        changed = await site.call(
            "PATCH", "/admin/settings", {"registration": "closed", "message_rate": 1}, token=olga
        )
        assert changed["registration"] == {
            "value": "closed",
            "default": "open",
            "source": "admin",
            "at": changed["registration"]["at"],
            "by": {"id": 2, "name": "olga"},
        }
        assert (await site.call("GET", "/setup"))["registration"] == "closed"
        assert (await site.call("GET", "/setup"))["server"] == "trio-chat"
        await site.call("PATCH", "/admin/settings", {"server_name": "Наше место"}, token=olga)
        assert (await site.call("GET", "/setup"))["server"] == "Наше место"
        await site.call("PATCH", "/admin/settings", {"server_name": None}, token=olga)
        nora = {"name": "nora", "password": "secret word"}
        assert (await site.call("POST", "/auth/register", nora)).refused == (403, "forbidden", None)
        said = [
            await site.call("POST", f"/rooms/{LOBBY_ID}/messages", {"key": f"k{n}", "text": "hi"}, token=ada)
            for n in range(5)
        ]
        assert [each.status for each in said] == [201] * 4 + [429]
        await site.call("PATCH", "/admin/settings", {"message_rate": None}, token=olga)
        for field, wrong in (
            ("registration", "ajar"),
            ("server_name", ""),
            ("server_name", " our place"),
            ("server_name", "our\nplace"),
            ("server_name", "our place\n"),
            ("server_name", "x" * 41),
            ("message_rate", -1),
            ("message_rate", 1_000_001),
            ("message_bytes", 1.5),
            ("registrations_per_hour", "1"),
            ("call_rate", True),
        ):
            answer = await site.call(
                "PATCH", "/admin/settings", {"read_rate": 9.0, field: wrong}, token=olga, valid=False
            )
            assert answer.refused == (400, "invalid", field)
            site.services.budgets.message(2, "127.0.0.1")
        await site.call("PATCH", "/admin/settings", {"message_rate": 0.000_001}, token=olga)
        assert (await site.call("PATCH", "/admin/people/1", {"admin": True}, token=olga)).status == 200
        assert (await site.call("PATCH", "/admin/people/1", {"admin": False}, token=olga)).status == 429
        await site.call("PATCH", "/admin/settings", {"message_rate": None}, token=olga)
        back = await site.call("PATCH", "/admin/settings", {"registration": None}, token=olga)
        assert back.body == got.body
        assert (await site.call("POST", "/auth/register", nora)).status == 201


async def test_the_audit_lists_acts_newest_first(site: Site) -> None:
    ada, olga = await admins(site)
    said = f"/rooms/{LOBBY_ID}/messages"
    for key in "ab":
        await site.call("POST", said, {"key": key, "text": "hi"}, token=ada)
    await site.call("PATCH", "/admin/people/1", {"moderator": True, "password": "another word"}, token=olga)
    await site.call("PATCH", "/admin/settings", {"read_rate": 5}, token=olga)
    ada = (await site.log_in("ada", password="another word"))["access"]
    await site.call("POST", said, {"key": "c", "text": "hi"}, token=olga)
    await site.call("DELETE", f"{said}/3", token=ada)  # as a moderator
    await site.call("DELETE", f"{said}/1", token=ada)  # her own
    got, after = [], 0
    while True:
        page = await site.call("GET", f"/admin/audit?limit=2&after={after}", token=olga)
        got += page["entries"]
        if "next" not in page.body:
            break
        after = page["next"]
    assert [each["id"] for each in got] == list(range(len(got), 0, -1))
    assert [{**each, "id": 0, "at": 0} for each in got[:4]] == [
        {
            "id": 0,
            "at": 0,
            "by": {"id": 1, "name": "ada"},
            "what": "message_deleted",
            "person": {"id": 2, "name": "olga"},
            "room": LOBBY_ID,
            "detail": "seq 3",
        },
        {
            "id": 0,
            "at": 0,
            "by": {"id": 2, "name": "olga"},
            "what": "setting_changed",
            "detail": "read_rate: 5.0",
        },
        {
            "id": 0,
            "at": 0,
            "by": {"id": 2, "name": "olga"},
            "what": "password_set",
            "person": {"id": 1, "name": "ada"},
        },
        {
            "id": 0,
            "at": 0,
            "by": {"id": 2, "name": "olga"},
            "what": "roles_changed",
            "person": {"id": 1, "name": "ada"},
            "detail": "member -> moderator",
        },
    ]
    assert [each["what"] for each in got[4:]] == ["person_added"] * 2
    assert "by" not in got[-1], "a command did it"


@pytest.mark.parametrize("query", ["after=-1", "limit=0", "limit=101", "after=x"])
async def test_a_page_beyond_its_limits_is_refused(site: Site, query: str) -> None:
    _ada, olga = await admins(site)
    for path in ("/admin/people", "/admin/audit", "/admin/rooms"):
        answer = await site.call("GET", f"{path}?{query}", token=olga, valid=False)
        assert answer.refused == (400, "invalid", query.partition("=")[0])
