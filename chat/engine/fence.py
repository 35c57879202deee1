"""The fence: whether this server may publish anything to its clients, which it may while its lease is good.

A server that was cut off, or was suspended and resumes, does not know which access its clients have lost meanwhile. It
keeps their sockets and publishes nothing until it has a lease again and has checked their access.
"""

import math
from collections.abc import Iterable

import trio

from chat.inspection.metrics import Reading
from chat.signals import Signal


class Fence:
    """Open until a time of Trio's clock, which each renewal of the lease moves; without a lease, for ever."""

    def __init__(self) -> None:
        self._open_until = math.inf
        self._moved = Signal()

    @property
    def is_open(self) -> bool:
        """Whether anything may be published now."""
        return trio.current_time() < self._open_until

    def readings(self) -> Iterable[Reading]:
        """Yield the seconds left of the lease; nothing of a server that needs none. Sync."""
        if self._open_until < math.inf:
            left = max(self._open_until - trio.current_time(), 0.0)
            yield "chat_lease_seconds", "Seconds until this server's lease lapses unless it is renewed", left

    def open_until(self, moment: float) -> None:
        """Be open until then. Sync."""
        self._open_until = moment
        self._moved.notify()

    async def wait_open(self) -> None:
        """Wait until the fence is open. Cancelling changes nothing."""
        await self._moved.wait_until(lambda: self.is_open)
