"""The real server as a process of its own, forked from one that has imported all it needs, so that it starts soon."""

import os
import threading
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from chat.cli import main
from tests.support.server import UNLIMITED

_START = 60
"""Seconds that a server may take to start on a busy machine."""

_context = get_context("forkserver")
_context.set_forkserver_preload(["chat.cli.serve", "chat.server", __name__])


class ForkedServer:
    """`chat serve` on a free port of loopback, without limits on speed; it uses `data` and appends to `data`.log.

    `arguments` are added to its command line, `environment` to ours.
    """

    def __init__(self, data: Path, *arguments: str, **environment: str) -> None:
        self.log = data.parent / f"{data.name}.log"
        reading, writing = _context.Pipe(duplex=False)
        command = ["serve", "--listen", "127.0.0.1:0", "--data", str(data), *arguments]
        set_to = {"CHAT_BCRYPT_COST": "4", **UNLIMITED, **environment}
        self._process = _context.Process(target=_serve, args=(command, set_to, self.log, writing))
        self._process.start()
        writing.close()
        overdue = threading.Timer(_START, self._process.kill)
        overdue.start()
        with reading, os.fdopen(os.dup(reading.fileno())) as lines:
            line = lines.readline()  # ends at the latest when the process does
        overdue.cancel()
        if not line.startswith("listening on "):
            self.end()
            raise RuntimeError(f"the server did not start: {self.log.read_text()}")
        self.url = line.removeprefix("listening on ").strip()

    def kill(self) -> None:
        """Stop as a power cut does."""
        self._process.kill()
        self._process.join(30)

    def end(self) -> None:
        """Stop it if it runs, by force if it does not want to."""
        self._process.terminate()
        self._process.join(30)
        self.kill()
        self._process.close()


def _serve(command: list[str], environment: dict[str, str], log: Path, writing: Connection) -> None:
    os.environ |= environment
    with log.open("ab") as errors:
        os.dup2(errors.fileno(), 2)
    os.dup2(writing.fileno(), 1)
    writing.close()
    main(command, prog_name="chat")
