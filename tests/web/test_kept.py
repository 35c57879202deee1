"""Storage: it belongs to one person, a shared computer stores nothing, and the page works without it."""

import json
import time
from collections.abc import Callable

from playwright.sync_api import APIResponse, BrowserContext, Route, WebSocketRoute

from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD, eventually
from tests.system.relay import Relay
from tests.web.connection import ALL_SENT, ENDED, LIVE, OFFLINE, Connection
from tests.web.pages import Pages

STORES = ("account", "rooms", "outbox", "drafts")
MOST_SOCKETS = 20


def browser(pages: Pages, name: str | None = None) -> BrowserContext:
    """The browser of somebody who is logged in, without the service worker, which would serve its own files."""
    context = pages.empty(service_workers="block").context
    if name is not None:
        pages.log_in(context, name)
    return context


@in_campaign
def test_rows_put_while_the_outbox_is_read_stay_in_order(pages: Pages) -> None:
    tab = Connection(browser(pages, "eli"), pages.url)
    tab.until(LIVE)
    put = """async () => {
        const app = document.querySelector("script[type=module]").src;
        const { storage$database } = await import(new URL("sign_in.js", app));
        const database = await storage$database.openDatabase({ isShared: false, onLost() {} });
        await database.read();
        const { outbox } = database;
        Date.now = () => 5000;
        for (const key of ["c", "b", "a"]) {
            const read = outbox.all();  // it begins before that is there, and ends before it is kept
            const row = { key, room: 99, text: key, at: 0, refused: { code: "x", text: "" } };
            await Promise.all([outbox.put(row), read]);
        }
        const rows = await outbox.all();
        for (const { key } of rows) await outbox.delete(key);
        return rows.map(({ key }) => key).join("");
    }"""
    assert tab.page.evaluate(put) == "cba"


@in_campaign
def test_the_next_person_finds_nothing_of_the_one_before(pages: Pages) -> None:
    context = browser(pages, "ada")
    tab = Connection(context, pages.url)
    tab.until(LIVE)
    tab.say("of ada alone")
    tab.until(ALL_SENT)
    tab.page.evaluate("() => chat.saveDraft(1, { text: 'her draft' })")
    eventually(lambda: "of ada alone" in str(tab.stored("rooms")), "it is kept")
    tab.close()
    pages.log_in(context, "ben")
    tab = Connection(context, pages.url)
    tab.until("(state) => state.connection.state === 'live' && state.me.name === 'ben'")
    assert tab.page.evaluate("async () => (await chat.readDraft(1)).text") == ""
    eventually(lambda: len(tab.stored("account")) == 1 and "ben" in str(tab.stored("account")), "it is ben's")
    assert "her draft" not in str([tab.stored(store) for store in STORES])


@in_campaign
def test_a_tab_of_another_person_is_loaded_again_when_somebody_logs_in(pages: Pages) -> None:
    context = browser(pages, "ada")
    one, other = Connection(context, pages.url), Connection(context, pages.url)
    one.until(LIVE)
    other.until(LIVE)
    pages.person("cem")
    other.page.evaluate("() => { document.body.dataset.opened = 'before'; }")
    one.page.evaluate("(password) => chat.logIn('cem', password)", PASSWORD)
    other.page.locator("body[data-opened=yes]").wait_for(state="attached")
    other.until("(state) => state.connection.state === 'live' && state.me.name === 'cem'")


def test_a_shared_computer_stores_nothing_and_ends_with_its_last_tab(pages: Pages) -> None:
    context = browser(pages)
    pages.person("dan")
    tab = Connection(context, pages.url)
    tab.until(ENDED)
    tab.page.evaluate("(password) => chat.logIn('dan', password, { shared: true })", PASSWORD)
    tab.until(LIVE)
    tab.say("nothing of this is kept")
    tab.until(ALL_SENT)
    tab.page.reload()
    tab.page.locator("body[data-opened=yes]").wait_for(state="attached")
    tab.until(LIVE)
    assert tab.state("(state) => [state.me.name, state.isPersistent]") == ["dan", False]
    databases = tab.page.evaluate("async () => (await indexedDB.databases()).map(({ name }) => name)")
    assert databases == [] or [tab.stored(store) for store in STORES] == [[], [], [], []]
    tab.close()
    tab = Connection(context, pages.url)
    tab.until(ENDED)
    assert tab.state("(state) => state.me") is None


