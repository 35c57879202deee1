"""The support widget on pages of other sites: a visitor and an operator talk, and nobody else can interfere."""

import json
import re
from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, Route, WebSocketRoute, expect
from websockets.sync.client import connect

from tests.backup.restorable import open_restorable
from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, eventually, post, request
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.system.relay import Relay
from tests.web.axe import AXE, serious
from tests.web.giving import payload, png
from tests.web.pages import Pages
from tests.web.rooms import forget_tokens
from tests.web.site import OtherSite, other_site
from tests.web.test_screens import sideways

BUTTON = "Chat with us"


class Operator:
    """An operator, over HTTP."""

    def __init__(self, url: str, name: str) -> None:
        self.url = f"{url}/api/v1"
        login = post(f"{self.url}/auth/login", {"login": name, "password": PASSWORD}).json()
        self.token = login["access"]
        self._headers = {"Authorization": f"Bearer {self.token}"}

    def asks(self, method: str, path: str, body: object = None) -> Any:
        answer = request(method, self.url + path, body, headers=self._headers)
        assert answer.is_success, answer.text
        return answer.json()

    def conversation(self, text: str) -> Any:
        """The room whose last message is this text, once it exists."""

        def found() -> list[Any]:
            rooms = self.asks("GET", "/support").get("rooms", [])
            return [room for room in rooms if room.get("last", {}).get("text") == text]

        eventually(lambda: bool(found()), f"a conversation that ends with {text!r}")
        return found()[0]

    def says(self, room: int, text: str) -> None:
        self.asks("POST", f"/rooms/{room}/messages", {"key": text.encode().hex()[:64], "text": text})

    def messages(self, room: int) -> list[Any]:
        """The texts of a room, once there are some: the list of conversations may have them a moment earlier."""

        def shown_now() -> Any:
            return self.asks("GET", f"/rooms/{room}/messages").get("messages")

        eventually(shown_now, "a message")
        messages: list[Any] = shown_now()
        return messages

    def texts(self, room: int) -> list[str]:
        return [each["text"] for each in self.messages(room)]


@pytest.fixture(scope="module")
def shop() -> Generator[OtherSite]:
    """A site that may show the widget."""
    with other_site() as site:
        yield site


@pytest.fixture(scope="module")
def chat(shop: OtherSite, ports: tuple[int, int]) -> Generator[ServerProcess]:
    forget_tokens()
    limits = {"CHAT_REGISTRATIONS_PER_HOUR": "0", "CHAT_WIDGET_ORIGINS": f"{shop.url} {shop.elsewhere}"}
    with (
        used_data_path() as data,
        running_server(data, port=ports[0], **limits) as server,
    ):
        command(server, "user", "add", "olga", "--operator", "--password-stdin", stdin=PASSWORD)
        yield server


@pytest.fixture(scope="module")
def olga(chat: ServerProcess) -> Operator:
    return Operator(chat.url, "olga")


@contextmanager
def online(operator: Operator, *requests: tuple[str, dict[str, Any]]) -> Generator[None]:
    """An operator has a socket, which has sent these requests, until the end of the block."""
    with connect(operator.url.replace("http", "ws") + "/socket") as socket:
        for number, (kind, fields) in enumerate([("hello", {"token": operator.token}), *requests]):
            socket.send(json.dumps({"type": kind, "id": number, **fields}))
            assert json.loads(socket.recv(timeout=20))["type"] == f"{kind}_ok"
        yield


def typing(operator: Operator, room: int) -> AbstractContextManager[None]:
    """An operator has begun to type, and is connected until the end of the block."""
    return online(operator, ("activity", {"room": room, "what": "typing"}))


def opened(page: Page) -> FrameLocator:
    """Press the button, and return the panel."""
    panel = pressed(page)
    expect(panel.get_by_label("Your message")).to_be_focused()
    return panel


def pressed(page: Page) -> FrameLocator:
    """Press the button, and return the panel. In a frame of another site Chromium reports the focus unreliably."""
    page.get_by_role("button", name=BUTTON).click()
    panel = page.frame_locator("chat-widget iframe")
    expect(panel.get_by_label("Your message")).to_be_visible()
    return panel


def say(panel: FrameLocator, text: str) -> Locator:
    panel.get_by_label("Your message").fill(text)
    panel.get_by_label("Your message").press("Enter")
    return panel.get_by_text(text, exact=True)


def come_back(page: Page) -> None:
    """Connect again, without the wait that a server asks for when it stops."""
    page.frames[1].evaluate("() => dispatchEvent(new Event('online'))")


