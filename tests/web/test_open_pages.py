"""A page that a test has left is used on only where nothing of that test is in the way."""

from contextlib import closing

from playwright.sync_api import Browser, expect

from tests.support.campaign import in_campaign
from tests.support.people import request
from tests.support.server import ServerProcess
from tests.web.open_pages import OpenPages
from tests.web.pages import Pages
from tests.web.spare_contexts import SpareContexts


@in_campaign
def test_a_page_is_used_on_by_its_person_and_is_guarded(browser: Browser, chat: ServerProcess) -> None:
    with closing(OpenPages()) as left:
        spare = SpareContexts(chat.url)
        with Pages(browser, chat.url, spare, left) as pages:
            page = pages.at("ada")
            expect(page.locator(".sidebar")).to_be_visible()
        with Pages(browser, chat.url, spare, left) as pages:
            assert pages.at("ada", "/room/1") is page
            expect(page.get_by_role("heading", name="lobby", level=1)).to_be_visible()
            assert pages.of("ada") is not page
            page.evaluate("console.log('said')")
            page.title()
            assert pages.faults == ["console: said"]
            pages.faults.clear()
            page.keyboard.press("Control+k")
            expect(page.get_by_role("dialog")).to_be_visible()
        assert page.url == f"{chat.url}/healthz", "a dialog was open"


@in_campaign
def test_a_page_that_is_logged_out_meanwhile_is_loaded_again(browser: Browser, chat: ServerProcess) -> None:
    with closing(OpenPages()) as left:
        spare = SpareContexts(chat.url)
        with Pages(browser, chat.url, spare, left) as pages:
            page = pages.at("ben")
            expect(page.locator(".sidebar")).to_be_visible()
            page.evaluate("window.isOld = true")
            headers = {"Authorization": f"Bearer {pages.person('ben')['access']}"}
        assert request("DELETE", f"{chat.url}/api/v1/me/sessions", headers=headers).is_success
        expect(page.get_by_role("button", name="Log in")).to_be_visible()
        with Pages(browser, chat.url, spare, left) as pages:
            assert not pages.at("ben").evaluate("window.isOld")
