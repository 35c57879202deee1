"""Log-ins by a provider over HTTP: the whole way, and what a lying provider, browser or stranger gets."""

import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pytest
import trio
from joserfc import jwk, jwt

from chat.domain.administration.administration import Wanted
from chat.features.oidc.provider import PROVIDER
from tests.features.oidc.provider import CLIENT, LyingProvider, new_key, open_lying_provider
from tests.features.second_factor.authenticator import make
from tests.features.second_factor.test_log_ins import ADDRESS, DOORS
from tests.protocols.native.site import PASSWORD, Answer, Site, open_site

CHAT = "https://chat.example"


class Door(NamedTuple):
    """A site with its provider."""

    site: Site
    provider: LyingProvider

    async def begin(self, **fields: Any) -> tuple[str, str]:
        """Begin a log-in; returns the provider's page and the cookie."""
        headers = {"token": fields.pop("token", "")}
        if "link" in fields:
            fields = {"password": PASSWORD, **fields}
        begun = await self.site.call("POST", "/auth/oidc/begin", fields, **headers)
        assert begun.status == 200, begun.body
        return begun["url"], begun.headers["Set-Cookie"].partition(";")[0]

    async def answer(self, url: str, cookie: str, path: str = "/auth/oidc", **fields: Any) -> Answer:
        """Bring the provider's answer."""
        (state,) = parse_qs(urlsplit(url).query)["state"]
        token = fields.pop("token", "")
        code = fields.pop("code", None) or self.provider.grant(url)
        return await self.site.call(
            "POST", path, {"code": code, "state": state, **fields}, token=token, Cookie=cookie
        )

    async def log_in(self, **fields: Any) -> Answer:
        return await self.answer(*await self.begin(), **fields)

    async def link(self, token: str) -> Answer:
        return await self.answer(*await self.begin(link=True, token=token), path="/me/identity", token=token)

    def let_pass(self, seconds: float) -> None:
        """Let time go by for what is kept of the provider."""
        kept, before = (
            self.site.services.feature_ports[PROVIDER],
            self.site.services.feature_ports[PROVIDER].clock,
        )
        kept.clock = lambda: before() + seconds

    async def setting(self, **settings: Any) -> None:
        await self.site.services.settings.change(None, settings)


@asynccontextmanager
async def open_door(path: str = "", **settings: Any) -> AsyncGenerator[Door]:
    async with (
        open_lying_provider(path) as provider,
        open_site(oidc_issuer=provider.issuer, oidc_client_id=CLIENT, public_url=CHAT, **settings) as site,
    ):
        await site.services.settings.change(None, {"outbound_hosts": ("127.0.0.1",)})
        yield Door(site, provider)


@pytest.fixture
async def door() -> AsyncGenerator[Door]:
    async with open_door() as opened:
        yield opened


def reason(answer: Answer) -> tuple[int, str]:
    return answer.status, answer["reason"]


async def test_somebody_new_gets_an_account_and_the_same_one_again(door: Door) -> None:
    door.provider.claims = {"preferred_username": "ada", "email": "ada@example.com", "email_verified": True}
    url, cookie = await door.begin()
    asked = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{door.provider.issuer}/auth?")
    assert asked["redirect_uri"] == [f"{CHAT}/oidc"]
    assert asked["scope"] == ["openid profile email"]
    session = await door.answer(url, cookie)
    assert session.status == 200
    assert (session["me"]["name"], session["me"].get("email")) == ("ada", "ada@example.com")
    assert await door.site.is_good(session["access"])
    door.provider.claims["preferred_username"] = "somebody"
    again = await door.log_in()
    assert again["me"]["id"] == session["me"]["id"]
    assert again["me"]["name"] == "ada"


async def test_the_cookie_is_of_this_host_alone_and_no_script_reads_it(door: Door) -> None:
    begun = await door.site.call("POST", "/auth/oidc/begin", {})
    name, *about = begun.headers["Set-Cookie"].split("; ")
    assert name.startswith("__Host-chat_oidc=")
    assert set(about) == {"Path=/", "Max-Age=600", "HttpOnly", "SameSite=Strict", "Secure"}
    done = await door.answer(begun["url"], name)
    removed = [each for each in done.headers.getlist("Set-Cookie") if "chat_oidc" in each]
    assert removed == ["__Host-chat_oidc=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure"]


