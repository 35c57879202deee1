"""A password alone: every door of the server, for people with a second factor and for people who must have one."""

import re
from base64 import b32decode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trio

from chat.domain.accounts.second_factor import CODES, Lacks, lacks
from chat.domain.entities import Person
from chat.domain.limits.bounds import SecondFactorFor
from chat.features.recovery.port import RESETS
from chat.features.recovery.requests import digest_of
from chat.features.second_factor.codes import STEP, code_at, written
from chat.features.second_factor.use_cases import FactorCodes
from chat.operations.operation import Access
from chat.protocols.irc.dialect import IRC
from chat.protocols.native.operations import OPERATIONS
from tests.protocols.native.site import PASSWORD, Answer, Site, open_site

CHAT = Path(__file__).parents[3] / "chat"
ADDRESS = "ada@example.com"
NOW = 1_000_000_000.0


class Phone:
    """An app that makes codes; each is of a later step than the one before."""

    def __init__(self, site: Site, secret: bytes) -> None:
        codes = site.services.feature_ports[CODES]
        assert isinstance(codes, FactorCodes)
        self._codes, self.secret = codes, secret

    def code(self) -> str:
        """A code that was not used before."""
        before = self._codes.clock()
        self._codes.clock = lambda: before + STEP
        return code_at(self.secret, int(before) // STEP + 1)


def at(site: Site, seconds: float) -> None:
    codes = site.services.feature_ports[CODES]
    assert isinstance(codes, FactorCodes)
    codes.clock = lambda: seconds


async def set_up(site: Site, token: str) -> tuple[Phone, list[str]]:
    """Set a second factor up, as the page does; returns the app and the recovery codes."""
    at(site, NOW)
    begun = await site.call("POST", "/me/second-factor", {"password": PASSWORD}, token=token)
    assert begun.status == 201
    phone = Phone(site, b32decode(begun["secret"]))
    done = await site.call("POST", "/me/second-factor/confirm", {"code": phone.code()}, token=token)
    assert done.status == 200
    return phone, done["recovery_codes"]


async def protected(site: Site, **about: Any) -> tuple[Person, str, Phone, list[str]]:
    """Ada, who has a second factor, with a token."""
    ada, token = await site.join("ada", email=ADDRESS, **about)
    phone, recovery = await set_up(site, token)
    return ada, token, phone, recovery


async def log_in(site: Site, code: str | None = None, password: str = PASSWORD, login: str = "ada") -> Answer:
    body = {"login": login, "password": password} | ({} if code is None else {"code": code})
    return await site.call("POST", "/auth/login", body)


# --- every door ---


async def by_name(site: Site, code: str | None) -> Answer:
    return await log_in(site, code)


async def by_email(site: Site, code: str | None) -> Answer:
    return await log_in(site, code, login=ADDRESS)


async def by_admins_link(site: Site, code: str | None) -> Answer:
    ada = await site.services.administration.person("ada")
    boss = await site.services.administration.person("boss")
    assert isinstance(ada, Person)
    assert isinstance(boss, Person)
    link, _ = site.services.accounts.reset_code(ada, boss)
    body = {"code": link, "password": PASSWORD} | ({} if code is None else {"second_factor": code})
    return await site.call("POST", "/auth/reset", body)


async def by_mailed_link(site: Site, code: str | None) -> Answer:
    link = "m-" + "x" * 43
    resets = site.services.feature_ports[RESETS]
    if await resets.person_of(digest_of(link)) is None:
        assert await resets.begin(ADDRESS, digest_of(link)) is not None
    body = {"code": link, "password": PASSWORD} | ({} if code is None else {"second_factor": code})
    return await site.call("POST", "/auth/recover", body)


async def older(site: Site, method: str, path: str, body: dict[str, Any]) -> Answer:
    response = await site.app.test_client(use_cookies=False).open(path, method=method, json=body)
    raw = await response.get_data()
    return Answer(response.status_code, await response.get_json() if raw else None, response.headers)


async def by_irc(site: Site, _code: str | None) -> Answer:
    """Register with PASS; the answer has what a token of the older protocols has."""
    client: Any = await site.world.connect(IRC)
    client._take_pings = lambda: None  # those of WebSocket
    for line in (f"PASS :ada:{PASSWORD}", "NICK ada", "USER ada 0 * :ada"):
        client.connection.send(line)
    while not any(mark in client._buffer for mark in (b" 001 ada ", b" 464 ")):  # noqa: ASYNC110 - a thread hashes the password
        await trio.sleep(0.01)
    is_open = b" 001 ada " in client._buffer
    client.connection.leave()
    return Answer(200 if is_open else 401, {"oken": 1} if is_open else None, {})


class Door(NamedTuple):
    """A place where a password, or a link in its place, begins a session or gets a token."""

    called: str
    """What it calls, as the code has it."""
    file: str
    enter: Callable[[Site, str | None], Awaitable[Answer]]
    takes_code: bool = True
    refused: int = 401


def _older(called: str, file: str, method: str, path: str, refused: int = 401, **body: str) -> Door:
    async def enter(site: Site, _code: str | None) -> Answer:
        return await older(site, method, path, body)

    return Door(called, file, enter, takes_code=False, refused=refused)


NATIVE = "protocols/native/accounts/handlers.py"
DOORS = {
    "native, by name": Door("log_in", NATIVE, by_name),
    "native, by email address": Door("log_in_by_email", NATIVE, by_email),
    "native, by an admin's link": Door("reset_password", NATIVE, by_admins_link),
    "native, by a mailed link": Door("set_forgotten_password", "features/recovery/native.py", by_mailed_link),
    "Token Talker": _older("log_in", "protocols/talker/http.py", "POST", "/", name="ada", password=PASSWORD),
    "Token Talker, by hash": _older(
        "log_in", "protocols/talker/http.py", "POST", "/", name="ada", hash=PASSWORD
    ),
    "Instant Messenger": _older(
        "log_in", "protocols/messenger/http.py", "POST", "/api/login", username="ada", password=PASSWORD
    ),
    "Support": _older(
        "log_in", "protocols/support/http.py", "POST", "/v1/auth/", 403, user_name="ada", password=PASSWORD
    ),
    "Direct": _older(
        "log_in_by_email", "protocols/direct/http.py", "POST", "/login", email=ADDRESS, password=PASSWORD
    ),
    "IRC": Door("log_in", "protocols/irc/registration.py", by_irc, takes_code=False),
    "Rooms": _older(
        "log_in_by_email", "protocols/rooms/http.py", "PUT", "/login", Email=ADDRESS, Password=PASSWORD
    ),
}

NO_DOORS = {
    (NATIVE, "register"): "a new account",
    (NATIVE, "change_password"): "by a session and the password",
    ("protocols/native/accounts/sessions.py", "prove"): "by a session and the password",
    ("features/bots/native.py", "prove"): "by a session and the password; the token is a bot's",
    ("features/exports/native.py", "prove"): "by a session and the password",
    ("features/leaving/native.py", "prove"): "by a session and the password",
    ("features/oidc/native.py", "prove"): "by a session and the password",
    ("features/second_factor/proof.py", "prove"): "by a session and the password",
    ("features/second_factor/use_cases.py", "prove"): "by a session and the password",
    ("features/transfers/import_native.py", "prove"): "by a session and the password",
    ("features/transfers/native.py", "prove"): "by a session and the password",
    ("protocols/messenger/http.py", "register"): "a new account",
    ("protocols/rooms/http.py", "register"): "a new account",
    ("protocols/direct/http.py", "sign_up"): "a new account",
}
"""Where passwords are taken too, and why they open nothing."""


def test_every_place_that_takes_a_password_is_in_the_table() -> None:
    names = (
        "log_in|log_in_by_email|reset_password|set_forgotten_password|register|sign_up|change_password|prove"
    )
    found = {
        (str(file.relative_to(CHAT)), name)
        for file in CHAT.rglob("*.py")
        if not str(file.relative_to(CHAT)).startswith(("domain/", "client/", "cli/", "inspection/"))
        and file.name != "operations.py"  # it names handlers
        for name in re.findall(rf"\baccounts\.({names})\b", file.read_text("utf-8"))
    }
    assert found == {(door.file, door.called) for door in DOORS.values()} | NO_DOORS.keys()


def test_no_other_place_begins_a_session() -> None:
    """A new one says here how it asks what a log-in lacks."""
    found = {
        str(file.relative_to(CHAT))
        for file in CHAT.rglob("*.py")
        if re.search(r"\bsessions\.open\w*\(|\baccounts\.grant\(", file.read_text("utf-8"))
    }
    assert found == {
        NATIVE,  # the doors above
        "features/recovery/native.py",  # a door above, and links to log in: test_login_links.py
        "features/oidc/log_in.py",  # the identity provider, which asks for a second factor itself
        "features/second_factor/passkeys/use_cases.py",  # a passkey, which is both factors: test_passkeys.py
        "features/support/handlers.py",  # visitors, who have no password
        "features/verified_visitors/use_cases.py",  # visitors too, by a token of the site
    }


@pytest.fixture
async def site() -> Any:
    async with open_site(
        mail_url="smtps://mail.example", mail_from="chat@chat.example", public_url="https://chat.example"
    ) as site:
        await site.add("boss", admin=True)
        yield site


@pytest.mark.parametrize("name", DOORS)
async def test_without_a_second_factor_the_password_opens_it(site: Site, name: str) -> None:
    await site.add("ada", email=ADDRESS)
    answer = await DOORS[name].enter(site, None)
    assert answer.status == 200
    assert re.search("access|oken", str(answer.body))


@pytest.mark.parametrize("name", DOORS)
async def test_with_a_second_factor_the_password_alone_does_not(site: Site, name: str) -> None:
    _, token, phone, recovery = await protected(site)
    door = DOORS[name]
    refused = await door.enter(site, None)
    assert refused.status == door.refused
    assert "access" not in str(refused.body)
    if not door.takes_code:
        if refused.body is not None:
            text = "this account has a second factor: use a token for programs in place of the password"
            assert refused.body["error"] == text
        return
    assert (refused.refused, refused["reason"]) == ((401, "unauthenticated", "code"), "code_needed")
    assert await site.is_good(token)  # a link changed nothing
    wrong = await door.enter(site, "000000")
    assert (wrong.refused, wrong["reason"]) == ((401, "unauthenticated", "code"), "wrong_code")
    code = phone.code()
    let_in = await door.enter(site, code)
    assert let_in.status == 200
    assert await site.is_good(let_in["access"])
    again = await log_in(site, code)
    assert again["reason"] == "wrong_code"  # no replay, by any door
    assert (await door.enter(site, recovery[0])).status == 200


@pytest.mark.parametrize("name", [name for name, door in DOORS.items() if not door.takes_code])
async def test_who_must_set_one_up_first_gets_no_token_of_it(site: Site, name: str) -> None:
    await site.add("ada", email=ADDRESS)
    site.services.accounts.second_factor = "everybody"
    assert (await DOORS[name].enter(site, None)).status == DOORS[name].refused


async def test_a_wrong_password_says_nothing_of_a_second_factor(site: Site) -> None:
    _, _, phone, _ = await protected(site)
    for code in (None, phone.code(), "000000"):
        refused = await log_in(site, code, password="wrong")
        assert refused["reason"] == "bad_credentials"
    assert (await log_in(site, phone.code())).status == 200


async def test_a_token_for_programs_takes_the_place_of_the_password(site: Site) -> None:
    _, token, phone, _ = await protected(site)
    made = await site.call("POST", "/me/sessions", {"name": "bot", "password": PASSWORD}, token=token)
    assert await site.is_good(made["token"])
    for path, body in (
        ("/me/second-factor", {"password": PASSWORD}),
        ("/me/second-factor/confirm", {"code": phone.code()}),
        ("/me/second-factor/removal", {"password": PASSWORD, "code": phone.code()}),
        ("/me/second-factor/recovery-codes", {"password": PASSWORD, "code": phone.code()}),
    ):
        refused = await site.call("POST", path, body, token=made["token"])
        assert (refused.status, refused["reason"]) == (403, "not_for_tokens")


# --- wrong codes ---


async def test_wrong_codes_are_limited_by_account_and_address_as_passwords_are(site: Site) -> None:
    ada, _, phone, _ = await protected(site)
    accounts = site.services.accounts

    async def wrong() -> bool:
        return False

    found = [await accounts.check_code(ada, "203.0.113.7", wrong) for _ in range(6)]
    assert [each and each.reason for each in found] == ["wrong_code"] * 5 + ["rate_limited"]
    codes = site.services.feature_ports[CODES]
    right = await accounts.check_code(ada, "203.0.113.8", lambda: codes.use(ada, phone.code()))
    assert right is None  # nobody is locked out elsewhere
    await trio.testing.wait_all_tasks_blocked()  # the audit is written by a task of its own
    failed = await site.services.administration.acts(None, 10, kinds=["login_failed"])
    assert len(failed) == 3  # the most of one account at once


async def test_one_of_many_log_ins_at_once_with_a_code_is_let_in(site: Site) -> None:
    _, _, phone, recovery = await protected(site)
    for code in (phone.code(), recovery[0]):
        statuses: list[int] = []

        async def try_it(code: str = code, statuses: list[int] = statuses) -> None:
            statuses.append((await log_in(site, code)).status)

        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(try_it)
        assert sorted(statuses) == [200, 401, 401]


@pytest.mark.parametrize("code", ["", " ", "0" * 64, "\u0000", "١٢٣٤٥٦", "000-000", "' OR 1=1"])
async def test_codes_of_any_form_are_wrong(site: Site, code: str) -> None:
    await protected(site)
    assert (await log_in(site, code)).status == 401


@pytest.mark.parametrize("code", [None, 0, 123456, True, [], ["000000"], {"$ne": None}])
async def test_codes_that_are_no_text_are_no_way_in(site: Site, code: Any) -> None:
    await protected(site)
    body = {"login": "ada", "password": PASSWORD, "code": code}
    answer = await site.call("POST", "/auth/login", body, valid=False)
    assert answer.status in (400, 401)


# --- setting up and removing ---


async def test_setting_up_asks_for_the_password_and_a_code_of_the_secret(site: Site) -> None:
    _, token = await site.join("ada")
    at(site, NOW)
    wrong = await site.call("POST", "/me/second-factor", {"password": "wrong"}, token=token)
    assert (wrong.refused, wrong["reason"]) == ((403, "forbidden", "password"), "wrong_password")
    none_begun = await site.call("POST", "/me/second-factor/confirm", {"code": "000000"}, token=token)
    assert none_begun["reason"] == "second_factor_not_begun"
    begun = await site.call("POST", "/me/second-factor", {"password": PASSWORD}, token=token)
    assert f"secret={begun['secret']}" in begun["uri"]
    refused = await site.call("POST", "/me/second-factor/confirm", {"code": "000000"}, token=token)
    assert (refused.refused, refused["reason"]) == ((403, "forbidden", "code"), "wrong_code")
    assert (await log_in(site)).status == 200  # not in force yet
    state = await site.call("GET", "/me/second-factor", token=token)
    assert state.body == {"on": False, "required": False, "recovery_codes": 0}
    _, recovery = await set_up(site, token)
    assert len(set(recovery)) == 10
    state = await site.call("GET", "/me/second-factor", token=token)
    assert state.body == {"on": True, "app": True, "required": False, "recovery_codes": 10}
    again = await site.call("POST", "/me/second-factor", {"password": PASSWORD}, token=token)
    assert (again.refused, again["reason"]) == ((409, "conflict", None), "second_factor_on")


async def test_removing_asks_for_the_password_and_a_code(site: Site) -> None:
    _, token, phone, _ = await protected(site)

    async def remove(password: str, code: str) -> Answer:
        body = {"password": password, "code": code}
        return await site.call("POST", "/me/second-factor/removal", body, token=token)

    assert (await remove("wrong", phone.code()))["reason"] == "wrong_password"
    wrong = await remove(PASSWORD, "000000")
    assert (wrong.refused, wrong["reason"]) == ((403, "forbidden", "code"), "wrong_code")
    assert (await log_in(site))["reason"] == "code_needed"
    assert (await remove(PASSWORD, phone.code())).status == 204
    assert (await log_in(site)).status == 200
    assert (await remove(PASSWORD, phone.code()))["reason"] == "no_second_factor"


async def test_new_recovery_codes_end_the_earlier_ones(site: Site) -> None:
    _, token, phone, old = await protected(site)
    body = {"password": PASSWORD, "code": phone.code()}
    new = (await site.call("POST", "/me/second-factor/recovery-codes", body, token=token))["recovery_codes"]
    assert (await log_in(site, old[0])).status == 401
    assert (await log_in(site, new[0].upper().replace("-", " "))).status == 200
    state = await site.call("GET", "/me/second-factor", token=token)
    assert state["recovery_codes"] == 9


async def test_an_admin_removes_one_and_the_audit_has_it(site: Site) -> None:
    ada, token, _, _ = await protected(site)
    boss = (await site.log_in("boss"))["access"]
    path = f"/admin/people/{ada.id}/second-factor"
    assert (await site.call("DELETE", path, token=token))["reason"] == "not_admin"
    assert (await site.call("DELETE", path, token=boss)).status == 204
    assert (await site.call("DELETE", path, token=boss)).refused == (404, "not_found", None)
    assert (await log_in(site)).status == 200
    acts = await site.services.administration.acts(None, 10, kinds=["second_factor_removed"])
    assert [(act.by and act.by.name, act.person and act.person.name) for act in acts] == [("boss", "ada")]


async def test_an_admins_session_alone_does_not_get_round_the_admins_own(site: Site) -> None:
    ada, token, phone, _ = await protected(site, admin=True)
    mine = f"/admin/people/{ada.id}"
    own = await site.call("DELETE", f"{mine}/second-factor", token=token)
    assert (own.refused, own["reason"]) == ((403, "forbidden", None), "own_second_factor")
    changed = await site.call("PATCH", mine, {"password": "other words"}, token=token)
    assert changed["reason"] == "own_password"
    link = (await site.call("POST", f"{mine}/reset", token=token))["code"]
    body = {"code": link, "password": "third words"}
    assert (await site.call("POST", "/auth/reset", body))["reason"] == "code_needed"
    assert (await log_in(site, password="third words"))["reason"] == "bad_credentials"
    assert (await site.call("POST", "/auth/reset", body | {"second_factor": phone.code()})).status == 200


async def test_no_other_answer_has_a_secret(site: Site) -> None:
    """No answer but that of the set-up has the secret or a recovery code."""
    ada, token, phone, recovery = await protected(site)
    boss = (await site.log_in("boss"))["access"]
    for path in ("/me", f"/people/{ada.id}", f"/admin/people/{ada.id}", "/admin/audit", "/me/sessions"):
        seen = str((await site.call("GET", path, token=boss if "admin" in path else token)).body)
        assert not any(each in seen for each in (written(phone.secret), *recovery))


# --- who must have one ---


@pytest.mark.parametrize(
    ("required", "must"),
    [
        ("off", ""),
        ("admins", "admin"),
        ("operators", "admin moderator operator"),
        ("everybody", "admin moderator operator member"),
    ],
)
def test_who_must_have_one(required: SecondFactorFor, must: str) -> None:
    people = {
        "admin": Person(id=1, name="a", is_admin=True),
        "moderator": Person(id=2, name="b", is_moderator=True),
        "operator": Person(id=3, name="c", is_operator=True),
        "member": Person(id=4, name="d"),
        "visitor": Person(id=5, name="e", is_visitor=True),
    }
    found = {name for name, person in people.items() if lacks(person, required) is Lacks.SET_UP}
    assert found == set(must.split())
    has_one = Person(id=6, name="f", has_second_factor=True)
    assert lacks(has_one, required) is Lacks.CODE


async def test_until_it_is_set_up_every_operation_is_refused(site: Site) -> None:
    _, token = await site.join("ada", email=ADDRESS)
    site.services.accounts.second_factor = "everybody"
    token = (await log_in(site))["access"]
    allowed = set()
    for operation in OPERATIONS:
        if operation.method is None or operation.access in (Access.ANYBODY, Access.PERHAPS_PERSON):
            continue
        path = "/api/v1" + re.sub(r"\{\w+\}", "1", operation.path)
        client = site.app.test_client(use_cookies=False)
        answer = await client.open(
            path, method=operation.method, headers={"Authorization": f"Bearer {token}"}
        )
        body = await answer.get_json() if answer.content_type == "application/json" else {}
        if not (answer.status_code == 403 and body.get("reason") == "second_factor_required"):
            allowed.add(operation.name)
    of_passkeys = {"passkeys", "begin_new_passkey", "add_passkey"}
    assert allowed == {"me", "second_factor", "begin_second_factor", "confirm_second_factor"} | of_passkeys
    rooms = await site.app.test_client(use_cookies=False).get("/profile", headers={"Authorization": token})
    assert rooms.status_code == 403
    metrics = await site.services.accounts.authenticate(token)
    assert getattr(metrics, "reason", None) == "second_factor_required"
    await set_up(site, token)
    assert await site.is_good(token)


async def test_a_tokens_program_is_refused_too_until_its_person_has_one(site: Site) -> None:
    _, token = await site.join("ada")
    made = await site.call("POST", "/me/sessions", {"name": "bot", "password": PASSWORD}, token=token)
    site.services.accounts.second_factor = "everybody"
    assert (await site.call("GET", "/rooms", token=made["token"]))["reason"] == "second_factor_required"
    await set_up(site, token)
    assert (await site.call("GET", "/rooms", token=made["token"])).status == 200


async def test_logging_out_works_before_it_is_set_up(site: Site) -> None:
    await site.add("ada")
    site.services.accounts.second_factor = "everybody"
    session = await log_in(site)
    again = await site.call("POST", "/auth/refresh", {"refresh": session["refresh"]})
    assert again.status == 200
    body = {"refresh": again["refresh"]}
    assert (await site.call("POST", "/auth/logout", body, token=again["access"])).status == 204
    assert (await site.call("GET", "/me", token=again["access"])).status == 401


async def test_the_setting_is_an_admins_and_applies_at_once(site: Site) -> None:
    ada = await site.add("ada")
    boss = (await site.log_in("boss"))["access"]
    changed = await site.call("PATCH", "/admin/settings", {"second_factor": "admins"}, token=boss)
    assert changed["second_factor"]["value"] == "admins"
    assert (await site.call("GET", "/rooms", token=boss))["reason"] == "second_factor_required"
    await set_up(site, boss)
    assert (await site.call("GET", "/rooms", token=boss)).status == 200
    token = (await log_in(site))["access"]
    assert await site.is_good(token)
    change = {"roles": ["admin"]}
    assert (await site.call("PATCH", f"/admin/people/{ada.id}", change, token=boss)).status == 200
    assert (await site.call("GET", "/rooms", token=token))["reason"] == "second_factor_required"
