"""Pages that are used on: to go to another place takes a tenth of what it takes to load the page again."""

from collections.abc import Callable, Hashable

from playwright.sync_api import Error, Page

_GO = """(path) => {
    history.pushState(null, "", path);
    dispatchEvent(new PopStateEvent("popstate"));
    return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())));
}"""
"""Go to another place without loading the page again, as Back and Forward do."""

_RESTS = """() => document.querySelector(".sidebar") !== null
    && document.querySelector("dialog[open], :popover-open, [role=alert]") === null"""
"""Whether somebody is logged in, and nothing covers the page."""

_ASIDE = "/settings/keys"
"""A place where nothing is read, and of which nobody is told."""


def go(page: Page, path: str) -> None:
    """Show another place in a page that is loaded."""
    page.evaluate(_GO, path)


class OpenPages:
    """Pages that tests of a file have left, by who is logged in there and in which kind of browser.

    Whoever takes one finds it as a person does who has used it for a while: it knows rooms and people, and what was
    typed elsewhere. A page with an open dialog or menu, or with a notice, is not used on.
    """

    def __init__(self) -> None:
        self._left: dict[Hashable, tuple[Page, Callable[[], None]]] = {}

    def take(self, key: Hashable, path: str) -> Page | None:
        """Return the page that was left, at another place, if there is one."""
        page, close = self._left.pop(key, (None, None))
        if page is None or close is None:
            return None
        if not page.evaluate(_RESTS):  # they were logged out meanwhile
            close()
            return None
        go(page, path)
        return page

    def leave(self, key: Hashable, page: Page, close: Callable[[], None]) -> None:
        """Keep a page for the next test; `close` is called when nobody wants it any more."""
        if key in self._left or not _is_put_aside(page):
            close()
        else:
            self._left[key] = page, close

    def close(self) -> None:
        """Close them all, before their server ends."""
        while self._left:
            _, (_, close) = self._left.popitem()
            close()


def _is_put_aside(page: Page) -> bool:
    """Go to where the page does nothing; return whether it is there."""
    try:
        if page.context.pages != [page] or not page.evaluate(_RESTS):
            return False
        page.unroute_all()
        page.mouse.move(0, 0)
        go(page, _ASIDE)
        return page.url.endswith(_ASIDE) and bool(page.evaluate(_RESTS))
    except Error:  # it is another site's, or is being loaded
        return False
