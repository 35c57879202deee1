"""How much of a request's body waits for its handler: beyond that the client is not read."""

import trio

from chat.signals import Signal

FLOW = "chat.flow"
"""Where a handler that takes a body in pieces finds its BodyFlow, among its scope's extensions."""

_MOST_UNREAD = 262_144
"""Bytes; more than any body that is taken as a whole has."""


class BodyFlow:
    """Counts the bytes of one request."""

    __slots__ = ("_progress", "_unread")

    def __init__(self) -> None:
        self._unread = 0
        self._progress = Signal()

    def came(self, size: int) -> None:
        """So many bytes were handed to the handler. Sync."""
        self._unread += size

    def took(self, size: int) -> None:
        """The handler has used so many bytes. Sync."""
        self._unread -= size
        self._progress.notify()

    async def wait(self) -> None:
        """Wait while the handler is behind. Cancelling: nothing happens."""
        if self._unread <= _MOST_UNREAD:
            await trio.lowlevel.cancel_shielded_checkpoint()
        else:
            await self._progress.wait_until(lambda: self._unread <= _MOST_UNREAD)
