"""Retention in the browser, for admins: what has expired, and support conversations that end."""

import pytest
from playwright.sync_api import Page, expect

from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post
from tests.support.server import ServerProcess
from tests.web.pages import Pages


@pytest.fixture
def olga(pages: Pages, chat: ServerProcess) -> Page:
    """The page of an admin."""
    post(f"{chat.url}/api/v1/auth/register", {"name": "olga", "password": PASSWORD})
    command(chat, "user", "role", "olga", "admin")
    return pages.at("olga", "/admin")


def test_admins_say_when_support_conversations_end(olga: Page) -> None:
    olga.get_by_role("link", name="Retention").click()
    part = olga.locator(".settings-part")
    expect(part.get_by_text("Nothing is older than that.")).to_have_count(3)
    part.get_by_label("Close support conversations after (days)").fill("30")
    part.get_by_role("button", name="Save").click()
    expect(part).to_contain_text("Changed by olga")
    expect(part.get_by_role("button", name="Save")).to_have_count(0)
    olga.get_by_role("link", name="Audit").click()
    expect(olga.locator(".settings-part")).to_contain_text("Close support conversations after (days)")
