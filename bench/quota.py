"""A share of a core for one process, by Linux's control groups: so a machine of two cores shows what four workers do.

Needs root, and the cpu controller of version 1 (its own hierarchy) or 2 (turned on for children of the root).
"""

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

_PERIOD = 10_000
"""Microseconds in which the share may be used: nobody stands still for as long as with the kernel's 100 ms."""
_EMPTY_WITHIN = 2.0
"""Seconds for the last process of a group to be gone: one that was cut may still be ending."""
_MOUNTED = Path("/sys/fs/cgroup")
_VERSION_1 = _MOUNTED / "cpu"
_numbers = count(1)  # of the groups that this process makes


def missing() -> str | None:
    """Say why no process can be given a quota here, or return None."""
    if os.geteuid() != 0:
        return "a CPU quota for each worker needs root"
    if (_VERSION_1 / "cpu.cfs_quota_us").exists() or _has_version_2():
        return None
    return "a CPU quota for each worker needs control groups with the cpu controller"


@contextmanager
def open_quotas(share: float) -> Generator[Callable[[int], None]]:
    """Yield what gives a process, by its id, this share of a core of its own; 0 is no quota, and does nothing.

    Threads of the process are in it, children that it already has are not. Whoever leaves the block has ended them.
    """
    made: list[Path] = []

    def give(pid: int) -> None:
        version_2 = not (_VERSION_1 / "cpu.cfs_quota_us").exists()
        group = (_MOUNTED if version_2 else _VERSION_1) / f"bench-{os.getpid()}-{next(_numbers)}"
        group.mkdir()
        made.append(group)
        quota = round(share * _PERIOD)
        if version_2:
            (group / "cpu.max").write_text(f"{quota} {_PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(quota))
        (group / "cgroup.procs").write_text(str(pid))

    try:
        yield give if share else lambda pid: None
    finally:
        for group in made:
            _remove(group)


def _remove(group: Path) -> None:
    """Remove a group, once what was in it has ended; one that a process stays in is left."""
    deadline = time.monotonic() + _EMPTY_WITHIN
    while True:
        try:
            return group.rmdir()
        except OSError:
            if time.monotonic() > deadline:
                return None
            time.sleep(0.05)


def _has_version_2() -> bool:
    try:
        return "cpu" in (_MOUNTED / "cgroup.subtree_control").read_text().split()
    except OSError:
        return False
