"""Upgrades while pages are open: they reload into the new version, and lose nothing."""

import re
import shutil
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.support.campaign import in_campaign
from tests.support.people import eventually
from tests.support.server import ServerProcess, used_data_path
from tests.web.connection import stored, wait_for_worker
from tests.web.pages import Pages
from tests.web.ports import free_port
from tests.web.talking import Timeline

ROOT = Path(__file__).parents[2]


class Upgradable:
    """A server at one port that restarts with another version of the page."""

    def __init__(self, data: Path, stack: ExitStack) -> None:
        self._data, self._stack = data, stack
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._server = self._started()

    def _started(self, **environment: str) -> ServerProcess:
        listen = f"127.0.0.1:{self._port}"
        server = ServerProcess(self._data, "--listen", listen, CHAT_REGISTRATIONS_PER_HOUR="0", **environment)
        self._stack.callback(server.end)
        return server

    def upgrade(self) -> None:
        directory = self._stack.enter_context(TemporaryDirectory(prefix="chat-upgraded-"))
        for name in ("chat", "sql"):
            shutil.copytree(ROOT / name, Path(directory) / name)
        with (Path(directory) / "chat/web/view/room/room_panel.js").open("a") as file:
            file.write("// Of the new version.\n")
        (Path(directory) / "chat/__init__.py").write_text('__version__ = "99.0.0"\n')
        self.stop()
        self._server = self._started(PYTHONPATH=directory, PYTHONSAFEPATH="1")

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
def upgradable() -> Generator[Upgradable]:
    with used_data_path() as data, ExitStack() as stack:
        yield Upgradable(data, stack)


def version(page: Page) -> str:
    address: str = page.evaluate("() => document.querySelector('script[type=module]').getAttribute('src')")
    return address


def opened(context: BrowserContext, url: str) -> Timeline:
    timeline = Timeline(context.new_page())
    timeline.page.goto(f"{url}/room/1")
    expect(timeline.field).to_be_visible()
    return timeline


@in_campaign
def test_an_old_page_reloads_when_it_needs_a_new_file_unless_something_is_typed(
    browser: Browser, upgradable: Upgradable
) -> None:
    with Pages(browser, upgradable.url) as pages:
        plain = pages.context()
        pages.log_in(plain, "ada")
        typing, reading = opened(plain, upgradable.url), opened(plain, upgradable.url)
        context = pages.context(worker=True)
        pages.log_in(context, "ben")
        bens = opened(context, upgradable.url)
        wait_for_worker(bens.page)
        old = version(typing.page)
        typing.write("half a sentence")
        eventually(lambda: "half a sentence" in str(stored(typing.page, "drafts")), "the draft is kept")
        upgradable.upgrade()
        for each in (typing, reading):
            each.page.evaluate("() => dispatchEvent(new Event('online'))")
            expect(each.page.get_by_text("The server can't be reached since")).not_to_be_attached()

        about = re.compile("About this room")
        typing.page.get_by_role("link", name=about).click()
        offer = typing.page.get_by_role("alert").filter(has_text="A newer version of this page is available.")
        expect(offer).to_be_visible()
        assert version(typing.page) == old, "it is not loaded again under somebody's hands"
        offer.get_by_role("button", name="Reload").click()
        expect(typing.page.get_by_role("heading", name=about)).to_be_visible()
        expect(typing.field).to_have_value("half a sentence")
        new = version(typing.page)
        assert new != old

        expect(reading.page.get_by_role("status").filter(has_text="A newer version")).to_be_visible()
        reading.page.get_by_role("link", name=about).click()
        expect(reading.page.get_by_role("heading", name=about)).to_be_visible()
        assert version(reading.page) == new

        bens.page.reload()
        assert version(bens.page) == new
        caches = [new.removesuffix("page/app.js")]
        eventually(lambda: bens.page.evaluate("() => caches.keys()") == caches, "the old files are gone")
        plain.close()
        upgradable.stop()
        expect(bens.page.get_by_text("The server can't be reached since")).to_be_visible()
        bens.page.goto(f"{upgradable.url}/settings/keys")
        expect(bens.page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
        assert version(bens.page) == new
        assert all(old.removesuffix("page/app.js") in fault for fault in pages.faults), pages.faults
        pages.faults.clear()  # the old files, which the server has no more
