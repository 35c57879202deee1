"""Notifications: one tab shows them while nobody looks, and closes them once the messages are read."""

import re
from collections.abc import Generator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.campaign import in_campaign
from tests.support.people import eventually, request
from tests.support.server import ServerProcess
from tests.web.connection import wait_for_worker
from tests.web.pages import Pages

LOOKS_AWAY = """
document.hasFocus = () => false;
window.shown = 0;
const Registration = window.ServiceWorkerRegistration?.prototype ?? {};  // an empty page has none
const { showNotification } = Registration;
Registration.showNotification = async function (...notification) {
    await showNotification.apply(this, notification);
    window.shown += 1;
};"""

TOLD = """async () => {
    const worker = await navigator.serviceWorker.ready;
    return (await worker.getNotifications()).map(({ title, body, tag, data }) => ({ title, body, tag, data }));
}"""


@pytest.fixture(scope="module")
def browser(whole_browser: Browser) -> Browser:
    """A browser that has notifications."""
    return whole_browser


def notifications_of(page: Page) -> list[dict[str, Any]]:
    notifications: list[dict[str, Any]] = page.evaluate(TOLD)
    return notifications


def wait_until_shown(page: Page, count: int) -> None:
    """Return when the page has shown so many more. One that a page asks for while it is shown, Chromium forgets."""
    eventually(lambda: page.evaluate("window.shown") == count, "it is shown")
    page.evaluate("window.shown = 0")


