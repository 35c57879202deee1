"""Bounds how fast one connection is read; a faster client waits in TCP, and nothing is refused."""

import trio


class Pace:
    """Counts to `rate` a second, and to `burst` at once; without a rate there is no limit.

    Each read of a few bytes costs the loop as much as one of many: a client that sends byte by byte is read less often,
    and then gets more at once.
    """

    __slots__ = ("_burst", "_due", "_rate")

    def __init__(self, rate: float = 0.0, burst: float = 0.0) -> None:
        self._rate = rate
        self._burst = burst
        self._due = 0.0  # when all that was counted would be over at that rate, in seconds of Trio's clock

    def count(self, number: int = 1) -> float:
        """Count so many and return the seconds to wait first, nearly always 0. Sync."""
        if not self._rate:
            return 0.0
        now = trio.current_time()
        self._due = max(self._due, now) + number / self._rate
        wait = self._due - now - self._burst / self._rate
        return wait if wait > 1e-6 else 0.0  # less is a rounding error
