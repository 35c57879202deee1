"""Usage of the limits that all servers share: collected here, until it is sent to the others.

Each server counts in its own buckets, and adds the usage that the others report. So a limit holds over all servers, up
to the usage of the moment that a report takes. Without reports, each server enforces the limit by itself.
"""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Protocol

import msgspec
import trio

from chat.domain.limits.address_bans import AddressBans
from chat.domain.limits.buckets import MOST_KEYS, Buckets

Key = int | bytes | tuple[bytes, bytes | None]
"""What a limit counts by: a person's or guest's id, an address, a digest of a name, or the last two together."""


class Used(msgspec.Struct, frozen=True, array_like=True):
    """Usage of one key, in the limit with this name."""

    limit: str
    key: Key
    cost: float


class Counted(Protocol):
    """A limit that adds the usage of other servers."""

    def count_elsewhere(self, key: Hashable, cost: float) -> None:
        """Add usage of another server. Sync."""


class SharedUsage:
    """Collects usage by limit and key, for the other servers, if there are any. All of it is sync."""

    def __init__(self, has_others: bool = False) -> None:
        self._has_others = has_others
        self.bans = AddressBans()
        """The banned networks; they are read from the storage, and not shared by the bus."""
        self._limits: dict[str, Counted] = {}
        self._used: dict[tuple[str, Key], float] = {}

    def buckets(
        self,
        name: str,
        rate: float,
        burst: float,
        *,
        most_keys: int = MOST_KEYS,
        clock: Callable[[], float] = trio.current_time,
    ) -> Buckets:
        """Return buckets that all servers count in; the arguments are those of `Buckets`, its keys are `Key`."""
        buckets = Buckets(rate, burst, most_keys=most_keys, clock=clock, used=partial(self.note, name))
        self.share(name, buckets)
        return buckets

    def share(self, name: str, limit: Counted) -> None:
        """Add the usage of other servers to this limit, which has one name on all servers."""
        self._limits[name] = limit

    def note(self, name: str, key: Key, cost: float) -> None:
        """Record usage here of the limit with this name."""
        if self._has_others:
            self._used[name, key] = self._used.get((name, key), 0.0) + cost

    def take(self) -> list[Used]:
        """Return the usage since the last call."""
        used, self._used = self._used, {}
        return [Used(limit, key, cost) for (limit, key), cost in used.items()]

    def count(self, used: list[Used]) -> None:
        """Add the usage that another server reports; unknown limits are skipped."""
        for each in used:
            limit = self._limits.get(each.limit)
            if limit is not None:
                limit.count_elsewhere(each.key, each.cost)
