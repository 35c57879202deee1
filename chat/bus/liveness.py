"""Detects a listening connection on which nothing arrives any more, without an error."""

import secrets
from collections.abc import Awaitable, Callable

import trio

from chat.signals import Signal

SILENCE = 0.5
"""Seconds without a payload after which a listener sends itself a mark."""
ANSWER = 1.0
"""Seconds for any operation on a healthy connection; after them it is replaced."""


class LivenessCheck:
    """Sends a mark on a channel of its own when nothing else arrives, and checks that the mark arrives.

    Without this, a connection that the network has forgotten, a server that was suspended, or a pooler that answers
    queries and passes no notification on would go unnoticed.
    """

    def __init__(self, channel: str) -> None:
        self.mark = f"{channel}_{secrets.token_hex(8)}"  # a channel on which only this connection listens
        self._arrivals = 0
        self._marked = Signal()
        self._is_marked = False  # whether the last mark has arrived
        self._ended = trio.Event()

    def arrived(self, channel: str) -> bool:
        """Note an arrival; return whether it is a payload, and not the mark. Sync."""
        self._arrivals += 1
        if channel == self.mark:
            self._is_marked = True
            self._marked.notify()
        return channel != self.mark

    def end(self) -> None:
        """Note that the connection has ended. Sync."""
        self._ended.set()

    async def watch(self, send_mark: Callable[[str], Awaitable[object]]) -> None:
        """Return when the connection has ended. Raises ConnectionError if a mark does not arrive.

        `send_mark` sends something on a channel; its errors are raised here. Cancelling changes nothing.
        """
        while not self._ended.is_set():
            before = self._arrivals
            with trio.move_on_after(SILENCE):
                await self._ended.wait()
            if self._arrivals == before and not self._ended.is_set():
                self._is_marked = False
                with trio.move_on_after(ANSWER) as in_time:
                    await send_mark(self.mark)
                    await self._marked.wait_until(lambda: self._is_marked)
                if in_time.cancelled_caught:
                    raise ConnectionError("payloads do not arrive")
