"""Keeps PostgreSQL running: starts it, waits until it accepts connections, and restarts it when it ends."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog
import trio

from chat.embedded_postgres.cluster import Cluster
from chat.embedded_postgres.leftover import unrelated_pid
from chat.embedded_postgres.process import Process, open_process
from chat.embedded_postgres.server_log import ServerLog
from chat.embedded_postgres.settings import command

START_TIMEOUT = 600.0
"""Most seconds for one start, including recovery."""
SILENCE_TIMEOUT = 60.0
"""Seconds that a start may take without a new log line; recovery logs every ten (from PostgreSQL 15)."""
REPORT_INTERVAL = 5.0
PROBE_INTERVAL = 0.02
FIRST_PAUSE = 0.1
"""Seconds before a restart; doubled for each failure up to LONGEST_PAUSE, so a full disk is retried for days."""
LONGEST_PAUSE = 2.0
STEADY = 10.0
"""Seconds of service after which the next end counts as a first failure."""
IN_USE = "is still in use"
"""PostgreSQL logs this while a backend of a killed postmaster lives; that backend will end."""

logger = structlog.get_logger(__name__)


class Supervisor:
    """Runs PostgreSQL on `cluster` with its socket in `sockets`. Only `run` changes the public attributes."""

    def __init__(
        self,
        cluster: Cluster,
        sockets: Path,
        server_log: ServerLog,
        grace: float,
        connections: int,
        settings: Iterable[str],
        start_timeout: float = START_TIMEOUT,
    ) -> None:
        self.ready = False  # it accepts connections
        self.restarts = 0  # number of restarts
        self.pid: int | None = None  # the postmaster's
        self._cluster = cluster
        self._command = command(cluster, sockets, connections, settings)
        self._log = server_log
        self._grace = grace
        self._start_timeout = start_timeout

    async def run(self, task_status: trio.TaskStatus[str | None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run PostgreSQL until cancelled. Started with None once it accepts connections, or with why it does not.

        Cancelling stops PostgreSQL within the grace.
        """
        ever_ready = False

        def became_ready() -> None:
            nonlocal ever_ready
            if ever_ready:
                self.restarts += 1
                logger.info("PostgreSQL is running again", restarts=self.restarts)
            else:
                ever_ready = True
                task_status.started(None)

        failures = 0
        begun = trio.current_time()
        while True:
            position = self._log.size()
            try:
                served = await self._run_once(became_ready)
                said = _essence(self._log.since(position))
            except OSError as error:  # no memory, descriptors or disk for a process
                served, said = 0.0, str(error)
            waited = trio.current_time() - begun
            if not ever_ready and not (IN_USE in said and waited < SILENCE_TIMEOUT):
                task_status.started(f"PostgreSQL did not start: {said} (all of it: {self._log.path})")
                return
            failures = 1 if served > STEADY else failures + 1
            pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 16), LONGEST_PAUSE)
            # 1, 2, 4, 8 …: a disk that is full for days does not fill our log.
            if failures & (failures - 1) == 0:
                logger.warning("PostgreSQL ended; restarting it", times=failures, says=said)
            await trio.sleep(pause)

    async def _run_once(self, became_ready: Callable[[], None]) -> float:
        """Run it until it ends and return for how many seconds it accepted connections. Raises OSError."""
        environment = {}
        before = read_status(self._cluster.path)
        pid = await unrelated_pid(self._cluster.path)
        if pid is not None:
            # PostgreSQL refuses to start while a process with the pid of postmaster.pid lives, unless this variable
            # names that process as its grandparent.
            environment["PG_GRANDPARENT_PID"] = str(pid)
        try:
            with self._log.opened() as output:
                async with open_process(
                    self._command,
                    directory=self._cluster.path,
                    owner=self._cluster.owner,
                    output=output,
                    grace=self._grace,
                    environment=environment,
                ) as process:
                    if not await self._takes_connections(process, before):
                        return 0.0
                    since = trio.current_time()
                    self.pid = process.pid
                    self.ready = True
                    became_ready()
                    await process.wait()
                    return trio.current_time() - since
        finally:
            self.ready = False
            self.pid = None

    async def _takes_connections(self, process: Process, before: list[bytes]) -> bool:
        """Wait until PostgreSQL accepts connections; False: it ended or hangs. `before`: an earlier one's status."""
        size = self._log.size()
        begun = spoke = reported = trio.current_time()
        while not process.has_ended():
            status = read_status(self._cluster.path)
            if is_ready(status, process.pid) and status != before:  # pids repeat in containers
                return True
            now = trio.current_time()
            if self._log.size() != size:
                size, spoke = self._log.size(), now
            if now - spoke > SILENCE_TIMEOUT or now - begun > self._start_timeout:
                logger.warning("PostgreSQL hangs while it starts; stopping it", seconds=round(now - begun))
                return False
            if now - reported > REPORT_INTERVAL:
                reported = now
                logger.info("PostgreSQL is still starting", seconds=round(now - begun))
            await trio.sleep(PROBE_INTERVAL)
        return False


def read_status(cluster: Path) -> list[bytes]:
    """Return the lines of postmaster.pid; [] without such a file."""
    try:
        return (cluster / "postmaster.pid").read_bytes().splitlines()
    except OSError:
        return []


def is_ready(status: list[bytes], pid: int) -> bool:
    """Whether process `pid` accepts connections, by the eighth line, like PostgreSQL's own pg_ctl."""
    return len(status) >= 8 and status[0] == b"%d" % pid and status[7].strip() == b"ready"


def _essence(lines: list[str]) -> str:
    """Return the last error line and the one before it, without time and process."""
    bad = [number for number, line in enumerate(lines) if re.search("FATAL|PANIC|ERROR", line)]
    last = bad[-1] + 1 if bad else len(lines)
    relevant = [re.sub(r"^.*?\[\d+\] ", "", line) for line in lines[max(last - 2, 0) : last]]
    return "; ".join(relevant) or "no message"
