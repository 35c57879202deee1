"""Private notes in the page: written beside the answer, shown to other operators at once, and to nobody else."""

from collections.abc import Generator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD, post
from tests.support.server import ServerProcess
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline
from tests.web.visits import Visit


@pytest.fixture
def visit(pages: Pages, chat: ServerProcess) -> Generator[Visit]:
    for name in ("nora", "nils"):
        post(f"{chat.url}/api/v1/auth/register", {"name": name, "password": PASSWORD})
        command(chat, "user", "role", name, "operator")
    command(chat, "setting", "set", "widget_origins", "https://shop.example")
    yield Visit(pages)
    command(chat, "setting", "unset", "widget_origins")


def notes(page: Page) -> Locator:
    return page.locator(".note")


def write_note(page: Page, text: str) -> None:
    page.get_by_label("Note for operators").fill(text)
    page.keyboard.press("Enter")
    expect(notes(page).filter(has_text=text)).to_be_visible()


def reply(page: Page) -> None:
    """Choose to write to the visitor; returns when that field alone is there."""
    page.get_by_role("radio", name="Reply").check()
    expect(page.get_by_label("Note for operators")).to_have_count(0)


@in_campaign
def test_a_note_is_seen_by_other_operators_at_once(pages: Pages, visit: Visit) -> None:
    visit.say("Is the blue lamp in stock?")
    nora, nils = [pages.at(name, f"/inbox/{visit.room}") for name in ("nora", "nils")]
    timeline = Timeline(nora)
    expect(timeline.message("Is the blue lamp in stock?")).to_be_visible()
    timeline.write("We have two")  # and goes on after the note
    nora.get_by_role("radio", name="Private note").check()
    write_note(nora, "She asked last week, see https://shop.example/o/7.")
    link = notes(nora).get_by_role("link", name="https://shop.example/o/7", exact=True)
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(notes(nils)).to_contain_text("nora")
    expect(notes(nils)).to_contain_text("She asked last week")
    expect(notes(nils).get_by_role("button")).to_have_count(0)
    reply(nora)
    expect(timeline.field).to_have_value("We have two")
    nora.keyboard.press("Enter")
    expect(timeline.message("We have two")).to_be_visible()
    # The note stands behind the message that it followed, also in a closed conversation and after a reload.
    visit.say("Great!")
    Speaker(pages, "nora").call("PATCH", f"/support/{visit.room}", {"state": "closed"})
    expect(nils.get_by_text("This conversation is closed")).to_be_visible()
    for page in (nora, nils):
        page.reload()
        expect(page.locator(".past-message").first.locator(".note")).to_have_count(1)
    nils.get_by_role("button", name="Private note").click()
    write_note(nils, "Sold one")
    expect(notes(nora)).to_have_count(2)
    nils.get_by_role("button", name="Delete note").click()
    nils.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(notes(nora)).to_have_count(1)
    assert visit.texts() == ["Is the blue lamp in stock?", "We have two", "Great!"]


@in_campaign
def test_who_writes_a_note_does_not_type(pages: Pages, visit: Visit) -> None:
    visit.say("hello")
    page = pages.at("nora", "/inbox")
    sent: list[str] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(str(frame))))
    page.goto(f"{pages.url}/inbox/{visit.room}")
    timeline = Timeline(page)
    expect(timeline.message("hello")).to_be_visible()
    page.get_by_role("radio", name="Private note").check()
    page.get_by_label("Note for operators").press_sequentially("hm")
    write_note(page, "hm, wait")
    assert not any('"typing"' in each for each in sent)
    reply(page)
    timeline.write("We")
    expect(timeline.field).to_have_value("We")
    while not any('"typing"' in each for each in sent):
        page.wait_for_timeout(50)
