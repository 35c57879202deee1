"""Saved messages in the page: saving by key and menu, the list over all rooms, and all of one's sessions."""

import re
import time
from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

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


def hits(page: Page) -> Locator:
    return page.get_by_role("list", name="Saved messages").locator(".hit")


@in_campaign
def test_one_saves_messages_of_all_rooms_and_finds_them_in_every_session(
    pages: Pages, ada: Speaker, ben: Speaker, garden: int
) -> None:
    key, roses = ben.say(garden, "the key is under the pot"), ben.say(garden, "water the roses")
    shed = ada.make_room("shed", ben)
    ben.say(shed, "the saw is blunt")
    phone = pages.of("ada", "/saved", **PHONE)
    expect(phone.get_by_role("heading", name="Nothing saved")).to_be_visible()
    timeline = Timeline(pages.of("ada", f"/room/{garden}"))
    page = timeline.page
    timeline.act("the key is under the pot", "Save for later")
    expect(page.get_by_text("Saved for later", exact=True)).to_be_attached()
    expect(timeline.row(key).get_by_role("link", name="Saved")).to_be_visible()
    timeline.row(roses).locator("article").focus()
    page.keyboard.press("s")
    expect(timeline.row(roses).get_by_role("link", name="Saved")).to_be_visible()
    page.goto(f"{pages.url}/room/{shed}")
    timeline.act("the saw is blunt", "Save for later")
    for each in (phone, page):
        if each is page:
            page.get_by_role("link", name="Later", exact=True).click()
            expect(page).to_have_url(f"{pages.url}/saved")
        expect(hits(each)).to_have_count(3)
        expect(hits(each).nth(0)).to_contain_text(re.compile("shed.*the saw is blunt"))
        expect(hits(each).nth(2)).to_contain_text("the key is under the pot")

    # An edit shows at once; a deleted message, and one of a room that one has left, do not.
    ben.call("PATCH", f"/rooms/{garden}/messages/{key}", {"text": "the key is in the shed"})
    expect(hits(page).nth(2)).to_contain_text("the key is in the shed")
    ben.call("DELETE", f"/rooms/{garden}/messages/{roses}")
    for each in (phone, page):
        expect(hits(each)).to_have_count(2)
    ada.call("DELETE", f"/rooms/{shed}")
    for each in (phone, page):
        expect(hits(each)).to_have_count(1)

    phone.get_by_role("link", name=re.compile("the key is in the shed")).click()
    expect(phone.locator(".message.is-marked")).to_contain_text("the key is in the shed")
    expect(phone).to_have_url(f"{pages.url}/room/{garden}/{key}")
    page.get_by_role("button", name="Mark as done: the key is in the shed").click()
    expect(page.get_by_role("heading", name="Nothing saved")).to_be_visible()
    expect(page.get_by_role("heading", name="Later")).to_be_focused()
    expect(phone.locator(".saved-mark")).to_have_count(0)


@in_campaign
def test_one_is_reminded_in_every_session_and_puts_it_off(
    pages: Pages, ada: Speaker, ben: Speaker, garden: int
) -> None:
    roses, key = ben.say(garden, "water the roses"), ben.say(garden, "the key is under the pot")
    phone = pages.of("ada", "/saved", **PHONE)
    timeline = Timeline(pages.of("ada", f"/room/{garden}"))
    page = timeline.page
    timeline.act("water the roses", "Remind me…")
    menu = page.get_by_role("menu", name="Remind me")
    menu.get_by_role("menuitem", name=re.compile("In 20 minutes")).click()
    mark = timeline.row(roses).get_by_role("link", name=re.compile(r"^Reminder: \d\d:\d\d"))
    expect(mark).to_be_visible()
    expect(hits(phone)).to_have_text(re.compile("water the roses.*Reminder: "))

    # A date of one's own, and none in the past.
    timeline.row(roses).locator("article").focus()
    page.keyboard.press("m")
    menu.get_by_role("menuitem", name="Choose date and time…").click()
    form = page.get_by_role("dialog", name="Remind me")
    day = form.get_by_label("Date")
    day.evaluate("field => field.removeAttribute('min')")
    day.fill("1970-01-01")
    form.get_by_role("button", name="Set reminder").click()
    expect(form.get_by_role("alert")).to_have_text("That time is over.")
    day.fill("9999-01-01")
    form.get_by_role("button", name="Set reminder").click()
    expect(page.get_by_text("Choose a time within a year.")).to_be_visible()

    # Due at once: in the page, whatever it shows, and first in the list.
    for seq in (key, roses):
        ada.call("PUT", f"/me/saved/{garden}/{seq}/reminder", {"at": int(time.time() * 1000)})
    card = page.get_by_role("status", name="2 reminders due")
    expect(card).to_contain_text("water the roses")
    expect(card).to_contain_text("the key is under the pot")
    expect(page.get_by_role("link", name="Later 2 reminders due")).to_be_visible()
    expect(hits(phone).locator(".is-due")).to_have_count(2)
    expect(phone.locator(".reminder-card")).to_have_count(0)  # it shows them itself
    hits(phone).first.get_by_role("button", name=re.compile("Remind me: ")).click()
    phone.get_by_role("menuitem", name=re.compile("Tomorrow")).click()
    expect(page.get_by_role("link", name=re.compile("Reminder: tomorrow"))).to_be_visible()
    one = page.get_by_role("status", name="1 reminder due")
    one.get_by_role("button", name="Close").click()
    expect(one).to_have_count(0)
    page.reload()  # it was seen here
    expect(page.get_by_role("link", name="Later 1 reminder due")).to_be_visible()
    expect(one).to_have_count(0)
    hits(phone).filter(has=phone.locator(".is-due")).get_by_role(
        "button", name=re.compile("Mark as done")
    ).click()
    expect(page.get_by_role("link", name="Later", exact=True)).to_be_visible()
    expect(page.locator(".saved-mark.is-due")).to_have_count(0)
