"""Runs the command `chat` beside a real server."""

import os
import subprocess
import sys

from tests.support.server import ServerProcess


def chat(server: ServerProcess, *arguments: str, stdin: str = "") -> str:
    """Run a command on the server's data and return its output; it must succeed."""
    done = try_chat(server, *arguments, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def try_chat(server: ServerProcess, *arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command on the server's data."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("CHAT_")}
    return subprocess.run(
        [sys.executable, "-m", "chat", *arguments, "--data", str(server.data)],
        input=stdin,
        env=ours | {"CHAT_BCRYPT_COST": "4"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
