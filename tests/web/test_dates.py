"""Jumping to a date."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.web.pages import Pages
from tests.web.talking import Speaker


@in_campaign
def test_a_date_leads_to_its_first_message_or_the_next_one(pages: Pages) -> None:
    ada = Speaker(pages, "ada")
    room = ada.make_room("diary")
    seq = ada.say(room, "today")
    page = pages.at("ada", f"/room/{room}?show=room")
    today = datetime.now(ZoneInfo("Asia/Kathmandu")).date()  # the browsers'
    field = page.get_by_label("Jump to date")
    field.fill((today - timedelta(days=3)).isoformat())
    page.get_by_role("button", name="Jump", exact=True).click()
    expect(page).to_have_url(re.compile(f"/room/{room}/{seq}$"))
    expect(page.locator(".message.is-marked")).to_contain_text("today")
