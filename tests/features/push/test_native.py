"""Subscribing, choosing and the test push over HTTP, to a push service of the tests' own."""

import json

import pytest

from tests.features.push.browser import Browser
from tests.features.push.push_service import SILENCE, PushService
from tests.protocols.native.site import PASSWORD, Answer, Site


async def subscribe(site: Site, token: str, browser: Browser, endpoint: str, *, valid: bool = True) -> Answer:
    return await site.call(
        "PUT", "/push/subscription", browser.subscription(endpoint), token=token, valid=valid
    )


async def allow_loopback(site: Site) -> None:
    await site.services.settings.change(None, {"outbound_hosts": ("127.0.0.1/32",)})


async def test_a_log_in_subscribes_tries_it_out_and_unsubscribes(site: Site, service: PushService) -> None:
    await allow_loopback(site)
    await site.services.settings.change(None, {"public_url": "https://chat.example", "server_name": "tea"})
    _, token = await site.join("ada")
    before = await site.call("GET", "/push", token=token)
    assert (before["subscribed"], before["text"]) == (False, True)
    assert (await site.call("POST", "/push/test", token=token)).refused == (409, "conflict", None)
    browser = Browser()
    after = await subscribe(site, token, browser, service.endpoint("ada"))
    assert after.body == {**before.body, "subscribed": True}
    tried = await site.call("POST", "/push/test", token=token)
    assert (tried["sent"], tried["status"], tried["error"]) == (True, 201, None)
    (pushed,) = service.pushed
    assert json.loads(browser.decrypt(pushed.body))["notification"] == {
        "title": "tea",
        "body": "",
        "navigate": "https://chat.example/",
        "tag": "test",
    }
    assert (pushed.headers["ttl"], pushed.headers["urgency"]) == ("86400", "high")
    assert "cookie" not in pushed.headers
    ended = await site.call("DELETE", "/push/subscription", token=token)
    assert ended.body == before.body


@pytest.mark.parametrize(
    ("answer", "sent", "stays"),
    [(404, False, False), (410, False, False), (429, False, True), (413, False, True), (503, False, True)],
)
async def test_what_a_service_answers_is_said_and_who_is_gone_is_removed(
    site: Site, service: PushService, answer: int, sent: bool, stays: bool
) -> None:
    await allow_loopback(site)
    _, token = await site.join("ada")
    await subscribe(site, token, Browser(), service.endpoint("ada"))
    service.answer("ada", answer)
    tried = await site.call("POST", "/push/test", token=token)
    assert (tried["sent"], tried["status"], tried["error"]) == (sent, answer, None)
    assert (await site.call("GET", "/push", token=token))["subscribed"] == stays


async def test_a_silent_service_is_left(
    site: Site, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.features.push.delivery.TIMEOUT", 0.5)
    await allow_loopback(site)
    _, token = await site.join("ada")
    await subscribe(site, token, Browser(), service.endpoint("ada"))
    service.answer("ada", SILENCE)
    tried = await site.call("POST", "/push/test", token=token)
    assert (tried["sent"], tried["status"], tried["error"]) == (False, None, "timeout")


async def test_nothing_is_sent_to_an_address_of_the_inside_and_nobody_learns_which(
    site: Site, service: PushService
) -> None:
    _, token = await site.join("ada")
    for host in (service.origin, "https://localhost:1", "https://no-such-host.invalid"):
        await subscribe(site, token, Browser(), f"{host}/ada")
        tried = await site.call("POST", "/push/test", token=token)
        assert (tried["status"], tried["error"]) == (None, "unreachable")
    assert service.pushed == []


@pytest.mark.parametrize(
    "endpoint",
    ["http://push.example/a", "https://", "https://ada:word@push.example/a", "ftp://push.example", "push"],
)
async def test_only_https_endpoints_are_taken(site: Site, endpoint: str) -> None:
    _, token = await site.join("ada")
    assert (await subscribe(site, token, Browser(), endpoint)).refused == (400, "invalid", "endpoint")


async def test_keys_that_no_browser_has_are_refused(site: Site) -> None:
    _, token = await site.join("ada")
    endpoint = "https://push.example/" + "x" * 979
    browser = Browser()
    browser.p256dh = b"\x04" + bytes(64)
    assert (await subscribe(site, token, browser, endpoint)).refused == (400, "invalid", "keys")
    browser = Browser()
    browser.auth = bytes(15)
    assert (await subscribe(site, token, browser, endpoint)).refused == (400, "invalid", "keys")
    longer = await subscribe(site, token, Browser(), endpoint + "x", valid=False)
    assert longer.refused == (400, "invalid", "endpoint")
    assert (await subscribe(site, token, Browser(), endpoint)).status == 200


async def test_programs_receive_no_pushes(site: Site) -> None:
    _, token = await site.join("ada")
    made = {"name": "robot", "password": PASSWORD, "days": 1}
    program = (await site.call("POST", "/me/sessions", made, token=token))["token"]
    refused = await subscribe(site, program, Browser(), "https://push.example/a")
    assert (refused.status, refused["reason"]) == (403, "not_for_tokens")


async def test_one_browser_is_of_the_log_in_that_subscribed_it_last(site: Site) -> None:
    _, first = await site.join("ada")
    _, second = await site.join("ben")
    browser = Browser()
    await subscribe(site, first, browser, "https://push.example/a")
    await subscribe(site, second, browser, "https://push.example/a")
    states = [(await site.call("GET", "/push", token=token))["subscribed"] for token in (first, second)]
    assert states == [False, True]


async def test_a_person_chooses_for_all_their_log_ins(site: Site) -> None:
    _, token = await site.join("ada")
    another = (await site.log_in("ada"))["access"]
    assert (await site.call("PATCH", "/push", {"text": False}, token=token))["text"] is False
    assert (await site.call("GET", "/push", token=another))["text"] is False
    assert (await site.call("PATCH", "/push", {"text": True}, token=another))["text"] is True


async def test_why_is_not_found_where_nothing_was_decided(site: Site) -> None:
    _, token = await site.join("ada")
    why = await site.call("GET", "/rooms/1/messages/1/why", token=token)
    assert (why.refused, why["reason"]) == ((404, "not_found", None), "no_decision")


async def test_an_admin_leaves_texts_out_for_everybody(site: Site) -> None:
    _, token = await site.join("ada")
    await site.services.settings.change(None, {"push_texts": "off"})
    assert (await site.call("PATCH", "/push", {"text": True}, token=token))["text"] is False
    await site.services.settings.change(None, {"push_texts": None})
    assert (await site.call("GET", "/push", token=token))["text"] is True
