"""A backup is restored while a page is open: it notices, says so, and shows what a reload would show."""

import subprocess
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.campaign import in_campaign
from tests.support.people import eventually, request
from tests.support.server import ServerProcess, used_data_path
from tests.web.connection import ALL_SENT, LIVE, LOBBY, Connection
from tests.web.pages import Pages
from tests.web.ports import free_port


class Restorable:
    """A server at one port whose data can be backed up, and replaced by that backup."""

    def __init__(self, data: Path, stack: ExitStack) -> None:
        self._data, self._backup, self._stack = data, data.parent / "backup", stack
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._server = self._started()

    def _started(self) -> ServerProcess:
        listen = f"127.0.0.1:{self._port}"
        server = ServerProcess(self._data, "--listen", listen, CHAT_REGISTRATIONS_PER_HOUR="0")
        self._stack.callback(server.end)
        return server

    def back_up(self) -> None:
        self._server.stop()
        subprocess.run(["cp", "-a", self._data, self._backup], check=True)
        self._server = self._started()

    def restore(self) -> None:
        self._server.stop()
        subprocess.run(["rm", "-r", self._data], check=True)
        subprocess.run(["cp", "-a", self._backup, self._data], check=True)
        self._server = self._started()


@pytest.fixture
def restorable() -> Generator[Restorable]:
    with used_data_path() as data, ExitStack() as stack:
        yield Restorable(data, stack)


def come_back(tab: Connection) -> None:
    """Connect again, without the wait that a server asks for when it stops."""
    tab.page.evaluate("() => dispatchEvent(new Event('online'))")
    tab.until(LIVE)


def come_back_to(page: Page, text: str) -> None:
    page.evaluate("() => dispatchEvent(new Event('online'))")
    expect(page.locator(".timeline").get_by_text(text, exact=True)).to_be_visible()


@in_campaign
def test_a_restored_backup_is_noticed_and_leaves_no_stale_message(
    browser: Browser, restorable: Restorable
) -> None:
    with Pages(browser, restorable.url) as pages:
        context = pages.context()
        pages.log_in(context, "ada")
        ben = pages.person("ben")
        tab = Connection(context, restorable.url)
        tab.until(LIVE)
        tab.say("before the backup")
        tab.until(ALL_SENT)
        page = pages.of("ada", "/room/1", url=restorable.url)
        expect(page.get_by_text("before the backup", exact=True)).to_be_visible()
        restorable.back_up()

        come_back(tab)
        assert tab.state("(state) => state.rooms.get(1).reset ?? null") is None, "nothing was lost yet"
        texts = [f"lost {n}" for n in range(3)]
        for text in texts:
            tab.say(text)
        tab.until(ALL_SENT)
        come_back_to(page, "lost 2")
        asleep = Connection(context, restorable.url)
        asleep.until(LIVE)
        eventually(lambda: "lost 2" in str(asleep.stored("rooms")), "it is kept")
        asleep.page.goto("about:blank")  # it comes back only when there are other messages in those places
        restorable.restore()

        come_back(tab)
        tab.until("(state) => state.rooms.get(1).reset === 'other_history'")
        for n in range(3):
            say(restorable.url, ben["access"], f"new-{n}", f"new {n}")
        tab.until("(state) => [...state.rooms.get(1).messages.values()].some(({ text }) => text === 'new 2')")
        tab.load()
        assert tab.loaded() == ["before the backup", "new 0", "new 1", "new 2"]
        come_back_to(page, "new 2")
        expect(page.locator(".timeline-reset")).to_contain_text("after a restored backup")
        expect(page.locator(".timeline .message-text")).to_have_text(tab.loaded())
        pages.log_in(context, "ada")  # the cookie is newer than the backup
        again = Connection(context, restorable.url)
        again.until(LIVE)
        again.load()
        assert again.loaded() == tab.loaded()
        eventually(lambda: "lost" not in str(again.stored("rooms")), "what is kept is the new history")


def say(url: str, token: str, key: str, text: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    answer = request(
        "POST", f"{url}/api/v1/rooms/{LOBBY}/messages", {"key": key, "text": text}, headers=headers
    )
    assert answer.status_code == 201, answer.text
    return answer.json()
