"""What was published and is not yet sent: bounded, the oldest go first where it is too much."""

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager

import trio

from chat.signals import Signal

MOST_BYTES = 4 * 2**20
"""Bytes that wait to be sent, at the most: seconds of news, of which the log knows more by then."""
EACH = 64
"""Bytes that a payload takes beside its own: its object, and its place in the queue."""


class SendBuffer:
    """Filled by publish(), emptied by one task, which has a connection inside `connected`."""

    def __init__(self) -> None:
        self._payloads: deque[bytes] = deque()
        self._bytes = 0
        self._woken = Signal()
        self._must_look = False  # whether wake() was called since wait() returned last
        self._is_cut = False  # whether a connection was lost and there is no other
        self._idle = Signal()
        self._is_idle = True  # whether nothing is to be sent, or it can't be

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait to be sent, with what each payload takes beside its own."""
        return self._bytes

    def put(self, payload: bytes) -> None:
        """Add what is to be sent, and drop the oldest where it is too much. Sync."""
        self._payloads.append(payload)
        self._bytes += len(payload) + EACH
        while self._bytes > MOST_BYTES:
            self._bytes -= len(self._payloads.popleft()) + EACH
        self._is_idle = self._is_idle and self._is_cut
        self._woken.notify()

    def wake(self) -> None:
        """Have the wait() that is under way return, or else the next one, with or without something to send. Sync."""
        self._must_look = True
        self._woken.notify()

    @contextmanager
    def connected(self) -> Generator[None]:
        """Take note that there is a connection for as long as the block lasts."""
        self._is_cut = False
        self._is_idle = False
        try:
            yield
        finally:
            self._is_cut = True
            self._become_idle()

    async def wait(self) -> None:
        """Wait until something is to be sent, or for wake(); what was taken is sent by then.

        Cancelling changes nothing.
        """
        if not self._payloads:
            self._become_idle()
        await trio.lowlevel.checkpoint()
        await self._woken.wait_until(lambda: self._payloads or self._must_look)
        self._must_look = False

    def _become_idle(self) -> None:
        self._is_idle = True
        self._idle.notify()

    def take(self, most_bytes: int) -> list[bytes]:
        """Take the oldest payloads, up to `most_bytes` or one, and none that equals one before it. Sync.

        So whatever folds what is equal, as a transaction of PostgreSQL does with its notifications, folds nothing.
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
        """Wait until all is sent, or the connection is lost. Cancelling changes nothing."""
        await self._idle.wait_until(lambda: self._is_idle)
