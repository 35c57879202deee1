"""Canned answers in the page: made in the settings, found after `/`, and edited before they are sent."""

from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post, request
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.talking import Timeline

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture
def conversation(pages: Pages, chat: ServerProcess) -> Generator[int]:
    """A visitor's conversation with the operator opal."""
    post(f"{chat.url}/api/v1/auth/register", {"name": "opal", "password": PASSWORD})
    command(chat, "user", "role", "opal", "operator", "admin")
    command(chat, "setting", "set", "widget_origins", "https://shop.example")
    about = {"name": "Mona", "page": "https://shop.example/cart"}
    visitor = post(f"{pages.url}/api/v1/support/visitors", about).json()
    headers = {"Authorization": f"Bearer {visitor['access']}"}
    room = int(request("PUT", f"{pages.url}/api/v1/support", headers=headers).json()["id"])
    body = {"key": "first", "text": "is it in stock?"}
    assert post(f"{pages.url}/api/v1/rooms/{room}/messages", body, headers=headers).is_success
    yield room
    command(chat, "setting", "unset", "widget_origins")


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def add(page: Page, button: str, shortcut: str, text: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Shortcut").fill(shortcut)
    dialog.get_by_label("Text").fill(text)
    dialog.get_by_role("button", name="Save").click()


@in_campaign
def test_one_makes_answers_and_sends_them_by_the_keyboard(pages: Pages, conversation: int) -> None:
    page = pages.at("opal", "/settings/canned_answers")
    own, shared = section(page, "Your answers"), section(page, "Shared answers")
    expect(own).to_contain_text("You have no canned answers yet.")
    add(page, "Add an answer", "/Hi", "Hi {visitor}, {operator} here. You were at {page}: {what}?")
    expect(own.get_by_text("/hi", exact=True)).to_be_visible()
    add(page, "Add an answer", "hi", "twice")
    expect(page.get_by_role("dialog")).to_contain_text(
        "There is an answer with that shortcut", ignore_case=True
    )
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    add(page, "Add a shared answer", "hi", "Hello from all of us")
    add(page, "Add a shared answer", "stock", "It is in the warehouse")
    expect(shared.locator("li")).to_have_count(2)
    shared.get_by_role("button", name="Edit /stock").click()
    page.get_by_role("dialog").get_by_label("Text").fill("It is in stock")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(shared).to_contain_text("It is in stock")

    page.goto(f"{pages.url}/inbox/{conversation}")
    timeline = Timeline(page)
    options = page.get_by_role("option").filter(has=page.locator(".completion-label"))
    timeline.write("/hi")
    expect(options).to_have_count(2)
    expect(options.first).to_contain_text("Hi Mona, opal here.")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(timeline.field).to_have_value("Hi Mona, opal here. You were at https://shop.example/cart: {what}?")
    expect(timeline.field).to_be_focused()
    expect(options).to_have_count(0)
    # By a word of the text, in the middle of a message; another key than Enter goes on writing.
    timeline.field.fill("")
    timeline.write("Yes. /STOCK")
    expect(options).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.type(", in blue")
    page.keyboard.press("Enter")
    expect(timeline.message("Yes. It is in stock, in blue")).to_be_visible()
    # Who is faster than the list sends no shortcut.
    page.reload()
    expect(timeline.message("Yes. It is in stock, in blue")).to_be_visible()
    held: list[Any] = []
    page.route("**/api/v1/support/answers?*", lambda route: held.append(route))
    with page.expect_request("**/api/v1/support/answers?*"):
        timeline.write("/stock")
    page.keyboard.press("Enter")
    expect(timeline.field).to_have_value("/stock")
    held.pop().continue_()
    page.unroute("**/api/v1/support/answers?*")
    expect(timeline.field).to_have_value("It is in stock")
    # In a room there is nothing to complete, and what begins with a slash is sent.
    page.goto(f"{pages.url}/room/1")
    timeline.say("/stock")

    page.goto(f"{pages.url}/settings/canned_answers")
    page.get_by_role("button", name="Delete /stock").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(shared.locator("li")).to_have_count(1)
    others = pages.at("ada", "/settings")
    expect(others.get_by_role("link", name="Profile")).to_be_visible()
    expect(others.get_by_role("link", name="Canned answers")).to_have_count(0)