@in_campaign
def test_switching_to_a_shared_computer_preserves_pending_messages(pages: Pages, relay: Relay) -> None:
    context = browser(pages, "fay")
    one, other = Connection(context, relay.url), Connection(context, relay.url)
    one.until(LIVE)
    other.until(LIVE)
    one.say("kept so far")
    one.until(ALL_SENT)
    with relay.cut():
        one.until(OFFLINE)
        one.say("it waits")
        one.page.evaluate("() => chat.setShared(true)")
        other.until("(state) => !state.isPersistent")
        assert [one.stored(store) for store in STORES] == [[], [], [], []]
    one.until(ALL_SENT)
    other.until("(state) => JSON.stringify([...state.rooms.get(1).messages.values()]).includes('it waits')")
    for tab, text in ((one, "of one tab"), (other, "of the other")):
        tab.say(text)
        tab.until(ALL_SENT)
    one.page.evaluate("() => chat.setShared(false)")
    eventually(lambda: "it waits" in str(one.stored("rooms")), "it is kept again")
    one.close()
    other.close()
    Connection(context, relay.url).until(LIVE)  # the session did not end with the last tab


@in_campaign
def test_without_storage_messages_are_sent_and_the_page_knows(pages: Pages) -> None:
    full = "IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); };"
    blocked = "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('no'); } });"
    aborted = """const { prototype } = IDBObjectStore;
    const write = prototype[NAME];
    prototype[NAME] = function (...given) {
        const request = write.apply(this, given);
        const { transaction } = this;
        queueMicrotask(() => { try { transaction.abort(); } catch {} });  // it may be already
        return request;
    };"""
    while_read, while_written = (aborted.replace("NAME", f"'{name}'") for name in ("get", "put"))
    for number, script in enumerate((full, blocked, while_read, while_written)):
        tab = Connection(browser(pages, "eve"), pages.url, script)
        tab.until(LIVE)
        tab.say(f"kept nowhere {number}")
        tab.until(ALL_SENT)
        tab.until("(state) => !state.isPersistent")
        tab.load()
        assert tab.loaded().count(f"kept nowhere {number}") == 1


@in_campaign
def test_pending_messages_survive_a_wipe_of_the_storage(pages: Pages, relay: Relay) -> None:
    context = browser(pages, "fay")
    tab = Connection(context, relay.url)
    tab.until(LIVE)
    with relay.cut():
        tab.until(OFFLINE)
        tab.say("before it was wiped")
        session = context.new_cdp_session(tab.page)
        session.send("Storage.clearDataForOrigin", {"origin": relay.url, "storageTypes": "indexeddb"})
        tab.until("(state) => !state.isPersistent")
        tab.say("after it was wiped")
    tab.until(ALL_SENT)
    tab.load()
    assert [text for text in tab.loaded() if text.endswith("wiped")] == [
        "before it was wiped",
        "after it was wiped",
    ]


_OTHER_DAY = """(() => {
    const Real = Date, ahead = DAYS * 86_400_000;
    globalThis.Date = class extends Real {
        constructor(...given) { super(...(given.length ? given : [Real.now() + ahead])); }
        static now() { return Real.now() + ahead; }
    };
})()"""


@in_campaign
def test_a_clock_that_is_a_day_off_harms_nothing(pages: Pages) -> None:
    for days in (-1, 1):
        tab = Connection(browser(pages, "gil"), pages.url, _OTHER_DAY.replace("DAYS", str(days)))
        tab.until(LIVE)
        texts = [f"{days} days off {n}" for n in range(3)]
        for text in texts:
            tab.say(text)
        tab.until(ALL_SENT)
        ahead = tab.page.evaluate("() => Date.now()") / 1000 - time.time()
        assert round(ahead / 86_400) == days
        tab.page.reload()
        tab.page.locator("body[data-opened=yes]").wait_for(state="attached")
        tab.until(LIVE)
        tab.load()
        assert [text for text in tab.loaded() if text in texts] == texts


