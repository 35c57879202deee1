"""Leaky buckets, which limit the use of something by key, in bursts and in the long run (as in ITU-T I.371)."""

import math
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable

import trio

MOST_KEYS = 100_000
"""Most buckets; the least recently used are dropped. A key of 40 bytes takes about 250 bytes."""


_MOST_BURSTS = 4
"""Other servers' reports fill a bucket at most so many times, which bounds the wait after a wrong report."""


class Buckets:
    """One bucket for each key, which holds `burst` and leaks `rate` per second. All of it is sync.

    Keys must be short: callers bound what clients sent.
    """

    def __init__(
        self,
        rate: float,
        burst: float,
        *,
        most_keys: int = MOST_KEYS,
        clock: Callable[[], float] = trio.current_time,
        used: Callable[[Hashable, float], object] | None = None,
    ) -> None:
        self._used = used  # called with key and cost, for other servers that count too
        self._rate = rate
        self._burst = burst
        self._most_keys = most_keys
        self._clock = clock
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # used, at (s)

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, keys: Collection[Hashable], cost: float = 1.0) -> float:
        """Use `cost` of each key and return 0, or use nothing and return the seconds until it is possible.

        A cost above a whole burst is possible once the bucket is empty.
        """
        wait = max((self.wait(key, cost) for key in keys), default=0.0)
        if wait == 0:
            for key in keys:
                self.add(key, cost)
        return wait

    def change_rate(self, rate: float, burst: float) -> None:
        """Set a new rate and burst, and empty all buckets."""
        self._rate, self._burst = rate, burst
        self._levels.clear()

    def wait(self, key: Hashable, cost: float = 1.0) -> float:
        """Return the seconds until `cost` can be used, without using it."""
        # Less than a millionth is a rounding error.
        missing = self._level(key) + min(cost, self._burst) - self._burst
        return missing / self._rate if missing > 1e-6 else 0.0

    def queue(self, key: Hashable, longest: float) -> float:
        """Use 1 of a key and return the seconds until it is available; beyond `longest` use nothing and return that."""
        self.add(key, 1)
        wait = max(0.0, (self._level(key) - self._burst) / self._rate)
        if wait > longest:
            self.add(key, -1)
        return min(wait, longest)

    def add(self, key: Hashable, cost: float) -> None:
        """Use `cost` of a key unconditionally; a negative cost gives back."""
        self._count(key, cost)
        if self._used is not None:
            self._used(key, cost)

    def count_elsewhere(self, key: Hashable, cost: float) -> None:
        """Count the use of a key on another server: at most a burst at once, and _MOST_BURSTS in all."""
        if math.isfinite(cost) and (cost < 0 or self._level(key) < _MOST_BURSTS * self._burst):
            self._count(key, max(-self._burst, min(cost, self._burst)))

    def _count(self, key: Hashable, cost: float) -> None:
        self._levels[key] = (max(0.0, self._level(key) + cost), self._clock())
        self._levels.move_to_end(key)
        if len(self._levels) > self._most_keys:
            self._levels.popitem(last=False)

    def _level(self, key: Hashable) -> float:
        used, at = self._levels.get(key, (0.0, 0.0))
        return max(0.0, used - (self._clock() - at) * self._rate)
