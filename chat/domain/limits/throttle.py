"""Limits failed log-ins: leaky buckets for a name at an address, for an address, and for a name.

A try is taken before the password is checked, so that concurrent tries count too, and given back if it was right. A
name has few tries at one address, an address more for all its names. So guesses from one address lock nobody out
elsewhere. Guesses at one name from very many addresses are bounded too, except from addresses where its person has
logged in before.
"""

from collections.abc import Callable, Hashable
from hashlib import blake2b

import trio

from chat.domain.addresses import address_key
from chat.domain.limits.buckets import MOST_KEYS, Buckets
from chat.domain.limits.shared_usage import SharedUsage
from chat.domain.lru_cache import LRUCache

_AT_ADDRESS = 5, 12.0
"""Attempts at once for a name at one address, and seconds until one more."""

_OF_ADDRESS = 20, 3.0
"""The same for an address, for all names together: an office has several wrong ones each morning."""

_OF_NAME = 50, 12.0
"""The same for a name, from all addresses together."""

_HOMES = "homes"


class Throttle:
    """All methods are sync: between `take` and its bookkeeping nobody else runs.

    A name is the `same_name_key` of a login, or None for an impossible login: such a try counts for its address only.
    Names are stored as digests, so that long ones cost no more than short ones. `most_keys` bounds the buckets and the
    remembered home addresses. `what` is counted: attempts at different things are counted apart.
    """

    def __init__(
        self,
        clock: Callable[[], float] = trio.current_time,
        *,
        most_keys: int = MOST_KEYS,
        shared_usage: SharedUsage | None = None,
        what: str = "logins",
    ) -> None:
        self._shared_usage = shared_usage or SharedUsage()
        self._at_address, self._of_address, self._of_name = (
            self._shared_usage.buckets(name, 1 / seconds, tries, most_keys=most_keys, clock=clock)
            for name, (tries, seconds) in (
                (f"{what} of a name at an address", _AT_ADDRESS),
                (f"{what} of an address", _OF_ADDRESS),
                (f"{what} of a name", _OF_NAME),
            )
        )
        self._at_home = _Homes(most_keys)
        self._homes = _HOMES if what == "logins" else f"{what}: {_HOMES}"
        self._shared_usage.share(self._homes, self._at_home)

    def take(self, name: str | None, address: str) -> float:
        """Use one attempt and return 0, or use none and return the seconds until one is available."""
        used = self._used(name, address)
        wait = max((buckets.wait(key) for buckets, key in used), default=0.0)
        if wait == 0:
            for buckets, key in used:
                buckets.add(key, 1)
        return wait

    def give_back(self, name: str | None, address: str) -> None:
        """Give back an attempt that was not checked."""
        for buckets, key in self._used(name, address):
            buckets.add(key, -1)

    def was_right(self, name: str, address: str) -> None:
        """Give back a correct attempt, and remember that this person logs in from this address."""
        self.give_back(name, address)
        home = _digest(name), address_key(address)
        self._at_home.add(home)
        self._shared_usage.note(self._homes, home, 0.0)

    def _used(self, name: str | None, address: str) -> list[tuple[Buckets, Hashable]]:
        network = address_key(address)
        used: list[tuple[Buckets, Hashable]] = []
        if network is not None:  # loopback is spared
            used.append((self._of_address, network))
        if name is not None:
            pair = _digest(name), network
            used.append((self._at_address, pair))
            if pair not in self._at_home:
                used.append((self._of_name, pair[0]))
        return used


class _Homes(LRUCache[Hashable, None]):
    """Names and the addresses from which they logged in, on any server."""

    def add(self, key: Hashable) -> None:
        """Remember a name and an address."""
        self[key] = None

    def count_elsewhere(self, key: Hashable, cost: float) -> None:
        """Remember a name and an address from another server."""
        self.add(key)


def _digest(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
