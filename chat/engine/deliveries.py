"""Which direct messages were delivered: two tasks that ping those who were sent some, and note what is confirmed.

What counts as delivered is `receipts.py`'s. A note is one position of a member; the task takes one, then all that are
waiting, and writes the highest of each. Where a crash loses a note, or a line dies before the answer, a message is
sent again; one that the client has not confirmed is never noted.
"""

import math
from collections import Counter, deque
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
import trio

from chat.channels import receive_all_nowait
from chat.domain.changes import Change
from chat.domain.entities import DirectInbox
from chat.domain.failures import StorageDown, StorageError
from chat.domain.ports import Rooms
from chat.engine.hub import Subscriber
from chat.engine.receipts import Member, Receipts
from chat.signals import Signal

_BATCH = 4096
"""Confirmations in one write."""

_PAUSE = 0.25
"""Seconds between two writes: what is confirmed meanwhile costs one row for each member."""

_RETRY = 1.0
"""Seconds until the next try when the database could not take the notes and no new one comes."""

_REST = 1.0
"""Seconds between two pings of one client, so that a busy pair stays cheap."""

_WITH_MESSAGE = 0.2
"""Seconds for which a ping that is due waits for a message, to go in one write with it."""

_TOGETHER = 0.02
"""Seconds by which a ping may come early, to be sent in the same pass of the loop as others,"""
_AT_ONCE = 64
"""and how many are."""

logger = structlog.get_logger(__name__)


def observe_inbox(inbox: DirectInbox, subscriber: Subscriber, told: Sequence[tuple[Change, int]]) -> None:
    """Observe the hub: a subscriber was sent something of an inbox. A guest gives no receipts. Sync."""
    if isinstance(subscriber, Receipts):
        subscriber.heard(inbox, told)


class Deliveries:
    """Submits what clients confirm to the task that writes it, and lets clients ping when they may."""

    def __init__(self, feed: trio.MemorySendChannel[Mapping[Member, int]]) -> None:
        self._feed = feed
        self._closing: Counter[int] = (
            Counter()
        )  # ids of people, with their connections that may still answer a close
        self._closed = Signal()
        self._resting: deque[tuple[float, Receipts]] = deque()  # with when that is over, the first first
        self._waiting: deque[tuple[float, Receipts]] = deque()  # for a message to ping with, with until when
        self._paused = Signal()
        self._noted = 0  # confirmations ever handed over
        self._written = 0  # how many of them are written
        self._begun = 0  # tries to write
        self._failed = 0  # the last try that failed
        self._tried = Signal()
        self._flush = Signal()
        self._must_flush = False  # whether somebody waits for the next try to write

    def confirm(self, positions: Mapping[Member, int]) -> None:
        """Note what a client has confirmed. Sync."""
        if positions:
            self._noted += 1
            self._feed.send_nowait(positions)

    def rest(self, receipts: Receipts) -> None:
        """Call its rested() in a second. Sync."""
        self._resting.append((trio.current_time() + _REST, receipts))
        if len(self._resting) == 1:
            self._paused.notify()

    def closing(self, person_id: int) -> None:
        """A connection of this person is being closed, and may still confirm something; closed() follows. Sync."""
        self._closing[person_id] += 1

    def closed(self, person_id: int) -> None:
        """End what closing() began. Sync."""
        self._closing -= Counter({person_id: 1})
        self._closed.notify()

    async def wait_written(self, person_id: int) -> None:
        """Wait until what the person's connections confirmed is written. Cancelling changes nothing.

        A connection that is being closed is waited for: whoever is sent to another server is there before their answer
        to the close frame is read here. Raises StorageDown where the next try to write fails: what was delivered could
        not be told from what was missed.
        """
        await self._closed.wait_until(lambda: person_id not in self._closing)
        so_far, tries = self._noted, self._begun
        while self._written < so_far:
            self.flush_now()
            await self._tried.wait()
            if self._failed > tries:
                raise StorageDown("what was delivered can't be noted")

    def flush_now(self) -> None:
        """Have the next try made at once. Sync."""
        self._must_flush = True
        self._flush.notify()

    async def ping(self) -> None:
        """Let clients ping when they may, until cancelled."""
        while True:
            firsts = [queue[0][0] for queue in (self._resting, self._waiting) if queue]
            if firsts:
                await trio.sleep_until(min(firsts))
            else:
                await self._paused.wait_until(lambda: self._resting or self._waiting)
            now = trio.current_time()
            for receipts in _take_until(now + _TOGETHER, self._resting):
                if receipts.rested():
                    self._waiting.append((now + _WITH_MESSAGE, receipts))
            for receipts in _take_until(now + _TOGETHER, self._waiting):
                receipts.ping_if_due()

    async def write(self, rooms: Rooms, notes: trio.MemoryReceiveChannel[Mapping[Member, int]]) -> None:
        """Write notes until the feed is closed and empty; what could not be written is tried again.

        Cancelling: what is not written yet is delivered again.
        """
        positions: dict[Member, int] = {}  # not written yet
        taken = 0
        more = True
        while more:
            batch: list[Mapping[Member, int]] = []
            if positions:
                with trio.move_on_after(_RETRY):
                    await self._flush.wait_until(lambda: self._must_flush)
            try:
                batch.append(notes.receive_nowait() if positions else await notes.receive())
            except trio.WouldBlock:
                pass
            except trio.EndOfChannel:
                more = False  # one last try
            batch += receive_all_nowait(notes, _BATCH)
            for confirmed in batch:
                for member, seq in confirmed.items():
                    positions[member] = max(seq, positions.get(member, 0))
            taken += len(batch)
            self._begun += 1
            self._must_flush = False
            try:
                if positions:
                    await rooms.mark_delivered(positions)
                positions = {}
                self._written = taken
            except StorageError as error:
                logger.warning("deliveries not noted yet, they may be sent again", error=str(error))
                self._failed = self._begun
            self._tried.notify()
            if not positions:
                with trio.move_on_after(_PAUSE):
                    await self._flush.wait_until(lambda: self._must_flush)


def _take_until(time: float, queue: deque[tuple[float, Receipts]]) -> Iterator[Receipts]:
    for _ in range(min(_AT_ONCE, len(queue))):
        if queue[0][0] > time:
            return
        yield queue.popleft()[1]


@asynccontextmanager
async def open_deliveries(rooms: Rooms) -> AsyncGenerator[Deliveries]:
    """Note deliveries for as long as the block lasts, and finish what was confirmed.

    Cancelling drops notes: those messages are sent again.
    """
    feed, notes = trio.open_memory_channel[Mapping[Member, int]](
        math.inf
    )  # about one a second of each client
    deliveries = Deliveries(feed)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(deliveries.write, rooms, notes)
        async with trio.open_nursery() as pinging:
            pinging.start_soon(deliveries.ping)
            with feed:
                yield deliveries
            pinging.cancel_scope.cancel(reason="nobody is connected any more")
        deliveries.flush_now()
