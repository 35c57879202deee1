"""`chat worker` with a parent that sends unusable messages: it ends and reports why."""

import json
import socket
import subprocess
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("has no workers", allow_module_level=True)

SERVE = {
    "type": "serve",
    "data": "/nowhere",
    "address": {},
    "secret": "",
    "listening": [],
    "metrics_listening": [],
    "seat": 0,
    "seats": 2,
    "slots": 0,
}


def worker_told(line: bytes) -> tuple[int, str, bytes]:
    """Run a worker whose parent says this and then nothing more: its status, its stderr, and what it answers."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(line)
        ours.shutdown(socket.SHUT_WR)
        done = subprocess.run(
            [sys.executable, "-m", "chat", "worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        theirs.close()
        ours.settimeout(10)
        with ours.makefile("rb") as answer:
            return done.returncode, done.stderr, answer.read()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            json.dumps({**SERVE, "settings": {"data": "/nowhere", "workers": 0}}).encode() + b"\n",
            "`int` >= 1",
        ),
        (b'{"type": "from another time"}\n', "from another time"),
        (b"", "has ended"),
    ],
)
def test_a_worker_reports_a_start_error_to_its_parent_in_one_line(line: bytes, reason: str) -> None:
    status, shown, answer = worker_told(line)
    assert (status, shown) == (1, "")
    got = json.loads(answer)
    assert got["type"] == "refused"
    assert got["reason"].startswith("cannot read the instructions of the parent process: ")
    assert reason in got["reason"]
