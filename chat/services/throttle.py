"""How often somebody may be wrong: a bucket for each name and each address, that leaks in time.

A try is taken before the password is looked at, so that many at once count too, and given back if it was
right. A person who logged in from an address keeps a bucket of their own there: guessing at their name from
elsewhere does not lock them out.
"""

from collections.abc import Callable, Hashable
from hashlib import blake2b

import trio

from chat.model.addresses import address_key
from chat.services.buckets import MOST_KEYS, Buckets
from chat.services.recent import Recent

_TRIES = 5
_SECONDS_A_TRY = 12.0
"""How long it takes until one more try is given: five a minute."""


class Throttle:
    """All methods are sync: between `take` and its bookkeeping nobody else runs.

    A name is what `same_name_key` makes of a login, or None for a login that nobody can have: such a try counts for
    its address alone, and is not remembered. Names are kept as digests, so that long ones cost no more than short
    ones. `most_keys` bounds the buckets, and the people who are at home somewhere.
    """

    def __init__(self, clock: Callable[[], float] = trio.current_time, *, most_keys: int = MOST_KEYS) -> None:
        self._buckets = Buckets(1 / _SECONDS_A_TRY, _TRIES, most_keys=most_keys, clock=clock)
        self._at_home = Recent[Hashable, None](most_keys)  # who logged in from where

    def take(self, name: str | None, address: str) -> float:
        """Use up one try and return 0, or return the seconds until there is one (then none is used up)."""
        return self._buckets.take(self._keys(name, address))

    def give_back(self, name: str | None, address: str) -> None:
        """The try was not looked at: it does not count."""
        for key in self._keys(name, address):
            self._buckets.add(key, -1)

    def was_right(self, name: str, address: str) -> None:
        """The try was right: it does not count, and this person is at home at this address."""
        self.give_back(name, address)
        self._at_home[_digest(name), address_key(address)] = None

    def _keys(self, name: str | None, address: str) -> list[Hashable]:
        network = address_key(address)
        keys: list[Hashable] = []
        if network is not None:  # loopback is spared
            keys.append(("address", network))
        if name is not None:
            digest = _digest(name)
            keys.append((digest, network) if (digest, network) in self._at_home else digest)
        return keys


def _digest(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
