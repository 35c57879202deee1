"""Browser contexts that tests have left, with a page whose process has compiled the page's files."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import wraps
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, CDPSession, Error, Page, ViewportSize

_QUIET = "/healthz"
"""A path of the server that shows no page of ours."""

_LEAVE = 5_000
"""Milliseconds to go there. Where the server has stopped the page is closed."""

_STAYS = ("add_init_script", "emulate_media", "expose_binding", "expose_function", "on", "route_web_socket")
"""What cannot be taken back from a page."""


def is_unused(page: Page) -> bool:
    """Say whether a page is empty: new, or put aside by another test."""
    return page.url == "about:blank" or urlsplit(page.url).path == _QUIET


class _Unused(NamedTuple):
    """What a page was before a test used it, and what the test has attached to it."""

    size: ViewportSize | None
    sessions: list[CDPSession]


class SpareContexts:
    """Contexts that tests have left, for the next that want one with the same options; closed at the end of the block.

    Whoever takes one finds the browser's HTTP cache and a page that has run our modules, and nothing else of those
    before: no cookie, no storage of an origin that they were at, no history. To start a process for a page, and to
    fetch and compile all files there, takes half the time of a page. What a context is told for all its pages can't be
    taken back (an init script, a clock, a WebSocket's route), so a test that needs that makes a context of its own. A
    page that was told such a thing is closed. `origins` are those that tests visit without saying so.
    """

    def __init__(self, *origins: str) -> None:
        self._spare: dict[tuple[Browser, str], list[tuple[BrowserContext, str]]] = {}
        self._origins = set(origins)
        self._own = frozenset(origins)
        self._pages: dict[Page, _Unused] = {}  # those that can be used again

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for context in (each for left in self._spare.values() for each, _ in left):
            context.close()

    def new_page(self, context: BrowserContext) -> Page:
        """Return a new page of a context, which give() may keep."""
        page = context.new_page()
        unused = self._pages[page] = _Unused(page.viewport_size, [])
        for name in _STAYS:
            setattr(page, name, self._forgetting(page, getattr(page, name)))
        attach = context.new_cdp_session

        def noting(to: Page) -> CDPSession:
            session = attach(to)
            unused.sessions.append(session)
            return session

        vars(context)["new_cdp_session"] = noting
        return page

    def _forgetting(self, page: Page, tell: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(tell)
        def told(*arguments: Any, **options: Any) -> Any:
            self._pages.pop(page, None)
            return tell(*arguments, **options)

        return told

    def take(self, browser: Browser, options: str, origin: str) -> tuple[BrowserContext, Page] | None:
        """Return one with a page that shows nothing of ours, if there is one; best one that has the origin's files."""
        left = self._spare.get((browser, options))
        if not left:
            return None
        found = next((each for each in reversed(left) if each[1] == origin), left[-1])
        left.remove(found)
        context, _ = found
        page = context.pages[0] if context.pages else self.new_page(context)
        session = context.new_cdp_session(page)
        for origin in self._origins:
            session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        session.send("Page.resetNavigationHistory")
        session.detach()
        context.clear_cookies()
        return context, page

    def give(
        self, browser: Browser, options: str, context: BrowserContext, origin: str, origins: Iterable[str]
    ) -> None:
        """Take back a context that was at these origins, and its page if that is still at the site it was made for."""
        context.unroute_all()
        for page in context.pages:
            if page != context.pages[0] or not self._is_put_aside(page, origin):
                self._pages.pop(page, None)
                page.close()
        self._origins.update(origins)
        self._spare.setdefault((browser, options), []).append((context, origin))

    def _is_put_aside(self, page: Page, origin: str) -> bool:
        """Go to where nothing of ours runs, in the same process; return whether the page is there, as it was."""
        unused = self._pages.get(page)
        if (
            unused is None
            or origin not in self._own
            or urlsplit(page.url).hostname != urlsplit(origin).hostname
        ):
            return False  # another site has another process
        try:
            page.unroute_all()
            while unused.sessions:
                with suppress(Error):  # the test has detached it
                    unused.sessions.pop().detach()
            page.evaluate("sessionStorage.clear()")
            page.goto(origin + _QUIET, timeout=_LEAVE)
            page.evaluate("sessionStorage.clear()")
            page.mouse.move(0, 0)
            if unused.size is not None and page.viewport_size != unused.size:
                page.set_viewport_size(unused.size)
        except Error:  # the server is away
            return False
        return True
