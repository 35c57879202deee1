"""Output errors of a command are a line on stderr and an exit status, never a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

if not Path("/dev/full").exists():
    pytest.skip("needs a device that is always full, as Linux has it", allow_module_level=True)

CHAT = [sys.executable, "-m", "chat"]


def run(redirected: str, *command: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command with its streams as a shell redirects them."""
    return subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {redirected}', "sh", *command],
        env={"PATH": "", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("buffered", ["", "1"])
@pytest.mark.parametrize(
    ("redirected", "why"), [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")]
)
@pytest.mark.parametrize("arguments", [["--help"], ["user", "--help"], ["tree", "--json"]], ids=" ".join)
def test_an_output_error_prints_one_line_and_exits_with_status_1(
    answering: Path, arguments: list[str], redirected: str, why: str, buffered: str
) -> None:
    done = run(redirected, *CHAT, *arguments, CHAT_DATA=str(answering), PYTHONUNBUFFERED=buffered)
    assert (done.returncode, done.stderr) == (1, f"chat: stdout can't be written: {why}\n")


def test_a_closed_pipe_prints_no_error(answering: Path) -> None:
    with subprocess.Popen(
        [*CHAT, "tree", "--json"],
        env={"CHAT_DATA": str(answering)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1


@pytest.mark.parametrize("redirected", [">/dev/full", ">&-", ">&- 2>&- <&-"])
def test_health_does_not_depend_on_the_reader_of_the_output(answering: Path, redirected: str) -> None:
    done = run(redirected, *CHAT, "health", CHAT_DATA=str(answering))
    assert (done.returncode, done.stderr) == (0, "")


def test_an_opened_file_does_not_get_the_descriptor_of_a_closed_stream() -> None:
    code = (
        "import os, sys\n"
        "from chat.cli.standard_streams import standard_streams\n"
        "with standard_streams():\n"
        "    sys.exit(os.open(os.devnull, os.O_RDONLY))"
    )
    assert run("<&- >&- 2>&-", sys.executable, "-c", code).returncode == 3


def test_a_letter_that_the_locale_has_not_is_written_in_others(answering: Path) -> None:
    done = run("", *CHAT, "tree", "--once", CHAT_DATA=str(answering), PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, "")
    assert r"\u251c\u2500 client 3 p3 (talker)" in done.stdout
