"""What the tests of the web client take: a browser, a server, pages of people, and a guard over all that pages do."""

import asyncio
import shutil
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.server import ServerProcess, running_server, used_data_path
from tests.system.relay import Relay, relay_to
from tests.web.pages import PATIENCE, Pages

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""The first has no windows to draw and takes half the time of a processor; the second is what most machines have."""


@pytest.fixture(scope="package")
def browser() -> Generator[Browser]:
    """One browser for all files. Until it ends no other test of this thread may use asyncio: Playwright's loop runs."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium-headless-shell, or chromium")
    expect.set_options(timeout=PATIENCE)
    # The loops of trio-asyncio, which it makes the default, can't be nested.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", asyncio.SelectorEventLoop)
        playwright = sync_playwright().start()
    try:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
    finally:
        playwright.stop()


@pytest.fixture(scope="module")
def chat() -> Generator[ServerProcess]:
    """A server of the file's own, whose database may be stopped; everybody may register as often as they like."""
    limits = {"CHAT_COMMIT_TIMEOUT": "3", "CHAT_QUERY_TIMEOUT": "3", "CHAT_REGISTRATIONS_PER_HOUR": "0"}
    with used_data_path() as data, running_server(data, **limits) as server:
        yield server


@pytest.fixture
def pages(browser: Browser, chat: ServerProcess) -> Generator[Pages]:
    """Pages at the server; see tests/web/pages.py. What the guard found fails the test at its end."""
    with Pages(browser, chat.url) as pages:
        yield pages


@pytest.fixture
def relay(chat: ServerProcess) -> Generator[Relay]:
    """A way to the server that can be cut: `pages.of("ada", url=relay.url)`."""
    with relay_to(chat.url) as relay:
        yield relay
