"""What the web client costs: bytes, milliseconds and frames of its budgets, in Chromium, against the real server.

    python -m bench.web

A room of 10,000 messages and 2,000 other rooms are made in the database. One browser opens the page cold, reloads it,
scrolls the room from its end to its start, hears a burst while somebody types, and parses hostile texts. The figures go
to stdout as a table, with the budget of each beside it.
"""

import asyncio
import json
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from websockets.sync.client import connect

from bench.processes import running
from bench.server import ROOT, port_of
from chat.embedded_postgres.embedded import running_address

_LINES = 10_000
_ROOMS = 2_000
_RATE = 1_000
"""Messages a second of the burst."""
_BURST = 5.0
"""Seconds of the burst."""
_TIMES = 5
_PASSWORD = "secret"

_TEXTS = (
    "see you at the gate",
    "yes",
    "it is *about* the `timer`, see https://garden.example/timer",
    "and then?",
)

_FILL_ROOM = """
WITH log AS (UPDATE lanes SET last_id = last_id + $1 RETURNING last_id - $1 AS base),
room AS (
    UPDATE rooms SET last_seq = last_seq + $1, last_pos = last_pos + $1 FROM log WHERE rooms.id = $2
    RETURNING last_seq - $1 AS seq, last_pos - $1 AS pos, base
)
INSERT INTO messages (id, room_id, seq, pos, sender_id, kind, text, created_at)
SELECT base + n, $2, seq + n, pos + n, ($3::bigint[])[1 + n / 3 % 2], 'message', ($4::text[])[1 + n % 4],
    now() - ($1 - n) * interval '1 minute'
FROM room, generate_series(1, $1) AS n"""

_MAKE_ROOMS = """
WITH made AS (
    INSERT INTO rooms (kind, name, name_key) SELECT 'room', 'room ' || n, 'room ' || n FROM generate_series(1, $1) AS n
    RETURNING id
)
INSERT INTO memberships (room_id, user_id) SELECT id, $2 FROM made"""

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
    const { parse } = await import(address);
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


class Figure(NamedTuple):
    """One line of the table."""

    what: str
    budget: str
    measured: str


class Somebody(NamedTuple):
    """A person and their access token."""

    id: int
    token: str


def main() -> int:
    """Measure and print. Returns 1 where there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("no Chromium: apt-get install chromium", file=sys.stderr)
        return 1
    with _server() as (url, address):
        ada, ben = (_register(url, name) for name in ("ada", "ben"))
        room = _make_room(url, address, ada, ben)
        asyncio.run(_sql(address, _MAKE_ROOMS, _ROOMS, ada.id))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
            )
            figures = list(_measure(browser, url, room, ben))
            browser.close()
    for line in _table(figures):
        print(line)
    return 0


def _measure(browser: Browser, url: str, room: int, ben: Somebody) -> Iterator[Figure]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_init_script(f"({_READABLE})()")
    _log_in(context, url)
    door = browser.new_page()
    yield Figure("transfer to the door, gzip", "≤ 100 KB", f"{_cold(door, url, '.door') / 1000:.0f} KB")
    door.close()
    page = context.new_page()
    cold = _cold(page, f"{url}/room/{room}", "article.message")
    yield Figure("transfer to a room of somebody new here, gzip", "–", f"{cold / 1000:.0f} KB")
    reloads = [_reload(page) for _ in range(_TIMES)]
    yield Figure(
        "reload with cache to a readable room",
        "≤ 300 ms",
        _median([seen["message"] for seen in reloads], "ms"),
    )
    yield Figure(
        f"the same to the list of {_ROOMS:,} rooms",
        "≤ 300 ms",
        _median([seen["room"] for seen in reloads], "ms"),
    )
    yield Figure("memory of the page", "≤ 80 MB", f"{_memory(page) / 1e6:.0f} MB")
    before = _cpu(browser)
    scrolled = page.locator(".timeline").evaluate(_SCROLL)
    used = _cpu(browser) - before
    yield Figure(
        f"{_LINES:,} lines scrolled up, 400 px a frame", "≥ 50 fps", _frames(scrolled["times"], used)
    )
    yield Figure("lines in the DOM meanwhile", "≤ 200", str(scrolled["most"]))
    yield from _burst(page, url, ben)
    base = page.evaluate("() => document.querySelector('script[type=module]').src.replace('app.js', '')")
    worst = page.evaluate(_PARSE, [f"{base}model/text.js", _HOSTILE])
    yield Figure("markdown of 4,000 hostile characters", "≤ 50 ms", f"{worst:.0f} ms")


def _cold(page: Page, address: str, sign: str) -> int:
    """Bytes that come over the line until there is something to see: the first element of this selector."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    transferred: list[int] = []
    network.on("Network.loadingFinished", lambda event: transferred.append(int(event["encodedDataLength"])))
    page.goto(address)
    page.locator(sign).first.wait_for()
    return sum(transferred)


