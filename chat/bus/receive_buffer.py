"""What has arrived from a bus and was not yet taken: bounded, and it says where something is missing."""

import trio

from chat.signals import Signal

MOST_BYTES = 16 * 2**20
"""Bytes that wait to be taken, at the most. Whoever falls behind by more reads the log faster than these."""
EACH = 64
"""Bytes that a payload takes beside its own: its object, and its place in the list."""


class ReceiveBuffer:
    """Filled by the bus, emptied by its one receiver."""

    def __init__(self) -> None:
        self._payloads: list[bytes] = []
        self._bytes = 0
        self._is_lossy = False  # whether something was lost since the last None
        self._changed = Signal()

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait to be taken, with what each payload takes beside its own."""
        return self._bytes

    def put(self, payload: bytes) -> None:
        """Add what arrived; where it is too much, drop everything. Sync."""
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
        """Take note that something may have been lost; what is there stays. Sync."""
        self._is_lossy = True
        self._changed.notify()

    async def take(self) -> list[bytes] | None:
        """Return all that is there, or None once for all losses before it. Cancelling: nothing is taken."""
        await trio.lowlevel.checkpoint()
        await self._changed.wait_until(lambda: self._is_lossy or self._payloads)
        # No await from here on: what is taken is returned.
        if self._is_lossy:
            self._is_lossy = False
            return None
        taken, self._payloads, self._bytes = self._payloads, [], 0
        return taken
