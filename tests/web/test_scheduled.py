"""Scheduled messages in the page: a time beside the send button, the list in every session, and what was refused."""

import re
from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def ben(pages: Pages) -> Speaker:
    return Speaker(pages, "ben")


@pytest.fixture
def garden(pages: Pages, ben: Speaker) -> Generator[int]:
    """Ben's room, in which ada is."""
    room = ben.make_room("garden", Speaker(pages, "ada"))
    yield room
    ben.call("DELETE", f"/rooms/{room}")


def rows(page: Page) -> Locator:
    return page.get_by_role("list", name="Scheduled messages").get_by_role("listitem")


@in_campaign
def test_one_schedules_edits_and_sends_in_every_session(pages: Pages, ben: Speaker, garden: int) -> None:
    phone = pages.of("ada", "/saved?tab=scheduled", **PHONE)
    expect(phone.get_by_role("heading", name="Nothing scheduled")).to_be_visible()
    timeline = Timeline(pages.of("ada", f"/room/{garden}"))
    page = timeline.page
    later = page.get_by_role("button", name="Send later")
    expect(later).to_be_disabled()
    timeline.write("water the roses")
    later.click()
    page.get_by_role("menu", name="Send later").get_by_role("menuitem", name=re.compile("Tomorrow")).click()
    expect(timeline.field).to_have_value("")
    expect(timeline.field).to_be_focused()
    here = page.locator(".scheduled-here")
    expect(here).to_have_text(re.compile("1 message scheduled here, next: tomorrow, 09:00"))
    expect(timeline.messages).to_have_count(0)
    expect(rows(phone)).to_have_text(re.compile("Sends tomorrow, 09:00.*garden.*water the roses"))

    here.get_by_role("link", name="Show").click()
    page.get_by_role("button", name="Edit: water the roses").click()
    dialog = page.get_by_role("dialog", name="Edit")
    dialog.get_by_label("Message").fill("water the tulips")
    dialog.get_by_role("button", name="Save").click()
    expect(rows(phone)).to_contain_text("water the tulips")
    phone.get_by_role("button", name="Change time: water the tulips").click()
    phone.get_by_role("menuitem", name=re.compile("In 3 hours")).click()
    expect(rows(page)).not_to_contain_text("tomorrow, 09:00")

    # What may not be sent stays, with the reason.
    ben.call("PATCH", f"/rooms/{garden}", {"archived": True})
    page.get_by_role("button", name="Send now: water the tulips").click()
    for each in (page, phone):
        expect(rows(each)).to_contain_text("Not sent: The room is archived.")
    ben.call("PATCH", f"/rooms/{garden}", {"archived": False})
    phone.get_by_role("button", name="Send now: water the tulips").click()
    for each in (page, phone):
        expect(each.get_by_role("heading", name="Nothing scheduled")).to_be_visible()
    page.goto(f"{pages.url}/room/{garden}")
    expect(timeline.message("water the tulips")).to_be_visible()

    timeline.write("never mind")
    later.click()
    page.get_by_role("menuitem", name=re.compile("In 1 hour")).click()
    phone.get_by_role("button", name="Delete: never mind").click()
    phone.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(phone.get_by_role("heading", name="Nothing scheduled")).to_be_visible()
    expect(here).to_have_count(0)