async def test_on_this_machine_without_tls_the_cookie_has_no_prefix() -> None:
    async with open_door() as door:
        await door.setting(public_url="http://localhost:9000")
        _url, cookie = await door.begin()
        assert cookie.startswith("chat_oidc=")
        assert (await door.log_in()).status == 200
        await door.setting(public_url="http://chat.example")
        refused = await door.site.call("POST", "/auth/oidc/begin", {})
        assert reason(refused) == (409, "identity_provider_no_url")


async def test_an_answer_counts_in_the_browser_that_began_alone(door: Door) -> None:
    mine, theirs = await door.begin(), await door.begin()
    code = door.provider.grant(mine[0])
    for cookie in ("", theirs[1], "__Host-chat_oidc=", mine[1][:-4] + "AAAA", mine[1] + "x"):
        assert reason(await door.answer(mine[0], cookie, code=code)) == (410, "provider_log_in_over")
    assert not door.provider.forms
    assert (await door.answer(*mine, code=code)).status == 200


async def test_a_log_in_is_over_after_ten_minutes(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = await door.begin()
    real = time.time()
    monkeypatch.setattr("chat.features.oidc.flow.time.time", lambda: real + 601)
    assert reason(await door.answer(*begun)) == (410, "provider_log_in_over")


async def test_a_code_is_good_once_and_needs_the_verifier(door: Door) -> None:
    mine, theirs = await door.begin(), await door.begin()
    code = door.provider.grant(mine[0])
    # Somebody's code in another's log-in: the verifier is another.
    assert reason(await door.answer(*theirs, code=code)) == (401, "bad_provider_answer")
    assert reason(await door.answer(*mine, code=code)) == (401, "bad_provider_answer")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://127.0.0.1:1"},
        {"aud": "other"},
        {"aud": [CLIENT, "other"]},
        {"azp": "other"},
        {"nonce": "of another log-in"},
        {"nonce": None},
        {"exp": 1},
        {"iat": 9_999_999_999},
        {"sub": None},
        {"sub": ""},
        {"sid": 7},
    ],
)
async def test_a_token_with_a_wrong_claim_logs_nobody_in(door: Door, claims: dict[str, Any]) -> None:
    door.provider.claims = claims
    assert reason(await door.log_in()) == (401, "bad_provider_answer")
    assert await door.site.storage.users.count() == 0


async def test_a_token_by_another_key_or_none_logs_nobody_in(door: Door) -> None:
    other = new_key("one")
    liars: list[Any] = [
        lambda claims: jwt.encode({"alg": "ES256", "kid": "one"}, claims, other, algorithms=["ES256"]),
        lambda claims: "eyJhbGciOiJub25lIn0." + door.provider.signed(claims).split(".")[1] + ".",
        lambda _claims: "x",
    ]
    for liar in liars:
        door.provider.sign = liar
        assert reason(await door.log_in()) == (401, "bad_provider_answer")
    assert await door.site.storage.users.count() == 0


async def test_an_answer_of_another_provider_is_refused(door: Door) -> None:
    refused = await door.log_in(iss="https://evil.example")
    assert reason(refused) == (401, "bad_provider_answer")
    assert not door.provider.forms  # it never got the code
    assert (await door.log_in(iss=door.provider.issuer)).status == 200


async def test_a_provider_that_names_itself_in_answers_has_to() -> None:
    async with open_door() as door:
        door.provider.described = {"authorization_response_iss_parameter_supported": True}
        assert reason(await door.log_in()) == (401, "bad_provider_answer")
        assert (await door.log_in(iss=door.provider.issuer)).status == 200


async def test_userinfo_of_somebody_else_is_refused(door: Door) -> None:
    door.provider.userinfo = {"sub": "s-2", "preferred_username": "eve"}
    assert reason(await door.log_in()) == (401, "bad_provider_answer")