@in_campaign
def test_a_tab_over_the_limit_says_so_and_connects_later(pages: Pages) -> None:
    context = browser(pages, "hal")
    others = context.new_page()
    others.goto(f"{pages.url}/api/v1/docs")
    others.evaluate(
        """([token, count]) => Promise.all(Array.from({ length: count }, () => new Promise((resolve) => {
            const socket = new WebSocket(`${location.origin.replace("http", "ws")}/api/v1/socket`);
            socket.onopen = () => socket.send(JSON.stringify({ type: "hello", id: 1, token }));
            socket.onmessage = () => resolve((window.sockets ??= []).push(socket));
        }))).then(() => {})""",
        [pages.person("hal")["access"], MOST_SOCKETS],
    )
    tab = Connection(context, pages.url)
    tab.until("(state) => state.connection.state === 'offline' && state.connection.why === 'too_many_tabs'")
    others.close()

    def came_in() -> bool:
        tab.page.evaluate("() => dispatchEvent(new Event('online'))")
        return bool(tab.state(LIVE))

    eventually(came_in, "it came in")


@in_campaign
def test_logging_out_offline_ends_the_session_with_the_next_connection(pages: Pages, relay: Relay) -> None:
    context = browser(pages, "ida")
    tab = Connection(context, relay.url)
    tab.until(LIVE)
    with relay.cut():
        tab.until(OFFLINE)
        # Not waited for: it goes on telling the server.
        tab.page.evaluate("() => void chat.logOut()")
        tab.until(ENDED)
    tab.page.reload()
    tab.page.locator("body[data-opened=yes]").wait_for(state="attached")
    tab.until(ENDED)
    assert tab.state("(state) => [state.me, state.connection.why]") == [None, "logged_out"]
    eventually(lambda: context.cookies() == [], "the server has taken the cookie away")


@in_campaign
def test_a_page_that_is_older_than_the_server_loads_itself_again_when_nobody_looks(pages: Pages) -> None:
    context = browser(pages, "jon")
    versions = iter(("1", "2", "2"))
    sockets: list[WebSocketRoute] = []

    def tell_version(route: WebSocketRoute) -> None:
        version = next(versions)
        sockets.append(route)
        server = route.connect_to_server()
        server.on_message(_with_version(route, version))

    context.pages[0].route_web_socket("**/api/v1/socket", tell_version)
    tab = Connection(context, pages.url)
    tab.until(LIVE)
    sockets[0].close(code=1013)
    tab.until("(state) => state.isOutdated && state.connection.state === 'live'")
    tab.page.evaluate(
        """() => {
            document.body.dataset.opened = "before";
            Object.defineProperty(document, "hidden", { get: () => true });
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    tab.page.locator("body[data-opened=yes]").wait_for(state="attached")
    tab.until(LIVE)
    assert not tab.state("(state) => state.isOutdated")


def _with_version(route: WebSocketRoute, version: str) -> Callable[[str | bytes], None]:
    def pass_on(data: str | bytes) -> None:
        frame = json.loads(data)
        if frame["type"] == "hello_ok":
            frame["version"] = version
        route.send(json.dumps(frame))

    return pass_on


@in_campaign
def test_a_session_that_is_renewed_while_another_tab_logs_out_leaves_nothing(pages: Pages) -> None:
    context = browser(pages, "ida")
    tab = Connection(context, pages.url)
    tab.until(LIVE)
    held: list[tuple[Route, APIResponse]] = []
    context.route("**/api/v1/auth/refresh", lambda route: held.append((route, route.fetch())))
    other = Connection(context, pages.url)
    while not held:
        other.page.evaluate("() => null")  # the page asks, and the server answers too late
    tab.page.evaluate("() => chat.logOut()")
    other.until(ENDED)
    [(route, answer)] = held
    with other.page.expect_event("requestfinished", lambda request: request.url == answer.url):
        route.fulfill(response=answer)
    other.page.evaluate("() => chat.call('GET', '/setup')")  # what comes after it has come
    assert other.state("(state) => state.me") is None
    assert other.stored("account") == []
