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


def test_an_invite_is_used_when_registering() -> None:
    done = CliRunner().invoke(main, ["talk", "http://h", "--invite", "x"])
    assert done.exit_code == 2
    assert done.output.endswith("Error: --invite is for --register\n")
