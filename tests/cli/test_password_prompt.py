"""The prompt for a password in a terminal."""

import signal
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from chat.cli import main
from tests.support.screens import in_terminal


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
@pytest.mark.parametrize(
    "arguments", [["user", "add", "ada"], ["talk", "http://127.0.0.1:1", "--name", "ada"]], ids=" ".join
)
def test_after_a_signal_the_terminal_echoes_input_again(
    tmp_path: Path, arguments: list[str], number: signal.Signals
) -> None:
    command = (sys.executable, "-m", "chat", *arguments)
    with in_terminal(*command, XDG_STATE_HOME=str(tmp_path), CHAT_DATA=str(tmp_path / "data")) as screen:
        screen.wait("Password:")
        screen.wait(lambda: not screen.shows_typing)
        screen.process.send_signal(number)
        assert screen.wait_for_end() == -number
        assert screen.shows_typing


_SIGNALLED_IN_A_THREAD = """
import os, signal, termios, threading, time
from chat.cli.password_prompt import prompt_password

def is_read():
    with open(f"/proc/self/task/{os.getpid()}/stat") as about:
        return termios.tcgetattr(0)[3] & termios.ECHO == 0 and about.read().rpartition(")")[2].split()[0] == "S"

def end():
    while not is_read():
        time.sleep(0.02)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

threading.Thread(target=end).start()
prompt_password(is_new=False)
"""
"""Python notes the signal in a thread, while the main thread waits in a read."""


def test_a_signal_that_interrupts_no_read_ends_the_prompt() -> None:
    with in_terminal(sys.executable, "-c", _SIGNALLED_IN_A_THREAD) as screen:
        assert screen.wait_for_end() == -signal.SIGTERM
        assert screen.shows_typing


def test_an_invite_is_used_when_registering() -> None:
    done = CliRunner().invoke(main, ["talk", "http://h", "--invite", "x"])
    assert done.exit_code == 2
    assert done.output.endswith("Error: --invite is for --register\n")
