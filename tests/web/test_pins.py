"""Pinned messages: who pins, who sees it, the list, and what leaves it."""

import json
import re
from collections.abc import Callable, Generator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.support.campaign import in_campaign
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def ada(pages: Pages) -> Speaker:
    return Speaker(pages, "ada")


@pytest.fixture
def ben(pages: Pages) -> Speaker:
    return Speaker(pages, "ben")


@pytest.fixture
def garden(ada: Speaker, ben: Speaker) -> Generator[int]:
    """A room with ada, who owns it, and ben."""
    room = ada.make_room("garden", ben)
    yield room
    ada.call("DELETE", f"/rooms/{room}")


def pins(page: Page) -> Any:
    return page.locator(".pins .pin")


@in_campaign
def test_a_pin_is_seen_at_once_and_leads_to_its_message(
    pages: Pages, ada: Speaker, ben: Speaker, garden: int
) -> None:
    seq = ben.say(garden, "the key is under the pot")
    adas = Timeline(pages.at("ada", f"/room/{garden}?show=room"))
    bens = Timeline(pages.at("ben", f"/room/{garden}?show=room", **PHONE))
    expect(adas.page.locator(".pins")).to_contain_text("No pinned messages. Pin a message")
    expect(bens.page.locator(".pins")).to_have_text(re.compile("No pinned messages. *$"))

    adas.act("the key is under the pot", "Pin message")
    expect(adas.page.get_by_text("Message pinned", exact=True)).to_be_attached()
    expect(pins(adas.page)).to_contain_text("the key is under the pot")
    expect(pins(adas.page)).to_contain_text("Pinned by ada")
    expect(adas.message("the key is under the pot").get_by_role("link", name="Pinned")).to_be_visible()
    link = bens.page.get_by_role("link", name=re.compile("^ben .*the key is under the pot"))
    expect(link).to_be_visible()
    expect(bens.page.get_by_role("button", name=re.compile("^Unpin message"))).to_have_count(0)
    link.focus()
    bens.page.keyboard.press("Enter")
    expect(bens.page.locator(".message.is-marked")).to_contain_text("the key is under the pot")
    expect(bens.page).to_have_url(re.compile(f"/room/{garden}/{seq}$"))
    bens.page.locator(".message.is-marked").focus()
    bens.page.keyboard.press("F10")
    expect(bens.page.get_by_role("menuitem", name="Reply", exact=True)).to_be_visible()
    expect(bens.page.get_by_role("menuitem", name=re.compile("pin", re.IGNORECASE))).to_have_count(0)

    ben.call("PATCH", f"/rooms/{garden}/messages/{seq}", {"text": "the key is in the shed"})
    expect(pins(adas.page)).to_contain_text("the key is in the shed")
    unpin = adas.page.get_by_role("button", name="Unpin message: the key is in the shed")
    unpin.focus()
    adas.page.keyboard.press("Enter")
    expect(pins(adas.page)).to_have_count(0)
    expect(adas.page.get_by_role("heading", name="Pinned")).to_be_focused()
    expect(bens.page.locator(".pin-mark")).to_have_count(0)


@in_campaign
def test_a_deleted_message_leaves_the_list_and_a_long_list_is_folded(
    pages: Pages, ada: Speaker, garden: int
) -> None:
    said = [ada.say(garden, f"rule {n}") for n in range(7)]
    for seq in said:
        ada.call("PUT", f"/rooms/{garden}/pins/{seq}")
    page = pages.at("ada", f"/room/{garden}?show=room")
    expect(pins(page)).to_have_count(5)
    expect(pins(page).first).to_contain_text("rule 6")
    page.get_by_role("button", name="Show all 7 pinned messages").click()
    expect(pins(page)).to_have_count(7)
    ada.call("DELETE", f"/rooms/{garden}/messages/{said[6]}")
    expect(pins(page)).to_have_count(6)
    expect(pins(page).first).to_contain_text("rule 5")


@in_campaign
def test_the_list_is_read_again_after_a_reset_and_after_a_failure(
    pages: Pages, ada: Speaker, garden: int
) -> None:
    """The server's reset is put into the socket here: what it does by itself is another test's subject."""
    ada.call("PUT", f"/rooms/{garden}/pins/{ada.say(garden, 'first rule')}")
    page = pages.empty()
    pages.log_in(page.context, "ada")
    page.route(f"**/rooms/{garden}/pins", lambda route: route.fulfill(status=503, json={"error": "no"}))
    send = beside_the_server(page)
    page.goto(f"{pages.url}/room/{garden}?show=room")
    alert = page.locator(".pins").get_by_role("alert")
    expect(alert).to_be_visible()
    page.unroute(f"**/rooms/{garden}/pins")
    alert.get_by_role("button", name="Try again").click()
    expect(pins(page)).to_contain_text("first rule")
    expect(alert).to_have_count(0)

    def other(route: Route) -> None:
        body = route.fetch().json()
        body["pins"][0]["message"]["text"] = "another history"
        route.fulfill(json=body)

    page.route(f"**/rooms/{garden}/pins", other)
    room = ada.call("GET", f"/rooms/{garden}")
    send({**room, "type": "room", "reset": "other_history"})
    expect(pins(page)).to_contain_text("another history")


def beside_the_server(page: Page) -> Callable[[object], None]:
    """Have the page's socket led through here; returns what sends it one more frame."""
    sockets: list[WebSocketRoute] = []

    def lead(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    page.route_web_socket("**/api/v1/socket", lead)
    return lambda frame: sockets[-1].send(json.dumps(frame))
