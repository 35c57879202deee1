"""Leaky buckets: how much of something each key may use, at once and in the long run (a meter as in ITU-T I.371)."""

import math
from collections import OrderedDict
from collections.abc import Callable, Collection, Hashable

import trio

MOST_KEYS = 100_000
"""Buckets kept; the ones longest unused go first. A key of 40 bytes costs about 250."""


_MOST_BURSTS = 4
"""What other servers count fills a bucket so many times at most: so nobody waits longer for their errors."""


class Buckets:
    """One bucket a key, which holds `burst` and leaks `rate` a second. All of it is sync.

    Keys are short: whoever makes one of what a client sent bounds it first.
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
        self._used = used  # told what is used here of which key, where others count it too
        self._rate = rate
        self._burst = burst
        self._most_keys = most_keys
        self._clock = clock
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # used, at (s)

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, keys: Collection[Hashable], cost: float = 1.0) -> float:
        """Use `cost` of each key and return 0, or return the seconds until that is possible (then nothing is used).

        What costs more than a whole burst is possible once the bucket is empty.
        """
        wait = max((self.wait(key, cost) for key in keys), default=0.0)
        if wait == 0:
            for key in keys:
                self.add(key, cost)
        return wait

    def change_rate(self, rate: float, burst: float) -> None:
        """Leak at another rate from now on, and hold as much; what was used so far is forgotten."""
        self._rate, self._burst = rate, burst
        self._levels.clear()

    def wait(self, key: Hashable, cost: float = 1.0) -> float:
        """Return the seconds until `cost` can be used, without using it."""
        # Less than a millionth is what floating point makes of nothing.
        missing = self._level(key) + min(cost, self._burst) - self._burst
        return missing / self._rate if missing > 1e-6 else 0.0

    def queue(self, key: Hashable, longest: float) -> float:
        """Use 1 of a key, and return the seconds after which it would be there: `longest` for all beyond that."""
        self.add(key, 1)
        wait = max(0.0, (self._level(key) - self._burst) / self._rate)
        if wait > longest:
            self.add(key, -1)
        return min(wait, longest)

    def add(self, key: Hashable, cost: float) -> None:
        """Use `cost` of a key whatever there is; a negative cost gives back."""
        self._count(key, cost)
        if self._used is not None:
            self._used(key, cost)

    def count_elsewhere(self, key: Hashable, cost: float) -> None:
        """Count what was used of a key on another server: a whole burst at most, up to _MOST_BURSTS of them in all."""
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
