"""Whether a page comes to rest: without input nothing changes on the screen and the processor is idle."""

import time
from collections.abc import Mapping

from playwright.sync_api import CDPSession, Page

from tests.web.pages import PATIENCE

PAUSE = 60
"""Milliseconds that a page is watched: one that requests or renders without end does so in each frame."""

LATEST = PATIENCE / 1000
"""Seconds until a page has come to rest, on a busy machine too."""

BUSY = 0.5
"""The part of the watched time in which a page may work."""

_CHANGES = """(pause) => new Promise((resolve) => {
    let count = 0;
    const observer = new MutationObserver((records) => { count += records.length; });
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
    const asked = performance.getEntriesByType("resource").length;
    setTimeout(() => {
        observer.disconnect();
        resolve(count + performance.getEntriesByType("resource").length - asked);
    }, pause);
})"""


class Rest:
    """Watches a page. What it asks for over HTTP, and what it draws, is counted; its work is measured as time of its
    own thread, so that what else runs on the machine does not count."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def comes(self) -> str | None:
        """Wait until the page rests. Return what it does if it never rests."""
        did = ""
        given_up = time.monotonic() + LATEST
        while (began := time.monotonic()) < given_up:
            worked = self._work()
            changes = self._page.evaluate(_CHANGES, PAUSE)
            part = (self._work() - worked) / (time.monotonic() - began)
            if not changes and part < BUSY:
                return None
            did = f"{changes} changes and {part:.0%} of the time at work in {PAUSE} ms"
        return did

    def _work(self) -> float:
        metrics: list[Mapping[str, float | str]] = self._session.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))
