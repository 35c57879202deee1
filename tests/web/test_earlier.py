"""Earlier conversations in the page: what a visitor who comes back wrote before, by their email address."""

from playwright.sync_api import expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.talking import Speaker
from tests.web.visits import Visit


@in_campaign
def test_a_click_on_the_name_leads_to_earlier_conversations(pages: Pages, chat: ServerProcess) -> None:
    post(f"{chat.url}/api/v1/auth/register", {"name": "edda", "password": PASSWORD})
    command(chat, "user", "role", "edda", "operator")
    command(chat, "setting", "set", "widget_origins", "https://shop.example")
    try:
        before, now = (
            Visit(pages, name, address)
            for name, address in (("Mona Lind", "mona@mail.example"), ("Mona", "Mona@mail.example"))
        )
    finally:
        command(chat, "setting", "unset", "widget_origins")
    before.say("My lamp came broken")
    Speaker(pages, "edda").call("PATCH", f"/support/{before.room}", {"state": "closed"})
    now.say("Is the new one on its way?")
    page = pages.at("edda", f"/inbox/{now.room}")
    page.get_by_role("button", name="Mona", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("With the same email address, which is not confirmed.")
    found = dialog.get_by_role("link", name="Mona Lind")
    expect(found).to_contain_text("My lamp came broken")
    expect(found).to_contain_text("Closed")
    found.click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".past-message")).to_contain_text("My lamp came broken")
