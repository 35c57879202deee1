"""Pages of people in browsers of their own, and a guard that notes what a page must never do."""

import os
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebError

from tests.support.people import PASSWORD, post
from tests.web.axe import AXE, serious_in_ours

PATIENCE = 30_000
"""Milliseconds for something to be seen; far more than it takes, also on a busy machine."""

_OF_THE_LINE = ("Failed to load resource:", "WebSocket connection to ")
"""What Chromium itself says of refusals and lost connections, which are the business of the test."""

OWN_HOSTS = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
"""An argument of the browser: no other host is there, and whoever asks one is told of on the console.

To be told of each request would take a tenth of the time of all tests of the page.
"""

LOOKS_AT_ALL = "FULL_TESTS" in os.environ
"""Whether axe looks at each page that a test leaves: it takes a third of a second."""

_OTHER_HOST = "net::ERR_NAME_NOT_RESOLVED"

_REPORTS = """addEventListener("securitypolicyviolation", (event) =>
    console.error("blocked by the policy:", event.violatedDirective, event.blockedURI, event.sample))"""

_NO_WORKER = "Object.defineProperty(Navigator.prototype, 'serviceWorker', { get() {} });"
"""As private windows of some browsers have it."""


class Pages:
    """Makes pages, and closes them at the end of the block.

    The end raises AssertionError where a page wrote to the console, broke the policy, failed, lacked a file of its own
    or asked another host, and with FULL_TESTS where axe has a serious finding in a page as the test leaves it.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self.url = url
        self.faults: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        try:
            if kind is None and LOOKS_AT_ALL and AXE.exists():
                for page in (page for context in self._contexts for page in context.pages):
                    self.faults += [f"axe: {each} at {page.url}" for each in serious_in_ours(page)]
        finally:
            for context in self._contexts:
                context.close()
        if kind is None:
            assert not self.faults, "\n".join(self.faults)

    def context(self, *, worker: bool = False, **options: Any) -> BrowserContext:
        """Return the browser of one person, guarded, with no page open.

        Without `worker` it has no service workers: to keep all files takes a quarter of the time of a page.
        """
        settings: Mapping[str, Any] = {"locale": "en-GB", "timezone_id": "Asia/Kathmandu", **options}
        context = self._browser.new_context(**settings)
        self._contexts.append(context)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(_REPORTS)
        if not worker:
            context.add_init_script(_NO_WORKER)
        context.on("console", self._console)
        context.on("weberror", self._failed)
        return context

    def open(self, path: str = "/", *, url: str | None = None, **options: Any) -> Page:
        """Open a place of the page in a browser of its own, where nobody is logged in."""
        page = self.context(**options).new_page()
        page.goto((url or self.url) + path)
        return page

    def of(self, name: str, path: str = "/", *, url: str | None = None, **options: Any) -> Page:
        """Open a place of the page in a browser of its own, where somebody is logged in, who is registered if new.

        `url` is a relay's; `options` are those of `context`.
        """
        context = self.context(**options)
        self.log_in(context, name, url=url)
        page = context.new_page()
        page.goto((url or self.url) + path)
        return page

    def log_in(self, context: BrowserContext, name: str, *, url: str | None = None) -> None:
        """Give a browser a session of somebody, as the door does."""
        url = url or self.url
        self.person(name)
        body = {"login": name, "password": PASSWORD}
        answer = context.request.post(
            f"{url}/api/v1/auth/login", data=body, headers={"Origin": url, "Sec-Fetch-Site": "same-origin"}
        )
        assert answer.ok, answer.text()

    def person(self, name: str) -> dict[str, Any]:
        """Return a session (access token and me) of somebody, who is registered if new."""
        url = f"{self.url}/api/v1/auth"
        answer = post(f"{url}/register", {"name": name, "password": PASSWORD})
        if answer.status_code == 409:
            answer = post(f"{url}/login", {"login": name, "password": PASSWORD})
        assert answer.status_code in (200, 201), answer.text
        session: dict[str, Any] = answer.json()
        return session

    def _console(self, message: ConsoleMessage) -> None:
        if not message.text.startswith(_OF_THE_LINE):
            self.faults.append(f"console: {message.text}")
        elif _OTHER_HOST in message.text:
            self.faults.append(f"asked another host: {message.text} {message.location['url']}")
        elif "404" in message.text and urlsplit(message.location["url"]).path.startswith("/web/"):
            self.faults.append(f"no such file: {message.location['url']}")

    def _failed(self, error: WebError) -> None:
        self.faults.append(f"failed: {error.error}")
