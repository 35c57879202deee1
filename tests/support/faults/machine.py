"""Faults of a server and its database on the real machine: each is a block during which it lasts."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from chat.embedded_postgres.socket_directory import SOCKET
from chat.storage.postgres.database import DatabaseAddress
from tests.support.people import eventually
from tests.support.processes import postgres_under, stopped
from tests.support.saved import execute_sql
from tests.support.server import ServerProcess

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0

needs_a_disk_of_its_own = pytest.mark.skipif(
    not (IS_ROOT and shutil.which("mount")), reason="mounts a small file system, which needs root and mount"
)
needs_network_namespaces = pytest.mark.skipif(
    not (IS_ROOT and shutil.which("ip")), reason="makes a network namespace, which needs root and ip"
)


# --- a full disk ---


@contextmanager
def small_disk(megabytes: int) -> Generator[Path]:
    """A directory on a file system of this size; where mounting is not allowed the test is skipped."""
    with TemporaryDirectory(prefix="chat-") as directory:
        Path(directory).chmod(0o755)
        options = ["-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "chat-test", directory]
        if subprocess.run(["mount", *options], capture_output=True, check=False).returncode != 0:
            pytest.skip("mounting a small file system is not allowed here")
        try:
            yield Path(directory)
        finally:
            subprocess.run(["umount", "--lazy", directory], check=True)


@contextmanager
def full(disk: Path) -> Generator[None]:
    """Nothing fits on the disk any more, to the last byte."""
    filler = disk / "filler"
    fill(filler)
    try:
        yield
    finally:
        filler.unlink()


def fill(filler: Path) -> None:
    """Let the file take all the space that is free now."""
    with suppress(OSError), filler.open("ab", buffering=0) as file:
        for size in (1 << 20, 4096):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))


def end_by_full_disk(server: ServerProcess, disk: Path) -> None:
    """Let PostgreSQL need new files of log records on the full disk until it ends, and can't start."""
    postmaster, address = postgres_under(server.process.pid)[0], server.address

    def has_ended() -> bool:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # it may end already
            # It may have made the next file before, and switches only from a file that has a record.
            execute_sql(address, "SELECT pg_logical_emit_message(false, '', ''), pg_switch_wal()")
        return not Path(f"/proc/{postmaster}").exists()

    eventually(has_ended, "PostgreSQL has ended")
    fill(disk / "filler")  # what it let go of


# --- a network that is cut ---


@contextmanager
def spare_database(server: ServerProcess) -> Generator[DatabaseAddress]:
    """An empty database on the PostgreSQL of another server."""
    name = f"test_{os.urandom(6).hex()}"
    execute_sql(server.address, f"CREATE DATABASE {name}")
    try:
        yield {**server.address, "database": name}
    finally:
        execute_sql(server.address, f"DROP DATABASE {name} WITH (FORCE)")


class Network:
    """The way to the database at `address`, over a relay on `host`; `prefix` are the words that start it elsewhere.

    `url` is the database as the server at one end sees it.
    """

    def __init__(self, address: DatabaseAddress, host: str, prefix: tuple[str, ...]) -> None:
        program = Path(__file__).with_name("relay.py")
        self._command = [*prefix, sys.executable, "-I", program, host, f"{address['host']}/{SOCKET}"]
        self._port = "0"
        self.start()
        self.url = f"postgresql://{address['user']}@{host}:{self._port}/{address['database']}?sslmode=disable"

    def start(self) -> None:
        self._relay = subprocess.Popen([*self._command, self._port], stdout=subprocess.PIPE, text=True)
        assert self._relay.stdout is not None
        self._port = self._relay.stdout.readline().strip()

    def stop(self) -> None:
        self._relay.kill()
        self._relay.wait(10)
        assert self._relay.stdout is not None
        self._relay.stdout.close()

    @contextmanager
    def silent(self) -> Generator[None]:
        """Drop everything silently."""
        with stopped([self._relay.pid]):
            yield

    @contextmanager
    def deaf(self) -> Generator[None]:
        """Let requests through, and hold answers back until the block ends."""
        with self._held_back(signal.SIGUSR1):
            yield

    @contextmanager
    def mute(self) -> Generator[None]:
        """Hold requests back until the block ends, and let answers through."""
        with self._held_back(signal.SIGUSR2):
            yield

    @contextmanager
    def _held_back(self, which: signal.Signals) -> Generator[None]:
        self._relay.send_signal(which)
        try:
            yield
        finally:
            self._relay.send_signal(signal.SIGHUP)

    @contextmanager
    def broken(self) -> Generator[None]:
        """Every connection has ended, and nobody answers to a new one."""
        self.stop()
        try:
            yield
        finally:
            self.start()


