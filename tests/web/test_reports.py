"""What moderators do in the page: they handle reports in their list, and delete what somebody said of late."""

import re
from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.support.command_line import chat as command
from tests.support.people import PASSWORD
from tests.support.server import ServerProcess, running_server, used_data_path
from tests.web.open_pages import go
from tests.web.pages import Pages
from tests.web.rooms import forget_tokens
from tests.web.talking import Speaker, Timeline

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}}


@pytest.fixture(scope="module")
def chat(ports: tuple[int, int]) -> Generator[ServerProcess]:
    """A server with mod, who moderates it, and boss, an admin."""
    forget_tokens()
    with (
        used_data_path() as data,
        running_server(data, port=ports[0], CHAT_REGISTRATIONS_PER_HOUR="0") as server,
    ):
        for name, role in (("mod", "moderator"), ("boss", "admin")):
            command(server, "user", "add", name, "--password-stdin", stdin=PASSWORD)
            command(server, "user", "role", name, role)
        yield server


@pytest.fixture
def garden(pages: Pages) -> Generator[int]:
    """A public room with ada, who owns it, ben, eve and mod."""
    ada = Speaker(pages, "ada")
    room = ada.make_room("garden", *(Speaker(pages, name) for name in ("ben", "eve", "mod")))
    yield room
    ada.call("DELETE", f"/rooms/{room}")


def cards(page: Page) -> Locator:
    return page.get_by_role("list", name="Reports").locator(".report")


def report(page: Page, text: str, reason: str, comment: str = "") -> None:
    Timeline(page).act(text, "Report message")
    dialog = page.get_by_role("dialog", name="Report this message")
    expect(dialog.get_by_role("button", name="Report", exact=True)).to_be_disabled()
    dialog.get_by_label(reason).check()
    dialog.get_by_label("Comment").fill(comment)
    dialog.get_by_role("button", name="Report", exact=True).click()
    page.get_by_role("dialog", name="Thank you").get_by_role("button", name="Close").last.click()


@in_campaign
def test_a_message_is_reported_and_handled(pages: Pages, garden: int) -> None:
    eve, ben = Speaker(pages, "eve"), Speaker(pages, "ben")
    first, second = eve.say(garden, "buy my tulips"), eve.say(garden, "buy my roses")
    mods, phone = pages.of("mod", "/reports"), pages.of("boss", "/reports", **PHONE)
    expect(mods.get_by_role("heading", name="No open reports")).to_be_visible()
    page = pages.at("ben", f"/room/{garden}")
    report(page, "buy my tulips", "Spam or advertising", "again and again")
    expect(page.get_by_role("link", name="Reports")).to_have_count(0)
    ada = Speaker(pages, "ada")
    ada.call("POST", f"/rooms/{garden}/messages/{first}/report", {"reason": "other"})
    for each in (mods, phone):
        expect(cards(each)).to_have_count(1)
        expect(cards(each).locator(".report-quote")).to_have_text("buy my tulips")
        expect(cards(each)).to_contain_text(
            re.compile("Spam.*again and again.*ben.*Something else.*ada", re.S)
        )
    expect(mods.get_by_role("link", name="Reports 1 open report")).to_be_visible()
    expect(phone.get_by_text("To moderate this room, join it first.")).to_be_visible()

    cards(mods).get_by_role("button", name="Ban from room").click()
    mods.get_by_role("dialog", name="Ban eve from garden?").get_by_role(
        "button", name="Ban from room"
    ).click()
    for each in (mods, phone):
        expect(each.get_by_role("heading", name="No open reports")).to_be_visible()
    expect(mods.get_by_role("heading", name="Reports", exact=True)).to_be_focused()
    expect(mods.get_by_role("link", name="Reports 1")).to_have_count(0)
    expect(Timeline(page).row(first)).to_contain_text("Message deleted by a moderator")
    phone.get_by_label("Handled").check()
    expect(cards(phone)).to_contain_text("Message deleted · Author banned from the room — mod")
    expect(cards(phone).get_by_role("button")).to_have_count(0)

    ben.call("POST", f"/rooms/{garden}/messages/{second}/report", {"reason": "spam"})
    cards(mods).get_by_role("button", name="Dismiss").click()
    expect(cards(mods)).to_have_count(0)
    expect(cards(phone)).to_have_count(2)
    expect(cards(phone).first).to_contain_text("Dismissed by mod")
    audit = pages.at("boss", "/admin/audit")
    expect(audit.locator(".audit > li").first).to_contain_text(
        f"mod handled reports of message {second} of eve in"
    )
    expect(audit.locator(".audit > li").nth(1)).to_contain_text(": message deleted, author banned")


