"""How often somebody may be wrong: a bucket for each name and each address, that leaks in time.

A try is taken before the password is looked at, so that many at once count too, and given back if it was
right. A person who logged in from an address keeps a bucket of their own there: guessing at their name from
elsewhere does not lock them out.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from ipaddress import ip_address

import trio

_TRIES = 5
_SECONDS_A_TRY = 12.0
"""How long it takes until one more try is given: five a minute."""
_MOST_KEYS = 100_000
"""Buckets kept; the ones longest unused go first. About 20 MB at most."""


class Throttle:
    """All methods are sync: between `take` and its bookkeeping nobody else runs."""

    def __init__(self, clock: Callable[[], float] = trio.current_time) -> None:
        self._clock = clock
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()  # tries used, at (s)
        self._at_home: OrderedDict[tuple[str, str], None] = OrderedDict()  # who logged in from where

    def take(self, name: str, address: str) -> float:
        """Use up one try and return 0, or return the seconds until there is one (then none is used up)."""
        keys = self._keys(name, address)
        waits = [self._wait(key) for key in keys]
        if any(waits):
            return max(waits)
        for key in keys:
            self._add(key, 1)
        return 0

    def give_back(self, name: str, address: str) -> None:
        """The try was right: it does not count, and this person is at home at this address."""
        for key in self._keys(name, address):
            self._add(key, -1)
        self._at_home[name, address] = None
        self._at_home.move_to_end((name, address))
        if len(self._at_home) > _MOST_KEYS:
            self._at_home.popitem(last=False)

    def _keys(self, name: str, address: str) -> list[Hashable]:
        by_name: Hashable = (name, address) if (name, address) in self._at_home else name
        # Loopback is spared: behind a proxy that tells no address, and in labs, it is everybody's.
        return [by_name] if _is_loopback(address) else [by_name, ("address", address)]

    def _level(self, key: Hashable) -> float:
        used, at = self._levels.get(key, (0.0, 0.0))
        return max(0.0, used - (self._clock() - at) / _SECONDS_A_TRY)

    def _wait(self, key: Hashable) -> float:
        return max(0.0, (self._level(key) - (_TRIES - 1)) * _SECONDS_A_TRY)

    def _add(self, key: Hashable, tries: int) -> None:
        self._levels[key] = (max(0.0, self._level(key) + tries), self._clock())
        self._levels.move_to_end(key)
        if len(self._levels) > _MOST_KEYS:
            self._levels.popitem(last=False)


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
