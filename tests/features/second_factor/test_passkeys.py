"""Passkeys over HTTP: adding, logging in, as a second factor; and what a liar, a thief and a copy of one get."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
import trio

from chat.domain.accounts.passkeys import PasskeySite, passkey_site
from chat.domain.accounts.sessions import Device, Opened
from chat.domain.administration.administration import Wanted
from chat.domain.entities import Person
from chat.features.second_factor.passkeys.use_cases import LIMITS
from tests.features.second_factor.authenticator import PRESENT, Credential, bytes_of, make, text_of
from tests.features.second_factor.test_log_ins import set_up
from tests.protocols.native.site import PASSWORD, Answer, Site, open_site

URL = "https://chat.example"


@pytest.fixture
async def site() -> AsyncGenerator[Site]:
    async with open_site(public_url=URL) as site:
        yield site


async def begin_adding(site: Site, token: str, **proof: str) -> Answer:
    return await site.call("POST", "/me/passkeys/begin", proof or {"password": PASSWORD}, token=token)


async def add(site: Site, token: str, code: str | None = None, **lies: Any) -> tuple[Credential, Answer]:
    """Add a passkey as the page does."""
    proof = {"password": PASSWORD} | ({} if code is None else {"code": code})
    begun = await begin_adding(site, token, **proof)
    assert begun.status == 200, begun.body
    made, answer = make(begun.body, **lies)
    return made, await site.call("POST", "/me/passkeys", answer, token=token)


async def challenge(site: Site) -> str:
    begun = await site.call("POST", "/auth/passkey/begin")
    assert begun.status == 200, begun.body
    return str(begun["challenge"])


async def sign_in(site: Site, passkey: Credential, **lies: Any) -> Answer:
    return await site.call("POST", "/auth/passkey", passkey.sign(await challenge(site), **lies))


async def code_by(site: Site, passkey: Credential) -> str:
    made = await site.call("POST", "/auth/passkey/code", passkey.sign(await challenge(site)))
    assert made.status == 200, made.body
    return str(made["code"])


async def log_in(site: Site, **fields: str) -> Answer:
    return await site.call("POST", "/auth/login", {"login": "ada", "password": PASSWORD, **fields})


async def ada_with(site: Site, **about: Any) -> tuple[Person, str, Credential, list[str]]:
    ada, token = await site.join("ada", **about)
    passkey, added = await add(site, token)
    assert added.status == 201, added.body
    return ada, token, passkey, added["recovery_codes"]


def reason(answer: Answer) -> tuple[int, str]:
    return answer.status, answer["reason"]


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://chat.example", PasskeySite("https://chat.example", "chat.example")),
        ("https://chat.example:443", PasskeySite("https://chat.example", "chat.example")),
        ("https://chat.example:8443", PasskeySite("https://chat.example:8443", "chat.example")),
        ("http://localhost:9000", PasskeySite("http://localhost:9000", "localhost")),
        ("", None),
        ("http://chat.example", None),
        ("https://192.0.2.1", None),
        ("https://[2001:db8::1]", None),
        ("http://127.0.0.1:9000", None),
        ("https://chat.example:99999", None),
    ],
)
def test_passkeys_are_for_names_with_tls_and_for_localhost(url: str, site: PasskeySite | None) -> None:
    assert passkey_site(url) == site


# --- logging in ---


async def test_a_passkey_alone_logs_in_and_is_listed_with_its_use(site: Site) -> None:
    assert (await site.call("GET", "/setup"))["passkeys"]
    ada, token, passkey, recovery = await ada_with(site)
    assert len(set(recovery)) == 10
    session = await sign_in(site, passkey)
    assert session.status == 200
    assert session["me"]["id"] == ada.id
    assert await site.is_good(session["access"])
    (known,) = (await site.call("GET", "/me/passkeys", token=token))["passkeys"]
    assert known["name"] == "laptop"
    assert known["used"] >= known["created"]
    sessions = (await site.call("GET", "/me/sessions", token=token))["sessions"]
    assert session["session"] in [each["id"] for each in sessions]
    state = await site.call("GET", "/me/second-factor", token=token)
    assert state.body == {"on": True, "required": False, "recovery_codes": 10}


async def test_an_answer_counts_once_and_soon(site: Site) -> None:
    _, _, passkey, _ = await ada_with(site)
    sent = passkey.sign(await challenge(site))
    assert (await site.call("POST", "/auth/passkey", sent)).status == 200
    assert reason(await site.call("POST", "/auth/passkey", sent)) == (401, "bad_passkey")
    assert reason(await site.call("POST", "/auth/passkey/code", sent)) == (401, "bad_passkey")
    begun = await challenge(site)
    late = passkey.sign(begun)
    site.services.feature_ports[LIMITS].clock = lambda: time.time() + 301
    assert reason(await site.call("POST", "/auth/passkey", late)) == (410, "passkey_over")


async def test_of_many_uses_of_an_answer_at_once_one_logs_in(site: Site) -> None:
    _, token = await site.join("ada")
    passkey, _ = await add(site, token, counts=False)  # as authenticators that keep no count
    sent = passkey.sign(await challenge(site))
    statuses: list[int] = []

    async def try_it() -> None:
        statuses.append((await site.call("POST", "/auth/passkey", sent)).status)

    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(try_it)
    assert sorted(statuses) == [200, 401, 401, 401]
    assert (await sign_in(site, passkey)).status == 200  # 0 each time is no copy


async def test_a_count_that_goes_back_is_that_of_a_copy(site: Site) -> None:
    _, _, passkey, _ = await ada_with(site)
    assert (await sign_in(site, passkey, count=7)).status == 200
    for count in (7, 6, 0):
        assert reason(await sign_in(site, passkey, count=count)) == (401, "bad_passkey")
    assert (await sign_in(site, passkey, count=8)).status == 200
    await trio.testing.wait_all_tasks_blocked()  # the audit is written by a task of its own
    acts = await site.services.administration.acts(None, 10, kinds=["login_failed"])
    assert {act.person and act.person.name for act in acts} == {"ada"}


OTHER_KEY = Credential("", "").key


@pytest.mark.parametrize(
    "lies",
    [
        {"origin": "https://evil.example"},
        {"origin": "https://chat.example:8443"},
        {"origin": "http://chat.example"},
        {"rp_id": "evil.example"},
        {"type": "webauthn.create"},
        {"flags": PRESENT},  # the person was not verified
        {"flags": 0x04},  # nor present
        {"key": OTHER_KEY},
        {"id": b"unknown"},
        {"user": "AAAA"},
        {"count": 0},
    ],
)
async def test_a_lie_about_any_part_logs_nobody_in(site: Site, lies: dict[str, Any]) -> None:
    _, _, passkey, _ = await ada_with(site)
    assert (await sign_in(site, passkey)).status == 200
    assert reason(await sign_in(site, passkey, **lies)) == (401, "bad_passkey")


async def test_a_challenge_of_another_maker_or_purpose_is_refused(site: Site) -> None:
    _, token, passkey, recovery = await ada_with(site)
    to_add = await begin_adding(site, token, password=PASSWORD, code=recovery[0])
    good = await challenge(site)
    for text in (to_add["challenge"], "AAAA", "", good[:-2] + "AA", text_of(bytes(61)), text_of(b"x" * 93)):
        refused = await site.call("POST", "/auth/passkey", passkey.sign(text))
        assert reason(refused) == (410, "passkey_over")
    for client_data in (b"null", b"[]", b"{", b"\xff", b'{"challenge": 7}', b"[" * 3000):
        sent = passkey.sign(good) | {"client_data": text_of(client_data)}
        assert reason(await site.call("POST", "/auth/passkey", sent)) == (410, "passkey_over")


async def test_a_passkey_of_another_is_another(site: Site) -> None:
    _, _, passkey, _ = await ada_with(site)
    ben, token = await site.join("ben")
    of_ben, _ = await add(site, token)
    # Ada's key with Ben's id or handle, and the other way round.
    for lies in ({"id": of_ben.id}, {"user": of_ben.user}, {"id": of_ben.id, "user": of_ben.user}):
        assert reason(await sign_in(site, passkey, **lies)) == (401, "bad_passkey")
    session = await sign_in(site, of_ben)
    assert session["me"]["id"] == ben.id
    (known,) = (await site.call("GET", "/me/passkeys", token=token))["passkeys"]
    of_ada = (await sign_in(site, passkey))["access"]
    path = f"/me/passkeys/{known['id']}"
    assert reason(await site.call("PATCH", path, {"name": "mine"}, token=of_ada)) == (404, "no_passkey")
    proof = {"password": PASSWORD, "code": await code_by(site, passkey)}
    assert reason(await site.call("POST", f"{path}/removal", proof, token=of_ada)) == (404, "no_passkey")


async def test_a_disabled_or_deleted_person_does_not_come_in(site: Site) -> None:
    ada, _, passkey, _ = await ada_with(site)
    await site.services.administration.change(ada.id, Wanted(disabled=True))
    assert reason(await sign_in(site, passkey)) == (401, "account_disabled")
    await site.services.administration.change(ada.id, Wanted(disabled=False))
    assert (await sign_in(site, passkey)).status == 200
    await site.storage.users.delete(ada.id)
    site.services.accounts.changed(ada.id)
    assert reason(await sign_in(site, passkey)) == (401, "bad_passkey")


async def test_where_the_provider_is_the_only_way_in_passkeys_are_off(site: Site) -> None:
    _, token, passkey, _ = await ada_with(site)
    begun = await challenge(site)
    site.services.accounts.login = "sso"
    assert not (await site.call("GET", "/setup")).body.get("passkeys", False)
    assert reason(await site.call("POST", "/auth/passkey/begin")) == (401, "passkeys_off")
    for path in ("/auth/passkey", "/auth/passkey/code"):
        assert reason(await site.call("POST", path, passkey.sign(begun))) == (401, "passkeys_off")
    assert reason(await begin_adding(site, token)) == (409, "passkeys_off")
    assert (await site.call("GET", "/me/passkeys", token=token))["problem"] == "passkeys_off"


async def test_without_an_address_it_says_so() -> None:
    async with open_site() as site:
        _, token = await site.join("ada")
        assert not (await site.call("GET", "/setup")).body.get("passkeys", False)
        assert reason(await site.call("POST", "/auth/passkey/begin")) == (409, "passkeys_no_url")
        assert reason(await begin_adding(site, token)) == (409, "passkeys_no_url")
        assert (await site.call("GET", "/me/passkeys", token=token))["problem"] == "passkeys_no_url"


async def test_an_address_tries_thirty_in_a_minute(site: Site) -> None:
    limits = site.services.feature_ports[LIMITS]
    refused = [limits.take("203.0.113.7") for _ in range(31)]
    assert [each and each.reason for each in refused] == [None] * 30 + ["rate_limited"]
    assert limits.take("203.0.113.8") is None


# --- as a second factor ---


async def test_after_a_password_a_passkey_takes_the_place_of_a_code_once(site: Site) -> None:
    _, _, passkey, recovery = await ada_with(site)
    assert reason(await log_in(site)) == (401, "code_needed")
    code = await code_by(site, passkey)
    assert reason(await log_in(site, code=code, password="wrong words")) == (401, "bad_credentials")
    assert (await log_in(site, code=code)).status == 200
    assert reason(await log_in(site, code=code)) == (401, "wrong_code")
    assert (await log_in(site, code=recovery[0])).status == 200
    late = await code_by(site, passkey)
    site.pass_time(121)
    assert reason(await log_in(site, code=late)) == (401, "wrong_code")


async def test_a_code_of_a_passkey_is_its_persons_and_ends_with_it(site: Site) -> None:
    _, token, passkey, _ = await ada_with(site)
    _, of_ben = await site.join("ben")
    other, _ = await add(site, of_ben)
    assert reason(await log_in(site, code=await code_by(site, other))) == (401, "wrong_code")
    spare, _ = await add(site, token, await code_by(site, passkey))
    code = await code_by(site, spare)
    known = (await site.call("GET", "/me/passkeys", token=token))["passkeys"]
    proof = {"password": PASSWORD, "code": await code_by(site, passkey)}
    removed = await site.call("POST", f"/me/passkeys/{known[1]['id']}/removal", proof, token=token)
    assert removed.status == 204
    assert reason(await log_in(site, code=code)) == (401, "wrong_code")


async def test_the_last_one_that_is_removed_is_the_last_for_every_door(site: Site) -> None:
    _, token, passkey, recovery = await ada_with(site)
    (known,) = (await site.call("GET", "/me/passkeys", token=token))["passkeys"]
    path = f"/me/passkeys/{known['id']}"
    assert (await site.call("PATCH", path, {"name": "  phone "}, token=token)).status == 204
    assert (await site.call("GET", "/me/passkeys", token=token))["passkeys"][0]["name"] == "phone"
    for proof, why in (
        ({}, "bad_value"),
        ({"password": "wrong words", "code": recovery[0]}, "wrong_password"),
        ({"password": PASSWORD}, "code_needed"),
        ({"password": PASSWORD, "code": "000000"}, "wrong_code"),
    ):
        refused = await site.call("POST", f"{path}/removal", proof, token=token)
        assert (refused.status in (400, 403), refused["reason"]) == (True, why)
    proof = {"password": PASSWORD, "code": recovery[0]}
    assert (await site.call("POST", f"{path}/removal", proof, token=token)).status == 204
    assert (await log_in(site)).status == 200
    assert reason(await sign_in(site, passkey)) == (401, "bad_passkey")
    state = await site.call("GET", "/me/second-factor", token=token)
    assert state.body == {"on": False, "required": False, "recovery_codes": 0}
    acts = await site.services.administration.acts(None, 10, kinds=["passkey_added", "passkey_removed"])
    assert [(act.what, act.detail) for act in acts] == [
        ("passkey_removed", "phone"),
        ("passkey_added", "laptop"),
    ]


async def test_an_app_and_a_passkey_are_beside_each_other(site: Site) -> None:
    _, token = await site.join("ada")
    phone, recovery = await set_up(site, token)
    assert reason(await begin_adding(site, token)) == (403, "code_needed")
    passkey, added = await add(site, token, phone.code())
    assert added["recovery_codes"] == []
    state = await site.call("GET", "/me/second-factor", token=token)
    assert state.body == {"on": True, "app": True, "required": False, "recovery_codes": 10}
    off = {"password": PASSWORD, "code": await code_by(site, passkey)}
    assert (await site.call("POST", "/me/second-factor/removal", off, token=token)).status == 204
    assert reason(await log_in(site)) == (401, "code_needed")  # the passkey is there still
    assert (await log_in(site, code=recovery[0])).status == 200
    refused = await site.call("POST", "/me/second-factor", {"password": PASSWORD}, token=token)
    assert reason(refused) == (403, "code_needed")  # a password alone adds no other factor


async def test_an_admin_removes_passkeys_with_the_rest(site: Site) -> None:
    ada, token, passkey, _ = await ada_with(site)
    await site.add("boss", admin=True)
    boss = (await site.log_in("boss"))["access"]
    assert (await site.call("DELETE", f"/admin/people/{ada.id}/second-factor", token=boss)).status == 204
    assert reason(await sign_in(site, passkey)) == (401, "bad_passkey")
    assert (await log_in(site)).status == 200
    assert (await site.call("GET", "/me/passkeys", token=token))["passkeys"] == []


async def test_a_passkey_is_what_a_server_requires(site: Site) -> None:
    _, token = await site.join("ada")
    site.services.accounts.second_factor = "everybody"
    assert reason(await site.call("GET", "/rooms", token=token)) == (403, "second_factor_required")
    passkey, added = await add(site, token)
    assert added.status == 201
    assert (await site.call("GET", "/rooms", token=token)).status == 200
    assert (await site.call("GET", "/rooms", token=(await sign_in(site, passkey))["access"])).status == 200


# --- adding ---


async def test_adding_asks_who_one_is(site: Site) -> None:
    _, token = await site.join("ada")
    assert reason(await begin_adding(site, token, password="wrong words")) == (403, "wrong_password")
    assert (await site.call("POST", "/me/passkeys/begin", {}, token=token)).status == 400
    made = await site.call("POST", "/me/sessions", {"name": "bot", "password": PASSWORD}, token=token)
    assert reason(await begin_adding(site, made["token"])) == (403, "not_for_tokens")
    # Another's proof is of no use, nor a challenge to log in.
    _, of_ben = await site.join("ben")
    begun = (await begin_adding(site, of_ben)).body
    for text in (begun["challenge"], await challenge(site)):
        _, answer = make(begun | {"challenge": text})
        assert reason(await site.call("POST", "/me/passkeys", answer, token=token)) == (410, "passkey_over")


async def test_a_new_passkey_is_added_once(site: Site) -> None:
    _, token = await site.join("ada")
    begun = await begin_adding(site, token)
    passkey, answer = make(begun.body)
    assert (await site.call("POST", "/me/passkeys", answer, token=token)).status == 201
    assert reason(await site.call("POST", "/me/passkeys", answer, token=token)) == (410, "passkey_over")
    options = (await begin_adding(site, token, password=PASSWORD, code=await code_by(site, passkey))).body
    assert [bytes_of(each["id"]) for each in options["known"]] == [passkey.id]


@pytest.mark.parametrize(
    "lies",
    [
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"type": "webauthn.get"},
        {"flags": 0x41},  # the person was not verified
        {"flags": 0x05},  # without a credential
        {"id": b"another"},
        {"key": b"\xa0"},
        {"key": b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + bytes(32) + b"\x22\x58\x20" + bytes(32)},
        {"attestation": b""},
        {"attestation": b"\xff"},
        {"attestation": b"\x9f" * 1000},
        {"statement": {"fmt": "packed"}},
        {"statement": {"fmt": "made-up"}},
        {"statement": {"authData": b""}},
    ],
)
async def test_a_lie_about_any_part_adds_nothing(site: Site, lies: dict[str, Any]) -> None:
    _, token = await site.join("ada")
    begun = await begin_adding(site, token)
    _, answer = make(begun.body, **lies)
    refused = await site.call("POST", "/me/passkeys", answer, token=token, valid=bool(answer["attestation"]))
    assert refused.status == 400
    assert (await site.call("GET", "/me/passkeys", token=token))["passkeys"] == []
    assert (await log_in(site)).status == 200


async def test_who_has_no_password_adds_one_after_a_log_in_and_keeps_the_last(site: Site) -> None:
    ada, token = await site.join("ada")
    await site.storage.users.set_password(ada.id, site.services.accounts.unusable_hash())
    passkey = await _without_password(site, ada)
    session = await sign_in(site, passkey)
    assert session.status == 200
    token = session["access"]
    (known,) = (await site.call("GET", "/me/passkeys", token=token))["passkeys"]
    removal = f"/me/passkeys/{known['id']}/removal"
    assert reason(await site.call("POST", removal, {}, token=token)) == (403, "code_needed")
    real = time.time
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("chat.domain.accounts.accounts.time.time", lambda: real() + 3600)
        begun = await site.call("POST", "/me/passkeys/begin", {}, token=token)
        assert reason(begun) == (403, "log_in_again")
    code = await code_by(site, passkey)
    refused = await site.call("POST", removal, {"code": code}, token=token)
    assert reason(refused) == (409, "passkey_only_way")
    code = await code_by(site, passkey)
    begun = await site.call("POST", "/me/passkeys/begin", {"code": code}, token=token)
    another, answer = make(begun.body)
    assert (await site.call("POST", "/me/passkeys", answer, token=token)).status == 201
    code = await code_by(site, another)
    assert (await site.call("POST", removal, {"code": code}, token=token)).status == 204


async def _without_password(site: Site, person: Person) -> Credential:
    """Add a passkey by a session that has just begun, as one by the identity provider."""
    now = await site.services.accounts.person(person.id)
    assert now is not None
    opened = await site.services.sessions.open(now, Device("127.0.0.1"))
    assert isinstance(opened, Opened)
    begun = await site.call("POST", "/me/passkeys/begin", {}, token=opened.access)
    assert begun.status == 200, begun.body
    passkey, answer = make(begun.body)
    assert (await site.call("POST", "/me/passkeys", answer, token=opened.access)).status == 201
    return passkey


async def test_one_has_twenty_at_most(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.features.second_factor.passkeys.use_cases.MOST", 1)
    _, token, passkey, _ = await ada_with(site)
    refused = await begin_adding(site, token, password=PASSWORD, code=await code_by(site, passkey))
    assert reason(refused) == (409, "too_many_passkeys")


async def test_no_answer_has_a_public_key_or_another_persons_passkey(site: Site) -> None:
    ada, token, passkey, _ = await ada_with(site)
    await site.add("boss", admin=True)
    boss = (await site.log_in("boss"))["access"]
    for path in (f"/people/{ada.id}", f"/admin/people/{ada.id}", "/me", "/me/passkeys"):
        seen = str((await site.call("GET", path, token=boss if "people" in path else token)).body)
        assert text_of(passkey.id) not in seen