@contextmanager
def network(address: DatabaseAddress, *prefix: str, host: str = "127.0.0.1") -> Generator[Network]:
    """A network to the database for as long as the block lasts."""
    network = Network(address, host, prefix)
    try:
        yield network
    finally:
        network.stop()


class Cable:
    """A pair of network interfaces: one end here, the other in a namespace of its own."""

    def __init__(self) -> None:
        number = os.getpid() % 50_000
        self.namespace = f"chat-{number}"
        self._here, self._there = f"chata{number}", f"chatb{number}"
        self._net = f"10.{100 + number // 250 % 100}.{number % 250}"
        self.far_host = f"{self._net}.2"

    def connect(self) -> None:
        self._ip("netns", "add", self.namespace)
        self._ip(
            "link", "add", self._here, "type", "veth", "peer", "name", self._there, "netns", self.namespace
        )
        self._ip("addr", "add", f"{self._net}.1/30", "dev", self._here)
        self._ip("link", "set", self._here, "up")
        self._ip("-n", self.namespace, "addr", "add", f"{self.far_host}/30", "dev", self._there)
        self._ip("-n", self.namespace, "link", "set", self._there, "up")

    def remove(self) -> None:
        for words in (("link", "del", self._here), ("netns", "del", self.namespace)):
            subprocess.run(["ip", *words], capture_output=True, check=False)

    @contextmanager
    def cut(self) -> Generator[None]:
        """The far end is unplugged: packets are lost silently."""
        self._ip("-n", self.namespace, "link", "set", self._there, "down")
        try:
            yield
        finally:
            self._ip("-n", self.namespace, "link", "set", self._there, "up")

    @staticmethod
    def _ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def cable() -> Generator[Cable]:
    """A network namespace at the end of a cable; where that is not allowed the test is skipped."""
    cable = Cable()
    try:
        try:
            cable.connect()
        except subprocess.CalledProcessError:
            pytest.skip("network namespaces are not allowed here")
        yield cable
    finally:
        cable.remove()


# --- a clock that jumps ---


class Clock:
    """The wall clock of a server's process, which a test may set: `environment` puts it there."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "shift"
        self.jump(0)
        (directory / "sitecustomize.py").write_text(_SHIFTED_CLOCK.format(str(self._file)))
        path = os.pathsep.join(filter(None, (str(directory), os.environ.get("PYTHONPATH"))))
        self.environment = {"PYTHONPATH": path}

    def jump(self, seconds: float) -> None:
        """Set the clock this far from the true time."""
        new = self._file.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self._file)


_SHIFTED_CLOCK = """
import datetime, time

_true, _true_ns = time.time, time.time_ns

def shift():
    with open({!r}) as file:
        return float(file.read())

time.time = lambda: _true() + shift()
time.time_ns = lambda: _true_ns() + int(shift() * 1e9)

class _Kind(type):
    def __instancecheck__(cls, value):
        return isinstance(value, _Datetime.__base__)

class _Datetime(datetime.datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def utcnow(cls):
        return cls.fromtimestamp(time.time(), datetime.timezone.utc).replace(tzinfo=None)

datetime.datetime = _Datetime
"""
"""The whole of a server's Python asks these; PostgreSQL's own clock is the machine's."""


# --- no descriptors left ---


@contextmanager
def few_descriptors(server: ServerProcess, more: int) -> Generator[None]:
    """The server may open so many files more than it has open now."""
    import resource

    pid = server.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    highest = max(int(entry.name) for entry in Path(f"/proc/{pid}/fd").iterdir())
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1 + more, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


def everything_of(server: ServerProcess) -> list[int]:
    """The server's process and those of its PostgreSQL."""
    return [server.process.pid, *postgres_under(server.process.pid)]
