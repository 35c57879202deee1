"""Commands that end with a block; the processes under a server and the sockets it holds, as /proc has them."""

import os
import signal
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.people import eventually

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="looks into /proc, as Linux has it"
)


@contextmanager
def child(*command: str | Path, **options: Any) -> Generator["subprocess.Popen[bytes]"]:
    """Run a command that is gone after the block, also when the block fails. `options` are Popen's."""
    with subprocess.Popen([str(part) for part in command], **options) as process:
        try:
            yield process
        finally:
            process.kill()


def _stats() -> Generator[tuple[int, str, str, int]]:
    """Process id, name, state and parent of every process."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue  # it has just ended
            name, _, rest = stat.partition("(")[2].rpartition(")")
            state, parent = rest.split()[:2]
            yield int(entry.name), name, state, int(parent)


def children(pid: int) -> list[int]:
    """The processes that `pid` has started and that have not ended."""
    return [child for child, _, state, parent in _stats() if parent == pid and state not in "ZX"]


def postgres_under(server: int) -> list[int]:
    """The PostgreSQL of the server with this process id: the postmaster first, then its own processes."""
    (postmaster,) = (
        child for child, name, _, parent in _stats() if parent == server and name.startswith("postgres")
    )
    return [postmaster, *children(postmaster)]


def has_ended(pid: int) -> bool:
    return not any(running == pid and state not in "ZX" for running, _, state, _ in _stats())


def wait_until_ended(pids: list[int]) -> None:
    """Wait until none of them runs."""
    eventually(lambda: all(map(has_ended, pids)), f"processes {pids} have ended")


def cpu_seconds_under(pid: int) -> float:
    """How long `pid` and the processes under it have run, with those of theirs that have ended. Linux only."""
    parents: dict[int, list[int]] = {}
    for child, _, _, parent in _stats():
        parents.setdefault(parent, []).append(child)
    ticks, found = 0, [pid]
    for each in found:
        found += parents.get(each, ())
        with suppress(OSError):  # it has just ended
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def held_connections(pid: int) -> int:
    """How many TCP sockets process `pid` holds, its listeners among them."""
    lines = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    inodes = {f"socket:[{line.split()[9]}]" for line in lines}
    held = 0
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            held += os.readlink(descriptor) in inodes
        except OSError:
            continue  # closed since it was listed
    return held


@contextmanager
def stopped(pids: list[int]) -> Generator[None]:
    """Stop the processes during the block, like PostgreSQL on a machine whose disk hangs."""
    try:
        for pid in pids:  # the postmaster first, so that it starts no others
            with suppress(ProcessLookupError):  # it has ended since it was listed
                os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in reversed(pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def kill(pids: list[int]) -> None:
    """Kill all of them; one that ends by itself meanwhile is as well."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def waited_seconds(pid: int) -> float:
    """How long the first thread of a process could have run, and had no core. Linux only."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def resident_kib(pid: int) -> int:
    """How much memory process `pid` holds, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def cpu_seconds(pid: int) -> float:
    """How long process `pid` has run, in seconds of a core, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def memory_of(pid: int) -> Generator[list[int]]:
    """Look every 50 ms how many KiB a process holds."""
    over = threading.Event()
    seen = [resident_kib(pid)]

    def look() -> None:
        while not over.wait(0.05):
            seen.append(resident_kib(pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