async def test_userinfo_adds_claims_and_overrides_none(door: Door) -> None:
    door.provider.claims = {"email": "ada@example.com", "email_verified": False}
    door.provider.userinfo = {"preferred_username": "ada", "email_verified": True}
    session = await door.log_in()
    assert (session["me"]["name"], session["me"].get("email")) == ("ada", None)


async def test_a_new_key_is_looked_for_once_in_half_a_minute(door: Door) -> None:
    assert (await door.log_in()).status == 200
    door.provider.key = new_key("two")
    door.provider.published.append(door.provider.key)
    door.let_pass(31)
    assert (await door.log_in()).status == 200
    looks = door.provider.asked.count("GET /jwks")
    assert looks == 2
    door.provider.key = new_key("never published")
    for _ in range(5):
        assert reason(await door.log_in()) == (401, "bad_provider_answer")
    assert door.provider.asked.count("GET /jwks") == looks
    door.let_pass(31)
    for _ in range(5):
        assert reason(await door.log_in()) == (401, "bad_provider_answer")
    assert door.provider.asked.count("GET /jwks") == looks + 1


async def test_a_provider_that_is_down_is_asked_again_after_a_moment(door: Door) -> None:
    door.provider.is_down = True
    for _ in range(3):
        refused = await door.site.call("POST", "/auth/oidc/begin", {})
        assert reason(refused) == (503, "identity_provider_down")
    assert len(door.provider.asked) == 1
    door.provider.is_down = False
    door.let_pass(6)
    assert (await door.log_in()).status == 200


async def test_keys_that_fail_are_asked_for_again_after_a_moment(door: Door) -> None:
    answer = door.provider.answer

    def failing(method: str, path: str, body: str) -> tuple[int, Any]:
        return (503, {}) if path == "/jwks" else answer(method, path, body)

    door.provider.answer = failing  # type: ignore[method-assign]
    for _ in range(3):
        assert reason(await door.log_in()) == (503, "identity_provider_down")
    assert door.provider.asked.count("GET /jwks") == 1
    door.provider.answer = answer  # type: ignore[method-assign]
    door.let_pass(6)
    assert (await door.log_in()).status == 200


async def test_log_ins_begin_while_keys_are_waited_for(door: Door) -> None:
    has_come, may_go = door.provider.held["/jwks"] = trio.Event(), trio.Event()
    ended: list[int] = []

    async def log_in() -> None:
        ended.append((await door.log_in()).status)

    with trio.fail_after(10):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(log_in)
            await has_come.wait()
            await door.begin()
            assert ended == []
            may_go.set()
    assert ended == [200]


@pytest.mark.parametrize(
    ("status", "expected"), [(400, (401, "bad_provider_answer")), (503, (503, "identity_provider_down"))]
)
async def test_the_status_of_a_failed_exchange_says_whose_fault_it_is(
    door: Door, status: int, expected: tuple[int, str]
) -> None:
    answer = door.provider.answer

    def failing(method: str, path: str, body: str) -> tuple[int, Any]:
        return (status, {"error": "answers 4"}) if path == "/token" else answer(method, path, body)

    door.provider.answer = failing  # type: ignore[method-assign]
    assert reason(await door.log_in()) == expected


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "http://127.0.0.1:1"},
        {"token_endpoint": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
        {"code_challenge_methods_supported": ["plain"]},
    ],
)
async def test_a_description_that_lies_is_not_used(described: dict[str, Any]) -> None:
    async with open_door() as door:
        door.provider.described = described
        refused = await door.site.call("POST", "/auth/oidc/begin", {})
        assert reason(refused) == (503, "identity_provider_down")


async def test_a_private_provider_is_asked_only_where_an_admin_allows_it(door: Door) -> None:
    await door.setting(outbound_hosts=None)
    refused = await door.site.call("POST", "/auth/oidc/begin", {})
    assert reason(refused) == (503, "identity_provider_down")
    assert door.provider.asked == []


# --- who gets an account ---


async def test_where_registration_is_closed_strangers_are_refused_clearly(door: Door) -> None:
    await door.setting(registration="closed")
    refused = await door.log_in()
    assert reason(refused) == (403, "identity_unknown")
    assert "registration is closed" in refused["error"]
    assert await door.site.storage.users.count() == 0
    await door.setting(registration="open")
    assert (await door.log_in()).status == 200
    await door.setting(registration="closed")
    assert (await door.log_in()).status == 200


