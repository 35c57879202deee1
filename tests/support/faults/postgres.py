"""A PostgreSQL that a test runs itself: killed, stopped and started again."""

import os
import signal
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import trio

from chat.embedded_postgres.cluster import SUPERUSER, prepare_cluster
from chat.embedded_postgres.socket_directory import PORT
from chat.storage.postgres.database import DatabaseAddress
from tests.support.people import eventually
from tests.support.processes import children, wait_until_ended
from tests.support.saved import fetch_sql
from tests.support.server import data_path


class PostgresServer:
    """A PostgreSQL that listens on TCP, started by the words `prefix`; beside that, on a Unix socket."""

    def __init__(self, data: Path, prefix: Sequence[str], listen: str) -> None:
        cluster = trio.run(prepare_cluster, data)
        home = cluster.path.parent
        access = home / "access.conf"
        access.write_text("local all all trust\nhost all all all trust\n")
        access.chmod(0o644)
        become: list[str] = []
        if cluster.owner is not None:
            uid, gid = map(str, cluster.owner[:2])
            become = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
        settings = {
            "hba_file": access,
            "listen_addresses": listen,
            "unix_socket_directories": home,
            "max_connections": 100,
        }
        self._command = [
            *prefix,
            *become,
            str(cluster.binaries.directory / "postgres"),
            "-D",
            str(cluster.path),
            *(f"--{name}={value}" for name, value in settings.items()),
        ]
        self._log = home / "log"
        self.address: DatabaseAddress = {
            "host": str(home),
            "port": PORT,
            "user": SUPERUSER,
            "database": "postgres",
        }

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, cwd="/")
        eventually(self.answers, "PostgreSQL answers")

    def answers(self) -> bool:
        """Whether it answers."""
        try:
            return bool(fetch_sql(self.address, "SELECT 1"))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False

    @property
    def processes(self) -> list[int]:
        """The postmaster first."""
        return [self._process.pid, *children(self._process.pid)]

    def kill(self) -> None:
        """End all of it at once, as a power cut does."""
        running = self.processes
        for pid in running:
            os.kill(pid, signal.SIGKILL)
        self._process.wait(30)
        wait_until_ended(running)

    def stop(self) -> None:
        """End it as `pg_ctl stop` does."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)


@contextmanager
def postgres_server(prefix: Sequence[str], *listen: str) -> Generator[PostgresServer]:
    """Run one for as long as the block lasts, on new data."""
    with data_path() as data:
        data.mkdir(mode=0o755)
        server = PostgresServer(data, prefix, ",".join(listen))
        try:
            server.start()
            yield server
        finally:
            server.kill()
