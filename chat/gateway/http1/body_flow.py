"""Backpressure for a request's body: while too many bytes wait for its handler, the client is not read."""

import trio

from chat.signals import Signal

FLOW = "chat.flow"
"""The key in an ASGI scope's extensions under which a streaming handler finds its BodyFlow."""

_MOST_UNREAD = 262_144
"""Bytes; more than the longest body that is read as a whole."""


class BodyFlow:
    """Counts the bytes of one request that its handler has not used yet."""

    __slots__ = ("_pieces", "_progress", "_unread")

    def __init__(self) -> None:
        self._unread = self._pieces = 0
        self._progress = Signal()

    def came(self, size: int) -> bool:
        """Note `size` bytes for the handler; return whether to wait. A small body and its end are free. Sync."""
        self._unread += size
        self._pieces += 1
        return self._pieces > 2 or self._unread > _MOST_UNREAD

    def took(self, size: int) -> None:
        """Note that the handler has used `size` bytes. Sync."""
        self._unread -= size
        self._progress.notify()

    async def wait(self) -> None:
        """Wait while too many bytes are unused. Cancelling changes nothing."""
        if self._unread <= _MOST_UNREAD:
            await trio.lowlevel.cancel_shielded_checkpoint()
        else:
            await self._progress.wait_until(lambda: self._unread <= _MOST_UNREAD)
