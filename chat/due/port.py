"""The port of the table of due items."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from chat.domain.features import Port


class DueItem(msgspec.Struct, frozen=True):
    """An act that is due now, claimed by this server. `tries` counts from 1; `key` identifies it within its kind."""

    id: int
    kind: str
    key: str
    tries: int


class Due(Protocol):
    """The table. Each method may raise StorageDown; those that write may raise OutcomeUnknown.

    All times are by the database's clock, so servers whose clocks differ agree. Cancelling: it was written, or not.
    """

    async def add(self, kind: str, key: str, after: float) -> None:
        """Make an item due after so many seconds, in place of an earlier request of the same kind and key."""
        ...

    async def next_in(self, kinds: Sequence[str]) -> float | None:
        """Return the seconds until an item of these kinds is due; None: there is nothing.

        After the clock was set back, each item waits as long from now on as it was to wait when it was set.
        """
        ...

    async def claim(self, kinds: Sequence[str], most: int, lease: float) -> Sequence[DueItem]:
        """Claim due items, the earliest first. Each is due again after `lease` seconds unless it ends before."""
        ...

    async def done(self, item: DueItem) -> None:
        """Remove a claimed item. Does nothing if its lease was over and somebody has claimed it since."""
        ...

    async def again(self, item: DueItem, after: float) -> None:
        """Make a claimed item due again after so many seconds, as `done` does."""
        ...


DUE: Port[Due] = Port("due")