async def test_where_registration_is_by_invite_it_takes_one(door: Door) -> None:
    await door.setting(registration="invite")
    assert reason(await door.log_in())[0] in (401, 403)
    bad = await door.log_in(invite="no-such-invite")
    assert bad.status in (401, 403, 410)
    code = await door.site.services.accounts.invite(1, 60)
    assert (await door.log_in(invite=code)).status == 200
    door.provider.sub = "s-2"
    assert (await door.log_in(invite=code)).status != 200
    assert await door.site.storage.users.count() == 1


async def test_a_taken_name_gets_a_number_and_a_taken_address_is_left_out(door: Door) -> None:
    await door.site.add("ada", email="ada@example.com")
    door.provider.claims = {"preferred_username": "ada", "email": "ada@example.com", "email_verified": True}
    session = await door.log_in()
    assert session.status == 200
    assert session["me"]["name"].startswith("ada-")
    assert session["me"].get("email") is None


@pytest.mark.parametrize("claims", [{}, {"preferred_username": "admin"}, {"name": "\x00"}, {"name": ["ada"]}])
async def test_somebody_without_a_good_name_is_a_newcomer(door: Door, claims: dict[str, Any]) -> None:
    door.provider.claims = claims
    assert (await door.log_in())["me"]["name"].startswith("newcomer")


async def test_a_disabled_account_stays_out(door: Door) -> None:
    session = await door.log_in()

    await door.site.services.administration.change(session["me"]["id"], Wanted(disabled=True))
    assert reason(await door.log_in()) == (401, "account_disabled")


# --- linking ---


async def test_an_account_is_linked_from_inside(door: Door) -> None:
    ada, token = await door.site.join("ada")
    before = await door.site.call("GET", "/me/identity", token=token)
    assert before.body == {"provider": "127.0.0.1", "linked": False, "password": True}
    linked = await door.link(token)
    assert linked.status == 200
    assert (linked["linked"], linked["password"]) == (True, True)
    session = await door.log_in()
    assert session["me"]["id"] == ada.id
    assert (await door.site.call("DELETE", "/me/identity", token=token)).status == 204
    assert not await door.site.is_good(session["access"])
    assert await door.site.is_good(token)
    other = await door.log_in()
    assert other["me"]["id"] != ada.id


async def test_a_session_alone_links_nothing(door: Door) -> None:
    ada, token = await door.site.join("ada")

    async def begin(**proof: str) -> Answer:
        return await door.site.call("POST", "/auth/oidc/begin", {"link": True, **proof}, token=token)

    assert (await begin()).refused == (400, "invalid", "password")
    assert (await begin(password="a wrong one")).refused == (403, "forbidden", "password")
    door.site.storage.users.has_second_factor(ada.id, True)
    assert reason(await begin(password=PASSWORD)) == (403, "code_needed")
    assert reason(await begin(password=PASSWORD, code="123456")) == (403, "wrong_code")
    for refused in (await begin(), await begin(password=PASSWORD)):
        assert "Set-Cookie" not in refused.headers


async def test_linking_and_unlinking_are_in_the_audit(door: Door) -> None:
    ada, token = await door.site.join("ada")
    await door.link(token)
    await door.link(token)
    await door.site.call("DELETE", "/me/identity", token=token)
    acts = await door.site.services.administration.acts(None, 10, person_id=ada.id)
    assert [act.what for act in acts][:-1] == ["identity_unlinked", "identity_linked"]


async def test_an_answer_links_the_account_alone_that_began(door: Door) -> None:
    _ada, token = await door.site.join("ada")
    _eve, theirs = await door.site.join("eve")
    begun = await door.begin(link=True, token=theirs)
    refused = await door.answer(*begun, path="/me/identity", token=token)
    assert reason(refused) == (410, "provider_log_in_over")
    # Nor does the answer of a log-in link anything.
    begun = await door.begin()
    refused = await door.answer(*begun, path="/me/identity", token=token)
    assert reason(refused) == (410, "provider_log_in_over")
    assert (await door.site.call("POST", "/auth/oidc/begin", {"link": True})).status == 401


