"""The guard over all that pages do finds what it is there for, and nothing else."""

import pytest
from playwright.sync_api import Browser

from tests.support.people import eventually
from tests.web.pages import Pages
from tests.web.ports import free_port
from tests.web.site import other_site

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


def test_what_a_page_must_never_do_is_found(browser: Browser) -> None:
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


def test_what_a_line_that_is_cut_leaves_on_the_console_is_no_fault(browser: Browser) -> None:
    with other_site() as site, Pages(browser, site.url) as pages:
        site.pages["/"] = ({}, f'<img src="http://localhost:{free_port()}/nobody">')
        page = pages.context().new_page()
        with page.expect_console_message(lambda message: "ERR_CONNECTION_REFUSED" in message.text):
            page.goto(site.url)
