"""Until when a client may be silent: it is given time for a whole head and a whole body, not for a byte."""

import math

import h11
import trio

from chat.gateway.http1.parser import StrictParser

KEEP_ALIVE = 15.0
"""Seconds that a connection may be idle between two requests; a browser opens another in no time."""

BODY_TIMEOUT = 30.0
"""Seconds for a whole body of a request, or the next `BODY_BYTES` of a file: 2 KiB/s, less than the slowest line."""

BODY_BYTES = 65_536


class ReadDeadlines:
    """The deadlines of what a connection reads. All of it is sync."""

    __slots__ = ("_body_bytes", "_body_deadline", "_head_deadline", "_head_timeout", "_parser")

    def __init__(self, parser: StrictParser, head_timeout: float) -> None:
        self._parser = parser
        self._head_timeout = head_timeout
        self._head_deadline = math.inf
        self._body_deadline = math.inf
        self._body_bytes = 0  # that came of the body since its deadline was set

    def deadline(self) -> float:
        """Return until when the next byte must have come, by Trio's clock."""
        if self._parser.their_state is h11.SEND_BODY:
            return self._body_deadline
        if self._parser.their_state is not h11.IDLE:
            return math.inf  # it waits for us
        if not self._parser.has_unread:
            return idle_deadline()
        self._head_deadline = min(self._head_deadline, trio.current_time() + self._head_timeout)
        return self._head_deadline

    def came(self, size: int, spent: float) -> None:
        """Let a body that goes on have more time, also what we spent on it ourselves, in seconds."""
        self._body_bytes += size
        if self._body_bytes >= BODY_BYTES:
            self._body_bytes = 0
            self._body_deadline = trio.current_time() + BODY_TIMEOUT
        else:
            self._body_deadline += spent

    def begin_request(self) -> None:
        """Give the next body its time, and the head after it its own."""
        self._head_deadline = math.inf
        self._body_deadline = trio.current_time() + BODY_TIMEOUT
        self._body_bytes = 0


def idle_deadline() -> float:
    """Return until when a connection that has nothing to answer may stay. Sync."""
    return trio.current_time() + KEEP_ALIVE
