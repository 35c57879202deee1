"""Push: a page subscribes its browser, the service worker shows what is pushed, and a message says why it was not."""

import re
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from chat.features.push.keys import Keys, Report
from tests.support.campaign import in_campaign
from tests.support.people import eventually, request
from tests.support.saved import fetch_sql
from tests.support.server import ServerProcess
from tests.web.connection import wait_for_worker
from tests.web.pages import Pages
from tests.web.talking import Timeline
from tests.web.test_notifications import call, is_live, notifications_of

_CLOSE_ALL = """async () => {
    const worker = await navigator.serviceWorker.ready;
    for (const each of await worker.getNotifications()) each.close();
}"""

_LISTEN = """() => {
    window.isShown = false;
    navigator.serviceWorker.addEventListener("message", ({ data }) => (window.isShown ||= data.type === "pushed"));
}"""
"""The service worker posts this after it showed a push."""

_CLICK = """async () => {
    const [notification] = await registration.getNotifications();
    dispatchEvent(new NotificationEvent("notificationclick", { notification }));
}"""

_SUBSCRIBED = "SELECT session_id FROM push_subscriptions WHERE user_id = {}"
_DECIDED = "SELECT message_id FROM push_decisions WHERE person_id = {} AND seq = {} AND room_id = 1"
_REPORTED = """
SELECT clicked_at IS NOT NULL AS is_clicked FROM push_reports WHERE person_id = {} ORDER BY message_id"""

Push = Callable[[str], None]


class Pushed(NamedTuple):
    """A page of ada, and what delivers a push message to its service worker, as the browser's push service does."""

    pages: Pages
    context: BrowserContext
    page: Page
    push: Push


@pytest.fixture(scope="module")
def pushed(whole_browser: Browser, chat: ServerProcess) -> Generator[Pushed]:
    with Pages(whole_browser, chat.url) as pages:
        context = pages.context(permissions=["notifications"], worker=True)
        pages.log_in(context, "ada")
        page = context.new_page()
        devtools = context.new_cdp_session(page)
        registrations: list[str] = []
        devtools.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda event: registrations.extend(each["registrationId"] for each in event["registrations"]),
        )
        devtools.send("ServiceWorker.enable")
        page.goto(pages.url)
        is_live(page)
        wait_for_worker(page)

        def push(data: str) -> None:
            """Return when it is shown. Chromium forgets a notification that a page asks for while it is being shown."""
            where = {"origin": chat.url, "registrationId": registrations[-1]}
            page.evaluate(_LISTEN)
            devtools.send("ServiceWorker.deliverPushMessage", {**where, "data": data})
            eventually(lambda: page.evaluate("window.isShown"), f"{data!r} is shown", 60)

        yield Pushed(pages, context, page, push)


def test_a_pushed_message_is_shown_and_its_click_opens_it(pushed: Pushed) -> None:
    _, context, page, push = pushed
    notification = {
        "title": "ben · tea",
        "body": "are you there?",
        "navigate": "https://chat.example/room/1/7",
        "tag": "room-1",
        "app_badge": "2",
    }
    body = {"web_push": 8030, "notification": notification, "room": 1, "seq": 7}
    push(msgspec.json.encode(body).decode())
    [shown] = notifications_of(page)
    assert (shown["title"], shown["body"], shown["tag"]) == ("ben · tea", "are you there?", "room-1")
    assert shown["data"] == {"room": 1, "path": "/room/1/7", "code": None}
    context.service_workers[0].evaluate(_CLICK)
    expect(page).to_have_url(re.compile("^[^?]*/room/1/7$"))


def test_each_push_shows_a_notification_whatever_it_says(
    pushed: Pushed,
) -> None:
    page, push = pushed.page, pushed.push
    for data in ("", "no JSON", "null", "{}", '{"notification": {"title": "x"}}'):
        push(data)
        [shown] = notifications_of(page)
        assert shown["title"] == ("x" if "title" in data else "Chat"), data
        assert shown["data"]["path"] == "/", data
        page.evaluate(_CLOSE_ALL)
        eventually(lambda: notifications_of(page) == [], "it is closed", 60)


@in_campaign
def test_a_browser_reports_a_push_as_shown_and_as_clicked(pushed: Pushed, chat: ServerProcess) -> None:
    pages, context, page, push = pushed
    page.evaluate(_CLOSE_ALL)

    def ask(query: str) -> Any:
        with ThreadPoolExecutor(1) as thread:  # Playwright's loop runs in this one
            return thread.submit(fetch_sql, chat.address, query).result()

    ada = pages.person("ada")["me"]["id"]
    eventually(lambda: ask(_SUBSCRIBED.format(ada)), "the browser is subscribed", 60)
    (session,) = ask(_SUBSCRIBED.format(ada))
    codes = []
    for key in ("reported", "navigated"):
        body = {"key": key, "text": "@ada are you there?"}
        seq = call(pages, "ben", "POST", "/rooms/1/messages", body)["seq"]
        eventually(partial(ask, _DECIDED.format(ada, seq)), "it is decided", 60)
        (message,) = ask(_DECIDED.format(ada, seq))
        keys = Keys(bytes(ask("SELECT private FROM push_keys")[0]["private"]))
        codes.append(keys.report_code(Report(message["message_id"], ada, session["session_id"])))

    def reported() -> list[bool]:
        return [row["is_clicked"] for row in ask(_REPORTED.format(ada))]

    link = f"https://chat.example/room/1/7#push={codes[0]}"
    notification = {"title": "ben", "tag": "room-1", "navigate": link}
    push(msgspec.json.encode({"web_push": 8030, "notification": notification, "room": 1, "seq": 7}).decode())
    eventually(lambda: reported() == [False], "it is reported as shown", 60)
    [shown] = notifications_of(page)
    assert shown["data"]["path"] == "/room/1/7"
    context.service_workers[0].evaluate(_CLICK)
    eventually(lambda: reported() == [True], "it is reported as clicked", 60)
    page.goto(f"{chat.url}/room/1#push={codes[1]}")  # as a browser with Declarative Web Push
    eventually(lambda: reported() == [True, True], "the page reports the click", 60)
    expect(page).to_have_url(f"{chat.url}/room/1")


