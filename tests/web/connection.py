"""A page with the web client's connection and no views: tests read its state."""

from base64 import b64encode
from typing import Any

from playwright.sync_api import BrowserContext, Page

from tests.web.spare_contexts import is_unused

_APP = """
import { net$chat } from "./sign_in.js";
const chat = await net$chat.openChat(async () => (await import("./shell.js")).features$registry.FEATURES);
const doubles = [];
function look() {
  const { me, rooms, outbox } = chat.get();
  const messages = [...rooms.values()].flatMap((room) => [...room.messages.values()]);
  const own = messages.filter(({ sender, kind }) => sender.id === me?.id && kind !== "join");
  const texts = [...own, ...outbox].map(({ text }) => text);
  if (new Set(texts).size < texts.length) doubles.push(texts);
}
chat.subscribe(() => setTimeout(look));  // in a task of its own, as the page draws
window.chat = chat;
window.doubles = doubles;
window.until = (test) => new Promise((resolve, reject) => {
  const state = () => JSON.stringify({ connection: chat.get().connection, outbox: chat.get().outbox });
  const timer = setTimeout(() => reject(new Error(`${test} is not so: ${state()}`)), 40_000);
  const look = () => {
    if (!test(chat.get())) return;
    clearTimeout(timer);
    stop();
    resolve(state());
  };
  const stop = chat.subscribe(look);
  look();
});
document.body.dataset.opened = "yes";
"""

_STORED = """(store) => new Promise((resolve) => {
    const opening = indexedDB.open("chat");
    opening.onsuccess = () => {
        const reading = opening.result.transaction(store).objectStore(store).getAll();
        reading.onsuccess = () => {
            opening.result.close();
            resolve(JSON.parse(JSON.stringify(reading.result)));
        };
    };
})"""

LIVE = "(state) => state.connection.state === 'live'"
OFFLINE = "(state) => state.connection.state === 'offline'"
ENDED = "(state) => state.connection.state === 'ended'"
ALL_SENT = "(state) => state.connection.state === 'live' && state.outbox.length === 0"

LOBBY = 1


class Connection:
    """One tab with a connection. The texts that it sends must differ from each other.

    It is the only page of its browser if that is empty, or another one.
    """

    def __init__(self, context: BrowserContext, url: str, script: str = "") -> None:
        self.url = url
        pages = context.pages
        self.page: Page = pages[0] if len(pages) == 1 and is_unused(pages[0]) else context.new_page()
        if script:
            self.page.add_init_script(script)
        _leave_views_out(self.page)
        self.page.goto(url)
        self.page.locator("body[data-opened=yes]").wait_for(state="attached")

    def until(self, test: str) -> None:
        """Wait until a function of the state, in JavaScript, is true."""
        self.page.evaluate(f"() => until({test})")

    def say(self, text: str, room: int = LOBBY) -> None:
        """Send; returns when the message is stored."""
        self.page.evaluate("([room, text]) => chat.send(room, text)", [room, text])

    def pending(self) -> list[str]:
        """The texts of the pending messages."""
        texts: list[str] = self.page.evaluate("() => chat.get().outbox.map(({ text }) => text)")
        return texts

    def loaded(self, room: int = LOBBY) -> list[str]:
        """The loaded texts of a room, in order."""
        script = """(room) => [...(chat.get().rooms.get(room)?.messages.values() ?? [])]
            .sort((a, b) => a.seq - b.seq).map(({ text }) => text).filter(Boolean)"""
        texts: list[str] = self.page.evaluate(script, room)
        return texts

    def load(self, room: int = LOBBY) -> None:
        self.page.evaluate("(room) => chat.loadMessages(room, { limit: 100 })", room)

    def state(self, of: str) -> Any:
        """The result of a function of the state, in JavaScript."""
        return self.page.evaluate(f"() => ({of})(chat.get())")

    def doubles(self) -> list[list[str]]:
        """Texts that some state showed twice, as a message and as a pending one."""
        found: list[list[str]] = self.page.evaluate("() => doubles")
        return found

    def stored(self, store: str) -> list[Any]:
        """The rows that the browser stores in one store of its database."""
        return stored(self.page, store)

    def close(self) -> None:
        self.page.close()


def _leave_views_out(page: Page) -> None:
    """Give the page another `app.js`. A route would ask for each of its files, and keep the browser from its cache."""
    session = page.context.new_cdp_session(page)
    answer = {
        "responseCode": 200,
        "responseHeaders": [{"name": "Content-Type", "value": "text/javascript"}],
        "body": b64encode(_APP.encode()).decode(),
    }
    session.on(
        "Fetch.requestPaused",
        lambda paused: session.send("Fetch.fulfillRequest", {"requestId": paused["requestId"], **answer}),
    )
    session.send("Fetch.enable", {"patterns": [{"urlPattern": "*/app.js"}]})


_REGISTER = """() => {
    const policy = trustedTypes.createPolicy("sw", { createScriptURL: (address) => address });
    return navigator.serviceWorker.register(policy.createScriptURL("/sw.js")).then(() => null);
}"""

_READY = """() => Promise.race([
    navigator.serviceWorker.ready.then(() => null),
    new Promise((_, reject) => setTimeout(() => reject(new Error("no service worker is ready")), 60_000)),
])"""


def register_worker(page: Page) -> None:
    """Register the service worker on the log-in page, as for somebody who was logged in before."""
    page.evaluate(_REGISTER)
    wait_for_worker(page)


def wait_for_worker(page: Page) -> None:
    """Return when the service worker is ready; fail if it never is."""
    page.evaluate(_READY)


def stored(page: Page, store: str) -> list[Any]:
    """The rows that a page's browser stores in one store of its database."""
    rows: list[Any] = page.evaluate(_STORED, store)
    return rows
