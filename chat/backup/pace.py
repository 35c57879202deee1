"""Spreads a copy over time: a copy that takes all of the disk and a processor makes everybody else wait."""

import math
import time

import trio

_LONGEST_SLEEP = 0.1
"""Seconds between two looks at whether the copy is cancelled."""


class Pace:
    """Limits the bytes a second of a copy; without a number there is no limit. Used by one thread at a time."""

    def __init__(self, bytes_per_second: float = math.inf) -> None:
        self.bytes_per_second = bytes_per_second
        self._due = 0.0

    def wait(self, count: int) -> None:
        """Wait until so many more bytes may have been copied. It blocks, in a thread of Trio's.

        Raises trio.Cancelled as soon as the copy is cancelled.
        """
        trio.from_thread.check_cancelled()
        self._due = max(self._due, time.monotonic()) + count / self.bytes_per_second
        while (left := self._due - time.monotonic()) > 0:
            time.sleep(min(left, _LONGEST_SLEEP))
            trio.from_thread.check_cancelled()
