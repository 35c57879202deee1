"""What the tests share: the real server as its own process, and databases of their own on its PostgreSQL."""

import os
import signal
import subprocess
import sys
import threading
import unicodedata
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Literal

import asyncpg
import pytest
from hypothesis import settings

from chat.embedded_postgres.embedded import running_address
from chat.storage.postgres.crossing import cross, open_asyncio
from chat.storage.postgres.database import DatabaseAddress

pytest_plugins = ["leftovers", "workers"]

# The same examples in every run, and no verdict about how fast a busy machine is.
settings.register_profile("tests", max_examples=60, deadline=None, derandomize=True)
settings.load_profile("tests")

_START = 60
"""Seconds that a server may take to start: a first start makes a database, on a busy machine."""


UNLIMITED = {f"CHAT_{what}": "0" for what in ("MESSAGE_RATE", "MESSAGE_BYTES", "READ_RATE", "CALL_RATE")}
"""No limits on speed, for tests that send as fast as they can."""

DEFAULT_LIMITS = dict.fromkeys(UNLIMITED, "")
"""The limits on speed that a server has by itself."""


class ServerProcess:
    """`chat serve` as a user starts it, on a free port of loopback, but without limits on speed.

    `environment` is added to ours; `arguments` to the command line.
    """

    def __init__(self, data: Path, *arguments: str, **environment: str) -> None:
        self.data = data
        self.log = data.parent / f"{data.name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "chat",
                    "serve",
                    "--listen",
                    "127.0.0.1:0",
                    "--data",
                    str(data),
                    *arguments,
                ],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "CHAT_BCRYPT_COST": "4", **UNLIMITED, **environment},
            )
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
        with self.process, self.process.stdout:
            try:
                if self.process.poll() is None:
                    self.stop()
            finally:
                self.process.kill()


@contextmanager
def running_server(data: Path, *arguments: str, **environment: str) -> Generator[ServerProcess]:
    """Run a server for as long as the block lasts."""
    server = ServerProcess(data, *arguments, **environment)
    try:
        yield server
    finally:
        server.end()


@contextmanager
def child(*command: str | Path, **options: Any) -> Generator["subprocess.Popen[bytes]"]:
    """Run a command that is gone after the block, also when the block fails. `options` are Popen's."""
    with subprocess.Popen([str(part) for part in command], **options) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def data_path() -> Generator[Path]:
    """A place for a data directory that PostgreSQL's user may reach; pytest's own is closed to others."""
    with TemporaryDirectory(prefix="chat-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory) / "data"


@pytest.fixture(scope="session")
def server() -> Generator[ServerProcess]:
    """One server for all tests that only talk with it, no faster than it lets everybody."""
    with data_path() as data, running_server(data, **DEFAULT_LIMITS) as server:
        yield server


@pytest.fixture
def data() -> Generator[Path]:
    """A data directory for a server of the test's own."""
    with data_path() as data:
        yield data


@pytest.fixture
def normalised(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The length of each text that the rules normalise, which takes quadratic time."""
    lengths: list[int] = []

    def normalize(form: Literal["NFC", "NFD", "NFKC", "NFKD"], text: str) -> str:
        lengths.append(len(text))
        return unicodedata.normalize(form, text)

    noting = SimpleNamespace(normalize=normalize, category=unicodedata.category)
    monkeypatch.setattr("chat.domain.rules.unicodedata", noting)
    monkeypatch.setattr("chat.domain.skeletons.unicodedata", noting)
    return lengths


@asynccontextmanager
async def new_database(server: ServerProcess) -> AsyncGenerator[DatabaseAddress]:
    """Make an empty database on the server's PostgreSQL for as long as the block lasts."""
    name = f"test_{os.urandom(6).hex()}"
    await execute(server.address, f"CREATE DATABASE {name}")
    try:
        yield {**server.address, "database": name}
    finally:
        await execute(server.address, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database(server: ServerProcess) -> AsyncGenerator[DatabaseAddress]:
    """An empty database of the test's own."""
    async with new_database(server) as address:
        yield address


async def execute(address: DatabaseAddress, statement: str) -> None:
    """Run one statement, on a connection and a loop of its own."""

    async def execute() -> None:
        connection = await asyncpg.connect(**address, timeout=10)
        try:
            await connection.execute(statement)
        finally:
            await connection.close(timeout=10)

    async with open_asyncio():
        await cross(execute)
