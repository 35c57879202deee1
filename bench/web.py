"""What the web client costs: bytes, milliseconds and frames of its budgets, in Chromium, against the real server.

    python -m bench.web            # prints them
    python -m bench.web --save     # and writes them to docs/bench/web.md, as `make bench-web` does

A room of 10,000 messages and 2,000 other rooms are made in the database. One browser opens the page cold, reloads it,
opens it in new tabs, wakes it from sleep, ends its session elsewhere, scrolls the room from its end to its start, hears
a burst while somebody types, and parses hostile texts. The figures go to stdout as a table, with the budget of each.
"""

import argparse
import json
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from websockets.sync.client import connect

from bench.machine import describe_machine
from bench.server import ROOT
from bench.web_waking import wakes
from bench.web_world import LINES, ROOMS, TEXTS, World, log_in, open_world

KEPT = ROOT / "docs" / "bench" / "web.md"
_HEAD = """# What the web client costs

`make bench-web` writes this: bytes, milliseconds and frames in Chromium, with the server on the same machine, and the
budget of each. A dash stands where there is none.

"""

_RATE = 1_000
"""Messages a second of the burst."""
_BURST = 5.0
"""Seconds of the burst."""
_TIMES = 5
_REST = 3_000
"""Milliseconds after which a page has done what it does when it is opened."""

