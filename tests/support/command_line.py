"""Runs the command `chat` beside a real server."""

import os
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.forked import ForkedProcess
from tests.support.server import ServerProcess

_PATIENCE = 120
"""Seconds that a command may take: some start a PostgreSQL."""


def chat(server: ServerProcess, *arguments: str, stdin: str = "") -> str:
    """Run a command on the server's data and return its output; it must succeed."""
    done = try_chat(server, *arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def try_chat(server: ServerProcess, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command on the server's data."""
    return run_chat([*arguments, "--data", str(server.data)], stdin, CHAT_BCRYPT_COST="4")


def run_chat(
    arguments: Sequence[str], stdin: str = "", **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Run `chat` to its end, with these settings only. It is forked: importing it takes longer than most commands."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CHAT_")}
    with TemporaryDirectory() as place:
        errors = Path(place) / "errors"
        process = ForkedProcess(arguments, ours | settings, errors, stdin)
        overdue = threading.Timer(_PATIENCE, process.kill)
        overdue.start()
        with process.stdout:
            output = process.stdout.read()
        status = process.wait()
        overdue.cancel()
        return subprocess.CompletedProcess(arguments, status, output, errors.read_text())
