"""Pings one silent client, and detects that it is dead. `heartbeat.py` calls it for all clients."""

import math
from collections.abc import Generator
from contextlib import contextmanager

from chat.engine.message_receiver import MessageReceiver
from chat.engine.send_queue import SendQueue
from chat.inspection.recorder import Record


class Pinger:
    """The times of one client's pings, in seconds of Trio's clock. All of it is sync."""

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
        self._frame = receiver.ping(b"")  # the next ping of a silent client
        self._pinged_at = 0.0
        self._read_again_at = 0.0  # end of a pause in reading
        self.quiet_until = 0.0
        """Nothing is due before this time: bytes that arrive only postpone it."""

    def not_read_until(self, time: float) -> None:
        """Count the client as not silent until then: it is not read."""
        self._read_again_at = time

    @contextmanager
    def paused(self) -> Generator[None]:
        """Send no ping for as long as the block lasts: during a long answer the client is not read."""
        self.quiet_until = math.inf
        try:
            yield
        finally:
            self.quiet_until = 0.0

    def is_dead(self, now: float, interval: float, patience: float) -> bool:
        """Ping a client that was silent for `interval`; return whether a ping is unanswered for `patience`."""
        if self._send_queue.queued:
            return False  # a ping would wait behind it; the writer detects whether the client reads
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
        """Return a ping for the caller to send; its payload identifies the answer.

        Later pings of a silent client repeat the payload: a client may answer only the last of several pings (RFC 6455,
        section 5.5.3).
        """
        self._frame = self._receiver.ping(payload)
        self._record.note_sent(self._frame)
        return self._frame