async def test_a_linked_identity_is_not_taken_over(door: Door) -> None:
    _ada, token = await door.site.join("ada")
    _eve, theirs = await door.site.join("eve")
    assert (await door.link(token)).status == 200
    assert reason(await door.link(theirs)) == (409, "identity_taken")
    door.provider.sub = "s-2"
    assert reason(await door.link(token)) == (409, "identity_other")


async def test_the_only_way_in_is_not_unlinked(door: Door) -> None:
    session = await door.log_in()
    refused = await door.site.call("DELETE", "/me/identity", token=session["access"])
    assert reason(refused) == (409, "identity_only_way")


async def test_who_has_a_passkey_unlinks_without_a_password(door: Door) -> None:
    session = await door.log_in()
    token = session["access"]
    begun = await door.site.call("POST", "/me/passkeys/begin", {}, token=token)
    _, answer = make(begun.body)
    assert (await door.site.call("POST", "/me/passkeys", answer, token=token)).status == 201
    now = (await door.site.call("GET", "/me/identity", token=token)).body
    assert (now["password"], now["passkey"]) == (False, True)
    door.site.services.accounts.login = "sso"  # then passkeys are off
    refused = await door.site.call("DELETE", "/me/identity", token=token)
    assert reason(refused) == (409, "identity_only_way")
    door.site.services.accounts.login = "both"
    assert (await door.site.call("DELETE", "/me/identity", token=token)).status == 204


async def test_a_token_for_a_program_links_and_unlinks_nothing(door: Door) -> None:
    _ada, token = await door.site.join("ada")
    made = await door.site.call("POST", "/me/sessions", {"name": "bot", "password": PASSWORD}, token=token)
    of_program = made["token"]
    assert (await door.site.call("POST", "/auth/oidc/begin", {"link": True}, token=of_program)).status == 401
    assert (await door.site.call("DELETE", "/me/identity", token=of_program)).status == 403


@pytest.mark.parametrize("verified", [False, None, "true", 1])
async def test_an_unverified_address_links_nothing(verified: object) -> None:
    async with open_door(oidc_link="verified") as door:
        ada = await door.site.add("ada", email="ada@example.com")
        door.provider.claims = {"email": "ada@example.com", "email_verified": verified}
        session = await door.log_in()
        assert session["me"]["id"] != ada.id


async def test_a_verified_address_links_where_the_admin_allows_it() -> None:
    async with open_door(oidc_link="verified") as door:
        ada, token = await door.site.join("ada", email="ada@example.com")
        door.provider.claims = {"email": "ADA@example.com", "email_verified": True}
        session = await door.log_in()
        assert session["me"]["id"] == ada.id
        # Somebody who registered with their address before them is out.
        assert not await door.site.is_good(token)
        login = {"login": "ada", "password": PASSWORD}
        assert (await door.site.call("POST", "/auth/login", login)).status == 401
        door.provider.sub = "s-2"
        assert reason(await door.log_in()) == (409, "identity_other")


async def test_who_registered_with_anothers_address_is_out_with_their_identity_too() -> None:
    async with open_door(oidc_link="verified") as door:
        eve, token = await door.site.join("eve", email="ada@example.com")
        door.provider.sub = "eve's"
        door.provider.claims = {"preferred_username": "eve"}
        assert (await door.link(token)).status == 200
        door.provider.sub = "ada's"
        door.provider.claims = {"email": "ada@example.com", "email_verified": True}
        assert (await door.log_in())["me"]["id"] == eve.id
        assert not await door.site.is_good(token)
        door.provider.sub = "eve's"
        door.provider.claims = {"preferred_username": "mallory"}
        assert (await door.log_in())["me"]["id"] != eve.id


async def test_an_account_with_a_second_factor_is_not_linked_by_its_address() -> None:
    async with open_door(oidc_link="verified") as door:
        ada, token = await door.site.join("ada", email="ada@example.com")
        door.site.storage.users.has_second_factor(ada.id, True)
        door.provider.claims = {"email": "ada@example.com", "email_verified": True}
        assert reason(await door.log_in()) == (409, "identity_link_inside")
        assert await door.site.is_good(token)


