"""How soon a page is up to date after its computer slept, and its connection went dead meanwhile."""

import time
from collections.abc import Iterator

import httpx
from playwright.sync_api import Browser

from bench.web_world import World, log_in
from tests.system.relay import Relay, relay_to

_TIMES = 8
_MISSED = 20
"""Messages that are said while the page sleeps."""
_SLEEP = 60_000
"""Milliseconds."""

_CLOCK = """(() => {
    // As after a sleep: the time of day jumps, timers and performance.now() go on where they were.
    const now = Date.now;
    let slept = 0;
    Date.now = () => now() + slept;
    window.sleep = (milliseconds) => { slept += milliseconds; };
})()"""

_WAKE = """([milliseconds, text]) => new Promise((resolve, reject) => {
    const woke = performance.now();
    window.sleep(milliseconds);
    const look = () => {
        const took = performance.now() - woke;
        const isThere = document.querySelector(".timeline").textContent.includes(text);
        const isLive = document.querySelector(".sidebar").textContent.includes("Online");
        if (isThere && isLive) resolve(took);
        else if (took > 30_000) reject(new Error(`not up to date: ${text} is there: ${isThere}, live: ${isLive}`));
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
})"""


def wakes(browser: Browser, world: World) -> list[float]:
    """Milliseconds from waking until the newest message can be read and all rooms are synced, each time."""
    with relay_to(world.url) as relay:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_init_script(_CLOCK)
        log_in(context, relay.url, "ada")
        page = context.new_page()
        page.goto(f"{relay.url}/room/1")
        page.get_by_text("Online", exact=True).wait_for()
        times = []
        for last in _naps(world, relay):
            times.append(float(page.evaluate(_WAKE, [_SLEEP, last])))
            page.get_by_text(last, exact=True).wait_for()
        context.close()
    return times


def _naps(world: World, relay: Relay) -> Iterator[str]:
    """Kill the connection without a word and say something, again and again; the newest text of each."""
    headers = {"Authorization": f"Bearer {world.ben.token}"}
    with httpx.Client(base_url=f"{world.url}/api/v1", headers=headers) as ben:
        for nap in range(_TIMES):
            time.sleep(nap / _TIMES)  # the page looks at the clock once a second, and may be anywhere between
            relay.swallow(requests=True, answers=True)
            for number in range(_MISSED):
                said = {"key": f"nap-{nap}-{number}", "text": f"nap {nap}: {number} said"}
                ben.post("/rooms/1/messages", json=said).raise_for_status()
            yield said["text"]
