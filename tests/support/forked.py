"""A process that runs `chat`, forked from one that has imported all it needs: imports are most of a server's start."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

_context = get_context("forkserver")
_context.set_forkserver_preload(["tests.support.preloaded", __name__])


class ForkedProcess:
    """`python -m chat` with these arguments and this whole environment; it is used as subprocess.Popen is.

    Its standard input is empty, and what it says of errors is added to `errors`.
    """

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], errors: Path) -> None:
        reading, writing = _context.Pipe(duplex=False)
        with reading:
            self._process = _context.Process(
                target=_run, args=(arguments, dict(environment), os.getcwd(), errors, writing)
            )
            self._process.start()
            writing.close()
            self.stdout = os.fdopen(os.dup(reading.fileno()))
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def returncode(self) -> int | None:
        """How it ended, as Popen says it."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """Return how it ended, None if it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait so many seconds until it ends, and return how."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("chat", timeout or 0)
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self.send_signal(signal.SIGKILL)


def _run(
    arguments: Sequence[str], environment: Mapping[str, str], place: str, errors: Path, output: Connection
) -> None:
    from chat.cli import main  # the process that this is forked from has imported it

    os.chdir(place)
    os.environ.clear()
    os.environ |= environment
    with errors.open("ab") as log:
        os.dup2(log.fileno(), 2)
    os.dup2(output.fileno(), 1)
    output.close()
    main(arguments, prog_name="chat")
