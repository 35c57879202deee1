"""Processes that live as long as a block: each prints where it listens, and is ended by its own process id.

They end too when this process is killed, and Ctrl-C reaches only this process, which ends them in order.
"""

import ctypes
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

START = 60.0
"""Seconds for a server to print where it listens; a first start makes a database."""
STOP = 20.0
"""Seconds to end after SIGTERM."""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class DidNotStart(Exception):
    """A server ended, or said nothing, before it listened; the text is the end of its log."""


def _end_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def running(
    command: Sequence[str | Path], log: Path, *, directory: Path, environment: Mapping[str, str] | None = None
) -> Generator[tuple[int, str]]:
    """Run a command for as long as the block lasts; yield its process id and its first line. Raises DidNotStart.

    `log` gets what it says on stderr.
    """
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd=directory,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
    assert process.stdout is not None
    try:
        with process.stdout:
            yield process.pid, _first_line(process.stdout.fileno(), log)
    finally:
        end(process)


def _first_line(descriptor: int, log: Path) -> str:
    line = b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([descriptor], [], [], START)
        piece = os.read(descriptor, 4096) if readable else b""
        if not piece:
            said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise DidNotStart(said or "it did not say where it listens")
        line += piece
    return line.splitlines()[0].decode()


def free_port() -> int:
    """Return a port of loopback that nobody listens on, for a server that can't say which one it took."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def wait_until_open(port: int, log: Path) -> None:
    """Wait until somebody listens on a port of loopback. Raises DidNotStart."""
    until = time.monotonic() + START
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), START).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise DidNotStart(log.read_text(encoding="utf-8", errors="replace")[-2000:])


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process of ours, with SIGTERM if that is enough."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP)
