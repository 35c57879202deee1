"""Whether this server may tell its clients anything: only while its lease is good.

A server that is cut off, or was stopped and wakes, does not know what was taken from its clients meanwhile. It keeps
its sockets and tells nothing, until it has a lease again and has looked.
"""

import math

import trio


class Fence:
    """Open until a time of the monotonic clock, which each renewal of the lease moves; without a lease, for ever."""

    def __init__(self) -> None:
        self._open_until = math.inf
        self._moved = trio.Event()  # set, and made anew, at each move

    @property
    def is_open(self) -> bool:
        """Whether anything may be told now."""
        return trio.current_time() < self._open_until

    def open_until(self, moment: float) -> None:
        """Be open until then. Sync."""
        self._open_until = moment
        self._moved.set()
        self._moved = trio.Event()

    async def opened(self) -> None:
        """Wait until anything may be told. Cancelling changes nothing."""
        while not self.is_open:
            await self._moved.wait()
