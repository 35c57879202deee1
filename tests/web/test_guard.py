"""The guard finds forbidden actions of a page, and nothing else."""

from contextlib import suppress

import pytest
from playwright.sync_api import Browser

from tests.support.campaign import in_campaign
from tests.support.people import eventually
from tests.web.pages import Pages
from tests.web.ports import free_port
from tests.web.site import other_site
from tests.web.spare_contexts import SpareContexts

_BAD = """<video src="/video"></video>
<script>
    new Image().src = "http://elsewhere.example/picture";
    new Image().src = "http://192.0.2.1/by-address";
    new WebSocket("ws://elsewhere.example/socket");
    new Image().src = "/web/missing.js";
    console.log("said");
    setTimeout(() => { throw new Error("thrown"); });
</script>"""

_FOUND = ("/picture", "/by-address", "/socket", "/web/missing.js", "said", "thrown", "blocked by the policy")

_KEEPS = """async () => {
    document.cookie = "kept=1; max-age=1000";
    localStorage.kept = sessionStorage.kept = "1";
    await (await caches.open("kept")).put("/kept", new Response("kept"));
    await new Promise((done) => { indexedDB.open("kept").onsuccess = done; });
}"""

_KEPT = """async () => [document.cookie, localStorage.kept, sessionStorage.kept, await caches.keys(),
    (await indexedDB.databases()).map(({ name }) => name)]"""


def test_forbidden_actions_of_a_page_are_found(browser: Browser) -> None:
    with other_site() as site:
        pages = Pages(browser, site.url)
        site.pages["/"] = ({"Content-Security-Policy": "media-src 'none'"}, _BAD)
        page = pages.context().new_page()
        page.route("**/web/missing.js", lambda route: route.fulfill(status=404))
        page.goto(site.url)

        def is_all_found() -> bool:
            page.title()  # what happened is told while Playwright is asked something
            return all(any(part in fault for fault in pages.faults) for part in _FOUND)

        eventually(is_all_found, "all is found")
        with pytest.raises(AssertionError, match="missing"), pages:
            pass


def test_console_messages_of_a_cut_connection_are_no_fault(browser: Browser) -> None:
    with other_site() as site, Pages(browser, site.url) as pages:
        site.pages["/"] = ({}, f'<img src="http://localhost:{free_port()}/nobody">')
        page = pages.context().new_page()
        with page.expect_console_message(lambda message: "ERR_CONNECTION_REFUSED" in message.text):
            page.goto(site.url)


@in_campaign
def test_a_browser_that_is_used_again_has_nothing_of_those_before(browser: Browser) -> None:
    with other_site() as site, other_site() as another, SpareContexts(site.url) as spare:
        site.pages["/"] = another.pages["/"] = ({}, "a page")
        with Pages(browser, site.url, spare) as pages:
            first, second = pages.open(), pages.open(url=another.url)
            assert first.context is not second.context
            before = {first.context, second.context}
            for page in (first, second):
                page.evaluate(_KEEPS)
                assert page.evaluate(_KEPT) == ["kept=1", "1", "1", ["kept"], ["kept"]]
        for _ in range(2):
            with Pages(browser, site.url, spare) as pages:
                for url in (site.url, another.url):
                    page = pages.open(url=url)
                    assert page.context in before
                    assert page.context.pages == [page]
                    assert page.evaluate(_KEPT) == ["", None, None, [], []]
                assert pages.open(locale="ru-RU").context not in before
                page.evaluate("console.log('said')")
                page.title()
                assert pages.faults == ["console: said"], "the guard looks at it, and at nobody else's"
                pages.faults.clear()


@in_campaign
def test_a_page_is_used_again_unless_it_was_told_what_stays(browser: Browser) -> None:
    with other_site() as site, other_site() as neighbour, SpareContexts(site.url) as spare:
        neighbour.pages["/"] = site.pages["/"] = site.pages["/healthz"] = ({}, "a page")
        with Pages(browser, site.url, spare) as pages:
            page = pages.open()
            page.set_viewport_size({"width": 390, "height": 844})
            page.route("**/other", lambda route: route.fulfill(status=500))
            page.context.new_cdp_session(page).send("Emulation.setTouchEmulationEnabled", {"enabled": True})
            page.goto(f"{site.url}/?next")
            page.goto(neighbour.url)
            page.evaluate("sessionStorage.setItem('kept', '1')")
        with Pages(browser, site.url, spare) as pages:
            again = pages.open()
            assert again is page
            assert page.evaluate("[innerWidth, navigator.maxTouchPoints, document.referrer]") == [1280, 0, ""]
            assert again.evaluate("fetch('/other').then(({ status }) => status)") == 200
            again.go_back()
            assert again.go_back() is None, "there is no page of the other test"
            again.goto(neighbour.url)
            assert again.evaluate("sessionStorage.length") == 0
            again.goto(site.url)
            again.emulate_media(color_scheme="dark")
        with Pages(browser, site.url, spare) as pages:
            other = pages.open()
            assert other.context is page.context
            assert other is not page
            other.add_init_script("window.isScripted = true")
        with Pages(browser, site.url, spare) as pages:
            assert pages.open() is not other


def test_a_browser_of_a_test_that_fails_is_not_used_again(browser: Browser) -> None:
    with other_site() as site, SpareContexts() as spare:
        site.pages["/"] = ({}, "a page")
        with suppress(ZeroDivisionError), Pages(browser, site.url, spare) as pages:
            context = pages.open().context
            _ = 1 / 0
        with Pages(browser, site.url, spare) as pages:
            assert pages.open().context is not context
