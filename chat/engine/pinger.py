"""Pings one client that is silent, and finds out that it is dead. `heartbeat.py` looks after those of all clients."""

import math
from collections.abc import Generator
from contextlib import contextmanager

from chat.engine.message_receiver import MessageReceiver
from chat.engine.send_queue import SendQueue
from chat.frames import ping_frame
from chat.inspection.recorder import Record

_EMPTY = ping_frame()


class Pinger:
    """When one client was pinged, and is to be pinged next. All times are in seconds of Trio's clock; all is sync."""

    __slots__ = (
        "_frame",
        "_pinged_at",
        "_read_again_at",
        "_receiver",
        "_record",
        "_send_queue",
        "quiet_until",
    )

    def __init__(self, send_queue: SendQueue, receiver: MessageReceiver, record: Record) -> None:
        self._send_queue = send_queue
        self._receiver = receiver
        self._record = record
        self._frame = _EMPTY  # the next ping of a silent client
        self._pinged_at = 0.0
        self._read_again_at = 0.0  # of a client that is not read for a while
        self.quiet_until = 0.0
        """Before this there is nothing to do: whatever is heard in the meantime only puts it off."""

    def not_read_until(self, time: float) -> None:
        """The client is not silent until then: what it sends waits unread."""
        self._read_again_at = time

    @contextmanager
    def paused(self) -> Generator[None]:
        """Send no ping for as long as the block lasts: the client is told much, and what it answers is not read yet."""
        self.quiet_until = math.inf
        try:
            yield
        finally:
            self.quiet_until = 0.0

    def is_dead(self, now: float, interval: float, patience: float) -> bool:
        """Ping a client that was silent for `interval`; say whether it left a ping unanswered for `patience`."""
        if self._send_queue.queued:
            return False  # a ping waits behind that; meanwhile the writer finds out whether the client still reads
        last_received_at = max(self._receiver.last_received_at, self._read_again_at)
        if self._pinged_at > last_received_at:
            self.quiet_until = self._pinged_at + patience
            return now > self.quiet_until
        self.quiet_until = max(last_received_at, self._pinged_at) + interval
        if now > self.quiet_until:
            self._pinged_at = now
            self.quiet_until = now + min(interval, patience)
            self._record.note_sent(self._frame)
            self._send_queue.offer(self._frame)
        return False

    def next_ping(self, payload: bytes) -> bytes:
        """Return a ping for the caller to send, whose answer is told from others by its payload.

        Later pings of a silent client repeat it: of several pings a client may answer the last alone (RFC 6455, section
        5.5.3).
        """
        self._frame = ping_frame(payload)
        self._record.note_sent(self._frame)
        return self._frame
