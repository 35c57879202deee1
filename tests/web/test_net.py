"""A page's token, listeners and database."""

import pytest
from playwright.sync_api import APIResponse, BrowserContext, Route

from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD, eventually, request
from tests.web.connection import ALL_SENT, ENDED, LIVE, Connection
from tests.web.pages import Pages

_COUNT_LISTENERS = """
const held = new Set();
AbortSignal.prototype.addEventListener = function (type, listener, options) {
    held.add(listener);
    return EventTarget.prototype.addEventListener.call(this, type, listener, options);
};
AbortSignal.prototype.removeEventListener = function (type, listener, options) {
    held.delete(listener);
    return EventTarget.prototype.removeEventListener.call(this, type, listener, options);
};
window.listeners = () => held.size;
"""

_COUNT_DATABASES = """
let opened = 0;
const { open } = IDBFactory.prototype;
const { close } = IDBDatabase.prototype;
IDBFactory.prototype.open = function (...asked) {
    const opening = open.apply(this, asked);
    opening.addEventListener("success", () => { opened += 1; });
    return opening;
};
IDBDatabase.prototype.close = function () {
    opened -= 1;
    return close.call(this);
};
window.databases = () => opened;
"""


@pytest.fixture
def context(pages: Pages) -> BrowserContext:
    context = pages.empty(service_workers="block").context
    pages.log_in(context, "ada")
    return context


@in_campaign
def test_a_good_token_is_used_while_there_is_no_newer_one_to_be_had(pages: Pages) -> None:
    context = pages.context(service_workers="block")
    pages.log_in(context, "ada")
    context.clock.install()
    tab = Connection(context, pages.url)
    tab.until(LIVE)
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.abort()

    tab.page.route("**/api/v1/auth/refresh", refuse)
    tab.page.clock.fast_forward(800_000)  # of 900 seconds
    assert tab.page.evaluate("() => chat.call('GET', '/me').then(({ name }) => name)") == "ada"
    assert refused
    tab.page.clock.fast_forward(200_000)
    assert tab.page.evaluate("() => chat.call('GET', '/me').catch(({ code }) => code)") == "offline"


@in_campaign
def test_logging_out_during_a_password_change_stays_logged_out(context: BrowserContext, pages: Pages) -> None:
    pages.log_in(context, "eve")
    tab = Connection(context, pages.url)
    tab.until(LIVE)
    held: list[tuple[Route, APIResponse]] = []
    tab.page.route("**/api/v1/me/password", lambda route: held.append((route, route.fetch())))
    tab.page.evaluate(
        """(password) => {
            window.changed = chat.call("POST", "/me/password", { old: password, new: `${password}-2` });
            window.changed.catch(() => {});
        }""",
        PASSWORD,
    )
    eventually(lambda: tab.page.evaluate("() => true") and bool(held), "it is being changed")
    tab.page.evaluate("() => chat.logOut()")
    tab.until(ENDED)
    route, answer = held[0]
    route.fulfill(response=answer)
    assert tab.page.evaluate("() => changed.catch(({ code }) => code)") == "unauthenticated"
    assert tab.state("({ me, connection }) => [me, connection.state]") == [None, "ended"]
    after = context.request.post(
        f"{pages.url}/api/v1/auth/refresh",
        data={},
        headers={"Origin": pages.url, "Sec-Fetch-Site": "same-origin"},
    )
    assert after.status == 401


@in_campaign
def test_sent_messages_leave_no_listeners(context: BrowserContext, pages: Pages) -> None:
    tab = Connection(context, pages.url, _COUNT_LISTENERS)
    tab.until(LIVE)
    tab.say("the first")
    tab.until(ALL_SENT)
    before = tab.page.evaluate("() => listeners()")
    for nth in range(10):
        tab.say(f"one more: {nth}")
        tab.until(ALL_SENT)
    assert tab.page.evaluate("() => listeners()") == before


def test_a_database_that_is_replaced_is_closed(context: BrowserContext, pages: Pages) -> None:
    tab = Connection(context, pages.url, _COUNT_DATABASES)
    tab.until(LIVE)
    for _ in range(2):
        tab.page.evaluate("() => chat.setShared(true)")
        assert tab.page.evaluate("() => databases()") == 0
        tab.page.evaluate("() => chat.setShared(false)")
        assert tab.page.evaluate("() => databases()") == 1


def test_a_block_in_another_session_is_known_at_once(pages: Pages, context: BrowserContext) -> None:
    tab = Connection(context, pages.url)
    tab.until(LIVE)
    ben = pages.person("ben")["me"]["id"]
    headers = {"Authorization": f"Bearer {pages.person('ada')['access']}"}
    for method, blocked in (("PUT", True), ("DELETE", False)):
        answer = request(method, f"{pages.url}/api/v1/me/blocks/{ben}", headers=headers)
        assert answer.is_success, answer.text
        tab.until(f"(state) => state.blocked.has({ben}) === {str(blocked).lower()}")