# --- groups ---


async def test_groups_give_roles_and_take_them_at_each_log_in() -> None:
    groups = ("chat admins=admin", "/desk=operator", "chat admins=moderator")
    async with open_door(oidc_groups=groups) as door:
        await door.site.add("root", admin=True)

        async def roles(**claims: Any) -> list[str]:
            door.provider.claims = claims
            found: list[str] = (await door.log_in())["me"].get("roles", [])
            return found

        assert await roles() == []
        assert await roles(groups=["/desk", "others"]) == ["operator"]
        assert await roles(groups=["chat admins"]) == ["moderator", "admin"]
        assert await roles(groups=["chat admin", "CHAT ADMINS", 7, ["chat admins"]]) == []
        assert await roles(groups="/desk") == ["operator"]
        assert await roles(groups={"/desk": True}) == []


async def test_a_role_that_no_group_gives_is_left_alone() -> None:
    async with open_door(oidc_groups=("desk=operator",), oidc_groups_claim="teams") as door:
        _ada, token = await door.site.join("ada", admin=True)
        await door.link(token)
        door.provider.claims = {"teams": ["desk"], "groups": []}
        assert (await door.log_in())["me"].get("roles", []) == ["operator", "admin"]
        door.provider.claims = {"teams": []}
        assert (await door.log_in())["me"].get("roles", []) == ["admin"]


async def test_groups_do_not_take_the_last_admin() -> None:
    async with open_door(oidc_groups=("admins=admin", "admins=moderator")) as door:
        door.provider.claims = {"groups": ["admins"]}
        session = await door.log_in()
        assert session["me"]["roles"] == ["moderator", "admin"]
        door.provider.claims = {"groups": []}
        assert (await door.log_in())["me"]["roles"] == ["admin"]
        acts = await door.site.services.administration.acts(None, 10, person_id=session["me"]["id"])
        assert [(act.what, act.detail) for act in acts if "role" in act.what] == [
            ("roles_by_provider", "moderator, admin -> admin"),
            ("roles_by_provider", "member -> moderator, admin"),
        ]
        await door.site.add("root", admin=True)
        assert (await door.log_in())["me"].get("roles", []) == []


# --- the setting `login` ---


async def test_where_passwords_are_off_no_protocol_takes_one() -> None:
    mail = {"mail_url": "smtps://mail.example", "mail_from": "chat@chat.example"}
    async with open_door(**mail) as door:
        await door.site.add("boss", admin=True)
        await door.site.add("ada", email=ADDRESS)
        opened = {name: (await each.enter(door.site, None)).status for name, each in DOORS.items()}
        assert opened == dict.fromkeys(DOORS, 200)
        await door.setting(login="sso")
        refused = {name: (await each.enter(door.site, None)).status for name, each in DOORS.items()}
        assert refused == {name: each.refused for name, each in DOORS.items()}


async def test_where_passwords_are_off_nobody_gets_or_sets_one(door: Door) -> None:
    _ada, token = await door.site.join("ada", email="ada@example.com")
    await door.setting(login="sso")
    accounts = door.site.services.accounts
    device = "192.0.2.1"
    for refused in (
        await accounts.log_in("ada", PASSWORD, device),
        await accounts.log_in_by_email("ada@example.com", PASSWORD, device),
        await accounts.register("ben", PASSWORD, device),
        await accounts.sign_up("ben@example.com", "ben", PASSWORD, device),
    ):
        assert refused.reason == "passwords_off"  # type: ignore[union-attr]
    admin = await door.site.add("root", admin=True)
    ada = await door.site.services.administration.person("ada")
    code, _ends = accounts.reset_code(ada, admin)  # type: ignore[arg-type]
    refused = await accounts.reset_password(code, "another word", device)
    assert refused.reason == "passwords_off"  # type: ignore[union-attr]
    changed = await door.site.call(
        "POST", "/me/password", {"old": PASSWORD, "new": "another word"}, token=token
    )
    assert reason(changed) == (401, "passwords_off")
    assert (await door.log_in()).status == 200
    await door.setting(login="both")
    assert (await door.site.log_in("ada")).status == 200


