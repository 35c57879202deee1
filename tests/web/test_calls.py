"""Calls in the page: a button and a command where an admin has set an address, and a card with a link."""

import re

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline


@in_campaign
def test_a_call_begins_where_an_admin_has_set_an_address(pages: Pages, chat: ServerProcess) -> None:
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    room = ada.make_room("garden", ben)
    page, bens = pages.at("ada", f"/room/{room}?show=room"), pages.at("ben", f"/room/{room}")
    timeline = Timeline(page)
    begin = page.get_by_role("button", name="Start a call")
    expect(page.get_by_text("Calls are not supported.")).to_be_visible()
    expect(begin).to_have_count(0)
    timeline.write("/")
    expect(page.locator(".completion")).to_have_text(re.compile("^/poll"))

    command(chat, "setting", "set", "call_url", "https://meet.example/{room}")
    begin.click()
    dialog = page.get_by_role("dialog", name="Start a call in garden?")
    dialog.get_by_role("button", name="Start a call").click()
    join = bens.get_by_role("link", name="Join call")
    expect(join).to_have_attribute("href", re.compile(r"^https://meet\.example/[0-9a-f]{32}$"))
    expect(join).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(bens.locator(".call-card")).to_contain_text("meet.example")

    timeline.write("ca")
    page.locator(".completion", has_text="/call").click()
    page.keyboard.press("Enter")
    expect(join).to_have_count(2)
    expect(timeline.field).to_have_value("")
    command(chat, "setting", "unset", "call_url")
    expect(begin).to_have_count(0)
