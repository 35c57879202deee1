"""Buffers payloads that have arrived: bounded, and it reports losses."""

import trio

from chat.signals import Signal

MOST_BYTES = 16 * 2**20
"""Bytes that may wait. Beyond that, reading the log is faster."""
EACH = 64
"""Bytes of overhead of each payload: its object, and its place in the list."""


class ReceiveBuffer:
    """Filled by the bus, emptied by its one receiver."""

    def __init__(self) -> None:
        self._payloads: list[bytes] = []
        self._bytes = 0
        self._is_lossy = False  # whether payloads may have been lost since the last None
        self._changed = Signal()

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait, with the overhead of each payload."""
        return self._bytes

    def put(self, payload: bytes) -> None:
        """Add a payload; if that is too much, drop all. Sync."""
        size = len(payload) + EACH
        if self._bytes + size > MOST_BYTES:
            self._payloads.clear()
            self._bytes = 0
            self.mark_lossy()
            return
        self._payloads.append(payload)
        self._bytes += size
        self._changed.notify()

    def mark_lossy(self) -> None:
        """Note that payloads may have been lost; those in the buffer stay. Sync."""
        self._is_lossy = True
        self._changed.notify()

    async def take(self) -> list[bytes] | None:
        """Wait for payloads and return all, or None once for all losses so far. Cancelling: nothing is taken."""
        await trio.lowlevel.checkpoint()
        await self._changed.wait_until(lambda: self._is_lossy or self._payloads)
        # No await from here on: taken payloads are returned.
        if self._is_lossy:
            self._is_lossy = False
            return None
        taken, self._payloads, self._bytes = self._payloads, [], 0
        return taken
