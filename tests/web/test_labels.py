"""Labels in the page: made and given in a conversation, shown to other operators at once, and a filter of the inbox."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.visits import Visit


@pytest.fixture
def visits(pages: Pages, chat: ServerProcess) -> Generator[list[Visit]]:
    for name in ("lena", "leo"):
        post(f"{chat.url}/api/v1/auth/register", {"name": name, "password": PASSWORD})
        command(chat, "user", "role", name, "operator")
    command(chat, "setting", "set", "widget_origins", "https://shop.example")
    yield [Visit(pages, name) for name in ("Rita", "Rolf")]
    command(chat, "setting", "unset", "widget_origins")


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("option").filter(has=page.get_by_text(name, exact=True))


@in_campaign
def test_labels_are_made_given_and_filter_the_inbox(pages: Pages, visits: list[Visit]) -> None:
    for visit in visits:
        visit.say("hello")
    rita, rolf = visits
    lena, leo = pages.at("lena", f"/inbox/{rita.room}"), pages.at("leo", "/inbox")
    lena.get_by_role("button", name="Add labels").click()
    dialog = lena.get_by_role("dialog")
    expect(dialog).to_contain_text("There are no labels yet")
    for name, colour in (("Urgent", "Red"), ("Refund", "Green")):
        dialog.get_by_label("New label").fill(name)
        dialog.get_by_role("radio", name=colour).check()
        dialog.get_by_role("button", name="Add").click()
        expect(dialog.get_by_role("checkbox", name=name)).to_be_visible()
    dialog.get_by_label("New label").fill("urgent")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_contain_text("There is a label with that name.")
    dialog.get_by_role("checkbox", name="Urgent").check()
    expect(row(lena, "Rita").locator(".desk-label")).to_have_text("Urgent")
    expect(row(leo, "Rita").locator(".desk-label.is-red")).to_have_text("Urgent")
    expect(row(leo, "Rolf").locator(".desk-label")).to_have_count(0)
    lena.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(lena.locator(".conversation-labels .desk-label")).to_have_text("Urgent")

    leo.get_by_label("Filter by label").select_option("Urgent")
    expect(row(leo, "Rolf")).to_have_count(0)
    expect(row(leo, "Rita")).to_be_visible()
    leo.get_by_label("Filter by label").select_option("Refund")
    expect(leo.get_by_text("No conversations here have this label.")).to_be_visible()
    leo.get_by_label("Filter by label").select_option("Urgent")
    # A label that is renamed or deleted is so for everybody; the filter of a deleted one ends.
    lena.get_by_role("button", name="Change labels").click()
    dialog.get_by_role("button", name="Edit Urgent").click()
    dialog.get_by_role("textbox").fill("Very urgent")
    dialog.get_by_role("button", name="Save").click()
    expect(row(leo, "Rita").locator(".desk-label")).to_have_text("Very urgent")
    for button in ("Delete Very urgent", "Delete from all conversations"):
        dialog.get_by_role("button", name=button).click()
    expect(row(leo, "Rita").locator(".desk-label")).to_have_count(0)
    expect(row(leo, "Rolf")).to_be_visible()
    assert rita.texts() == rolf.texts() == ["hello"]
