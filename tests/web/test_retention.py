"""Retention in the browser: settings of admins, support conversations that end, and a room's own rule."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.talking import Speaker


@pytest.fixture
def olga(pages: Pages, chat: ServerProcess) -> Page:
    """The page of an admin."""
    post(f"{chat.url}/api/v1/auth/register", {"name": "olga", "password": PASSWORD})
    command(chat, "user", "role", "olga", "admin")
    return pages.at("olga", "/admin")


@in_campaign
def test_admins_say_when_support_conversations_end(olga: Page) -> None:
    olga.get_by_role("link", name="Retention").click()
    part = olga.locator(".settings-part")
    expect(part.get_by_text("Nothing is older than that.")).to_have_count(4)
    part.get_by_label("Close support conversations after (days)").fill("30")
    part.get_by_role("button", name="Save").click()
    expect(part).to_contain_text("Changed by olga")
    expect(part.get_by_role("button", name="Save")).to_have_count(0)
    part.get_by_label("Recognize repeated messages for (days)").fill("30")
    part.get_by_role("button", name="Save").click()
    expect(part.get_by_text("Changed by olga")).to_have_count(2)
    olga.get_by_role("link", name="Audit").click()
    expect(olga.locator(".settings-part")).to_contain_text("Close support conversations after (days)")


@pytest.fixture
def garden(pages: Pages, chat: ServerProcess) -> Generator[int]:
    """A room of ada's with ben; owners may choose a shorter time than the 90 days of the server."""
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    room = ada.make_room("garden", ben)
    command(chat, "setting", "set", "message_days", "90")
    command(chat, "setting", "set", "rooms_keep", "shorter")
    yield room
    for name in ("message_days", "rooms_keep"):
        command(chat, "setting", "unset", name)
    ada.call("DELETE", f"/rooms/{room}")


def rule_of(page: Page) -> Locator:
    """The part of a room's panel that is about retention."""
    return page.locator(".room-rule").filter(has=page.get_by_role("heading", name="Message retention"))


@in_campaign
def test_an_owner_shortens_how_long_messages_are_kept(pages: Pages, garden: int) -> None:
    adas = pages.at("ada", f"/room/{garden}?show=room")
    rule = rule_of(adas)
    expect(rule).to_contain_text("Messages are removed after 90 days")
    rule.get_by_role("button", name="Change retention").click()
    days = rule.get_by_label("Keep messages for (days)")
    days.fill("100")
    rule.get_by_role("button", name="Save").click()
    expect(rule.get_by_role("alert")).to_be_visible()
    days.fill("30")
    rule.get_by_role("button", name="Save").click()
    expect(rule).to_contain_text("Messages are removed after 30 days · set for this room")
    bens = rule_of(pages.at("ben", f"/room/{garden}?show=room"))
    expect(bens).to_contain_text("Messages are removed after 30 days")
    expect(bens.get_by_role("button")).to_have_count(0)
    rule.get_by_role("button", name="Change retention").click()
    rule.get_by_role("button", name="Use the server's rule").click()
    expect(rule).to_have_text("Message retentionMessages are removed after 90 daysChange retention")


@in_campaign
def test_a_hold_is_placed_by_name(olga: Page, garden: int) -> None:
    olga.get_by_role("link", name="Retention").click()
    part = olga.locator(".settings-part")
    part.get_by_label("Name or number").fill("meadow")
    part.get_by_label("Reason").fill("case 7")
    part.get_by_role("button", name="Place a hold").click()
    expect(part.get_by_role("alert")).to_contain_text("There is no room named “meadow”")
    part.get_by_label("Name or number").fill("Garden")
    part.get_by_role("button", name="Place a hold").click()
    expect(part.get_by_role("listitem")).to_contain_text("Room: garden")
    part.get_by_role("radio", name="Person", exact=True).check()
    part.get_by_label("Name or number").fill("ben")
    part.get_by_label("Reason").fill("case 8")
    part.get_by_role("button", name="Place a hold").click()
    expect(part.get_by_role("listitem")).to_have_count(2)
    for _ in range(2):
        part.get_by_role("button", name="Lift").first.click()
    expect(part.get_by_role("listitem")).to_have_count(0)
