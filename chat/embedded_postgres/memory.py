"""The memory of the machine or container, by which PostgreSQL's defaults are chosen."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Files with the limit of this process's control group in bytes, of version 2 and 1; "max" or a huge number: none."""


def usable_memory(limits: Iterable[Path] = LIMITS) -> int:
    """Return the bytes of memory that this machine or container has; 0: unknown. Sync."""
    known: list[int] = []
    with suppress(ValueError, OSError, AttributeError):
        known.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for file in limits:
        with suppress(ValueError, OSError):
            known.append(int(file.read_text()))
    return min((each for each in known if each > 0), default=0)
