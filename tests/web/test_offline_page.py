"""The page offline, as somebody sees it who continues to write."""

import re

from playwright.sync_api import Locator, Page, expect

from tests.support.campaign import in_campaign
from tests.support.people import PASSWORD, request
from tests.system.relay import Relay
from tests.web.connection import wait_for_worker
from tests.web.pages import Pages

LOBBY = "/room/1"


def write(page: Page, text: str) -> None:
    composer = page.get_by_role("textbox", name=re.compile("Message|Write"))
    composer.fill(text)
    composer.press("Enter")


def shown(page: Page, text: str) -> Locator:
    return page.locator(".timeline-rows").get_by_text(text, exact=True)


def test_messages_typed_offline_are_there_when_the_page_reopens_offline(pages: Pages, relay: Relay) -> None:
    page = pages.of("ada", LOBBY, url=relay.url, worker=True)
    write(page, "with a line")
    expect(page.locator("[data-seq]").get_by_text("with a line", exact=True)).to_have_count(1)
    expect(page.locator(".is-waiting")).to_have_count(0)
    expect(page.locator(".is-waiting")).to_have_count(0)
    wait_for_worker(page)
    texts = [f"typed {n}" for n in range(3)]
    with relay.cut():
        expect(page.get_by_text("The server can't be reached since")).to_be_visible()
        for text in texts:
            write(page, text)
            expect(shown(page, text)).to_have_count(1)
        expect(page.get_by_text("3 messages waiting to be sent")).to_be_visible()
        context = page.context
        page.close()
        page = context.new_page()
        page.goto(relay.url + LOBBY)
        for text in ["with a line", *texts]:
            expect(shown(page, text)).to_have_count(1)
    page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(page.get_by_text("The server can't be reached since")).not_to_be_attached()
    expect(page.locator(".is-waiting")).to_have_count(0)
    for text in texts:
        expect(shown(page, text)).to_have_count(1)
    page.reload()
    for text in texts:
        expect(shown(page, text)).to_have_count(1)


@in_campaign
def test_logging_in_after_a_remote_log_out_returns_to_the_place(pages: Pages) -> None:
    page = pages.of("ben", LOBBY)
    write(page, "before logging out")
    expect(shown(page, "before logging out")).to_have_count(1)
    headers = {"Authorization": f"Bearer {pages.person('ben')['access']}"}
    assert request("DELETE", f"{pages.url}/api/v1/me/sessions", headers=headers).status_code == 204
    expect(page.get_by_text("You were logged out from another device")).to_be_visible()
    page.get_by_label("Name or email address").fill("ben")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(shown(page, "before logging out")).to_have_count(1)
    expect(page).to_have_url(re.compile(LOBBY + "$"))
