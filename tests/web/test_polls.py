"""Polls in the page: made by a dialog and by a command, voted in, and closed; others read them as text."""

from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.web.pages import Pages
from tests.web.talking import Speaker, Timeline


def option(poll: Locator, name: str) -> Locator:
    return poll.locator(".poll-option", has_text=name)


def counts(poll: Locator) -> list[str]:
    return [each.split()[0] for each in poll.locator(".poll-count").all_inner_texts()]


def poll_in(page: Page, question: str) -> Locator:
    return page.get_by_role("group", name=question)


@in_campaign
def test_people_make_a_poll_vote_and_close_it(pages: Pages) -> None:
    ada, ben = Speaker(pages, "ada"), Speaker(pages, "ben")
    room = ada.make_room("garden", ben)
    page, bens = pages.at("ada", f"/room/{room}"), pages.at("ben", f"/room/{room}")
    page.get_by_role("button", name="Create a poll").click()
    dialog = page.get_by_role("dialog", name="Create a poll")
    dialog.get_by_label("Question").fill("Where do we eat?")
    for n, text in enumerate(("Pizza", "Soup", "שווארמה"), start=1):
        dialog.get_by_label(f"Option {n}", exact=True).fill(text)
    expect(dialog.get_by_label("Option 4")).to_be_visible()
    dialog.get_by_role("button", name="Send poll").click()
    expect(dialog).to_have_count(0)
    text = "📊 Where do we eat?\n1️⃣ Pizza\n2️⃣ Soup\n3️⃣ שווארמה"
    mine, bens_poll = poll_in(page, "Where do we eat?"), poll_in(bens, "Where do we eat?")
    option(bens_poll, "Soup").click()
    newest = ada.call("GET", f"/rooms/{room}/messages")["messages"][-1]
    assert newest["text"] == text
    expect(option(bens_poll, "Soup")).to_have_attribute("aria-pressed", "true")
    option(mine, "Soup").click()
    expect(option(mine, "Soup")).to_have_accessible_name("Soup 2 votes")
    option(mine, "Pizza").click()  # one choice: the other goes
    expect(option(mine, "Pizza")).to_have_attribute("aria-pressed", "true")
    expect(option(mine, "Soup")).to_have_attribute("aria-pressed", "false")
    assert counts(mine) == ["1", "1", "0"]
    expect(page.locator(".reactions")).to_have_count(0)

    # Another client knows reactions alone.
    seq = newest["seq"]
    ben.call("PUT", f"/rooms/{room}/messages/{seq}/reactions/3%EF%B8%8F%E2%83%A3")
    expect(option(mine, "שווארמה")).to_contain_text("1")
    expect(mine).to_contain_text("3 votes")

    expect(bens_poll.get_by_role("button", name="Close poll")).to_have_count(0)
    mine.get_by_role("button", name="Close poll").click()
    page.get_by_role("dialog").get_by_role("button", name="Close poll").click()
    expect(bens_poll).to_contain_text("Closed")
    expect(option(bens_poll, "Soup")).to_be_disabled()
    ben.call("PUT", f"/rooms/{room}/messages/{seq}/reactions/1%EF%B8%8F%E2%83%A3")  # it comes too late
    assert counts(bens_poll) == ["1", "1", "1"]
    said = ada.call("GET", f"/rooms/{room}/messages")["messages"][-1]["text"]
    assert said == "📊🔒 Where do we eat?\n1️⃣ Pizza · 1\n2️⃣ Soup · 1\n3️⃣ שווארמה · 1"

    timeline = Timeline(page)
    timeline.write("/poll “Tea?” “yes” “no”")
    page.keyboard.press("Enter")
    expect(option(poll_in(page, "Tea?"), "yes")).to_be_visible()
    timeline.write("/poll Coffee?")
    page.keyboard.press("Enter")  # there are no options yet
    expect(dialog.get_by_label("Question")).to_have_value("Coffee?")