def call(pages: Pages, name: str, method: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {pages.person(name)['access']}"}
    answer = request(method, f"{pages.url}/api/v1{path}", body, headers=headers)
    assert answer.is_success, answer.text
    return answer.json()


def direct_of(pages: Pages, name: str, to: str) -> int:
    room: int = call(pages, name, "PUT", f"/direct/{pages.person(to)['me']['id']}")["id"]
    return room


def is_live(page: Page) -> None:
    """Wait until the page has received all events."""
    expect(page.get_by_text("Online", exact=True)).to_be_visible()


@pytest.fixture(scope="module")
def away(browser: Browser, chat: ServerProcess) -> Generator[tuple[BrowserContext, list[Page]]]:
    """Two tabs of ada, who looks away from both; a service worker takes long to keep all files."""
    with Pages(browser, chat.url) as pages:
        context = pages.context(permissions=["notifications"], worker=True)
        context.add_init_script(LOOKS_AWAY)
        pages.log_in(context, "ada")
        tabs = [context.new_page() for _ in range(2)]
        for page in tabs:
            page.goto(pages.url)
            is_live(page)
            wait_for_worker(page)
        yield context, tabs


@in_campaign
def test_a_direct_message_notifies_once_for_all_tabs_until_it_is_read_elsewhere(
    pages: Pages, away: tuple[BrowserContext, list[Page]]
) -> None:
    room = direct_of(pages, "ben", "ada")
    _, tabs = away
    call(pages, "ben", "POST", f"/rooms/{room}/messages", {"key": "n-1", "text": "are you there?"})
    wait_until_shown(tabs[0], 1)
    [notification] = notifications_of(tabs[0])
    assert (notification["title"], notification["body"]) == ("ben", "are you there?")
    assert notification["data"]["path"] == f"/room/{room}/1"
    call(pages, "ada", "PUT", f"/rooms/{room}/read", {"seq": 1})
    eventually(lambda: notifications_of(tabs[0]) == [], "it is closed")


def test_messages_without_a_mention_do_not_notify(
    pages: Pages, away: tuple[BrowserContext, list[Page]]
) -> None:
    room = direct_of(pages, "eve", "ada")
    _, [tab, _] = away
    call(pages, "eve", "POST", "/rooms/1/messages", {"key": "n-2", "text": "good morning all"})
    asked = call(pages, "ada", "POST", "/rooms/1/messages", {"key": "n-5", "text": "tea?"})["seq"]
    for key, reply in (("n-6", asked - 1), ("n-7", asked)):
        call(pages, "eve", "POST", "/rooms/1/messages", {"key": key, "text": f"re {key}", "reply": reply})
    wait_until_shown(tab, 1)
    assert [each["body"] for each in notifications_of(tab)] == ["re n-7"]
    call(pages, "eve", "POST", "/rooms/1/messages", {"key": "n-3", "text": "@ada see this"})
    call(pages, "eve", "POST", f"/rooms/{room}/messages", {"key": "n-4", "text": "and this"})
    wait_until_shown(tab, 2)
    assert {each["body"] for each in notifications_of(tab)} == {"@ada see this", "and this"}
    expect(tab).to_have_title(re.compile(r"^\(2\) "))
    icon = tab.locator("link[rel=icon]")
    expect(icon).to_have_attribute("href", re.compile("^data:image/png"))
    for number in (1, room):
        call(
            pages,
            "ada",
            "PUT",
            f"/rooms/{number}/read",
            {"seq": call(pages, "ada", "GET", f"/rooms/{number}")["seq"]},
        )
    expect(tab).not_to_have_title(re.compile(r"^\("))
    expect(icon).to_have_attribute("href", re.compile(r"/icons/chat\.svg$"))


def test_clicking_a_notification_opens_its_place(
    pages: Pages, away: tuple[BrowserContext, list[Page]]
) -> None:
    room = direct_of(pages, "kim", "ada")
    context, [page, other] = away
    other.close()
    call(pages, "kim", "POST", f"/rooms/{room}/messages", {"key": "n-7", "text": "come here"})
    wait_until_shown(page, 1)
    context.service_workers[0].evaluate(
        """async () => {
            const [notification] = await registration.getNotifications();
            dispatchEvent(new NotificationEvent("notificationclick", { notification }));
        }"""
    )
    expect(page).to_have_url(re.compile(f"/room/{room}/1$"))
    expect(page.locator(".timeline-rows").get_by_text("come here", exact=True)).to_have_count(1)


@in_campaign
def test_nobody_is_asked_at_the_start_and_everybody_after_the_first_mention(pages: Pages) -> None:
    page = pages.of("gil", "/room/1", worker=True)
    is_live(page)
    offer = page.get_by_role("button", name="Show notifications")
    expect(offer).not_to_be_attached()
    call(pages, "hal", "POST", "/rooms/1/messages", {"key": "n-5", "text": "@gil hello"})
    expect(offer).to_be_visible()
    page.get_by_role("button", name="Not now").click()
    expect(offer).not_to_be_attached()
    page.reload()
    is_live(page)
    call(pages, "hal", "POST", "/rooms/1/messages", {"key": "n-6", "text": "@gil once more"})
    expect(page.locator(".timeline-rows").get_by_text("@gil once more", exact=True)).to_have_count(1)
    expect(offer).not_to_be_attached()


@in_campaign
def test_a_notification_is_shown_to_try_and_all_keys_are_listed(pages: Pages) -> None:
    page = pages.of("hedy", "/settings/notifications", permissions=["notifications"], worker=True)
    closed = page.get_by_label("Notify me while this page is closed")
    expect(closed).to_be_checked()
    closed.click()
    expect(closed).not_to_be_checked()
    page.get_by_role("button", name="Send a test notification").click()
    expect(page.get_by_role("status").filter(has_text="Sent.")).to_be_visible()
    shown = (
        "navigator.serviceWorker.ready.then(async (worker) => (await worker.getNotifications())[0]?.title)"
    )
    assert page.evaluate(shown) == "Test notification"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Shortcuts and formatting")).to_contain_text(
        "Move through the list"
    )
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@in_campaign
def test_in_quiet_hours_only_chosen_people_notify(
    pages: Pages, away: tuple[BrowserContext, list[Page]]
) -> None:
    _, [page, *_] = away
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    always = {"on": True, "start": "00:00", "end": "00:00", "days": days, "zone": "UTC"}
    chosen = [pages.person("lea")["me"]["id"]]
    call(pages, "ada", "PUT", "/me/quiet-hours", {**always, "people": chosen})
    page.reload()
    is_live(page)
    for name in ("mia", "lea"):
        call(pages, name, "POST", "/rooms/1/messages", {"key": f"n-{name}", "text": f"@ada from {name}"})
    wait_until_shown(page, 1)
    assert [each["body"] for each in notifications_of(page)] == ["@ada from lea"]
    call(pages, "ada", "PUT", "/rooms/1/read", {"seq": call(pages, "ada", "GET", "/rooms/1")["seq"]})
    eventually(lambda: notifications_of(page) == [], "it is closed")
