"""`chat tree` in a terminal, with a server that answers it: the previous screen is restored."""

import signal
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.support.screens import Terminal, in_terminal

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


def watching(
    answering: Path, width: int = 80, height: int = 24, **environment: str
) -> AbstractContextManager[Terminal]:
    command = (sys.executable, "-m", "chat", "tree", "--data", str(answering))
    return in_terminal(*command, width=width, height=height, **environment)


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT], ids=lambda each: each.name
)
def test_the_previous_screen_is_restored_however_it_ends(answering: Path, number: signal.Signals) -> None:
    with watching(answering) as screen:
        screen.wait("client 3 p3")
        screen.process.send_signal(number)
        status = screen.wait_for_end()
    assert status == (0 if number == signal.SIGINT else -number)
    assert screen.written.count(ENTER) == 1
    assert screen.written.endswith(LEAVE)


def test_the_previous_screen_is_shown_while_suspended(answering: Path) -> None:
    with watching(answering) as screen:
        screen.wait("client 3 p3")
        screen.process.send_signal(signal.SIGTSTP)
        screen.wait(lambda: screen.written.count(LEAVE) == 1)
        screen.process.send_signal(signal.SIGCONT)
        screen.wait(lambda: screen.written.count(ENTER) == 2)
        screen.type("\x03")
        assert screen.wait_for_end() == 0
    assert screen.written.endswith(LEAVE)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 2), (40, 1), (40, 3)])
def test_it_keeps_to_a_small_terminal(answering: Path, width: int, height: int) -> None:
    with watching(answering, width, height) as screen:
        screen.wait(lambda: b"\x1b[H" in screen.written and screen.written.endswith(b"\x1b[J"))
        screen.process.terminate()
        screen.wait_for_end()
    drawn = screen.written.split(b"\x1b[H")[1].split(b"\x1b[J")[0].decode()
    lines = [line.strip("\r") for line in drawn.split("\n")]
    assert len(lines) <= height
    assert max(len(line.removeprefix("\x1b[K")) for line in lines) < width


def test_a_terminal_that_can_not_be_drawn_on_gets_one_picture(answering: Path) -> None:
    with watching(answering, height=200, TERM="dumb") as screen:
        assert screen.wait_for_end() == 0
    assert "client 3 p3" in screen.text
    assert b"\x1b" not in screen.written