@pytest.fixture(scope="module")
def subscribed(whole_browser: Browser, chat: ServerProcess) -> Generator[Page]:
    """The notification settings of ivy, whose browser has a push service and lets the page notify."""
    with Pages(whole_browser, chat.url) as pages:
        context = pages.context(permissions=["notifications"], worker=True)
        pages.log_in(context, "ivy")
        page = context.new_page()
        page.goto(f"{pages.url}/settings/notifications")
        wait_for_worker(page)
        yield page


@in_campaign
def test_a_page_that_may_notify_subscribes_until_it_is_switched_off(subscribed: Page) -> None:
    closed = subscribed.get_by_label("Notify me while this page is closed")
    text = subscribed.get_by_label("Show message text")
    expect(closed).to_be_checked()
    expect(text).to_be_checked()
    text.click()
    expect(text).not_to_be_checked()
    closed.click()
    expect(closed).not_to_be_checked()
    expect(text).not_to_be_attached()
    subscribed.reload()
    expect(closed).not_to_be_checked()
    closed.click()
    expect(closed).to_be_checked()
    expect(text).not_to_be_checked()


@in_campaign
def test_a_test_shows_what_the_push_service_answered(subscribed: Page) -> None:
    subscribed.get_by_role("button", name="Send a test notification").click()
    steps = subscribed.locator(".push-steps li")
    expect(steps).to_have_count(2)
    expect(steps.first).to_have_text("Sent to your browser's push service")
    expect(steps.last).to_have_text("The server can't reach the push service")


@in_campaign
def test_each_message_says_why_one_was_notified(pages: Pages) -> None:
    page = pages.of("jan", "/room/1")
    is_live(page)
    timeline = Timeline(page)
    headers = {"Authorization": f"Bearer {pages.person('jan')['access']}"}

    def is_decided(seq: int) -> bool:
        answer = request("GET", f"{pages.url}/api/v1/rooms/1/messages/{seq}/why", headers=headers)
        return answer.status_code == 200

    for key, text, reason in (
        ("why-1", "nothing for anybody", "you are not mentioned"),
        ("why-2", "@jan this is for you", "no device of yours has push notifications"),
    ):
        seq: int = call(pages, "kai", "POST", "/rooms/1/messages", {"key": key, "text": text})["seq"]
        if "@" in text:
            eventually(partial(is_decided, seq), "it is decided")
        timeline.row(seq).hover()
        timeline.row(seq).get_by_role("button", name="More").click()
        page.get_by_role("menuitem", name="Why was I notified?").click()
        expect(page.get_by_role("dialog")).to_contain_text(reason)
        page.keyboard.press("Escape")


@in_campaign
def test_a_person_sets_quiet_hours_and_lets_somebody_through(pages: Pages) -> None:
    pages.person("lea")
    page = pages.of("kim", "/settings/notifications", timezone_id="Asia/Tokyo")
    switch = page.get_by_label("Quiet hours")
    expect(switch).not_to_be_checked()
    switch.click()
    expect(switch).to_be_checked()
    page.get_by_label("Until").fill("06:30")
    page.get_by_label("Until").press("Tab")
    sunday = page.get_by_role("button", name="Sun", exact=True)
    expect(sunday).to_have_attribute("aria-pressed", "true")
    sunday.click()
    expect(sunday).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Add a person").click()
    page.get_by_role("dialog").get_by_role("button", name="lea").click()
    expect(page.get_by_role("button", name="Remove lea")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Until")).to_have_value("06:30")
    expect(page.get_by_role("button", name="Sun", exact=True)).to_have_attribute("aria-pressed", "false")
    expect(page.get_by_role("button", name="Remove lea")).to_be_visible()
    chosen = call(pages, "kim", "GET", "/me/quiet-hours")
    assert (chosen["on"], chosen["zone"], chosen["start"], chosen["end"]) == (
        True,
        "Asia/Tokyo",
        "22:00",
        "06:30",
    )
    assert chosen["days"] == ["mon", "tue", "wed", "thu", "fri", "sat"]
    call(pages, "kim", "PUT", "/me/quiet-hours", {**chosen, "zone": "Europe/Berlin"})
    page.reload()
    page.get_by_role("button", name="Use Asia/Tokyo").click()
    expect(page.get_by_role("button", name="Use Asia/Tokyo")).to_have_count(0)
    assert call(pages, "kim", "GET", "/me/quiet-hours")["zone"] == "Asia/Tokyo"