_READABLE = """() => {
    // When the first message, and the first row of the list of rooms, could be read.
    const seen = { message: null, room: null };
    window.seen = seen;
    const look = () => {
        if (seen.message === null && document.querySelector("article.message")) seen.message = performance.now();
        if (seen.room === null && document.querySelector("a.room")) seen.room = performance.now();
        if (seen.message === null || seen.room === null) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""

_SCROLL = """async (list) => {
    const frame = () => new Promise(requestAnimationFrame);
    const times = [];
    let most = 0;
    let before = await frame();
    while (!list.querySelector(".timeline-start") || list.scrollTop > 0) {
        list.scrollTop -= 400;
        const now = await frame();
        times.push(now - before);
        before = now;
        most = Math.max(most, list.querySelectorAll("[data-seq]").length);
    }
    return { times, most };
}"""

_WATCH = """() => {
    const watched = { times: [], typing: [], isOver: false };
    window.watched = watched;
    let before = performance.now();
    const next = (now) => {
        watched.times.push(now - before);
        before = now;
        if (!watched.isOver) requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
    document.querySelector(".composer textarea").addEventListener("input", (event) =>
        requestAnimationFrame(() => setTimeout(() => watched.typing.push(performance.now() - event.timeStamp))));
}"""

_PARSE = """async ([address, pieces]) => {
    const { parse } = (await import(address)).model$text;
    const took = (text) => {
        const begin = performance.now();
        parse(text);
        return performance.now() - begin;
    };
    const worst = (text) => Math.min(...[1, 2, 3].map(() => took(text)));
    return Math.max(...pieces.map((piece) => worst(piece.repeat(Math.ceil(4000 / piece.length)).slice(0, 4000))));
}"""

_HOSTILE = (
    "> ",
    "*a **b ",
    "[",
    "![",
    "`",
    "1. ",
    "- x\n\n",
    "\n\n- ",
    "www.a.b(",
    "<a ",
    "a\n> ",
    "h.a@b.c.d",
)


_OPEN_THREAD = """(path) => new Promise((resolve) => {
    const begin = performance.now();
    history.pushState(null, "", path);
    dispatchEvent(new PopStateEvent("popstate"));
    const look = () => {
        if (document.querySelector(".thread-replies article")) resolve(performance.now() - begin);
        else requestAnimationFrame(look);
    };
    look();
})"""


class Figure(NamedTuple):
    """One line of the table."""

    what: str
    budget: str
    measured: str


def main() -> int:
    """Measure, print, and with --save keep the figures. Returns 1 where there is no Chromium."""
    parser = argparse.ArgumentParser(prog="python -m bench.web", description="Measure the web client.")
    parser.add_argument("--save", action="store_true", help=f"write the figures to {KEPT.relative_to(ROOT)}")
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no Chromium: apt-get install chromium", file=sys.stderr)
        return 1
    with open_world() as world, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        version = browser.version
        table = "\n".join(_table(list(_measure(browser, world))))
        browser.close()
    print(table)
    if options.save:
        KEPT.write_text(f"{_HEAD}{_measured_on(version)}\n\n{table}\n", encoding="utf-8")
    return 0


def _measured_on(browser: str) -> str:
    machine = describe_machine(0.0)
    return (
        f"{time.strftime('%Y-%m-%d')}, {machine.cores} cores {machine.model}, {machine.memory_gib} GiB, "
        f"Linux {machine.kernel}, Python {machine.python}, Chromium {browser}:"
    )


def _measure(browser: Browser, world: World) -> Iterator[Figure]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(f"({_READABLE})()")
    log_in(context, world.url, "ada")
    address = f"{world.url}/room/{world.room}"
    page = browser.new_page()
    shown, rested = _cold(page, world.url, ".sign-in")
    yield Figure("transfer to the log-in page, gzip", "≤ 100 KB", f"{shown} KB, {rested} KB when it rests")
    page.close()
    yield Figure(
        f"woken after a minute: up to date in {ROOMS:,} rooms",
        "≤ 2,000 ms",
        _median(wakes(browser, world), "ms"),
    )
    page = context.new_page()
    shown, rested = _cold(page, address, "article.message")
    yield Figure(
        "transfer to a room of somebody new here, gzip", "–", f"{shown} KB, {rested} KB when it rests"
    )
    yield from _reloads(page)
    yield Figure("memory of the page", "≤ 80 MB", f"{_memory(page) / 1e6:.0f} MB")
    before = _cpu(browser)
    scrolled = page.locator(".timeline").evaluate(_SCROLL)
    used = _cpu(browser) - before
    yield Figure(f"{LINES:,} lines scrolled up, 400 px a frame", "≥ 50 fps", _frames(scrolled["times"], used))
    yield Figure("lines in the DOM meanwhile", "≤ 200", str(scrolled["most"]))
    yield from _burst(page, world)
    base = page.evaluate("() => document.querySelector('script[type=module]').src.replace('app.js', '')")
    worst = page.evaluate(_PARSE, [f"{base}shell.js", _HOSTILE])
    yield _thread(page, world)
    yield Figure("markdown of 4,000 hostile characters", "≤ 50 ms", f"{worst:.0f} ms")
    page.close()
    yield from _new_tabs(context, address)
    yield _revoked(browser, world)


def _cold(page: Page, address: str, sign: str) -> tuple[int, int]:
    """Kilobytes that come over the line until there is something to see, which has this selector, and in all."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    transferred: list[int] = []
    network.on("Network.loadingFinished", lambda event: transferred.append(int(event["encodedDataLength"])))
    page.goto(address)
    page.locator(sign).first.wait_for()
    shown = sum(transferred)
    page.wait_for_timeout(_REST)
    return round(shown / 1000), round(sum(transferred) / 1000)


def _readable(page: Page) -> dict[str, float]:
    """Milliseconds after which the page that is being opened was readable; it rests then."""
    page.locator("article.message").first.wait_for()
    page.locator("a.room").first.wait_for()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    seen: dict[str, float] = page.evaluate("() => window.seen")
    page.wait_for_timeout(_REST)
    return seen


def _reloads(page: Page) -> Iterator[Figure]:
    seen = []
    for _ in range(_TIMES):
        page.reload()
        seen.append(_readable(page))
    yield from _told("reload with cache", seen)


def _new_tabs(context: BrowserContext, address: str) -> Iterator[Figure]:
    seen = []
    for _ in range(_TIMES):
        page = context.new_page()
        page.goto(address)
        seen.append(_readable(page))
        page.close()
    yield from _told("new tab with cache", seen)


def _told(what: str, seen: list[dict[str, float]]) -> Iterator[Figure]:
    for sign, place in (("message", "a readable room"), ("room", f"the list of {ROOMS:,} rooms")):
        yield Figure(f"{what} to {place}", "≤ 300 ms", _median([each[sign] for each in seen], "ms"))


def _thread(page: Page, world: World) -> Figure:
    """From the click to the newest replies; the panel's module is there after the first time."""
    page.goto(f"{world.url}/room/{world.thread}")
    page.locator("article.message").first.wait_for()
    times = []
    for _ in range(_TIMES + 1):
        times.append(page.evaluate(_OPEN_THREAD, f"/room/{world.thread}?show=thread-1"))
        page.go_back()
        page.locator(".thread").wait_for(state="detached")
    return Figure(f"a thread of {LINES:,} replies", "≤ 150 ms", _median(times[1:], "ms"))


def _revoked(browser: Browser, world: World) -> Figure:
    """From the answer to whoever ends the sessions until their page is out."""
    times = []
    for _ in range(_TIMES):
        context = browser.new_context()
        log_in(context, world.url, "cem")
        page = context.new_page()
        page.goto(f"{world.url}/room/1")
        page.get_by_text("Online", exact=True).wait_for()
        headers = {"Authorization": f"Bearer {world.cem.token}"}
        httpx.delete(f"{world.url}/api/v1/me/sessions", headers=headers).raise_for_status()
        ended = time.monotonic()
        page.locator(".sign-in").wait_for()
        times.append(1000 * (time.monotonic() - ended))
        context.close()
    return Figure("a page whose session is ended elsewhere is out", "≤ 1,000 ms", _median(times, "ms"))


def _memory(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"])


def _burst(page: Page, world: World) -> Iterator[Figure]:
    page.goto(f"{world.url}/room/1")
    field = page.locator(".composer textarea")
    field.click()
    browser = page.context.browser
    assert browser is not None
    before = _cpu(browser)
    page.evaluate(_WATCH)
    speaker = threading.Thread(target=_speak, args=(world,))
    speaker.start()
    end = time.monotonic() + _BURST
    while time.monotonic() < end:
        page.keyboard.type("a")
        page.wait_for_timeout(80)  # as fast as somebody types
    watched: dict[str, Any] = page.evaluate("() => Object.assign(window.watched, { isOver: true })")
    used = _cpu(browser) - before
    speaker.join()
    field.fill("")
    yield Figure(f"{_RATE:,} messages/s into an open room", "≥ 40 fps", _frames(watched["times"], used))
    yield Figure("typing meanwhile, from key to frame", "< 50 ms", _median(watched["typing"], "ms"))


def _speak(world: World) -> None:
    address = f"{world.url.replace('http', 'ws', 1)}/talker?token={world.ben.token}"
    with connect(address, compression=None) as socket:
        begun = time.monotonic()
        for number in count():
            if (ahead := number / _RATE - (time.monotonic() - begun)) > 0:
                time.sleep(ahead)
            if time.monotonic() > begun + _BURST:
                return
            socket.send(json.dumps({"name": "ben", "message": f"{number} {TEXTS[number % len(TEXTS)]}"}))


def _cpu(browser: Browser) -> float:
    """Seconds of processor time that all pages have used."""
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    session.detach()
    return float(sum(each["cpuTime"] for each in processes if each["type"] == "renderer"))


def _frames(times: list[float], used: float) -> str:
    """Frames a second, how many came late, and the processor time of each, which a busy machine does not change."""
    late = sum(each > 34 for each in times) / len(times)
    each = 1000 * used / len(times)
    return f"{1000 / statistics.mean(times):.0f} fps, {late:.0%} of frames > 34 ms, {each:.1f} ms CPU a frame"


def _median(times: list[float], unit: str) -> str:
    return f"{statistics.median(times):.0f} {unit} (worst {max(times):.0f})"


def _table(figures: list[Figure]) -> Iterator[str]:
    yield "| | budget | measured |"
    yield "|---|---|---|"
    for figure in figures:
        yield f"| {' | '.join(figure)} |"


if __name__ == "__main__":
    sys.exit(main())
