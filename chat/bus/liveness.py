"""Finds a listening connection on which nothing arrives any more, though nobody has said so."""

import secrets
from collections.abc import Awaitable, Callable

import trio

from chat.signals import Signal

SILENCE = 0.5
"""Seconds without a payload after which a listener has to hear itself."""
ANSWER = 1.0
"""Seconds that anything may take on a connection that is well; after them there is another connection."""


class LivenessCheck:
    """A network may forget a connection, a server stop, and a pooler answer queries and pass no notification on.

    So whoever hears nothing sends a mark on a channel of its own, and must hear that.
    """

    def __init__(self, channel: str) -> None:
        self.mark = f"{channel}_{secrets.token_hex(8)}"  # the channel on which nobody else listens
        self._arrivals = 0
        self._marked = Signal()
        self._is_marked = False  # whether the last mark has arrived
        self._ended = trio.Event()

    def arrived(self, channel: str) -> bool:
        """Take note that something has arrived; return whether it is more than the mark. Sync."""
        self._arrivals += 1
        if channel == self.mark:
            self._is_marked = True
            self._marked.notify()
        return channel != self.mark

    def end(self) -> None:
        """Take note that the connection has ended. Sync."""
        self._ended.set()

    async def watch(self, send_mark: Callable[[str], Awaitable[object]]) -> None:
        """Return when the connection has ended. Raises ConnectionError where the mark does not arrive.

        `send_mark` sends something on the channel it is given; what it raises gets through. Cancelling changes nothing.
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
                    raise ConnectionError("what is sent does not arrive")
