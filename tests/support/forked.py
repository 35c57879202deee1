"""A process that runs `chat`, forked from one that has imported all it needs: imports are most of a server's start."""

import array
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_ROOT = Path(__file__).parents[2]

_INT = array.array("i").itemsize

_FORKING: list[tuple[socket.socket, subprocess.Popen[bytes]]] = []
"""The process of forking.py and the socket to it, once there is one."""


class ForkedProcess:
    """`python -m chat` with these arguments and this whole environment; it is used as subprocess.Popen is.

    It reads `given`, which is to fit into a pipe. What it says of errors is added to `errors`.
    """

    def __init__(
        self, arguments: Sequence[str], environment: Mapping[str, str], errors: Path, given: str = ""
    ) -> None:
        asked = {"arguments": arguments, "environment": dict(environment), "place": os.getcwd()}
        self.returncode: int | None = None
        reading, writing = os.pipe()
        self._waiting, waited_for = os.pipe()
        read, written = os.pipe()
        os.write(written, given.encode())
        with errors.open("ab") as log:
            descriptors = [read, writing, log.fileno(), waited_for]
            socket.send_fds(_forking(), [json.dumps(asked).encode()], descriptors)
        for each in (read, written, writing, waited_for):
            os.close(each)
        self.stdout = os.fdopen(reading)
        self.pid = self._read()

    def poll(self) -> int | None:
        """Return how it ended, as Popen says it; None if it runs."""
        if self.returncode is None and self._has_ended(0):
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait so many seconds until it ends, and return how."""
        if self.returncode is None:
            if not self._has_ended(timeout):
                raise subprocess.TimeoutExpired("chat", timeout or 0)
            self.returncode = self._read()
            os.close(self._waiting)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal if it runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has just ended, and that is not told here yet
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self.send_signal(signal.SIGKILL)

    def _has_ended(self, timeout: float | None) -> bool:
        waiting = select.poll()  # select() takes no descriptor above 1,023
        waiting.register(self._waiting, select.POLLIN)
        return bool(waiting.poll(None if timeout is None else timeout * 1000))

    def _read(self) -> int:
        read = os.read(self._waiting, _INT)
        # Then whoever waited for it was killed too.
        return array.array("i", read)[0] if read else -signal.SIGKILL


def _forking() -> socket.socket:
    if not _FORKING:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = (sys.executable, "-m", "tests.support.forking", str(theirs.fileno()))
            _FORKING.append((ours, subprocess.Popen(command, cwd=_ROOT, pass_fds=[theirs.fileno()])))
    return _FORKING[0][0]


def stop_forking() -> None:
    """End the process that others are forked from; those go on."""
    while _FORKING:
        asking, process = _FORKING.pop()
        asking.close()
        process.wait(30)
