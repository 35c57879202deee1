"""Forwarding a message to another room."""

import re
from urllib.parse import urlencode

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline


@in_campaign
def test_a_message_is_forwarded_to_a_room(pages: Pages) -> None:
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    garden, shed = ada.make_room("rose garden", ben), ada.make_room("tool shed", ben)
    ada.say(garden, "the roses are out")
    timeline = Timeline(pages.at("ada", f"/room/{garden}"))
    bens = Timeline(pages.at("ben", f"/room/{shed}"))
    timeline.act("the roses are out", "Forward")
    dialog = timeline.page.get_by_role("dialog", name="Forward message")
    dialog.get_by_label("Add a message (optional)").fill("at last")
    dialog.get_by_label("Find a room or person").fill("nowhere")
    expect(dialog.get_by_text("Nothing matches “nowhere”.")).to_be_visible()
    dialog.get_by_label("Find a room or person").fill("shed")
    dialog.get_by_role("button", name="tool shed").click()
    expect(dialog).to_have_count(0)
    said = bens.messages.filter(has_text="at last")
    expect(said.locator("blockquote")).to_contain_text("the roses are out")
    expect(said.locator("blockquote")).to_contain_text("— ada, #rose garden")


@in_campaign
def test_what_another_application_shares_becomes_a_draft(pages: Pages) -> None:
    ada = Speaker(pages, "ada")
    room = ada.make_room("reading list")
    shared = urlencode({"title": "Roses", "text": "Roses", "url": "https://roses.example/?a=b&c"})
    timeline = Timeline(page := pages.at("ada", f"/share?{shared}"))
    expect(page.get_by_role("heading", name="Share to")).to_be_visible()
    page.get_by_role("main").get_by_role("button", name="reading list").click()
    expect(page).to_have_url(re.compile(f"/room/{room}$"))
    field = page.get_by_role("textbox", name="Message to reading list")
    expect(field).to_have_value("Roses\nhttps://roses.example/?a=b&c")
    expect(timeline.messages).to_have_count(0)
