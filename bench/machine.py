"""What Linux's accounts (/proc) say about processes and the machine. Nothing here waits or changes anything."""

import os
import platform
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

_TICKS = os.sysconf("SC_CLK_TCK")


class Cpu(msgspec.Struct, frozen=True):
    """Seconds of CPU, user and system."""

    main: float
    """Of the server's own process."""
    total: float
    """Of it and everything below it, what has ended included."""
    machine: float
    """Of everything that runs on the machine."""


class Memory(msgspec.Struct, frozen=True):
    """KiB that are resident."""

    main: int
    """RSS of the server's own process."""
    total: int
    """PSS of it and everything below it: what they share is counted once."""


class Machine(msgspec.Struct, frozen=True):
    """What the figures were measured on."""

    cores: int
    model: str
    memory_gib: float
    kernel: str
    python: str
    send_receive_us: float = 0.0
    """CPU for one send and one receive over loopback: what a delivery costs at least, without batches."""


def children(parent: int) -> list[tuple[int, list[str]]]:
    """Return the processes that it started, each with the words of its command."""
    found = []
    for pid in sorted(_children().get(parent, ())):
        with suppress(OSError):  # it has just ended
            found.append((pid, Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8").split("\0")))
    return found


def _children() -> dict[int, list[int]]:
    """Return every process's children."""
    found: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            fields = _stat(int(entry.name))
            if fields:
                found.setdefault(int(fields[1]), []).append(int(entry.name))
    return found


def _family(roots: Iterable[int]) -> set[int]:
    children = _children()
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, ())
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; none if it has just ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="latin-1").rpartition(")")[2].split()
    except OSError:
        return []


def cpu_used(roots: Iterable[int]) -> Cpu:
    """Read the CPU seconds used so far; the first of `roots` is the main process."""
    main, *others = roots
    seconds = {}
    for pid in _family([main, *others]):
        fields = _stat(pid)
        if fields:
            # User and system time, its own and that of children it has waited for.
            seconds[pid] = sum(map(int, fields[11:15])) / _TICKS
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _iowait, irq, softirq = map(int, file.readline().split()[1:8])
    return Cpu(own_cpu(main), sum(seconds.values()), (user + nice + system + irq + softirq) / _TICKS)


def own_cpu(pid: int) -> float:
    """Read the CPU seconds that one process alone has used so far."""
    return sum(map(int, _stat(pid)[11:13])) / _TICKS


def memory_used(roots: Iterable[int]) -> Memory:
    """Read what is resident now; the first of `roots` is the main process."""
    main, *others = roots
    total = sum(_rollup(pid, "Pss") for pid in _family([main, *others]))
    return Memory(_rollup(main, "Rss"), total)


def _rollup(pid: int, what: str) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:  # it has just ended, or belongs to somebody else
        return 0
    return next((int(line.split()[1]) for line in text.splitlines() if line.startswith(f"{what}:")), 0)


def describe_machine(send_receive_us: float) -> Machine:
    """Say what this machine is; what its TCP costs, the load generator has found out."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = next(
        (line.partition(":")[2].strip() for line in cpuinfo.splitlines() if "model name" in line), "?"
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        model=model,
        memory_gib=round(memory, 1),
        kernel=platform.release(),
        python=platform.python_version(),
        send_receive_us=send_receive_us,
    )
