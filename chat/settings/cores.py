"""The number of cores that this process may use, by its affinity and its control group's quota."""

import math
import os
from pathlib import Path

_VERSION_2 = Path("/sys/fs/cgroup/cpu.max")
_VERSION_1 = Path("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")

MOST = 64
"""The most workers."""


def usable_cores() -> int:
    """Return the number of usable cores, from 1 to MOST. A container's quota counts, rounded up."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = quota_of(_VERSION_2, *_VERSION_1)
    return max(1, min(cores, MOST, cores if quota is None else math.ceil(quota)))


def quota_of(version_2: Path, quota: Path, period: Path) -> float | None:
    """Return the quota in cores from these files of a control group; None: no quota."""
    try:
        parts = version_2.read_text().split()
    except OSError:
        try:
            parts = [quota.read_text(), period.read_text()]
        except OSError:
            return None
    try:
        allowed, each = float(parts[0]), float(parts[1])
    except (ValueError, IndexError):  # "max 100000"
        return None
    return allowed / each if allowed > 0 and each > 0 else None  # version 1 says -1 for no quota
