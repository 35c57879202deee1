"""Fixtures of the web client's tests: a browser, a server, pages of people, and a guard over all pages."""

import asyncio
import shutil
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.support.server import ServerProcess, running_server, used_data_path
from tests.system.relay import Relay, relay_to
from tests.web.open_pages import OpenPages
from tests.web.pages import OWN_HOSTS, PATIENCE, Pages, SpareContexts
from tests.web.ports import free_port
from tests.web.rooms import forget_tokens

WITHOUT_WINDOWS = "chromium-headless-shell"
"""A headless browser that needs half the processor time. It shows no notifications, and stores what others do not."""

WHOLE = "chromium"

_SOUND = "--use-fake-device-for-media-stream"
"""The microphone is a beep each second."""


@pytest.fixture(scope="package")
def playwright() -> Generator[Playwright]:
    """Drives browsers. Until it ends no other test of this thread can use asyncio, because its loop runs there."""
    expect.set_options(timeout=PATIENCE)
    # The loops of trio-asyncio, which it makes the default, can't be nested.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio, "new_event_loop", asyncio.SelectorEventLoop)
        playwright = sync_playwright().start()
    try:
        yield playwright
    finally:
        playwright.stop()


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Generator[Browser]:
    """One browser for all files."""
    with launched(playwright, WITHOUT_WINDOWS, WHOLE) as browser:
        yield browser


@pytest.fixture(scope="package")
def whole_browser(playwright: Playwright) -> Generator[Browser]:
    """An ordinary browser. A file whose tests need one overrides `browser` with it, or takes `whole_pages`."""
    with launched(playwright, WHOLE) as browser:
        yield browser


@contextmanager
def launched(playwright: Playwright, *programs: str, flags: Sequence[str] = ()) -> Generator[Browser]:
    """Run the first of these programs that exists."""
    path = next(filter(None, map(shutil.which, programs)), None)
    if path is None:
        pytest.skip(f"no browser: apt-get install {WHOLE}")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-audio-output", _SOUND, OWN_HOSTS, *flags]
    with playwright.chromium.launch(executable_path=path, args=arguments) as browser:
        yield browser


@pytest.fixture(scope="package")
def ports() -> tuple[int, int]:
    """The ports of all servers and of all relays, so that browsers have the files of the page in their caches."""
    server = free_port()
    return server, next(port for port in iter(free_port, 0) if port != server)


@pytest.fixture(scope="module")
def chat(ports: tuple[int, int]) -> Generator[ServerProcess]:
    """A server for one file, whose database may be stopped; registrations are not limited."""
    forget_tokens()
    limits = {"CHAT_COMMIT_TIMEOUT": "3", "CHAT_QUERY_TIMEOUT": "3", "CHAT_REGISTRATIONS_PER_HOUR": "0"}
    with (
        used_data_path() as data,
        running_server(data, port=ports[0], **limits) as server,
    ):
        yield server


@pytest.fixture(scope="package")
def spare_contexts(ports: tuple[int, int]) -> SpareContexts:
    """Browser contexts that tests have left; the page's files are in their caches."""
    return SpareContexts(*(f"http://127.0.0.1:{port}" for port in ports))


@pytest.fixture(scope="module")
def open_pages(chat: ServerProcess) -> Generator[OpenPages]:
    """Pages at the server of the file that its tests have left."""
    with closing(OpenPages()) as left:
        yield left


@pytest.fixture
def pages(
    browser: Browser, chat: ServerProcess, spare_contexts: SpareContexts, open_pages: OpenPages
) -> Generator[Pages]:
    """Pages at the server; see tests/web/pages.py. Findings of the guard fail the test at its end."""
    with Pages(browser, chat.url, spare_contexts, open_pages) as pages:
        yield pages


@pytest.fixture
def whole_pages(
    whole_browser: Browser, chat: ServerProcess, spare_contexts: SpareContexts
) -> Generator[Pages]:
    """Pages in an ordinary browser."""
    with Pages(whole_browser, chat.url, spare_contexts) as pages:
        yield pages


@pytest.fixture
def relay(chat: ServerProcess, ports: tuple[int, int]) -> Generator[Relay]:
    """A way to the server that can be cut: `pages.of("ada", url=relay.url)`."""
    with relay_to(chat.url, port=ports[1]) as relay:
        yield relay
