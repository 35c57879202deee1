"""Bad connections: messages are stored and sent once, in order, whatever is cut, killed, closed or asleep."""

import itertools
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Route

from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD, eventually, post, request
from tests.support.server import ServerProcess, used_data_path
from tests.system.relay import Relay, relay_to
from tests.web.connection import ALL_SENT, ENDED, LIVE, LOBBY, OFFLINE, Connection
from tests.web.pages import Pages
from tests.web.ports import free_port

ROUNDS = 50

KEPT = "(state) => state.outbox.length === 3"


@pytest.fixture
def ada(pages: Pages) -> BrowserContext:
    """The browser of somebody who is logged in."""
    return browser_of("ada", pages)


def browser_of(name: str, pages: Pages, url: str | None = None) -> BrowserContext:
    # The worker would hand out the page's own files instead of what the test puts in place of the views.
    context = pages.empty(service_workers="block").context
    pages.log_in(context, name, url=url)
    return context


def said(url: str, name: str, room: int = LOBBY) -> list[str]:
    """All texts of a room, in order."""
    session = post(f"{url}/api/v1/auth/login", {"login": name, "password": PASSWORD}).json()
    headers = {"Authorization": f"Bearer {session['access']}"}
    texts: list[str] = []
    after = 0
    while True:
        page = request(
            "GET", f"{url}/api/v1/rooms/{room}/messages?limit=100&after={after}", headers=headers
        ).json()
        texts += [each["text"] for each in page["messages"] if "text" in each]
        if page.get("last"):
            return texts
        after = page["messages"][-1]["seq"]


def test_messages_written_offline_survive_the_tab_and_are_sent_once_in_order(
    ada: BrowserContext, pages: Pages, relay: Relay
) -> None:
    tab = Connection(ada, relay.url)
    tab.until(LIVE)
    texts = [f"cut {n}" for n in range(3)]
    with relay.cut():
        tab.until(OFFLINE)
        for text in texts:
            tab.say(text)
        tab.until(KEPT)
        tab.close()
    again = Connection(ada, relay.url)
    again.until(ALL_SENT)
    again.load()
    assert [text for text in again.loaded() if text in texts] == texts
    assert [text for text in said(pages.url, "ada") if text in texts] == texts
    assert again.doubles() == []


def test_a_reload_shows_stored_rooms_before_the_connection(ada: BrowserContext, relay: Relay) -> None:
    tab = Connection(ada, relay.url)
    tab.until(LIVE)
    tab.say("kept for the next time")
    tab.until(ALL_SENT)
    eventually(lambda: "kept for the next time" in str(tab.stored("rooms")), "the room is kept")
    tab.close()
    tab = Connection(ada, relay.url)
    tab.page.route("**/api/**", lambda route: route.abort())
    tab.page.reload()
    tab.page.locator("body[data-opened=yes]").wait_for(state="attached")
    assert "kept for the next time" in tab.loaded()
    assert tab.state("(state) => [state.me.name, state.isLoaded]") == ["ada", True]


def test_a_message_that_was_saved_while_its_answer_was_lost_is_there_once(
    ada: BrowserContext, pages: Pages, relay: Relay
) -> None:
    tab = Connection(ada, relay.url)
    tab.until(LIVE)
    relay.swallow(answers=True)
    tab.say("the answer is lost")
    eventually(lambda: "the answer is lost" in said(pages.url, "ada"), "it is saved")
    assert tab.pending() == ["the answer is lost"]
    with relay.cut():
        pass
    tab.until(ALL_SENT)
    assert tab.loaded().count("the answer is lost") == 1
    assert said(pages.url, "ada").count("the answer is lost") == 1
    assert tab.doubles() == []


@in_campaign
def test_an_answer_that_is_not_the_servers_does_not_end_the_trying(ada: BrowserContext, pages: Pages) -> None:
    answers = iter(("<html>Log in to this network</html>", '{"access": "broken o'))

    def answer(route: Route) -> None:
        body = next(answers, None)
        if body is None:
            route.continue_()
        else:
            route.fulfill(content_type="application/json", body=body)

    ada.route("**/api/v1/auth/refresh", answer)
    tab = Connection(ada, pages.url)
    tab.until(LIVE)
    assert next(answers, None) is None
    assert tab.state("(state) => state.me.name") == "ada"


@in_campaign
def test_a_refused_message_stays_with_its_reason_and_blocks_no_other(
    ada: BrowserContext, pages: Pages
) -> None:
    tab = Connection(ada, pages.url)
    tab.until(LIVE)
    tab.say("x" * 4001)
    tab.say("behind it")
    tab.until("(state) => state.outbox.length === 1 && state.outbox[0].refused")
    assert tab.state("(state) => state.outbox[0].refused.code") in ("too_big", "invalid")
    tab.page.reload()
    tab.page.locator("body[data-opened=yes]").wait_for(state="attached")
    tab.until(LIVE)
    assert [len(text) for text in tab.pending()] == [4001]
    tab.page.evaluate("() => chat.discard(chat.get().outbox[0].key)")
    assert tab.pending() == []


