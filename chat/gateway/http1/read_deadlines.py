"""Read deadlines: a client has time for a whole head and a whole body, not for each byte."""

import math

import h11
import trio

from chat.gateway.http1.parser import StrictParser

KEEP_ALIVE = 15.0
"""Seconds that a connection may be idle between two requests; browsers reconnect quickly."""

BODY_TIMEOUT = 30.0
"""Seconds for a request's body, or the next `BODY_BYTES` of a file: 2 KiB/s, which slow connections exceed."""

BODY_BYTES = 65_536


class ReadDeadlines:
    """The read deadlines of a connection. All of it is sync."""

    __slots__ = ("_body_bytes", "_body_deadline", "_head_deadline", "_head_timeout", "_parser")

    def __init__(self, parser: StrictParser, head_timeout: float) -> None:
        self._parser = parser
        self._head_timeout = head_timeout
        self._head_deadline = math.inf
        self._body_deadline = math.inf
        self._body_bytes = 0  # bytes of the body since its deadline was set

    def deadline(self) -> float:
        """Return the deadline of the next byte, by Trio's clock."""
        if self._parser.their_state is h11.SEND_BODY:
            return self._body_deadline
        if self._parser.their_state is not h11.IDLE:
            return math.inf  # the client waits for our answer
        if not self._parser.has_unread:
            return idle_deadline()
        self._head_deadline = min(self._head_deadline, trio.current_time() + self._head_timeout)
        return self._head_deadline

    def came(self, size: int, spent: float) -> None:
        """Extend the deadline of a body after `size` more bytes, also by our own time `spent` on it, in seconds."""
        self._body_bytes += size
        if self._body_bytes >= BODY_BYTES:
            self._body_bytes = 0
            self._body_deadline = trio.current_time() + BODY_TIMEOUT
        else:
            self._body_deadline += spent

    def begin_request(self) -> None:
        """Set the deadline of the next body, and reset that of the next head."""
        self._head_deadline = math.inf
        self._body_deadline = trio.current_time() + BODY_TIMEOUT
        self._body_bytes = 0


def idle_deadline() -> float:
    """Return the deadline of an idle connection. Sync."""
    return trio.current_time() + KEEP_ALIVE
