"""Brings messages that come in no order into the order of time: their bytes on a disk, and their places in memory.

It blocks.
"""

from array import array
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType


class TimeSorter:
    """Takes messages as bytes without a line's end, and gives them back by their times.

    Args:
        path: of a file that is made, and removed at the end of the block.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("x+b")
        path.chmod(0o600)
        self._times = array("q")
        self._offsets = array("q")
        self._sizes = array("l")
        self._groups = array("l")
        self._end = 0

    def __enter__(self) -> "TimeSorter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)

    def __len__(self) -> int:
        return len(self._times)

    def add(self, at: int, group: int, raw: bytes) -> None:
        """Take a message; `group` comes back with it."""
        self._file.write(raw)
        self._times.append(at)
        self._groups.append(group)
        self._offsets.append(self._end)
        self._sizes.append(len(raw))
        self._end += len(raw)

    def __iter__(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield time, group and bytes of all messages; those of one time in the order in which they came."""
        for nth in sorted(range(len(self._times)), key=self._times.__getitem__):
            self._file.seek(self._offsets[nth])
            yield self._times[nth], self._groups[nth], self._file.read(self._sizes[nth])