def _reload(page: Page) -> dict[str, float]:
    page.reload()
    page.locator("article.message").first.wait_for()
    page.locator("a.room").first.wait_for()
    page.evaluate("() => new Promise(requestAnimationFrame)")
    seen: dict[str, float] = page.evaluate("() => window.seen")
    return seen


def _memory(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return float(metrics["JSHeapUsedSize"])


def _burst(page: Page, url: str, ben: Somebody) -> Iterator[Figure]:
    page.goto(f"{url}/room/1")
    field = page.locator(".composer textarea")
    field.click()
    browser = page.context.browser
    assert browser is not None
    before = _cpu(browser)
    page.evaluate(_WATCH)
    speaker = threading.Thread(target=_speak, args=(url, ben))
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


def _speak(url: str, ben: Somebody) -> None:
    with connect(f"{url.replace('http', 'ws', 1)}/talker?token={ben.token}", compression=None) as socket:
        begun = time.monotonic()
        for number in count():
            if (ahead := number / _RATE - (time.monotonic() - begun)) > 0:
                time.sleep(ahead)
            if time.monotonic() > begun + _BURST:
                return
            socket.send(json.dumps({"name": "ben", "message": f"{number} {_TEXTS[number % len(_TEXTS)]}"}))


@contextmanager
def _server() -> Generator[tuple[str, dict[str, Any]]]:
    with tempfile.TemporaryDirectory(prefix="chat-bench-") as directory:
        Path(directory).chmod(0o755)  # PostgreSQL's user comes in
        data = Path(directory) / "data"
        command = [sys.executable, "-m", "chat", "serve", "--listen", "127.0.0.1:0", "--data", str(data)]
        free = {f"CHAT_{limit}": "0" for limit in ("MESSAGE_RATE", "MESSAGE_BYTES", "READ_RATE", "CALL_RATE")}
        with running(command, Path(directory) / "log", directory=ROOT, environment=free) as (_pid, line):
            yield f"http://127.0.0.1:{port_of(line)}", dict(running_address(data))


def _register(url: str, name: str) -> Somebody:
    answer = httpx.post(f"{url}/api/v1/auth/register", json={"name": name, "password": _PASSWORD})
    session = answer.raise_for_status().json()
    return Somebody(session["me"]["id"], session["access"])


def _log_in(context: BrowserContext, url: str) -> None:
    answer = context.request.post(
        f"{url}/api/v1/auth/login",
        data={"login": "ada", "password": _PASSWORD},
        headers={"Origin": url, "Sec-Fetch-Site": "same-origin"},
    )
    assert answer.ok, answer.text()


def _make_room(url: str, address: dict[str, Any], ada: Somebody, ben: Somebody) -> int:
    """A long room; its last message goes through the server, which learns of the others by it."""
    headers = {"Authorization": f"Bearer {ada.token}"}
    with httpx.Client(base_url=f"{url}/api/v1", headers=headers) as api:
        room: int = api.post("/rooms", json={"name": "long"}).raise_for_status().json()["id"]
        asyncio.run(_sql(address, _FILL_ROOM, _LINES - 1, room, [ada.id, ben.id], list(_TEXTS)))
        api.post(f"/rooms/{room}/messages", json={"key": "end", "text": "the end"}).raise_for_status()
    return room


async def _sql(address: dict[str, Any], statement: str, *values: object) -> None:
    connection = await asyncpg.connect(**address)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


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