@in_campaign
def test_a_visitor_learns_what_a_restored_backup_lacks(browser: Browser, shop: OtherSite) -> None:
    with open_restorable(CHAT_WIDGET_ORIGINS=shop.url) as restorable, Pages(browser, restorable.url) as pages:
        shop.shows_widget(restorable.url, "/restored")
        older, newer = pages.empty(), pages.empty()
        older.goto(f"{shop.url}/restored")
        panel = pressed(older)
        sending = panel.get_by_text("Sending…")
        expect(say(panel, "before the backup")).to_be_visible()
        expect(sending).to_have_count(0)
        restorable.back_up()
        for text in ("order 4711", "and 4712"):
            expect(say(panel, text)).to_be_visible()
        expect(sending).to_have_count(0)
        newer.goto(f"{shop.url}/restored")
        unknown = pressed(newer)
        expect(say(unknown, "I am new")).to_be_visible()
        expect(unknown.get_by_text("Sending…")).to_have_count(0)
        restorable.restore()

        come_back(older)
        lost = panel.locator(".panel-lost")
        expect(lost).to_contain_text("restored from a backup. 2 messages of this conversation are gone:")
        expect(lost.locator("li")).to_have_text(["You order 4711", "You and 4712"])
        expect(panel.locator(".panel-list .message-text")).to_have_text(["before the backup"])
        older.reload()
        expect(lost.locator("li")).to_have_count(2)
        lost.get_by_role("button", name="Send mine again").click()
        expect(panel.locator(".panel-list .message-text")).to_have_text(
            ["before the backup", "order 4711", "and 4712"]
        )
        expect(lost).to_have_count(0)
        expect(sending).to_have_count(0)
        # The server does not know this visitor any more: a new conversation begins with the next message.
        come_back(newer)
        expect(unknown.get_by_text("Your last conversation has ended")).to_be_visible()
        expect(say(unknown, "here I am again")).to_be_visible()
        expect(unknown.get_by_text("Sending…")).to_have_count(0)
        expect(unknown.locator(".panel-list .message-text")).to_have_text(["here I am again"])


