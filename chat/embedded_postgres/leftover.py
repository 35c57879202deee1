"""Finds a PostgreSQL that a killed server left behind, by its postmaster.pid, and stops it before a new start.

A pid in a file proves nothing: after a reboot, or in a new container, it belongs to another process.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

import structlog
import trio

from chat.domain.startup import CannotStart

HAS_PROC = os.path.exists("/proc/self/cwd")

logger = structlog.get_logger(__name__)


async def stop_leftover(cluster: Path) -> None:
    """Stop a PostgreSQL that still runs on `cluster`. The caller holds the data directory.

    Raises CannotStart if it does not stop within 20 seconds. Cancelling: it may still run.
    """
    # It may need time to write its shared buffers.
    for signal_, patience in ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        pid = read_pid(cluster)
        if pid is None or not await runs_on(pid, cluster):
            return
        logger.warning(
            "stopping a PostgreSQL that an earlier server left running", pid=pid, signal=signal_.name
        )
        try:
            os.kill(pid, signal_)
        except ProcessLookupError:
            return
        except PermissionError:
            break
        with trio.move_on_after(patience):
            while await runs_on(pid, cluster):  # noqa: ASYNC110 - it is no child of ours, so there is no event
                await trio.sleep(0.05)
            return
    raise CannotStart(f"an earlier server's PostgreSQL still runs on {cluster}: stop process {pid}")


async def stop_all_below(directory: Path) -> None:
    """Kill every process that works in `directory` or below: what a killed upgrade left, which has no pid file yet.

    Raises CannotStart if one does not end within ten seconds. Cancelling: some may still run.
    """
    with trio.move_on_after(10):
        while pids := await trio.to_thread.run_sync(_working_below, directory):
            for pid in pids:
                logger.warning("stopping a process that an upgrade of PostgreSQL left running", pid=pid)
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            await trio.sleep(0.05)
        return
    raise CannotStart(f"a process of an earlier upgrade still works in {directory}: stop process {pids[0]}")


def _working_below(directory: Path) -> list[int]:
    """Return the processes whose working directory is below `directory`. Linux only: elsewhere none is found."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if Path(os.readlink(entry / "cwd")).is_relative_to(directory):
                found.append(int(entry.name))
    return found


async def unrelated_pid(cluster: Path) -> int | None:
    """Return the pid in postmaster.pid if that process is certainly not PostgreSQL on `cluster`."""
    pid = read_pid(cluster)
    return pid if pid is not None and await runs_on(pid, cluster) is False else None


def read_pid(cluster: Path) -> int | None:
    """Return the pid in postmaster.pid; None: there is none."""
    try:
        pid = int((cluster / "postmaster.pid").read_bytes().splitlines()[0])
    except (OSError, ValueError, IndexError):
        return None
    return pid if pid > 1 else None


async def runs_on(pid: int, cluster: Path) -> bool | None:
    """Whether process `pid` is PostgreSQL on `cluster`, which then is its working directory.

    None: unknown. Cancelling changes nothing.
    """
    await trio.lowlevel.checkpoint()
    return _works_in(pid, cluster) if HAS_PROC else await _is_named(pid, cluster)


def _works_in(pid: int, cluster: Path) -> bool | None:
    try:
        return os.path.samefile(f"/proc/{pid}/cwd", cluster)
    except FileNotFoundError:
        return False
    except OSError:
        return None


async def _is_named(pid: int, cluster: Path) -> bool | None:
    """Without /proc, as on macOS: check the command line."""
    with suppress(OSError), trio.move_on_after(5):
        ps = ("ps", "-ww", "-o", "command=", "-p", str(pid))
        found = await trio.run_process(ps, capture_stdout=True, capture_stderr=True, check=False)
        return f"-D {cluster}".encode() in found.stdout
    return None
