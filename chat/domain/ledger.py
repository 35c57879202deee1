"""What is used here of the limits that several servers share, until the others are told.

Each server counts in its own buckets, and adds what the others say: so a limit holds over all servers, but for what is
used within the moment that it takes to tell. Where nothing arrives, each server's own count is the limit.
"""

from collections.abc import Callable, Hashable
from functools import partial
from typing import Protocol

import msgspec
import trio

from chat.domain.buckets import MOST_KEYS, Buckets

Key = int | bytes | tuple[bytes, bytes | None]
"""What is counted: a person's or guest's id, an address, a digest of a name, or the last two together."""


class Used(msgspec.Struct, frozen=True, array_like=True):
    """So much was used of a key, in the limit with this name."""

    limit: str
    key: Key
    cost: float


class Counted(Protocol):
    """A limit that counts what is used elsewhere."""

    def count_elsewhere(self, key: Hashable, cost: float) -> None:
        """Add what was used elsewhere. Sync."""


class Ledger:
    """Collects what is used, by limit and key, where there are others who `take` it to tell them. All of it is sync."""

    def __init__(self, has_others: bool = False) -> None:
        self._has_others = has_others
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
        """Let what is used elsewhere count in this limit, which has one name on all servers."""
        self._limits[name] = limit

    def note(self, name: str, key: Key, cost: float) -> None:
        """Take note of what is used here of the limit with this name."""
        if self._has_others:
            self._used[name, key] = self._used.get((name, key), 0.0) + cost

    def take(self) -> list[Used]:
        """Return what was used since the last look."""
        used, self._used = self._used, {}
        return [Used(limit, key, cost) for (limit, key), cost in used.items()]

    def count(self, used: list[Used]) -> None:
        """Count what another server says was used there; a limit that this server does not have is passed over."""
        for each in used:
            limit = self._limits.get(each.limit)
            if limit is not None:
                limit.count_elsewhere(each.key, each.cost)
