"""Slow mode in the browser: set by the owner, counted down at the field, and a message that waits for it."""

import re
from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def rooms(pages: Pages) -> Generator[tuple[int, int]]:
    """Two rooms of ada's, in which ben is."""
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    made = ada.make_room("garden", ben), ada.make_room("shed", ben)
    yield made
    for room in made:
        ada.call("DELETE", f"/rooms/{room}")


@in_campaign
def test_a_message_waits_in_a_room_in_slow_mode_and_nowhere_else(
    pages: Pages, rooms: tuple[int, int]
) -> None:
    garden, shed = rooms
    adas = pages.at("ada", f"/room/{garden}?show=room")
    adas.get_by_label("Slow mode").select_option("10 minutes")
    expect(adas.locator(".slow-mode-note")).to_contain_text("It doesn’t apply to you.")

    bens = Timeline(pages.at("ben", f"/room/{garden}", **PHONE))
    note = bens.page.locator(".slow-mode-note")
    expect(note).to_have_text("Slow mode: 10 minutes between messages")
    bens.say("one")
    expect(note).to_have_text("Slow mode: you can send your next message in 10 minutes.")
    bens.write("two")
    bens.page.keyboard.press("Enter")
    expect(note).to_have_text("Slow mode: your message will be sent in 10 minutes.")
    expect(bens.page.locator(".message.is-waiting")).to_contain_text("two")
    bens.page.goto(f"{pages.url}/room/{shed}")
    bens.say("here I may")
    bens.page.goto(f"{pages.url}/room/{garden}?show=room")
    expect(bens.page.locator(".room-rule")).to_contain_text("10 minutes")
    expect(bens.page.get_by_label("Slow mode")).to_have_count(0)
    bens.page.goto(f"{pages.url}/room/{garden}")
    expect(bens.page.locator(".message.is-waiting")).to_contain_text("two")

    adas.get_by_label("Slow mode").select_option("Off")
    expect(bens.page.locator(".message.is-waiting")).to_have_count(0)
    expect(note).to_have_count(0)
    expect(adas.get_by_text("two", exact=True)).to_be_visible()
    expect(adas.get_by_text(re.compile("^one$"))).to_be_visible()
