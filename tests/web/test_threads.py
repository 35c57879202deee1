"""Threads in the page: the line below a message, the panel, following, and what stays of a deleted message."""

import re
from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.web.open_pages import go
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


def reply(who: Speaker, room: int, text: str, to: int) -> int:
    body = {"key": re.sub(r"\W", "-", f"{room}-{text}")[:64], "text": text, "reply": to}
    return int(who.call("POST", f"/rooms/{room}/messages", body)["seq"])


def panel(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Thread")


def replies(page: Page) -> Locator:
    return panel(page).locator(".thread-replies .message")


def test_one_replies_in_a_thread_that_stays_in_the_room(
    pages: Pages, ada: Speaker, ben: Speaker, garden: int
) -> None:
    root = ada.say(garden, "who waters the roses?")
    adas = Timeline(pages.at("ada", f"/room/{garden}"))
    bens = Timeline(pages.at("ben", f"/room/{garden}", **PHONE))
    bens.act("who waters the roses?", "Reply in thread")
    expect(bens.page).to_have_url(re.compile(f"/room/{garden}\\?show=thread-{root}$"))
    expect(panel(bens.page)).to_contain_text("No replies yet.")
    expect(panel(bens.page).get_by_role("button", name="Follow")).to_have_attribute("aria-pressed", "false")
    field = panel(bens.page).get_by_role("textbox", name="Reply in this thread")
    field.fill("I do")
    field.press("Enter")
    expect(replies(bens.page)).to_contain_text("I do")
    expect(panel(bens.page)).to_contain_text("1 reply")
    expect(panel(bens.page).get_by_role("button", name="Following")).to_have_attribute("aria-pressed", "true")

    expect(adas.message("I do")).to_be_visible()
    line = adas.page.get_by_role("link", name=re.compile("^1 reply.*Last reply"))
    line.click()
    expect(replies(adas.page)).to_have_count(1)
    reply(ben, garden, "on Mondays", root)
    expect(replies(adas.page)).to_have_count(2)
    expect(panel(adas.page)).to_contain_text("2 replies")
    ada.call("PATCH", f"/rooms/{garden}/messages/{root}", {"text": "who waters the tulips?"})
    expect(panel(adas.page).locator(".thread-first")).to_contain_text("tulips")

    replies(adas.page).last.focus()
    adas.page.keyboard.press("r")
    expect(panel(adas.page)).to_contain_text("Replying to ben")
    adas.page.keyboard.type("thanks")
    adas.page.keyboard.press("Enter")
    expect(replies(adas.page).last).to_contain_text("thanks")
    expect(replies(adas.page).last).to_contain_text("on Mondays")

    adas.page.keyboard.press("Escape")
    expect(panel(adas.page)).to_have_count(0)
    expect(adas.page.locator(f".timeline [data-focus='{root}']")).to_be_focused()
    adas.page.keyboard.press("t")
    expect(replies(adas.page)).to_have_count(3)


def test_a_thread_is_unfollowed_and_followed(pages: Pages, ada: Speaker, ben: Speaker, garden: int) -> None:
    root = ada.say(garden, "tea?")
    reply(ben, garden, "yes", root)
    page = pages.at("ada", f"/room/{garden}?show=thread-{root}")
    panel(page).get_by_role("button", name="Following").click()
    expect(panel(page).get_by_role("button", name="Follow", exact=True)).to_be_visible()
    assert "following" not in ada.call("GET", f"/rooms/{garden}/threads/{root}")
    panel(page).get_by_role("button", name="Follow", exact=True).click()
    expect(panel(page).get_by_role("button", name="Following")).to_be_visible()
    assert ada.call("GET", f"/rooms/{garden}/threads/{root}")["following"]


def test_a_deleted_message_keeps_its_thread(pages: Pages, ada: Speaker, ben: Speaker, garden: int) -> None:
    root = ada.say(garden, "tea?")
    first = reply(ben, garden, "yes", root)
    reply(ben, garden, "with milk", first)
    page = pages.at("ada", f"/room/{garden}")
    ada.call("DELETE", f"/rooms/{garden}/messages/{root}")
    page.get_by_role("link", name=re.compile("^2 replies")).click()
    expect(panel(page).locator(".thread-first")).to_contain_text("Message deleted")
    expect(replies(page)).to_have_count(2)
    ben.call("DELETE", f"/rooms/{garden}/messages/{first}")
    expect(replies(page)).to_have_count(1)
    expect(panel(page)).to_contain_text("1 reply")


@in_campaign
def test_a_room_is_made_of_a_thread(pages: Pages, ada: Speaker, ben: Speaker, garden: int) -> None:
    root = ada.say(garden, "roses for the gate")
    reply(ben, garden, "red ones", root)
    adas = Timeline(pages.at("ada", f"/room/{garden}"))
    expect(adas.page.get_by_role("link", name=re.compile("^1 reply"))).to_be_visible()
    adas.act_on(adas.page.locator(f".timeline [data-seq='{root}']"), "Make a room of this")
    adas.page.get_by_role("dialog").press("Escape")
    go(adas.page, f"/room/{garden}?show=thread-{root}")
    panel(adas.page).get_by_role("button", name="Make a room of this").click()
    dialog = adas.page.get_by_role("dialog", name="New room from a thread")
    dialog.press("Escape")
    expect(panel(adas.page)).to_be_visible()
    panel(adas.page).get_by_role("button", name="Make a room of this").click()
    expect(dialog.get_by_role("textbox", name="Name")).to_have_value("roses for the gate")
    dialog.get_by_role("button", name="Create room").click()
    expect(adas.page.get_by_role("heading", name="roses for the gate", level=1)).to_be_visible()
    expect(adas.page.locator(".message blockquote")).to_contain_text("roses for the gate")
    bens = pages.at("ben", f"/room/{garden}?show=thread-{root}")
    link = replies(bens).last.get_by_role("link").filter(has_text="/room/")
    expect(replies(bens).last).to_contain_text("#roses for the gate")
    link.evaluate("(link) => link.removeAttribute('target')")
    link.click()
    expect(bens.get_by_role("heading", name="roses for the gate", level=1)).to_be_visible()


@in_campaign
def test_a_link_to_a_reply_of_a_long_thread_shows_what_is_around_it(
    pages: Pages, ada: Speaker, ben: Speaker, garden: int
) -> None:
    root = ada.say(garden, "count!")
    said = [reply(ben, garden, f"number {n}", root) for n in range(120)]
    page = pages.at("ada", f"/room/{garden}?show=thread-{said[20]}")
    marked = panel(page).locator(".is-marked")
    expect(marked).to_contain_text("number 20")
    expect(marked).to_be_in_viewport()
    expect(panel(page)).to_contain_text("120 replies")
    while (later := panel(page).get_by_role("button", name="Show later replies")).count():
        before = replies(page).count()
        later.click()
        expect(replies(page).nth(before)).to_be_attached()
    expect(replies(page).last).to_contain_text("number 119")
    page.goto(f"{pages.url}/room/{garden}?show=thread-{root}")
    expect(replies(page)).to_have_count(50)
    expect(replies(page).last).to_be_in_viewport()
    panel(page).get_by_role("button", name="Show earlier replies").click()
    expect(replies(page).nth(99)).to_be_attached()
