"""A pytest plugin: a run that leaves a process or a temporary file behind fails and names it.

Every run has a directory of its own, in which all its temporary files lie. A process belongs to the run if its
environment names that directory, if it works in it, or if it descends from the run. The directory stands in TMPDIR
and at the end of PATH, because PATH is all that some of our children are given. What cannot be told by this: a
process that has left its parent, its environment and its directory. Linux only; elsewhere only files are looked for.

The directory is in memory where there is plenty: a PostgreSQL is made, started or stopped some hundred times in a run,
and waits for the disk each time. TMPDIR says otherwise.

A run that is killed outright removes nothing, so the next one does: it ends and removes what belongs to directories
that no run has locked any more.
"""

import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.run_directory import RUN_PREFIX

_LAST_SECONDS = 5.0
"""Seconds for processes that are ending already, such as those of a PostgreSQL whose postmaster was killed."""

_RESOURCE_TRACKER = "multiprocessing.resource_tracker"
"""Python's own helper of a process that used multiprocessing; it ends with that."""

_IN_MEMORY = Path("/dev/shm")
_ROOM = 4 << 30
"""Bytes that must be free there, and as many more of memory for all else."""

_RUN_DIRECTORY = pytest.StashKey[Path]()
_LOCK = pytest.StashKey[int]()
"""The descriptor that keeps the directory locked: the kernel unlocks it, however the run ends."""


def pytest_configure(config: pytest.Config) -> None:
    """Give the run its directory; the workers of pytest-xdist inherit it."""
    if hasattr(config, "workerinput"):
        return
    # pytest keeps its own directories of the last three runs, for who looks into them.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    in_memory = "TMPDIR" not in os.environ and _has_room(_IN_MEMORY)
    place = _IN_MEMORY if in_memory else Path(tempfile.gettempdir()).resolve()
    remove_abandoned(place)
    directory, config.stash[_LOCK] = make_directory(place)
    os.environ["TMPDIR"] = tempfile.tempdir = str(directory)
    os.environ["PATH"] = os.pathsep.join((os.environ.get("PATH", os.defpath), str(directory)))
    config.stash[_RUN_DIRECTORY] = directory


def make_directory(place: Path) -> tuple[Path, int]:
    """Make a run's directory and lock it; return it with the descriptor that keeps the lock."""
    while True:
        directory = Path(tempfile.mkdtemp(prefix=RUN_PREFIX, dir=place))
        with suppress(FileNotFoundError):
            descriptor = os.open(directory, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if directory.exists():  # no other run took it for an abandoned one before it was locked
                directory.chmod(0o755)  # PostgreSQL's user goes through it
                return directory, descriptor
            os.close(descriptor)


def remove_abandoned(place: Path) -> None:
    """End the processes and remove the files of runs that were killed before they could."""
    for directory in place.glob(f"{RUN_PREFIX}*"):
        with suppress(OSError):  # another user's, or it has just gone
            descriptor = os.open(directory, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a run that goes on has it
                if directory.stat().st_uid == os.geteuid():
                    _kill(pid for pid in dict(_parents()) if _belongs(pid, directory))
                    shutil.rmtree(directory, ignore_errors=True)
            finally:
                os.close(descriptor)


def _has_room(place: Path) -> bool:
    try:
        there = os.statvfs(place)
        memory = Path("/proc/meminfo").read_text()
    except OSError:  # it is another system
        return False
    available = int(memory.partition("MemAvailable:")[2].split()[0]) << 10
    is_usable = os.access(place, os.W_OK | os.X_OK) and not there.f_flag & (os.ST_NOEXEC | os.ST_RDONLY)
    return is_usable and there.f_bavail * there.f_frsize >= _ROOM and available >= 2 * _ROOM


@pytest.hookimpl(trylast=True)  # after the last fixtures' ends, and those of the workers
def pytest_sessionfinish(session: pytest.Session) -> None:
    directory = session.config.stash.get(_RUN_DIRECTORY, None)
    if directory is None:
        return
    left = [*end_processes(directory), *remove_files(directory)]
    if left:
        what = "left behind at the end of the run:\n  " + "\n  ".join(left)
        place = (str(Path(__file__).name), None, "leftovers")
        session.config.hook.pytest_runtest_logreport(
            report=pytest.TestReport("the end of the run", place, {}, "failed", what, "teardown")
        )
        if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def end_processes(directory: Path) -> list[str]:
    """Kill the processes that belong to the run; return a line about each that did not end by itself."""
    deadline = time.monotonic() + _LAST_SECONDS
    while (left := list(processes_of(directory))) and time.monotonic() < deadline:
        time.sleep(0.02)  # none of them tells when it ends: they are the children of others
    lines = [f"process {pid}: {_command_line(pid)}" for pid in left]
    _kill(left)
    return lines


def _kill(processes: Iterable[int]) -> None:
    for pid in processes:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def remove_files(directory: Path) -> list[str]:
    """Remove the run's directory; return a line about each thing in it."""
    lines = [str(path) for path in sorted(directory.iterdir())]
    shutil.rmtree(directory, ignore_errors=True)
    return lines


def processes_of(directory: Path) -> Iterator[int]:
    """Find the running processes that belong to the run with this directory, this process excepted."""
    parents = dict(_parents())
    for pid in parents:
        if pid == os.getpid() or (parents[pid] == os.getpid() and _RESOURCE_TRACKER in _command_line(pid)):
            continue
        if _descends(pid, parents) or _belongs(pid, directory):
            yield pid


def _parents() -> Iterator[tuple[int, int]]:
    """Name each process that runs, and its parent."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if state not in "ZX":
                yield int(entry.name), int(parent)


def _descends(pid: int, parents: dict[int, int]) -> bool:
    while pid in parents:
        pid = parents[pid]
        if pid == os.getpid():
            return True
    return False


def _belongs(pid: int, directory: Path) -> bool:
    return _works_in(pid, directory) or _knows(pid, directory)


def _works_in(pid: int, directory: Path) -> bool:
    with suppress(OSError):
        return Path(os.readlink(f"/proc/{pid}/cwd")).is_relative_to(directory)
    return False


def _knows(pid: int, directory: Path) -> bool:
    with suppress(OSError):
        return os.fsencode(directory) in Path(f"/proc/{pid}/environ").read_bytes()
    return False


def _command_line(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return "(it has just ended)"