@pytest.mark.parametrize(("count", "has_locks"), [(3, True), pytest.param(2, False, marks=in_campaign)])
def test_tabs_send_each_message_once_and_show_none_twice(
    ada: BrowserContext, pages: Pages, relay: Relay, count: int, *, has_locks: bool
) -> None:
    # As in a page over plain http.
    script = "" if has_locks else "Object.defineProperty(Navigator.prototype, 'locks', { get() {} });"
    tabs = [Connection(ada, relay.url, script) for _ in range(count)]
    for tab in tabs:
        tab.until(LIVE)
    texts = [f"tab {n}, locks: {has_locks}" for n in range(12)]
    for tab, text in zip(itertools.cycle(tabs), texts[:10], strict=False):
        tab.say(text)
    one, other, *_ = tabs
    with relay.cut():
        one.say(texts[10])
        other.until(f"(state) => state.outbox.some(({{ text }}) => text === '{texts[10]}')")
        other.say(texts[11])
        one.close()
    for tab in tabs[1:]:
        tab.until(ALL_SENT)
        assert [text for text in tab.loaded() if text in texts] == texts
        assert tab.doubles() == []
    assert [text for text in said(pages.url, "ada") if text in texts] == texts


@in_campaign
def test_a_server_that_slept_is_left_as_soon_as_the_page_wakes(pages: Pages, relay: Relay) -> None:
    context = pages.context(service_workers="block")
    context.clock.install()
    pages.log_in(context, "ada")
    tab = Connection(context, relay.url)
    tab.until(LIVE)
    relay.swallow(requests=True, answers=True)
    ben = Connection(browser_of("ben", pages), pages.url)
    ben.until(LIVE)
    ben.say("while ada slept")
    ben.until(ALL_SENT)
    connections = relay.count
    tab.page.evaluate("() => { window.before = true; }")
    tab.page.clock.fast_forward(60_000)  # it notices the missing minute, and does not wait for long
    tab.until(
        "(state) => [...state.rooms.get(1).messages.values()].some(({ text }) => text === 'while ada slept')"
    )
    assert relay.count > connections
    assert tab.page.evaluate("() => window.before"), "nothing was loaded again"


def test_a_session_ended_elsewhere_ends_the_connection_and_keeps_the_name(
    ada: BrowserContext, pages: Pages
) -> None:
    tab = Connection(ada, pages.url)
    tab.until(LIVE)
    headers = {"Authorization": f"Bearer {pages.person('ada')['access']}"}
    assert request("DELETE", f"{pages.url}/api/v1/me/sessions", headers=headers).status_code == 204
    tab.until(ENDED)
    assert tab.state("(state) => [state.connection.why, state.me.name]") == ["session_ended", "ada"]


def test_logging_out_wipes_the_storage_and_reaches_all_tabs(ada: BrowserContext, pages: Pages) -> None:
    tab, other = Connection(ada, pages.url), Connection(ada, pages.url)
    for each in (tab, other):
        each.until(LIVE)
    tab.say("nobody else is to read this")
    tab.until(ALL_SENT)
    tab.page.evaluate("() => chat.saveDraft(1, { text: 'nor this' })")
    tab.page.evaluate("() => chat.logOut()")
    other.until(ENDED)
    tab.page.reload()
    tab.page.locator("body[data-opened=yes]").wait_for(state="attached")
    tab.until(ENDED)
    assert tab.state("(state) => [state.me, state.rooms.size, state.connection.why]") == [
        None,
        0,
        "logged_out",
    ]
    assert [tab.stored(store) for store in ("account", "rooms", "outbox", "drafts")] == [[], [], [], []]


# ------------------------------------------------------------------------------------------------ a server that dies


class Killed:
    """A server that is killed and started again at the same port, with a relay before it."""

    def __init__(self, data: Path, stack: ExitStack) -> None:
        self._data, self._stack = data, stack
        self.port = free_port()
        self.server = self._started()
        self.url = f"http://127.0.0.1:{self.port}"
        self.relay = stack.enter_context(relay_to(self.url))

    def _started(self) -> ServerProcess:
        server = ServerProcess(
            self._data, "--listen", f"127.0.0.1:{self.port}", CHAT_REGISTRATIONS_PER_HOUR="0"
        )
        self._stack.callback(server.end)
        return server

    def kill_and_start(self) -> None:
        self.server.kill()
        self.server = self._started()


@pytest.fixture
def killed() -> Generator[Killed]:
    with used_data_path() as data, ExitStack() as stack:
        yield Killed(data, stack)


@in_campaign
def test_whatever_is_killed_and_cut_each_message_is_saved_once_in_order(
    browser: object, killed: Killed
) -> None:
    with Pages(browser, killed.url) as pages:  # type: ignore[arg-type]
        ada = browser_of("ada", pages, killed.relay.url)
        tab = Connection(ada, killed.relay.url)
        tab.until(LIVE)
        texts: list[str] = []
        for number in range(ROUNDS):
            # One after another, without waiting for any: the server dies in the middle of them.
            texts += (said_now := [f"round {number}, {n}" for n in range(20)])
            tab.page.evaluate(
                """(texts) => {
                    const say = (before, text) => before.then(() => chat.send(1, text));
                    window.typed = texts.reduce(say, Promise.resolve());
                }""",
                said_now,
            )
            tab.until(
                f"(state) => [...state.rooms.get(1).messages.values()].some(({{ text }}) => text === '{said_now[3]}')"
            )
            match number % 3:
                case 0:
                    killed.kill_and_start()
                case 1:
                    with killed.relay.cut():
                        pass
                case _:
                    with killed.relay.cut():
                        killed.kill_and_start()
            tab.page.evaluate("() => typed")
            tab.page.evaluate("() => dispatchEvent(new Event('online'))")  # it need not wait for its next try
            tab.until(ALL_SENT)
        assert tab.doubles() == []
        assert said(killed.url, "ada") == texts
