"""Looks into a Python server while it is loaded, if py-spy is installed: which functions its samples fall in.

The stacks are kept in build/, one a line, as flame-graph tools read them.
"""

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_RATE = 100
"""Samples a second."""
_END = 10.0
"""Seconds for py-spy to write its file when the window is over."""
_SHOWN = 25


class Profiler:
    """Samples one process from start() until tell()."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def missing() -> str | None:
        """Say what is missing, or return None."""
        return None if shutil.which("py-spy") else "py-spy is not installed (pip install py-spy)"

    def start(self, pid: int, seconds: float) -> None:
        """Sample a process for so many seconds; it stands still while one is taken."""
        self._path.parent.mkdir(exist_ok=True)
        self._path.unlink(missing_ok=True)
        command = ["py-spy", "record", "--pid", str(pid), "--rate", str(_RATE)]
        command += ["--duration", str(max(1, round(seconds))), "--format", "raw", "--output", str(self._path)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def tell(self) -> Iterator[str]:
        """Wait for the samples; return the functions by their share, and what they call by its share."""
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_END)
            self._process.kill()
            self._process.wait(_END)
        if not self._path.exists():
            yield "    py-spy saw nothing (it may need to be root)"
            return
        own: Counter[str] = Counter()
        all_below: Counter[str] = Counter()
        total = 0
        idle = "WorkerThread._work"  # a thread of Trio's that waits for work
        for line in self._path.read_text(encoding="utf-8").splitlines():
            stack, _, count = line.rpartition(" ")
            if idle in stack.rpartition(";")[2]:
                continue
            frames = [frame.rpartition(":")[0] + ")" for frame in stack.split(";") if ":" in frame] or [stack]
            total += int(count)
            own[frames[-1]] += int(count)
            for frame in set(frames):
                all_below[frame] += int(count)
        for frame in [frame for frame, count in all_below.items() if count > 0.8 * total]:
            del all_below[frame]  # everything is called by these
        yield f"    {self._path.name}: {total} samples; each function's own share, and with all it calls"
        for (one, ones), (other, others) in zip(
            own.most_common(_SHOWN), all_below.most_common(_SHOWN), strict=False
        ):
            yield f"    {ones / total:6.1%} {one:<60.60} {others / total:6.1%} {other:.60}"