async def test_where_the_provider_is_off_nobody_comes_in_by_it(door: Door) -> None:
    begun = await door.begin()
    await door.setting(login="password")
    assert reason(await door.answer(*begun)) == (409, "identity_provider_off")
    assert reason(await door.site.call("POST", "/auth/oidc/begin", {})) == (409, "identity_provider_off")


async def test_without_a_password_a_fresh_log_in_proves_who_one_is(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    await door.setting(login="sso")
    token = (await door.log_in())["access"]
    made = await door.site.call("POST", "/me/sessions", {"name": "bot"}, token=token)
    assert made.status == 201
    again = await door.site.call("POST", "/me/sessions", {"name": "bot 2"}, token=made["token"])
    assert again.status == 403
    real = time.time()
    monkeypatch.setattr("chat.domain.accounts.accounts.time.time", lambda: real + 601)
    late = await door.site.call("POST", "/me/sessions", {"name": "bot 3"}, token=token)
    assert reason(late) == (403, "log_in_again")
    assert await door.site.is_good(made["token"])


async def test_with_a_password_it_is_asked_for(door: Door) -> None:
    _ada, token = await door.site.join("ada")
    refused = await door.site.call("POST", "/me/sessions", {"name": "bot"}, token=token)
    assert refused.refused == (400, "invalid", "password")


# --- log-outs ---


async def send_logout(door: Door, token: str, kind: str = "application/x-www-form-urlencoded") -> int:
    client = door.site.app.test_client(use_cookies=False)
    body = f"logout_token={token}"
    answer = await client.post("/api/v1/auth/oidc/logout", data=body, headers={"Content-Type": kind})
    return answer.status_code


async def test_the_providers_log_out_ends_the_sessions_that_it_names(door: Door) -> None:
    door.provider.claims = {"sid": "one"}
    first = await door.log_in()
    door.provider.claims = {"sid": "two"}
    second = await door.log_in()
    token = door.provider.logout_token(sid="one", sub=None)
    assert await send_logout(door, token) == 200
    assert not await door.site.is_good(first["access"])
    assert await door.site.is_good(second["access"])
    assert await send_logout(door, token) == 400  # a replay
    assert await send_logout(door, door.provider.logout_token()) == 200
    assert not await door.site.is_good(second["access"])


async def test_a_log_out_that_is_none_ends_nothing(door: Door) -> None:
    session = await door.log_in()
    good = door.provider.logout_token
    for token, kind in (
        (good(), "application/json"),
        (good(aud="other"), ""),
        (good(iss="http://127.0.0.1:1"), ""),
        (good(nonce="n"), ""),
        (good(iat=1), ""),
        (good(sub=None), ""),
        (door.provider.id_token("n"), ""),
        (good() + "&logout_token=x", ""),
        ("x" * 60_000, ""),
        ("", ""),
    ):
        assert await send_logout(door, token, kind or "application/x-www-form-urlencoded") == 400
    assert await door.site.is_good(session["access"])
    door.provider.sub = "s-2"
    assert await send_logout(door, door.provider.logout_token()) == 200
    assert await door.site.is_good(session["access"])


async def test_made_up_log_outs_use_a_budget_up_and_log_ins_another(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    header = urlsafe_b64encode(b'["alg"]').decode()
    assert await send_logout(door, f"{header}.e30.AAAA") == 400
    provider = door.site.services.feature_ports[PROVIDER]
    now = trio.current_time()
    monkeypatch.setattr(provider._log_outs, "_clock", lambda: now)  # a new one comes each 0.2 s
    while not provider.take_log_out("<local>"):
        pass
    assert await send_logout(door, door.provider.logout_token()) == 429
    assert (await door.log_in()).status == 200


async def test_the_browser_logs_out_at_the_provider_too(door: Door) -> None:
    session = await door.log_in()
    page = await door.site.call("GET", "/auth/oidc/logout", token=session["access"])
    asked = parse_qs(urlsplit(page["url"]).query)
    assert page["url"].startswith(f"{door.provider.issuer}/end?")
    assert asked["post_logout_redirect_uri"] == [f"{CHAT}/"]
    assert asked["id_token_hint"][0].count(".") == 2
    _ada, token = await door.site.join("ada")
    assert (await door.site.call("GET", "/auth/oidc/logout", token=token)).body == {}


async def test_an_address_brings_thirty_answers_in_a_minute(door: Door) -> None:
    provider = door.site.services.feature_ports[PROVIDER]
    waits = [provider.take("203.0.113.7") for _ in range(31)]
    assert [bool(wait) for wait in waits] == [False] * 30 + [True]
    assert provider.take("203.0.113.8") == 0


# --- the providers of docs/login.md, by their documentation ---


KEYCLOAK: dict[str, Any] = {
    "sub": "f3b0c4a2-6d1e-4b8e-9a53-2f7c1d0e8b11",
    "jti": "onrtac:5d8a7e0c-0b9b-4d0e-8b58-3a1d8d1f7c55",
    "typ": "ID",
    "azp": "chat",
    "sid": "0c2f4a3e-8d7b-4b52-9d9a-6d7f0c1e2b3a",
    "at_hash": "W1m2vC9dL0bq8gk5yq3TXg",
    "acr": "1",
    "auth_time": 1_700_000_000,
    "email": "ada@example.com",
    "email_verified": True,
    "name": "Ada Lovelace",
    "preferred_username": "ada",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "groups": ["/desk", "/others"],
}
AUTHENTIK: dict[str, Any] = {
    "sub": "9b2f6c3d1e5a4870b6a8c0d4e2f19375a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3",
    "sid": "3f1c8a6b5d4e2f10",
    "acr": "goauthentik.io/providers/oauth2/default",
    "amr": ["pwd"],
    "auth_time": 1_700_000_000,
    "uid": "kVxq3n",
    "email": "ada@example.com",
    "email_verified": False,
    "name": "Ada Lovelace",
    "given_name": "Ada Lovelace",
    "preferred_username": "ada",
    "nickname": "ada",
    "groups": ["chat-admins", "others"],
}


@pytest.mark.parametrize(
    ("path", "groups", "claims", "role", "email", "logged_out"),
    [
        ("/realms/team", "/desk=operator", KEYCLOAK, "operator", "ada@example.com", {"typ": "Logout"}),
        ("/application/o/chat/", "chat-admins=admin", AUTHENTIK, "admin", None, {}),
    ],
    ids=["keycloak", "authentik"],
)
async def test_the_providers_of_the_recipes(
    path: str, groups: str, claims: dict[str, Any], role: str, email: str | None, logged_out: dict[str, Any]
) -> None:
    async with open_door(path, oidc_groups=(groups,), oidc_client_secret="s") as door:
        provider = door.provider
        provider.key = new_key("of RSA", "RSA")
        provider.published = [provider.key]
        provider.sign = lambda signed: provider.signed(signed, "RS256", typ="JWT")
        provider.sub, provider.claims = claims["sub"], claims
        url, cookie = await door.begin()
        code = {"code": provider.grant(url)}
        if path.startswith("/realms"):
            code["iss"] = provider.issuer  # RFC 9207: Keycloak sends it
            provider.described = {"authorization_response_iss_parameter_supported": True}
        session = await door.answer(url, cookie, **code)
        assert session.status == 200, session.body
        me = session["me"]
        assert (me["name"], me["roles"], me.get("email")) == ("ada", [role], email)
        assert await send_logout(door, provider.logout_token(sid=claims["sid"], **logged_out)) == 200
        assert not await door.site.is_good(session["access"])


async def test_a_provider_that_signs_with_the_client_secret_is_refused() -> None:
    async with open_door("/application/o/chat/", oidc_client_secret="s" * 40) as door:
        secret = jwk.OctKey.import_key("s" * 40)
        door.provider.sign = lambda claims: jwt.encode({"alg": "HS256"}, claims, secret, algorithms=["HS256"])
        assert reason(await door.log_in()) == (401, "bad_provider_answer")
