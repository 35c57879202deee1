"""Keep PostgreSQL running: start it, see that it takes connections, and start it again whenever it ends."""

import re
from collections.abc import Callable
from pathlib import Path

import structlog
import trio

from chat.embedded_postgres.cluster import Cluster
from chat.embedded_postgres.leftover import unrelated_pid
from chat.embedded_postgres.process import Process, open_process
from chat.embedded_postgres.server_log import ServerLog
from chat.embedded_postgres.settings import command

START_TIMEOUT = 600.0
"""Seconds for one start at most, however much there is to recover."""
SILENCE_TIMEOUT = 60.0
"""Seconds that a start may go on without a word in the log; recovery reports every ten (from PostgreSQL 15)."""
REPORT_INTERVAL = 5.0
PROBE_INTERVAL = 0.02
FIRST_PAUSE = 0.1
"""Seconds before it is started again; doubled each time up to LONGEST_PAUSE, also on a full disk for days."""
LONGEST_PAUSE = 2.0
STEADY = 10.0
"""Seconds that it has to run before its next end counts as the first again."""
IN_USE = "is still in use"
"""What PostgreSQL says while a backend of a killed postmaster lives; it will notice, and end."""

logger = structlog.get_logger(__name__)


class Supervisor:
    """Runs PostgreSQL on `cluster` with its socket in `sockets`. Only `run` changes what is public here."""

    def __init__(
        self, cluster: Cluster, sockets: Path, server_log: ServerLog, grace: float, connections: int
    ) -> None:
        self.ready = False  # it takes connections
        self.restarts = 0  # how often it has come back
        self.pid: int | None = None  # the postmaster's
        self._cluster = cluster
        self._command = command(cluster, sockets, connections)
        self._log = server_log
        self._grace = grace

    async def run(self, task_status: trio.TaskStatus[str | None] = trio.TASK_STATUS_IGNORED) -> None:
        """Run PostgreSQL until cancelled. Started with None once it takes connections, or with why it does not.

        Cancelling: PostgreSQL is stopped within the grace.
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
            if failures & (failures - 1) == 0:  # 1, 2, 4, 8 …: a full disk for days does not fill our log
                logger.warning("PostgreSQL ended; restarting it", times=failures, says=said)
            await trio.sleep(pause)

    async def _run_once(self, became_ready: Callable[[], None]) -> float:
        """Run it until it ends. Return for how many seconds it took connections. Raises OSError."""
        environment = {}
        before = read_status(self._cluster.path)
        pid = await unrelated_pid(self._cluster.path)
        if pid is not None:
            # PostgreSQL does not start while a process with the number in its postmaster.pid lives, unless it
            # is told that this one merely started it.
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
        """Wait until it does; return False if it ended instead, or is stuck. `before`: what an earlier one left."""
        size = self._log.size()
        begun = spoke = reported = trio.current_time()
        while not process.has_ended():
            status = read_status(self._cluster.path)
            if is_ready(status, process.pid) and status != before:  # a container's numbers come again
                return True
            now = trio.current_time()
            if self._log.size() != size:
                size, spoke = self._log.size(), now
            if now - spoke > SILENCE_TIMEOUT or now - begun > START_TIMEOUT:
                logger.warning("PostgreSQL hangs while it starts; stopping it", seconds=round(now - begun))
                return False
            if now - reported > REPORT_INTERVAL:
                reported = now
                logger.info("PostgreSQL is still starting", seconds=round(now - begun))
            await trio.sleep(PROBE_INTERVAL)
        return False


def read_status(cluster: Path) -> list[bytes]:
    """Return the lines of postmaster.pid; none if there is none."""
    try:
        return (cluster / "postmaster.pid").read_bytes().splitlines()
    except OSError:
        return []


def is_ready(status: list[bytes], pid: int) -> bool:
    """Say whether process `pid` takes connections, as PostgreSQL's own pg_ctl does: by the eighth line."""
    return len(status) >= 8 and status[0] == b"%d" % pid and status[7].strip() == b"ready"


def _essence(lines: list[str]) -> str:
    """What went wrong: the last line that says so and the one before it, without their time and process."""
    bad = [number for number, line in enumerate(lines) if re.search("FATAL|PANIC|ERROR", line)]
    last = bad[-1] + 1 if bad else len(lines)
    telling = [re.sub(r"^.*?\[\d+\] ", "", line) for line in lines[max(last - 2, 0) : last]]
    return "; ".join(telling) or "no message"
