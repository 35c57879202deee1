"""A child process that never outlives its block nor, on Linux, this process.

Popen forks it from the thread that runs Trio: Linux sends the parent-death signal when the forking *thread* ends, and
`trio.open_process` forks from a worker thread, which ends after ten idle seconds.
"""

import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL, STDOUT, Popen
from tempfile import TemporaryFile

import trio

from chat.embedded_postgres.unprivileged import UnixUser
from chat.shutdown import FAST_SHARE, REAP

LAUNCHER = Path(__file__).with_name("launcher.py")

# Nothing else: the environment may hold a secret, and PG… variables change where PostgreSQL listens.
INHERITED = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC"}

POLL_INTERVAL = 0.05
"""Seconds between checks of a child on systems without pidfd."""


class Process:
    """A running child. `pid` is its process id."""

    def __init__(self, popen: Popen[bytes], pidfd: int | None) -> None:
        self.pid = popen.pid
        self._popen = popen
        self._pidfd = pidfd

    def has_ended(self) -> bool:
        """Whether it has ended. Sync."""
        return self._popen.poll() is not None

    async def wait(self) -> int:
        """Wait until it has ended and return its exit status. One task at a time. Cancelling: it keeps running."""
        await trio.lowlevel.checkpoint()
        while (status := self._popen.poll()) is None:
            if self._pidfd is None:
                await trio.sleep(POLL_INTERVAL)
            else:
                await trio.lowlevel.wait_readable(self._pidfd)
        return status

    async def stop(self, grace: float) -> None:
        """Stop it: by PostgreSQL's fast shutdown, then its immediate one, and after `grace` seconds by SIGKILL.

        Cancelling has no effect.
        """
        steps = (
            (signal.SIGINT, grace * FAST_SHARE),
            (signal.SIGQUIT, grace * (1 - FAST_SHARE)),
            (signal.SIGKILL, REAP),
        )
        for signal_, patience in steps:
            self._popen.send_signal(signal_)
            # Without the shield a cancelled server leaves PostgreSQL running, or a zombie.
            with trio.move_on_after(patience, shield=True):
                await self.wait()
                return


@asynccontextmanager
async def open_process(
    command: Sequence[str | Path],
    *,
    directory: Path,
    owner: UnixUser | None,
    output: int,
    grace: float,
    environment: Mapping[str, str] | None = None,
) -> AsyncGenerator[Process]:
    """Run `command` in `directory`, as `owner` (None: ourselves), for as long as the block lasts.

    `output` is the descriptor that takes its stdout and stderr; `environment` is added to the little that it gets.
    Leaving the block stops it within `grace` seconds. Raises OSError. Cancelling: it is stopped.
    """
    uid, gid = ("-", "-") if owner is None else (owner.uid, owner.gid)
    start = (sys.executable, "-I", "-S", LAUNCHER, os.getpid(), uid, gid, directory)
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    popen = Popen(  # noqa: ASYNC220 - a millisecond, and the thread matters (above)
        [str(part) for part in (*start, *command)],
        stdin=DEVNULL,
        stdout=output,
        stderr=STDOUT,
        env=inherited | ENVIRONMENT | dict(environment or {}),
        start_new_session=True,  # a Ctrl-C in our terminal is not for it
    )
    pidfd = _open_pidfd(popen.pid)
    process = Process(popen, pidfd)
    try:
        yield process
    finally:
        await process.stop(grace)
        if pidfd is not None:
            os.close(pidfd)


async def run(
    command: Sequence[str | Path],
    *,
    directory: Path,
    owner: UnixUser | None,
    timeout: float,
    environment: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Run `command` to its end; return its exit status and its output. See `open_process`.

    Raises OSError, and TooSlowError after `timeout` seconds. Cancelling: it is stopped.
    """
    with TemporaryFile() as output:
        with trio.fail_after(timeout):
            async with open_process(
                command,
                directory=directory,
                owner=owner,
                output=output.fileno(),
                grace=1.0,
                environment=environment,
            ) as process:
                status = await process.wait()
        output.seek(0)
        return status, output.read().decode(errors="replace")


def _open_pidfd(pid: int) -> int | None:
    """Return a descriptor that turns readable when `pid` ends; None where the system has no such thing."""
    if sys.platform == "linux":
        try:
            return os.pidfd_open(pid)
        except (OSError, AttributeError):  # an old kernel or Python, a sandbox, no descriptors left
            return None
    return None
