"""Which messages one connection was sent, and which of them the client has confirmed.

Bytes that a kernel or a proxy took prove nothing. A message is delivered when the client answers a ping that was sent
after it, or our close frame. At most one ping is in flight, and in the long run there is about one a second.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from chat.domain.entities import DirectInbox, Message
from chat.domain.messages.changes import Change
from chat.engine.pinger import Pinger
from chat.engine.send_queue import SendQueue
from chat.engine.subscriptions import Subscriptions

Member = tuple[int, int]
"""Ids of a room and of a person in it."""

_BURST = 5
"""Pings of one client that may follow each other at once, each after the last answer; then there is one a second.

A client that leaves a moment after a few messages has then confirmed them, and a busy pair stays cheap.
"""


class WriteTracker(Protocol):
    """Knows when the socket takes bytes."""

    @property
    def is_written(self) -> bool:
        """Whether the socket has taken all that was offered so far."""
        ...

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        """Call `note` once the socket has taken all that was offered so far, but for the last `behind` bytes.

        That may be now, or never.
        """
        ...


class Confirmations(Protocol):
    """Takes confirmed positions, and ends the pauses between pings. Sync."""

    def confirm(self, positions: Mapping[Member, int]) -> None:
        """Take the highest confirmed `seq` of each room and member."""
        ...

    def pause(self, receipts: "Receipts") -> None:
        """Call pause_over() in a second, and ping_if_due() a moment later if that returns True."""
        ...


class Receipts:
    """The receipts of one connection. As subscriber of a DirectInbox it sends pings after messages, in one write.

    All of it is sync.
    """

    __slots__ = (
        "_answered",
        "_asked",
        "_confirmations",
        "_is_held",
        "_is_uncovered",
        "_number",
        "_pinged",
        "_pinger",
        "_send_queue",
        "_sent",
        "_subscriptions",
        "_with_last",
    )

    def __init__(
        self,
        confirmations: Confirmations,
        subscriptions: Subscriptions,
        send_queue: SendQueue,
        pinger: Pinger,
    ) -> None:
        self._confirmations = confirmations
        self._subscriptions = subscriptions
        self._send_queue = send_queue
        self._pinger = pinger
        self._sent: dict[Member, int] = {}  # positions whose bytes are written, behind the last written ping
        self._asked: list[tuple[int, dict[Member, int]]] = []  # written pings, with the positions before each
        self._is_uncovered = False  # whether a message was offered with no ping behind it
        self._is_held = False  # whether a message waits for the end of a catch-up
        self._number = 0  # of the last ping
        self._answered = 0  # the highest number of a ping that was answered
        self._pinged = 0  # recent pings, up to _BURST; one less each second
        self._with_last = b""  # the ping that went with what was offered last

    def offer(self, blob: bytes) -> None:
        """Take frames of the hub, followed by a ping if one is due. note_published() follows."""
        if self._answered == self._number and self._pinged < _BURST and not self._subscriptions.is_buffering:
            self._with_last = ping = self.next_ping()
            self._subscriptions.offer(blob + ping)
        else:
            self._subscriptions.offer(blob)

    def offer_or_drop(self, blob: bytes) -> None:
        """Take frames that may be dropped, and need no receipt."""
        self._subscriptions.offer_or_drop(blob)

    def note_published(self, inbox: DirectInbox, changes: Sequence[Change], frames: Sequence[bytes]) -> None:
        """Record the changes whose frames offer() took last, each with its own."""
        tracker: WriteTracker = self._send_queue
        if self._subscriptions.is_buffering:
            self._is_held = True
            tracker = self._subscriptions
        ping, self._with_last = self._with_last, b""
        self.sent(inbox.person_id, changes, frames, tracker, ping)

    @property
    def _may_ping(self) -> bool:
        return self._answered == self._number and self._pinged < _BURST

    def next_ping(self) -> bytes:
        """Return a ping for the caller to offer at once, after its messages, and to pass to sent()."""
        self._number += 1
        if not self._pinged:
            self._confirmations.pause(self)
        self._pinged = min(self._pinged + 1, _BURST)
        return self._pinger.next_ping(b"%d" % self._number)

    def sent(
        self,
        person_id: int,
        changes: Sequence[Change],
        frames: Sequence[bytes],
        tracker: WriteTracker,
        ping: bytes,
    ) -> None:
        """Record what `tracker` was offered last: the `frames` of an inbox's changes, then `ping`, if any.

        A position covers all messages before it. Any connection of the person may confirm it: each is sent the missed
        messages before new ones, and receives bytes in order.
        """
        # Messages that no log holds have no position, and edits and the like are not delivered.
        if tracker.is_written:
            for change in changes:
                if type(change) is Message and change.room_id:
                    self._sent[change.room_id, person_id] = change.seq
                    self._is_uncovered = True
        else:
            behind = len(ping) + sum(map(len, frames))
            for change, frame in zip(changes, frames, strict=True):
                behind -= len(frame)
                if type(change) is Message and change.room_id:
                    member = change.room_id, person_id
                    tracker.when_written(partial(self._note_written, member, change.seq), behind)
                    self._is_uncovered = True
        if ping:
            self._note_ping_offered(tracker)

    def _note_written(self, member: Member, seq: int) -> None:
        self._sent[member] = seq

    def _note_ping_offered(self, tracker: WriteTracker) -> None:
        self._is_uncovered = False
        tracker.when_written(partial(self._note_ping_written, self._number))

    def _note_ping_written(self, number: int) -> None:
        sent, self._sent = self._sent, {}
        if number <= self._answered:  # the answer was read before the writer could count what it wrote
            self._confirmations.confirm(sent)
        else:
            self._asked.append((number, sent))

    def ping_if_due(self) -> None:
        """Ping if a message was offered with no ping after it, and a ping may be sent."""
        if self._is_uncovered and self._may_ping:
            self._send_queue.offer(self.next_ping())
            self._note_ping_offered(self._send_queue)

    def finish_catch_up(self) -> None:
        """Send the frames that were buffered during the catch-up, followed by a ping."""
        ping = self.next_ping() if self._is_uncovered or self._is_held else b""
        self._is_held = False
        self._subscriptions.flush(ping)
        if ping:
            self._note_ping_offered(self._send_queue)

    def ping_now(self) -> None:
        """Ping after everything sent, also while another ping is in flight: the client is about to be closed."""
        if self._is_uncovered and self._send_queue.is_open:
            self._send_queue.offer(self.next_ping())
            self._note_ping_offered(self._send_queue)

    def pause_over(self) -> bool:
        """End the pause that pause() began; return whether ping_if_due() is to follow in a moment.

        In a busy conversation the next message comes before that, and takes the ping along in one write.
        """
        self._pinged -= 1
        if self._pinged:
            self._confirmations.pause(self)
        return self._is_uncovered

    def pong(self, payload: bytes) -> None:
        """Take a pong: it confirms the ping with this payload, and those before it."""
        # Clients may send unsolicited pongs (RFC 6455, section 5.5.3).
        if not payload.isdigit() or len(payload) > len(b"%d" % self._number):
            return
        number = int(payload)
        if not self._answered < number <= self._number:
            return
        self._answered = number
        while self._asked and self._asked[0][0] <= number:
            self._confirmations.confirm(self._asked.pop(0)[1])
        self.ping_if_due()

    def all_confirmed(self) -> None:
        """Confirm everything sent: the client has answered our close frame, which came after it."""
        for _, sent in self._asked:
            self._confirmations.confirm(sent)
        self._confirmations.confirm(self._sent)
        self._asked.clear()
        self._sent = {}