@in_campaign
def test_of_a_private_room_moderators_see_the_quote_alone(pages: Pages) -> None:
    ada, zoe = Speaker(pages, "ada"), Speaker(pages, "zoe")
    room = ada.call("PUT", f"/direct/{zoe.id}")["id"]
    zoe.say(room, "I know where you live")
    page = pages.at("ada", f"/room/{room}")
    evil = '<img src=x onerror="window.pwned=1">'
    report(page, "I know where you live", "Harassment or threats", evil)
    boss = pages.at("boss", "/reports")
    expect(cards(boss).locator(".report-comment")).to_have_text(evil)
    assert boss.evaluate("() => window.pwned") is None
    expect(cards(boss)).to_contain_text("Direct message")
    expect(cards(boss).get_by_role("link", name="Open")).to_have_count(0)
    expect(cards(boss).get_by_role("button")).to_have_text(["Disable account", "Dismiss"])
    cards(boss).get_by_role("button", name="Disable account").click()
    dialog = boss.get_by_role("dialog", name="Disable the account of zoe?")
    expect(dialog.get_by_label("Also delete the message")).to_have_count(0)
    dialog.get_by_role("button", name="Disable account").click()
    expect(boss.get_by_role("heading", name="No open reports")).to_be_visible()


@in_campaign
def test_recent_messages_of_somebody_are_deleted_in_all_rooms(pages: Pages, garden: int) -> None:
    spam, mod, ada = Speaker(pages, "spam"), Speaker(pages, "mod"), Speaker(pages, "ada")
    ada.call("PUT", f"/rooms/{garden}/members/{spam.id}", {})
    shed = ada.make_room("shed", mod, spam)
    for nth in range(3):
        spam.say(garden, f"buy {nth}")
    spam.say(shed, "buy more")
    reader = Timeline(pages.at("ada", f"/room/{shed}"))
    expect(reader.message("buy more")).to_be_visible()
    page = pages.at("mod", f"/room/{garden}?show=person-{spam.id}")
    page.get_by_role("button", name="Delete recent messages").click()
    dialog = page.get_by_role("dialog", name="Delete recent messages of spam?")
    expect(dialog.get_by_label("the last hour")).to_be_checked()
    dialog.get_by_label("the last 24 hours").check()
    dialog.get_by_role("button", name="Delete messages").click()
    expect(dialog.get_by_role("status")).to_have_text("4 messages deleted")
    dialog.get_by_role("button", name="Close").last.click()
    expect(dialog).to_have_count(0)
    expect(reader.page.get_by_text("Message deleted by a moderator")).to_have_count(1)
    go(page, f"/room/{garden}")
    expect(page.get_by_text("Message deleted by a moderator")).to_have_count(3)
    go(reader.page, f"/room/{shed}?show=person-{mod.id}")  # ada owns this room
    expect(reader.page.get_by_role("button", name="Delete recent messages")).to_be_visible()
    go(reader.page, f"/room/1?show=person-{mod.id}")
    expect(reader.page.get_by_role("heading", name="mod", exact=True)).to_be_visible()
    expect(reader.page.get_by_role("button", name="Delete recent messages")).to_have_count(0)
    ada.call("DELETE", f"/rooms/{shed}")


@in_campaign
def test_a_message_with_a_word_waits_until_a_moderator_allows_it(pages: Pages, garden: int) -> None:
    words = pages.at("boss", "/admin/words")
    expect(words.get_by_text("There are no words, so no message is held.")).to_be_visible()
    words.get_by_label("New words").fill("tulips\nFree money\ntoo many marks")
    words.get_by_role("button", name="Add").click()
    expect(words.locator(".review-words > li")).to_have_count(3)
    words.get_by_role("button", name="Remove “too many marks”").click()
    expect(words.locator(".review-words > li")).to_have_count(2)

    mods = pages.of("mod", "/reports")
    mods.get_by_label("Waiting for review").check()
    expect(mods.get_by_role("heading", name="Nothing waits for review")).to_be_visible()
    page = pages.at("eve", f"/room/{garden}", **PHONE)
    for text in ("buy my TULIPS!", "free  money here"):
        Timeline(page).write(text)
        page.get_by_role("button", name="Send", exact=True).click()
    own = page.get_by_role("list", name="Waiting for review").get_by_role("listitem")
    expect(own).to_have_count(2)
    expect(own.first).to_contain_text("Moderators look at it before others see it.")
    expect(page.locator(".message-refused, .is-waiting")).to_have_count(0)

    expect(mods.get_by_role("link", name="Reports 2 messages wait for review")).to_be_visible()
    held = mods.get_by_role("list", name="Waiting for review").locator(".report")
    expect(held.last).to_contain_text(re.compile("eve.*garden.*buy my TULIPS!.*Has “tulips”", re.S))
    held.last.get_by_role("button", name="Allow").click()
    expect(held).to_have_count(1)
    held.get_by_role("button", name="Remove").click()
    expect(mods.get_by_role("heading", name="Nothing waits for review")).to_be_visible()
    expect(Timeline(page).message("buy my TULIPS!")).to_be_visible()
    expect(own).to_have_count(1)
    expect(own).to_contain_text(re.compile("Removed by moderators.*free  money here", re.S))
    own.get_by_role("button", name="Dismiss").click()
    expect(own).to_have_count(0)
    mods.get_by_role("button", name="Show removed messages").click()
    expect(held).to_contain_text("Removed by mod")

    expect(words.get_by_text("tulips", exact=True)).to_be_visible()
    for word in ("tulips", "Free money"):
        words.get_by_role("button", name=f"Remove “{word}”").click()
    expect(words.get_by_text("There are no words, so no message is held.")).to_be_visible()
