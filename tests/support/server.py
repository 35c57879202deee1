"""The real server in a process of its own."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from chat.embedded_postgres.embedded import running_address
from chat.storage.postgres.database import DatabaseAddress
from tests.support.forked import ForkedProcess
from tests.support.run_directory import RUN_PREFIX

_START = 60
"""Seconds that a server may take to start: a first start makes a database, on a busy machine."""


UNLIMITED = {f"CHAT_{what}": "0" for what in ("MESSAGE_RATE", "MESSAGE_BYTES", "READ_RATE", "CALL_RATE")}
"""No limits on speed, for tests that send as fast as they can."""

DEFAULT_LIMITS = dict.fromkeys(UNLIMITED, "")
"""The limits on speed that a server has by itself."""

_USED = "used-data"
"""The directory that used_data_path() copies, once there is one; the workers of pytest-xdist share it."""


class ServerProcess:
    """`chat serve` as a user starts it, on a free port of loopback, but without limits on speed.

    `environment` is added to ours; `arguments` to the command line. It is on a free port of `host`, or on `port`;
    `prefix` are the words that start it elsewhere. It is forked from a process that has imported what it needs, but for
    one elsewhere, or of another release.
    """

    def __init__(
        self,
        data: Path,
        *arguments: str,
        prefix: Sequence[str] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        **environment: str,
    ) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        command = ["serve", "--listen", f"{host}:{port}", "--data", str(data), *arguments]
        own = {"CHAT_BCRYPT_COST": "4", **UNLIMITED, **environment}
        self.process = self._start(command, {**os.environ, **own}, prefix)
        assert self.process.stdout is not None
        overdue = threading.Timer(_START, self.process.kill)
        overdue.start()
        line = self.process.stdout.readline()  # ends at the latest when the process does
        overdue.cancel()
        if not line.startswith("listening on "):
            self.end()
            raise RuntimeError(f"the server did not start: {self.log.read_text()}")
        self.url = line.removeprefix("listening on ").strip()
        self.database: DatabaseAddress | None = (
            None  # set by a test whose server was given one with --database
        )

    def _start(
        self, command: Sequence[str], environment: dict[str, str], prefix: Sequence[str]
    ) -> "subprocess.Popen[str] | ForkedProcess":
        has_own_python = environment.get("PYTHONPATH") != os.environ.get("PYTHONPATH")
        if not prefix and not has_own_python:
            return ForkedProcess(command, environment, self.log)
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*prefix, sys.executable, "-m", "chat", *command],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
            )

    @property
    def socket_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    @property
    def address(self) -> DatabaseAddress:
        """How to reach its database."""
        return self.database or running_address(self.data)

    def stop(self) -> int:
        """Stop as an operator does, and return the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        """Stop as a power cut does."""
        self.process.kill()
        self.process.wait(30)

    def end(self) -> None:
        """Stop it if it runs, by force if it does not want to."""
        assert self.process.stdout is not None
        try:
            if self.process.poll() is None:
                self.stop()
        finally:
            self.process.kill()
            self.process.wait(30)
            self.process.stdout.close()


@contextmanager
def running_server(
    data: Path,
    *arguments: str,
    prefix: Sequence[str] = (),
    host: str = "127.0.0.1",
    port: int = 0,
    **environment: str,
) -> Generator[ServerProcess]:
    """Run a server, as ServerProcess says, for as long as the block lasts."""
    server = ServerProcess(data, *arguments, prefix=prefix, host=host, port=port, **environment)
    try:
        yield server
    finally:
        server.end()


@contextmanager
def data_path() -> Generator[Path]:
    """A place for a data directory that PostgreSQL's user may reach; pytest's own is closed to others."""
    with TemporaryDirectory(prefix="chat-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory) / "data"


@contextmanager
def used_data_path() -> Generator[Path]:
    """A data directory in which a server ran before, so that the next one starts in half the time."""
    with data_path() as data:
        subprocess.run(["cp", "-a", _used_once(), data], check=True, timeout=_START)
        yield data


def _used_once() -> Path:
    """The directory that all of them are copies of, until remove_used_data()."""
    home = _used_home()
    home.mkdir(mode=0o755, exist_ok=True)
    lock = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until it is closed
        if not (home / "made").exists():
            with running_server(home / "data"):
                pass
            (home / "made").touch()
    finally:
        os.close(lock)
    return home / "data"


def _used_home() -> Path:
    """In the run's directory, or for this process alone where there is none."""
    place = Path(tempfile.gettempdir())
    return place / (_USED if place.name.startswith(RUN_PREFIX) else f"{_USED}-{os.getpid()}")


def remove_used_data() -> None:
    """Remove the directory that used_data_path() copies."""
    shutil.rmtree(_used_home(), ignore_errors=True)
