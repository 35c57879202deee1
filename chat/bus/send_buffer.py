"""Buffers payloads to be sent: bounded; the oldest are dropped when it is full."""

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager

import trio

from chat.signals import Signal

MOST_BYTES = 4 * 2**20
"""Bytes that may wait: seconds of announcements; by then the log is the better source."""
EACH = 64
"""Bytes of overhead of each payload: its object, and its place in the queue."""


class SendBuffer:
    """Filled by publish(), emptied by one task, which has a connection within connected()."""

    def __init__(self) -> None:
        self._payloads: deque[bytes] = deque()
        self._bytes = 0
        self._woken = Signal()
        self._must_look = False  # whether wake() was called since wait() returned last
        self._is_cut = False  # whether the connection was lost and not replaced
        self._idle = Signal()
        self._is_idle = True  # whether nothing is to be sent, or it can't be

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait, with the overhead of each payload."""
        return self._bytes

    def put(self, payload: bytes) -> None:
        """Add a payload; if that is too much, drop the oldest. Sync."""
        self._payloads.append(payload)
        self._bytes += len(payload) + EACH
        while self._bytes > MOST_BYTES:
            self._bytes -= len(self._payloads.popleft()) + EACH
        self._is_idle = self._is_idle and self._is_cut
        self._woken.notify()

    def wake(self) -> None:
        """Make the current wait() return, or else the next one, even with nothing to send. Sync."""
        self._must_look = True
        self._woken.notify()

    @contextmanager
    def connected(self) -> Generator[None]:
        """Note that there is a connection for as long as the block lasts."""
        self._is_cut = False
        self._is_idle = False
        try:
            yield
        finally:
            self._is_cut = True
            self._become_idle()

    async def wait(self) -> None:
        """Wait for payloads, or for wake(). Call it after the taken payloads are sent. Cancelling changes nothing."""
        if not self._payloads:
            self._become_idle()
        await trio.lowlevel.checkpoint()
        await self._woken.wait_until(lambda: self._payloads or self._must_look)
        self._must_look = False

    def _become_idle(self) -> None:
        self._is_idle = True
        self._idle.notify()

    def take(self, most_bytes: int) -> list[bytes]:
        """Take the oldest payloads, up to `most_bytes` or one, and no two equal ones. Sync.

        PostgreSQL would merge equal notifications of one transaction.
        """
        taken: dict[bytes, None] = {}
        size = 0
        while self._payloads and self._payloads[0] not in taken:
            size += len(self._payloads[0])
            if taken and size > most_bytes:
                break
            payload = self._payloads.popleft()
            self._bytes -= len(payload) + EACH
            taken[payload] = None
        return list(taken)

    async def drain(self) -> None:
        """Wait until all payloads are sent, or the connection is lost. Cancelling changes nothing."""
        await self._idle.wait_until(lambda: self._is_idle)
