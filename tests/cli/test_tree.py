"""`chat tree` in a terminal, with a server that answers it: what was on the screen before is there again."""

import json
import signal
import socket
import sys
import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from chat.inspection.control_path import SOCKET, reachable
from tests.support.screens import Terminal, in_terminal
from tests.test_picture import server, snapshot

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


@pytest.fixture
def data(tmp_path: Path) -> Generator[Path]:
    """A data directory on which a server answers each question with the same picture."""
    told = {**snapshot(3, server(3)), "clock": 1.0, "totals": {}}
    answer = json.dumps({"error": None, "result": told}).encode()

    def serve() -> None:
        while True:
            try:
                asking, _ = listener.accept()
            except OSError:  # it is over
                return
            with asking:
                asking.recv(100)
                asking.sendall(answer)

    with closing(socket.socket(socket.AF_UNIX)) as listener, reachable(tmp_path, SOCKET) as path:
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield tmp_path
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def watching(
    data: Path, width: int = 80, height: int = 24, **environment: str
) -> AbstractContextManager[Terminal]:
    command = (sys.executable, "-m", "chat", "tree", "--data", str(data))
    return in_terminal(*command, width=width, height=height, **environment)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT], ids=lambda each: each.name
)
def test_whatever_ends_it_what_was_on_the_screen_comes_back(data: Path, number: signal.Signals) -> None:
    with watching(data) as screen:
        screen.wait("client 3 p3")
        screen.process.send_signal(number)
        status = screen.wait_for_end()
    assert status == (0 if number == signal.SIGINT else -number)
    assert screen.written.count(ENTER) == 1
    assert screen.written.endswith(LEAVE)


def test_while_it_is_suspended_the_screen_is_what_it_was(data: Path) -> None:
    with watching(data) as screen:
        screen.wait("client 3 p3")
        screen.process.send_signal(signal.SIGTSTP)
        screen.wait(lambda: screen.written.count(LEAVE) == 1)
        screen.process.send_signal(signal.SIGCONT)
        screen.wait(lambda: screen.written.count(ENTER) == 2)
        screen.type("\x03")
        assert screen.wait_for_end() == 0
    assert screen.written.endswith(LEAVE)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 2), (40, 1), (40, 3)])
def test_it_keeps_to_a_small_terminal(data: Path, width: int, height: int) -> None:
    with watching(data, width, height) as screen:
        screen.wait(lambda: b"\x1b[H" in screen.written and screen.written.endswith(b"\x1b[J"))
        screen.process.terminate()
        screen.wait_for_end()
    drawn = screen.written.split(b"\x1b[H")[1].split(b"\x1b[J")[0].decode()
    lines = [line.strip("\r") for line in drawn.split("\n")]
    assert len(lines) <= height
    assert max(len(line.removeprefix("\x1b[K")) for line in lines) < width


def test_a_terminal_that_can_not_be_drawn_on_gets_one_picture(data: Path) -> None:
    with watching(data, height=200, TERM="dumb") as screen:
        assert screen.wait_for_end() == 0
    assert "client 3 p3" in screen.text
    assert b"\x1b" not in screen.written
