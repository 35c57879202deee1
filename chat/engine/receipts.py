"""Which messages one connection was sent, and which of them it has confirmed.

That a kernel or a proxy took the bytes proves nothing of the client. A message is delivered when the client answers a
ping that was sent behind it, or our close frame. There is at most one ping in flight, and in the long run about one a
second, however much is said.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from chat.domain.changes import Change
from chat.domain.entities import DirectInbox, Message
from chat.engine.pinger import Pinger
from chat.engine.send_queue import SendQueue
from chat.engine.subscriptions import Subscriptions

Member = tuple[int, int]
"""Ids of a room and of a person in it."""

_BURST = 5
"""Pings of one client that may follow each other at once, as each is answered; after that there is one a second.

Whoever leaves a moment after a few messages has confirmed them then, and a busy pair stays cheap.
"""


class WriteTracker(Protocol):
    """What knows when bytes leave for a client."""

    @property
    def is_written(self) -> bool:
        """Whether all that was offered so far has left."""
        ...

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        """Call `note` once all that was offered so far has left, which may be now or never.

        `behind` is how many bytes of what was offered last come behind what is waited for.
        """
        ...


class Confirmations(Protocol):
    """Where confirmed positions go, and what says when a connection may ping again. Sync."""

    def confirm(self, positions: Mapping[Member, int]) -> None:
        """Take the highest `seq` of each room that the client has confirmed."""
        ...

    def rest(self, receipts: "Receipts") -> None:
        """Call rested() in a second, and ping_if_due() a moment later where that asks for it."""
        ...


class Receipts:
    """The receipts of one connection, and how it hears its person's inbox: pings go in one write with messages.

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
        self._sent: dict[Member, int] = {}  # positions whose bytes have left, behind the last ping that has
        self._asked: list[
            tuple[int, dict[Member, int]]
        ] = []  # pings that have left, with what they stand behind
        self._is_uncovered = False  # whether a message was offered that no ping stands behind
        self._is_held = False  # whether one waits for the end of a catch-up
        self._number = 0  # of the last ping
        self._answered = 0  # the highest number of a ping that was answered
        self._pinged = 0  # pings of late, up to that many; one is forgotten a second
        self._with_last = b""  # the ping that went with what was offered last

    def offer(self, blob: bytes) -> None:
        """Take what the hub sends, with a ping behind it where one is due. heard() follows."""
        if self._answered == self._number and self._pinged < _BURST and not self._subscriptions.is_buffering:
            self._with_last = ping = self.next_ping()
            self._subscriptions.offer(blob + ping)
        else:
            self._subscriptions.offer(blob)

    def offer_or_drop(self, blob: bytes) -> None:
        """Take what nobody misses, and no receipt is given for."""
        self._subscriptions.offer_or_drop(blob)

    def heard(self, inbox: DirectInbox, told: Sequence[tuple[Change, int]]) -> None:
        """Take note of what offer() was of."""
        if self._subscriptions.is_buffering:
            self._is_held = True
        ping, self._with_last = self._with_last, b""
        self.sent(inbox.person_id, told, self._subscriptions, ping)

    @property
    def _may_ping(self) -> bool:
        return self._answered == self._number and self._pinged < _BURST

    def next_ping(self) -> bytes:
        """Return a ping, to be sent behind what the caller offers at once, and to be told to sent()."""
        self._number += 1
        if not self._pinged:
            self._confirmations.rest(self)
        self._pinged = min(self._pinged + 1, _BURST)
        return self._pinger.next_ping(b"%d" % self._number)

    def sent(
        self, person_id: int, told: Sequence[tuple[Change, int]], tracker: WriteTracker, ping: bytes
    ) -> None:
        """Take note of what the client was sent of a person's inbox, and of the ping behind it, if there was one.

        `told` is what `tracker` was offered last, each with its bytes. A position covers all that came before it. Any
        connection of the person may confirm it, because each is sent all that was missed before it is sent anything
        new, and receives its bytes in their order.
        """
        # What was never saved has no position, and what becomes of a message is not what is delivered.
        if tracker.is_written:
            for change, _ in told:
                if type(change) is Message and change.room_id:
                    self._sent[change.room_id, person_id] = change.seq
                    self._is_uncovered = True
        else:
            behind = len(ping) + sum(size for _, size in told)
            for change, size in told:
                behind -= size
                if type(change) is Message and change.room_id:
                    member = change.room_id, person_id
                    tracker.when_written(partial(self._has_left, member, change.seq), behind)
                    self._is_uncovered = True
        if ping:
            self._ping_is_offered(tracker)

    def _has_left(self, member: Member, seq: int) -> None:
        self._sent[member] = seq

    def _ping_is_offered(self, tracker: WriteTracker) -> None:
        self._is_uncovered = False
        tracker.when_written(partial(self._ping_has_left, self._number))

    def _ping_has_left(self, number: int) -> None:
        sent, self._sent = self._sent, {}
        if number <= self._answered:  # the answer was read before the writer could count what it wrote
            self._confirmations.confirm(sent)
        else:
            self._asked.append((number, sent))

    def ping_if_due(self) -> None:
        """Ping where a message was offered that no ping stands behind, and one may be sent."""
        if self._is_uncovered and self._may_ping:
            self._send_queue.offer(self.next_ping())
            self._ping_is_offered(self._send_queue)

    def caught_up(self) -> None:
        """Send what was held while the client was sent what it missed, and ping behind all of it."""
        ping = self.next_ping() if self._is_uncovered or self._is_held else b""
        self._is_held = False
        self._subscriptions.flush(ping)
        if ping:
            self._ping_is_offered(self._send_queue)

    def ping_now(self) -> None:
        """Ping behind all that was sent, also where a ping is in flight: the client is about to be closed."""
        if self._is_uncovered and self._send_queue.is_open:
            self._send_queue.offer(self.next_ping())
            self._ping_is_offered(self._send_queue)

    def rested(self) -> bool:
        """A second is over since rest() was called; return whether ping_if_due() is to follow in a moment.

        In a busy conversation the next message comes before that, and the ping goes in one write with it.
        """
        self._pinged -= 1
        if self._pinged:
            self._confirmations.rest(self)
        return self._is_uncovered

    def pong(self, payload: bytes) -> None:
        """Take a pong: it answers the ping with this payload, and those before it."""
        # Clients send pongs that nobody asked for, too (RFC 6455, section 5.5.3).
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
        """The client has answered our close frame, which came behind all that it was sent."""
        for _, sent in self._asked:
            self._confirmations.confirm(sent)
        self._confirmations.confirm(self._sent)
        self._asked.clear()
        self._sent = {}
