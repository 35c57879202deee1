"""Unread counts and read marks that the server refuses."""

import json

import pytest
from playwright.sync_api import BrowserContext, WebSocketRoute, expect

from tests.support.campaign import in_campaign
from tests.support.people import eventually
from tests.web.connection import ALL_SENT, LIVE, Connection
from tests.web.pages import Pages
from tests.web.rooms import Room


class Refusing:
    """Stands between a browser's first page and the server, and refuses the next requests of one type."""

    def __init__(self, context: BrowserContext, kind: str) -> None:
        self.sockets: list[WebSocketRoute] = []
        self.asked = 0
        self.refusals: list[dict[str, object]] = []
        self._kind = kind
        context.pages[0].route_web_socket("**/api/v1/socket", self._between)

    def wait(self, tab: Connection, count: int) -> None:
        """Return after this many requests."""
        eventually(lambda: tab.page.evaluate("() => true") and self.asked >= count, "it is asked")

    def _between(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        self.sockets.append(socket)

        def pass_on(message: str | bytes) -> None:
            frame = json.loads(message)
            if frame["type"] == self._kind:
                self.asked += 1
                if self.refusals:
                    refusal = self.refusals.pop(0)
                    return socket.send(
                        json.dumps({"type": "error", "id": frame["id"], "text": "no", **refusal})
                    )
            return server.send(message)

        socket.on_message(pass_on)


@pytest.fixture
def ada(pages: Pages) -> BrowserContext:
    """The browser of somebody who is logged in."""
    return browser_of("ada", pages)


def browser_of(name: str, pages: Pages) -> BrowserContext:
    context = pages.empty(service_workers="block").context
    pages.log_in(context, name)
    return context


@pytest.mark.parametrize(
    ("refusal", "tries"),
    [
        pytest.param({"code": "not_found"}, 1, marks=in_campaign),
        ({"code": "unavailable", "retry_ms": 1}, 2),
    ],
)
def test_a_refused_unread_count_keeps_the_connection(
    ada: BrowserContext, pages: Pages, refusal: dict[str, object], tries: int
) -> None:
    server = Refusing(ada, "read")
    tab = Connection(ada, pages.url)
    tab.until(LIVE)
    tab.say(f"before a {refusal['code']}")  # so that the next connection asks how much is unread
    tab.until(ALL_SENT)
    server.refusals.append(refusal)
    server.sockets[0].close(code=1012)
    server.wait(tab, tries)
    tab.say(f"after a {refusal['code']}")
    tab.until(ALL_SENT)
    assert len(server.sockets) == 2, "the line was left"


def test_a_read_mark_that_cannot_be_written_now_is_sent_later(ada: BrowserContext, pages: Pages) -> None:
    server = Refusing(ada, "read")
    tab = Connection(ada, pages.url)
    tab.until(LIVE)
    ben = Connection(browser_of("ben", pages), pages.url)
    ben.until(LIVE)
    ben.say("read by ada")
    tab.until("(state) => state.rooms.get(1).info.unread > 0")
    server.refusals.append({"code": "unavailable", "retry_ms": 1})
    refused = """() => {
        const { seq } = chat.get().rooms.get(1).info;
        return chat.markRead(1, seq).then(() => "", ({ code }) => code);
    }"""
    assert tab.page.evaluate(refused) == "unavailable"
    tab.until("(state) => state.rooms.get(1).info.unread === 0")


@in_campaign
def test_a_refused_read_mark_keeps_no_other_room_unread(ada: BrowserContext, pages: Pages) -> None:
    rooms = [Room(pages, "ada", f"news {number}") for number in range(3)]
    for room in rooms:
        room.join("ben")
        room.say("ben", "news")
    server = Refusing(ada, "read")
    [page] = ada.pages
    page.goto(pages.url + "/settings")
    unread = page.locator("a.room.is-unread", has_text="news")
    expect(unread).to_have_count(3)
    server.refusals.append({"code": "forbidden"})
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("as read")
    page.get_by_role("option", name="Mark all rooms as read").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
    assert not server.refusals
    expect(page.locator("a.room.is-unread")).to_have_count(1)


@in_campaign
def test_gaps_in_more_rooms_than_one_request_holds_are_filled(pages: Pages) -> None:
    rooms = [Room(pages, "ada", f"room {number}") for number in range(3)]
    context = browser_of("ada", pages)
    held: list[str | bytes] = []
    asking = False

    def between(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def got(message: str | bytes) -> None:
            frame = json.loads(message)
            if frame["type"] == "hello_ok":
                frame["limits"]["known"] = 1
            if not asking or frame.get("text") != "lost on the way":
                socket.send(json.dumps(frame))

        def asked(message: str | bytes) -> None:
            frame = json.loads(message)
            if asking and frame["type"] == "sync":
                held.append(message)
            else:
                server.send(message)

        server.on_message(got)
        socket.on_message(asked)
        sockets.append(server)

    sockets: list[WebSocketRoute] = []
    context.pages[0].route_web_socket("**/api/v1/socket", between)
    tab = Connection(context, pages.url)
    tab.until(LIVE)
    for room in rooms:
        room.say("ada", f"first in {room.id}")
        tab.load(room.id)
    asking = True
    for room in rooms:
        for text in ("lost on the way", f"heard {room.id}"):
            room.say("ada", text)
        tab.until(f"(state) => [...state.gaps].includes({room.id})")
    eventually(lambda: tab.page.evaluate("() => true") and bool(held), "it asks for what is missing")
    asking = False
    sockets[0].send(held.pop())
    tab.until("(state) => state.gaps.size === 0")
    for room in rooms:
        assert tab.loaded(room.id)[-2:] == ["lost on the way", f"heard {room.id}"]
