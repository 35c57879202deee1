"""Pages of people in browsers of their own, and a guard that records forbidden actions."""

import os
from collections.abc import Hashable, Mapping
from functools import partial
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebError

from tests.support.people import PASSWORD, post
from tests.web.axe import AXE, serious_in_ours
from tests.web.open_pages import OpenPages
from tests.web.push_service import give_push_service
from tests.web.spare_contexts import SpareContexts

PATIENCE = 30_000
"""Milliseconds for something to appear; far more than it takes, also on a busy machine."""

_OF_THE_LINE = ("Failed to load resource:", "WebSocket connection to ")
"""Chromium's own messages about refusals and lost connections, which the tests check themselves."""

OWN_HOSTS = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
"""An argument of the browser: no other host is there, and whoever asks one is told of on the console.

To be told of each request would take a tenth of the time of all tests of the page.
"""

LOOKS_AT_ALL = "FULL_TESTS" in os.environ
"""Whether axe checks each page at the end of its test, which takes a third of a second."""

_OTHER_HOST = "net::ERR_NAME_NOT_RESOLVED"

_REPORTS = """addEventListener("securitypolicyviolation", (event) =>
    console.error("blocked by the policy:", event.violatedDirective, event.blockedURI, event.sample))"""

_KEEP_NOTHING = frozenset({"worker", "permissions"})
"""Options of browsers that are used once, because they store more than an origin's data, which cannot be cleared."""

_NO_WORKER = "Object.defineProperty(Navigator.prototype, 'serviceWorker', { get() {}, configurable: true });"
"""As in private windows of some browsers."""


def _kind(options: Mapping[str, Any]) -> str:
    """Browsers of one kind serve each other's tests; the size is the page's own."""
    return repr(sorted((name, value) for name, value in options.items() if name != "viewport"))


class Pages:
    """Makes pages, and closes them at the end of the block. `spare` and `left` are what others have left.

    The end raises AssertionError where a page wrote to the console, broke the policy, failed, lacked a file of its own
    or asked another host, and with FULL_TESTS where axe has a serious finding in a page as the test leaves it.
    """

    def __init__(
        self, browser: Browser, url: str, spare: SpareContexts | None = None, left: OpenPages | None = None
    ) -> None:
        self.url = url
        self.faults: list[str] = []
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._spare = spare
        # Options of each, and the origin that its page was made for.
        self._to_spare: list[tuple[str, BrowserContext, str]] = []
        self._left = left
        self._to_leave: dict[BrowserContext, tuple[Hashable, Page]] = {}
        self._origins = {url}

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
            self._leave(is_clean=kind is None and not self.faults)
        if kind is None:
            assert not self.faults, "\n".join(self.faults)

    def context(self, *, worker: bool = False, **options: Any) -> BrowserContext:
        """Return the new browser of one person, guarded, with no page open.

        Without `worker` it has no service workers: to keep all files takes a quarter of the time of a page. Nothing
        moves in it: to draw what appears and turns takes a tenth of the time of all tests of the page.
        """
        settings: Mapping[str, Any] = {
            "locale": "en-GB",
            "timezone_id": "Asia/Kathmandu",
            "reduced_motion": "reduce",
            **options,
        }
        context = self._browser.new_context(**settings)
        context.set_default_timeout(PATIENCE)
        context.add_init_script(_REPORTS)
        if not worker:
            context.add_init_script(_NO_WORKER)
        if "notifications" in options.get("permissions", ()):
            give_push_service(context)
        self._guard(context)
        return context

    def visits(self, origin: str) -> None:
        """Say that browsers go to another origin too, of which the next test is to find nothing."""
        self._origins.add(origin)

    def _guard(self, context: BrowserContext) -> None:
        self._contexts.append(context)
        context.on("console", self._console)
        context.on("weberror", self._failed)

    def empty(self, *, url: str | None = None, **options: Any) -> Page:
        """Return an empty page in a browser of its own, where nobody is logged in.

        `url` is a relay's; `options` are those of `context`. Routes and scripts are added to the page only.
        """
        self._origins.add(url or self.url)
        if self._spare is None or not _KEEP_NOTHING.isdisjoint(options):
            return self.context(**options).new_page()
        size = options.pop("viewport", None)
        kind = _kind(options)
        taken = self._spare.take(self._browser, kind, url or self.url)
        if taken is None:
            context = self.context(**options)
            page = self._spare.new_page(context)
        else:
            context, page = taken
            self._guard(context)
        if size is not None:
            page.set_viewport_size(size)
        self._to_spare.append((kind, context, url or self.url))
        return page

    def _leave(self, *, is_clean: bool) -> None:
        if self._spare is not None and is_clean:
            for kind, context, origin in self._to_spare:
                self._contexts.remove(context)
                context.remove_listener("console", self._console)
                context.remove_listener("weberror", self._failed)
                give = partial(self._spare.give, self._browser, kind, context, origin, self._origins)
                if self._left is not None and context in self._to_leave:
                    self._left.leave(*self._to_leave[context], give)
                else:
                    give()
        for context in self._contexts:
            context.close()

    def open(self, path: str = "/", *, url: str | None = None, **options: Any) -> Page:
        """Open a place of the page in a browser of its own, where nobody is logged in."""
        page = self.empty(url=url, **options)
        page.goto((url or self.url) + path)
        return page

    def of(self, name: str, path: str = "/", *, url: str | None = None, **options: Any) -> Page:
        """Open a place of the page in a browser of its own, where somebody is logged in, who is registered if new.

        `url` is a relay's; `options` are those of `context`.
        """
        page = self.empty(url=url, **options)
        self.log_in(page.context, name, url=url)
        page.goto((url or self.url) + path)
        return page

    def at(self, name: str, path: str = "/", **options: Any) -> Page:
        """Show a place to somebody in the page where an earlier test of the file has left them, or as `of` does.

        The next test may go on in it. What a script changes in the page stays there: such a test takes `of`.
        """
        key = (name, repr(sorted(options.items())))
        page = None if self._left is None else self._left.take(key, path)
        if page is None:
            page = self.of(name, path, **options)
        else:
            self._guard(page.context)
            self._to_spare.append((_kind(options), page.context, self.url))
        self._to_leave[page.context] = key, page
        return page

    def log_in(self, context: BrowserContext, name: str, *, url: str | None = None) -> None:
        """Give a browser a session of somebody, as the log-in page does."""
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
        elif "status of 404" in message.text and urlsplit(message.location["url"]).path.startswith("/web/"):
            self.faults.append(f"no such file: {message.location['url']}")

    def _failed(self, error: WebError) -> None:
        self.faults.append(f"failed: {error.error}")