def test_a_visitor_and_an_operator_talk(
    pages: Pages, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    shop.shows_widget(chat.url)
    page = pages.empty()
    asked: list[str] = []
    page.on("request", lambda each: asked.append(each.url))
    page.goto(shop.url + "/?basket=7")
    button = page.get_by_role("button", name=BUTTON)
    expect(button).to_have_attribute("aria-expanded", "false")
    page.get_by_role("button", name="Buy").click()
    assert [each for each in asked if each.startswith(chat.url)] == [f"{chat.url}/widget.js"], (
        "nothing is loaded before the click"
    )
    panel = opened(page)
    expect(panel.get_by_text("We will reply here", exact=True)).to_be_visible()
    panel.get_by_label("Your name").fill("Anna")
    panel.get_by_label("Email").fill("anna")
    say(panel, "is it blue?")
    expect(panel.get_by_text("that is not an email address")).to_be_visible()
    expect(panel.get_by_label("Your message")).to_have_value("is it blue?")
    panel.get_by_label("Email").fill("anna@example.com")
    panel.get_by_role("button", name="Send").click()
    expect(panel.locator("time")).to_have_count(1)
    room = olga.conversation("is it blue?")
    support = room["support"]
    assert (support["person"]["display"], support["email"], support["page"]) == (
        "Anna",
        "anna@example.com",
        f"{shop.url}/",
    )

    with typing(olga, room["id"]):
        expect(panel.get_by_text("olga is typing…")).to_be_visible()
    olga.says(room["id"], "it **is** <b>blue</b>")
    expect(panel.get_by_text("Answered by olga")).to_be_visible()
    expect(panel.locator("strong")).to_have_text("is")
    expect(panel.get_by_text("it is <b>blue</b>", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(panel.get_by_label("Your message")).to_be_hidden()
    olga.says(room["id"], "still there?")
    dotted = page.get_by_role("button", name=f"{BUTTON}, 1 new message")
    expect(dotted).to_be_visible()
    page.reload()
    expect(dotted).to_be_visible()
    dotted.click()
    expect(panel.get_by_text("still there?", exact=True)).to_be_visible()
    expect(dotted).to_be_hidden()
    expect(panel.get_by_label("Your name")).to_be_hidden()
    olga.asks("PATCH", f"/support/{room['id']}", {"state": "closed"})
    expect(panel.get_by_text("This conversation is closed")).to_be_visible()
    panel.get_by_role("button", name="Good").click()
    panel.get_by_label("Anything to add?").fill("quick")
    panel.get_by_role("button", name="Send comment").click()
    expect(panel.get_by_text("Thank you!")).to_be_visible()
    (rating,) = olga.asks("GET", f"/support/{room['id']}/ratings")["ratings"]
    assert (rating["rating"], rating["comment"]) == ("good", "quick")
    expect(say(panel, "thanks")).to_be_visible()
    expect(panel.get_by_text("This conversation is closed")).to_be_hidden()
    page.goto(shop.url)
    expect(panel.get_by_text("thanks", exact=True)).to_be_visible()
    assert olga.texts(room["id"]) == ["is it blue?", "it **is** <b>blue</b>", "still there?", "thanks"]


@in_campaign
def test_files_reactions_and_the_operators_own_greeting(
    pages: Pages, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    command(chat, "setting", "set", "widget_greeting", "Garden tools, what is broken?")
    desk = f"{chat.url}/api/v1/support/desk"
    eventually(lambda: "greeting" in request("GET", desk).json(), "the server knows the greeting")
    shop.shows_widget(chat.url)
    page = pages.empty()
    page.goto(shop.url)
    panel = pressed(page)
    expect(panel.get_by_text("Garden tools, what is broken?", exact=True)).to_be_visible()
    command(chat, "setting", "unset", "widget_greeting")
    expect(say(panel, "my rake").locator("xpath=ancestor::li").locator("time")).to_be_visible()
    room = olga.conversation("my rake")["id"]
    panel.get_by_label("Attach files").first.set_input_files(
        [payload("rake.png", "image/png", png()), payload("bill.txt", "text/plain", b"7 euros")]
    )
    expect(panel.get_by_role("list", name="Attached files").get_by_role("listitem")).to_have_count(2)
    panel.get_by_role("button", name="Send").click()
    expect(panel.locator(".said .picture.is-loaded img")).to_be_visible()
    expect(panel.get_by_role("button", name="Download bill.txt")).to_be_visible()
    sent = olga.messages(room)[-1]
    assert [each["name"] for each in sent["files"]] == ["rake.png", "bill.txt"]
    olga.asks("PUT", f"/rooms/{room}/messages/{sent['seq']}/reactions/%F0%9F%91%8D")
    expect(panel.get_by_role("list", name="Reactions")).to_have_text("👍")
    panel.get_by_role("button", name="Open rake.png").click()
    expect(panel.get_by_role("dialog").get_by_role("img", name="rake.png")).to_be_visible()


@in_campaign
def test_a_closed_desk_says_when_it_opens_or_hides_the_button(
    pages: Pages, chat: ServerProcess, shop: OtherSite
) -> None:
    def changed(name: str, value: str, away: str | None) -> None:
        command(chat, "setting", "set", name, value)
        desk = f"{chat.url}/api/v1/support/desk"
        eventually(lambda: request("GET", desk).json().get("away") == away, f"the server knows {name}")

    closed = [f"{datetime.now(UTC) + timedelta(days=n):%Y-%m-%d}" for n in range(-1, 3)]
    command(chat, "setting", "set", "support_holidays", ",".join(closed))
    changed("support_hours", "mon-sun/09:00-17:00", "message")
    shop.shows_widget(chat.url)
    page = pages.empty()
    page.goto(shop.url)
    panel = pressed(page)
    expect(panel.locator(".panel-back")).to_have_text(re.compile(r"^Back \w+ 14:45$"))
    expect(panel.get_by_text("Leave a message: we will reply here.")).to_be_visible()
    changed("when_away", "hide", "hide")
    other = pages.context().new_page()  # no other test's: it keeps the hidden widget's script for a minute
    other.goto(shop.url)
    expect(other.get_by_role("button", name="Buy")).to_be_visible()
    expect(other.get_by_role("button", name=BUTTON)).to_have_count(0)
    other.evaluate("sessionStorage.setItem('chat-widget', 'closed')")
    other.reload()
    expect(other.get_by_role("button", name=BUTTON)).to_be_visible()
    changed("support_hours", "", None)


_FILL_IN = """(form) => {
    for (const [id, value] of [["name", "Cleo"], ["email", "cleo@example.com"], ["message", "my spade"]]) {
        const field = form.querySelector(id === "message" ? "textarea" : `#${id}`);
        field.value = value;
        field.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
    form.requestSubmit();
}"""
"""Fills in a form as a browser does: all fields before the next render."""


def test_fields_that_a_browser_fills_in_are_sent(
    pages: Pages, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    shop.shows_widget(chat.url)
    page = pages.empty()
    page.goto(shop.url)
    opened(page).locator("form").evaluate(_FILL_IN)
    support = olga.conversation("my spade")["support"]
    assert (support["person"].get("display"), support.get("email")) == ("Cleo", "cleo@example.com")


@in_campaign
def test_files_go_with_the_first_message_and_survive_a_lost_connection(
    pages: Pages, relay: Relay, shop: OtherSite, olga: Operator
) -> None:
    shop.shows_widget(relay.url)
    page = pages.empty()
    page.goto(shop.url)
    panel = pressed(page)
    name = panel.get_by_label("Your name")

    def is_written() -> bool:
        name.fill("Berta")  # an opening panel may move the focus between its two steps
        return name.input_value() == "Berta"

    eventually(is_written, "the name is written")
    panel.get_by_label("Attach files").first.set_input_files(
        [payload("saw.png", "image/png", png()), payload("bill.txt", "text/plain", b"9 euros")]
    )
    attached = panel.get_by_role("list", name="Attached files").get_by_role("listitem")
    with relay.cut():
        say(panel, "my saw")
        expect(panel.get_by_text("Your text is still here.")).to_be_visible()
        expect(attached).to_have_count(2)
    with ExitStack() as cut:

        def drop(route: Route) -> None:
            cut.enter_context(relay.cut())
            route.abort()

        page.route("**/files?*", drop)
        panel.get_by_role("button", name="Send").click()
        expect(panel.get_by_text("The server is not responding.")).to_have_count(2)
        expect(panel.get_by_label("Your message")).to_have_value("my saw")
        page.unroute("**/files?*")
    expect(panel.get_by_role("button", name="Download bill.txt")).to_be_visible()
    expect(panel.locator(".said .picture.is-loaded img")).to_be_visible()
    expect(attached).to_have_count(0)
    room = olga.conversation("my saw")
    assert room["support"]["person"]["display"] == "Berta"
    [said] = olga.messages(room["id"])
    assert [each["name"] for each in said["files"]] == ["saw.png", "bill.txt"]


def test_messages_written_offline_are_sent_once_also_after_a_reload(
    pages: Pages, relay: Relay, shop: OtherSite, olga: Operator
) -> None:
    shop.shows_widget(relay.url)
    page = pages.empty()
    page.goto(shop.url)
    panel = opened(page)
    expect(say(panel, "before").locator("xpath=ancestor::li").locator("time")).to_be_visible()
    room = olga.conversation("before")
    with relay.cut():
        expect(panel.get_by_text("No connection")).to_be_visible()
        for text in ("first", "second"):
            expect(say(panel, text)).to_be_visible()
        expect(panel.get_by_text("Sending…")).to_have_count(2)
        olga.says(room["id"], "meanwhile")
    expect(panel.get_by_text("No connection")).to_be_hidden()
    expect(panel.get_by_text("Sending…")).to_have_count(0)
    expect(panel.locator(".said .message-text")).to_have_text(["before", "meanwhile", "first", "second"])
    assert olga.texts(room["id"]) == ["before", "meanwhile", "first", "second"]


@in_campaign
@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(
            "() => { Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }; }",
            marks=in_campaign,
        ),
        "() => localStorage.clear()",
    ],
    ids=["full", "wiped"],
)
def test_after_a_wipe_messages_are_sent_while_the_page_is_open(
    pages: Pages, relay: Relay, shop: OtherSite, olga: Operator, lose: str
) -> None:
    shop.shows_widget(relay.url)
    page = pages.empty()
    page.goto(shop.url)
    panel = pressed(page)
    first = f"first, {lose[6:20]}"
    expect(say(panel, first).locator("xpath=ancestor::li").locator("time")).to_be_visible()
    room = olga.conversation(first)
    with relay.cut():
        expect(panel.get_by_text("No connection")).to_be_visible()
        say(panel, "while it is kept")
        expect(panel.get_by_text("Sending…")).to_have_count(1)
        panel.locator("body").evaluate(lose)
        say(panel, "kept nowhere")
        expect(panel.get_by_text("Sending…")).to_have_count(2)
    expect(panel.get_by_text("Sending…")).to_have_count(0)
    expect(panel.get_by_text("Your browser stores nothing")).to_be_visible()
    assert olga.texts(room["id"]) == [first, "while it is kept", "kept nowhere"]


@in_campaign
def test_without_storage_the_conversation_lasts_for_this_page(
    whole_browser: Browser, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    shop.shows_widget(chat.url)
    """The browser without windows stores what is stored for a frame of another site; an ordinary one does not."""
    with Pages(whole_browser, chat.url) as pages:
        page = pages.context(viewport={"width": 390, "height": 844}).new_page()
        page.goto(shop.elsewhere)  # another site than the server's, so its frame has no storage
        panel = pressed(page)
        expect(panel.get_by_text("Your browser stores nothing")).to_be_visible()
        box = page.locator("chat-widget iframe").bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (390, 844)
        expect(say(panel, "hello from a phone").locator("xpath=ancestor::li").locator("time")).to_be_visible()
        room = olga.conversation("hello from a phone")
        olga.says(room["id"], "hello phone")
        expect(panel.get_by_text("hello phone", exact=True)).to_be_visible()
        assert room["support"].get("email") is None


@in_campaign
def test_a_session_that_an_admin_ends_gives_text_and_files_back(
    pages: Pages, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    shop.shows_widget(chat.url)
    page = pages.empty()
    page.goto(shop.url)
    panel = pressed(page)
    expect(say(panel, "I am rude").locator("xpath=ancestor::li").locator("time")).to_be_visible()
    person = olga.conversation("I am rude")["support"]["person"]["name"]
    panel.get_by_label("Your message").fill("not yet said")
    panel.get_by_label("Attach files").first.set_input_files([payload("bill.txt", "text/plain", b"9 euros")])
    attached = panel.get_by_role("list", name="Attached files").get_by_role("listitem")
    expect(attached).to_have_count(1)
    command(chat, "user", "revoke", person)
    expect(panel.get_by_text("Your last conversation has ended")).to_be_visible()
    expect(panel.get_by_text("I am rude")).to_be_hidden()
    expect(panel.get_by_label("Your message")).to_have_value("not yet said")
    expect(attached).to_have_count(1)
    panel.get_by_role("button", name="Send").click()
    [file] = olga.conversation("not yet said")["last"]["files"]
    assert file["name"] == "bill.txt"


@in_campaign
def test_a_blocked_visitor_sees_it_and_can_not_start_another_conversation(
    pages: Pages, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    shop.shows_widget(chat.url)
    page = pages.empty()
    page.goto(shop.url)
    panel = pressed(page)
    expect(say(panel, "I am a nuisance").locator("xpath=ancestor::li").locator("time")).to_be_visible()
    room = olga.conversation("I am a nuisance")["id"]
    olga.asks("PATCH", f"/support/{room}", {"blocked": True})
    for _ in range(2):
        expect(panel.get_by_text("You can no longer write here.")).to_be_visible()
        expect(panel.get_by_label("Your message")).to_have_count(0)
        page.reload()
    expect(panel.get_by_text("You can no longer write here.")).to_be_visible()
    olga.asks("PATCH", f"/support/{room}", {"blocked": False})
    page.reload()
    expect(say(panel, "I am sorry").locator("xpath=ancestor::li").locator("time")).to_be_visible()
    assert olga.conversation("I am sorry")["id"] == room


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core: make node_modules/made with Node installed")
def test_the_panel_has_no_serious_finding_and_nothing_is_cut_off(
    pages: Pages, chat: ServerProcess, olga: Operator
) -> None:
    page = pages.open("/widget", viewport={"width": 320, "height": 520})
    expect(
        page.get_by_label("Your message")
    ).to_be_visible()  # the operator of another test may still be online
    found = [*serious(page), *sideways(page)]
    page.get_by_label("Your message").fill("x" * 300)
    page.keyboard.press("Enter")
    expect(page.locator("time")).to_have_count(1)
    olga.says(olga.conversation("x" * 300)["id"], "one line\nanother\n\n`y`\n\n> " + "z" * 300)
    expect(page.locator("time")).to_have_count(2)
    assert page.locator(".said p", has_text="one line").inner_text() == "one line\nanother"
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found += [*serious(page), *sideways(page)]
    assert not found, "\n".join(found)


def test_a_site_that_is_not_allowed_shows_no_panel(pages: Pages, chat: ServerProcess) -> None:
    policy = request("GET", f"{chat.url}/widget").headers["Content-Security-Policy"]
    with other_site() as foreign:
        assert foreign.url not in policy
        foreign.shows_widget(chat.url)
        page = pages.empty()
        page.goto(foreign.url)
        with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
            page.get_by_role("button", name=BUTTON).click()
        expect(page.frame_locator("chat-widget iframe").get_by_label("Your message")).to_have_count(0)
        pages.faults.clear()  # what the browser said of it


def test_messages_of_other_windows_do_nothing(
    pages: Pages, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    with other_site() as foreign:
        foreign.pages["/"] = (
            {},
            """<script>
            const told = [{ chat: "close" }, { chat: "unread", count: 9 }, { chat: "height", height: 9 }, null];
            for (const each of told) {
                parent.postMessage(each, "*");
                for (let i = 0; i < parent.frames.length; i++) parent.frames[i].postMessage(each, "*");
            }
            document.title = "told";
            document.write("<p>told</p>");
            </script>""",
        )
        shop.pages["/evil"] = (
            {},
            f'<script async src="{chat.url}/widget.js"></script><div id="place"></div>',
        )
        page = pages.empty()
        page.goto(shop.url + "/evil")
        panel = pressed(page)
        expect(say(panel, "between us").locator("xpath=ancestor::li").locator("time")).to_be_visible()
        room = olga.conversation("between us")
        page.evaluate(
            "(url) => { const frame = document.createElement('iframe'); frame.id = 'evil'; frame.src = url;"
            " document.getElementById('place').append(frame); }",
            foreign.url,
        )
        expect(page.frame_locator("#evil").get_by_text("told")).to_be_visible()
        olga.says(room["id"], "still open")  # had the panel closed, it would count as unread
        expect(panel.get_by_text("still open", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name=BUTTON, exact=True)).to_have_attribute("aria-expanded", "true")
        box = page.locator("chat-widget iframe").bounding_box()
        assert box is not None
        assert box["height"] == 520


@in_campaign
def test_two_pages_that_begin_at_once_share_one_conversation(
    pages: Pages, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    shop.shows_widget(chat.url)
    context = pages.context()
    held: list[Route] = []
    is_held = True
    context.route(
        "**/api/v1/support/visitors", lambda route: held.append(route) if is_held else route.continue_()
    )
    one, other = context.new_page(), context.new_page()
    panels = []
    for page in (one, other):
        page.goto(shop.url)
        panels.append(pressed(page))
    say(panels[0], "from the first page")
    expect(panels[0].get_by_role("button", name="Send")).to_be_disabled()
    say(panels[1], "from the second page")
    expect(panels[1].get_by_role("button", name="Send")).to_be_disabled()
    is_held = False
    for route in held:
        route.continue_()
    for panel in panels:
        expect(panel.locator(".said .message-text")).to_have_count(2)
        expect(panel.get_by_text("Sending…")).to_have_count(0)
    room = olga.conversation(panels[0].locator(".said .message-text").last.inner_text())
    assert sorted(olga.texts(room["id"])) == ["from the first page", "from the second page"]


@in_campaign
def test_a_page_that_joins_before_its_socket_has_the_beginning_shows_it(
    pages: Pages, chat: ServerProcess, shop: OtherSite
) -> None:
    shop.shows_widget(chat.url)
    context = pages.context()
    one, other = context.new_page(), context.new_page()
    frames: list[
        tuple[WebSocketRoute, str | bytes]
    ] = []  # of the server to the other page, after the first sync
    is_live = is_through = False

    def connect(page: WebSocketRoute) -> None:
        def pass_on(frame: str | bytes) -> None:
            nonlocal is_live
            if is_live and not is_through:
                frames.append((page, frame))
            else:
                page.send(frame)
                is_live = is_live or '"sync_ok"' in str(frame)

        page.connect_to_server().on_message(pass_on)

    other.route_web_socket("**/api/v1/socket", connect)
    panels = []
    for page in (one, other):
        page.goto(shop.url)
        panels.append(pressed(page))
    begins: list[Route] = []
    makes: list[Route] = []
    one.route("**/api/v1/support/visitors", lambda route: begins.append(route))
    one.route("**/api/v1/support", lambda route: makes.append(route))
    with one.expect_request("**/api/v1/support/visitors"):
        say(panels[0], "from the first page")
    say(panels[1], "from the second page")  # it waits for the first page, and then joins
    expect(panels[1].get_by_role("button", name="Send")).to_be_disabled()
    with one.expect_request("**/api/v1/support"):
        begins[0].continue_()
    eventually(lambda: other.evaluate("true") and is_live, "the other page is connected")
    joins: list[Route] = []
    other.route("**/api/v1/support", lambda route: joins.append(route))
    with other.expect_request("**/api/v1/support"):
        makes[0].continue_()
        expect(panels[0].locator(".said .message-text")).to_have_count(1)
        expect(panels[0].get_by_text("Sending…")).to_have_count(0)
        say(panels[0], "and one more")
        expect(panels[0].locator(".said .message-text")).to_have_count(2)
        expect(panels[0].get_by_text("Sending…")).to_have_count(0)
    with other.expect_response("**/api/v1/support"):
        joins[0].continue_()
    is_through = True
    for socket, frame in frames:
        socket.send(frame)
    for panel in panels:
        expect(panel.locator(".said .message-text")).to_have_count(3)


@in_campaign
def test_a_page_continues_a_conversation_of_a_closed_page(
    pages: Pages, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    shop.shows_widget(chat.url)
    other = pages.empty()
    one = other.context.new_page()
    other.goto(shop.url)
    panel = pressed(other)
    one.goto(shop.url)
    say(pressed(one), "begun here")
    room = olga.conversation("begun here")
    one.close()
    expect(panel.get_by_text("begun here", exact=True)).to_be_visible()
    expect(say(panel, "gone on there").locator("xpath=ancestor::li").locator("time")).to_be_visible()
    assert olga.texts(room["id"]) == ["begun here", "gone on there"]


@in_campaign
def test_who_is_logged_in_at_the_site_has_one_conversation_on_all_devices(
    pages: Pages, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    command(chat, "user", "add", "eve", "--admin", "--password-stdin", stdin=PASSWORD)
    secret = Operator(chat.url, "eve").asks("POST", "/admin/visitor-secret", {})["secret"]

    def known(path: str, **claims: str) -> None:
        """Have the site say who is logged in there; without claims, that nobody is."""
        about = {**claims, "exp": int(datetime.now(UTC).timestamp()) + 300}
        token = jwt.encode(about, secret, "HS256") if claims else None
        shop.pages[path] = (
            {},
            f"""<!doctype html><link rel=icon href=data:><script>
            addEventListener("message", ({{ origin, source, data }}) => {{
              if (origin === "{chat.url}" && data.chat === "ready")
                source.postMessage({{ chat: "identity", token: {json.dumps(token)} }}, origin);
            }})</script><script async src="{chat.url}/widget.js"></script>""",
        )

    known("/ada", id="7", name="Ada of the shop", email="ada@shop.example")
    known("/ben", id="8", name="Ben")
    known("/nobody")
    shop.shows_widget(chat.url)
    laptop, phone = pages.empty(), pages.empty()
    laptop.goto(shop.url)
    say(pressed(laptop), "begun without a name")
    room = olga.conversation("begun without a name")
    assert "verified" not in room["support"]

    laptop.goto(f"{shop.url}/ada")
    on_laptop = laptop.frame_locator("chat-widget iframe")
    expect(on_laptop.get_by_text("begun without a name", exact=True)).to_be_visible()
    eventually(lambda: "verified" in olga.conversation("begun without a name")["support"], "she is verified")
    phone.goto(f"{shop.url}/ada")
    on_phone = pressed(phone)
    expect(on_phone.get_by_text("begun without a name", exact=True)).to_be_visible()
    expect(on_phone.get_by_label("Your name")).to_have_count(0)
    say(on_phone, "gone on by phone")
    expect(on_laptop.get_by_text("gone on by phone", exact=True)).to_be_visible()
    now = olga.conversation("gone on by phone")
    assert (now["id"], now["support"]["person"]["display"], now["support"]["email"]) == (
        room["id"],
        "Ada of the shop",
        "ada@shop.example",
    )
    page = pages.at("olga", f"/inbox/{room['id']}")
    expect(page.get_by_role("heading", name="Ada of the shop").first).to_contain_text("Verified")
    page.get_by_role("button", name="Ada of the shop").first.click()
    expect(page.get_by_role("dialog").get_by_text("Verified")).to_have_count(2)

    on_laptop.get_by_label("Your message").fill("half a word")
    laptop.goto(f"{shop.url}/ben")
    expect(on_laptop.get_by_label("Your message")).to_have_value("")
    expect(on_laptop.get_by_text("gone on by phone")).to_have_count(0)
    say(on_laptop, "here is Ben")
    assert olga.conversation("here is Ben")["support"]["person"]["display"] == "Ben"
    laptop.goto(f"{shop.url}/nobody")
    expect(on_laptop.get_by_placeholder("Your name")).to_be_visible()
    expect(on_laptop.get_by_text("here is Ben")).to_have_count(0)


@in_campaign
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_panel_has_the_colour_and_the_consent_line_of_the_site(
    pages: Pages, chat: ServerProcess, shop: OtherSite, scheme: Any
) -> None:
    consent = "By writing you agree &lt;b&gt; to our terms."
    about = f'data-color="#ffe14d" data-consent="{consent}" data-consent-link="https://shop.example/privacy"'
    script = f'<script async {about} src="{chat.url}/widget.js"></script>'
    shop.pages["/yellow"] = ({}, f"<!doctype html><title>Shop</title><link rel=icon href=data:>{script}")
    page = pages.empty(color_scheme=scheme)
    page.goto(shop.url + "/yellow")
    button = page.get_by_role("button", name=BUTTON)
    colour = button.evaluate("(button) => getComputedStyle(button).backgroundColor")
    assert re.match(r"oklch\(0\.48 ", colour), "white can be read on it"
    panel = pressed(page)
    expect(panel.get_by_text("By writing you agree <b> to our terms.")).to_be_visible()
    link = panel.get_by_role("link", name="Privacy policy")
    expect(link).to_have_attribute("href", "https://shop.example/privacy")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    if AXE.exists():
        assert serious(page.frames[1]) == []
    sent = say(panel, f"in yellow, {scheme}")
    expect(sent.locator("xpath=ancestor::li").locator("time")).to_be_visible()
    expect(link).to_have_count(0)
    # A link to the panel shows nothing of it: it would be anybody's words.
    page.goto(
        f"{chat.url}/widget#host={shop.url}&consent=Win+a+prize&consentLink=https://evil.example&color=%23ff0000"
    )
    expect(page.get_by_label("Your message")).to_be_visible()
    expect(page.get_by_text("Win a prize")).to_have_count(0)


@in_campaign
def test_a_page_greets_once_while_an_operator_is_online(
    pages: Pages, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    words = "Questions &lt;b&gt; about our prices?"
    script = (
        f'<script async data-greeting="{words}" data-greeting-after="0" src="{chat.url}/widget.js"></script>'
    )
    shop.pages["/prices"] = ({}, f"<!doctype html><title>Shop</title><link rel=icon href=data:>{script}")
    page = pages.empty(viewport={"width": 390, "height": 700})
    panel = page.frame_locator("chat-widget iframe")
    greeting = panel.get_by_role("button", name="Questions <b> about our prices?")
    with online(olga):
        page.goto(shop.url + "/prices")
        expect(greeting).to_be_visible()
        expect(page.locator("chat-widget iframe")).to_have_css(
            "height", re.compile(r"^5\dpx$")
        )  # it covers little of the page
        assert page.evaluate("document.activeElement === document.body")
        if AXE.exists():
            assert serious(page.frames[1]) == []
        panel.get_by_role("button", name="Close the chat").first.click()
        expect(page.locator("chat-widget iframe")).to_be_hidden()
        page.reload()
        expect(panel.get_by_label("Your message")).to_be_attached()
        expect(greeting).to_have_count(0)

        page.evaluate("sessionStorage.clear()")
        page.reload()
        greeting.click()
        expect(panel.get_by_label("Your message")).to_be_visible()
        expect(greeting).to_have_count(0)
        expect(say(panel, "what does it cost?")).to_be_visible()


def test_a_site_asks_for_what_it_needs_before_the_first_message(
    pages: Pages, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    script = f'<script async data-fields="name*, Order number*, City" src="{chat.url}/widget.js"></script>'
    shop.pages["/asks"] = ({}, f"<!doctype html><title>Shop</title><link rel=icon href=data:>{script}")
    page = pages.empty()
    page.goto(shop.url + "/asks")
    panel = pressed(page)
    expect(panel.get_by_placeholder("Your email")).to_have_count(0)
    say(panel, "where is it?")
    expect(panel.get_by_text("Please fill this in.")).to_have_count(2)
    expect(panel.get_by_placeholder("Your name")).to_be_focused()
    panel.get_by_placeholder("Your name").fill("Ada")
    panel.get_by_placeholder("Order number").fill("42")
    expect(panel.get_by_text("Please fill this in.")).to_have_count(0)
    expect(panel.get_by_placeholder("City (optional)")).to_be_visible()
    panel.get_by_role("button", name="Send").click()
    room = olga.conversation("Order number: 42\n\nwhere is it?")
    assert room["support"]["person"]["display"] == "Ada"
    expect(panel.get_by_placeholder("Order number")).to_have_count(0)
    page.reload()
    expect(panel.locator(".said .message-text")).to_have_count(1)
    expect(panel.get_by_placeholder("Order number")).to_have_count(0)


@in_campaign
def test_an_answer_sounds_while_the_tab_is_hidden_unless_it_is_switched_off(
    pages: Pages, chat: ServerProcess, shop: OtherSite, olga: Operator
) -> None:
    shop.shows_widget(chat.url)
    page = pages.empty()
    page.goto(shop.url)
    panel = pressed(page)
    bell = panel.get_by_role("button", name="Sound for answers")
    expect(bell).to_have_count(0)
    say(panel, "is anybody there?")
    expect(bell).to_have_attribute("aria-pressed", "true")
    room = olga.conversation("is anybody there?")["id"]
    frame = page.frames[1]
    frame.evaluate("""() => {
        window.tones = 0;
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (...at) { window.tones += 1; start.apply(this, at); };
    }""")

    def tones() -> int:
        found: int = frame.evaluate("window.tones")
        return found

    def hide(is_hidden: bool) -> None:
        value = json.dumps(is_hidden)
        frame.evaluate(
            f"Object.defineProperty(document, 'hidden', {{ get: () => {value}, configurable: true }})"
        )

    def answers(text: str) -> None:
        olga.says(room, text)
        expect(panel.get_by_text(text, exact=True)).to_be_visible()

    answers("one who looks")
    assert tones() == 0
    hide(True)
    answers("one who does not")
    eventually(lambda: tones() == 2, "two tones")
    bell.click()
    expect(bell).to_have_attribute("aria-pressed", "false")
    answers("one who wants to hear nothing")
    assert tones() == 2
    page.reload()
    expect(bell).to_have_attribute("aria-pressed", "false")


def test_a_server_that_is_away_at_the_first_click_is_there_at_the_next(
    pages: Pages, relay: Relay, shop: OtherSite
) -> None:
    shop.shows_widget(relay.url)
    page = pages.empty()
    page.goto(shop.url)
    button = page.get_by_role("button", name=BUTTON)
    with relay.cut(), page.expect_event("requestfailed", lambda request: "/widget" in request.url):
        button.click()
    button.click()
    expect(button).to_have_attribute("aria-expanded", "false")
    opened(page)


def test_styles_of_the_site_do_not_move_the_button(
    pages: Pages, chat: ServerProcess, shop: OtherSite
) -> None:
    shop.shows_widget(chat.url, "/styled")
    styles = "position: relative; inset: 0 auto auto 0; z-index: 0; opacity: 0.2; transform: scale(0.5)"
    shop.pages["/style.css"] = (
        {"Content-Type": "text/css"},
        f"body > * {{ {styles}; margin: 40px; float: left }}",
    )
    page = pages.empty(viewport={"width": 800, "height": 600})
    page.goto(shop.url + "/styled")
    box = page.get_by_role("button", name=BUTTON).bounding_box()
    assert box == {"x": 724, "y": 524, "width": 56, "height": 56}
    assert page.locator("chat-widget").evaluate("(host) => getComputedStyle(host).opacity") == "1"
