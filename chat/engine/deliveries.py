"""Records which direct messages were delivered: one task pings, another writes confirmed positions.

`receipts.py` decides what counts as delivered. The writer takes one confirmation, then all that are waiting, and writes
the highest position of each member. If a crash loses a confirmation, or a connection ends before it, the message is
sent again; a message without confirmation is never recorded as delivered.
"""

import math
from collections import Counter, deque
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

import structlog
import trio

from chat.channels import receive_all_nowait
from chat.domain.entities import DirectInbox
from chat.domain.failures import StorageDown, StorageError
from chat.domain.messages.changes import Change
from chat.domain.ports import Rooms
from chat.engine.hub import Subscriber
from chat.engine.receipts import Member, Receipts
from chat.signals import Signal

_BATCH = 4096
"""Confirmations in one write."""

_PAUSE = 0.25
"""Seconds between two writes: confirmations meanwhile cost one row for each member."""

_RETRY = 1.0
"""Seconds until the next try when the database fails and no new confirmation comes."""

_PING_PAUSE = 1.0
"""Seconds between two pings of one client: a busy pair stays cheap."""

_WITH_MESSAGE = 0.2
"""Seconds for which a due ping waits for a message, to go in one write with it."""

_TOGETHER = 0.02
"""Seconds by which a ping may come early, to be sent in the same pass of the loop as others,"""
_AT_ONCE = 64
"""and how many go in one pass."""

logger = structlog.get_logger(__name__)


def observe_inbox(
    inbox: DirectInbox, subscriber: Subscriber, changes: Sequence[Change], frames: Sequence[bytes]
) -> None:
    """Observe the hub: pass what was published to an inbox to its receipts. A guest has none. Sync."""
    if isinstance(subscriber, Receipts):
        subscriber.note_published(inbox, changes, frames)


class Deliveries:
    """Passes confirmations to the task that writes them, and lets connections ping when their pause is over."""

    def __init__(self, feed: trio.MemorySendChannel[Mapping[Member, int]]) -> None:
        self._feed = feed
        # Ids of people, with their connections that may still answer a close.
        self._closing: Counter[int] = Counter()
        self._closed = Signal()
        # Each with the end of its pause, the first first.
        self._paused_receipts: deque[tuple[float, Receipts]] = deque()
        # For a message to go with, each with its deadline.
        self._waiting: deque[tuple[float, Receipts]] = deque()
        self._pause_begun = Signal()
        self._confirmed = 0  # confirmations ever handed over
        self._written = 0  # how many of them are written
        self._begun = 0  # writes begun
        self._failed = 0  # the last one that failed
        self._tried = Signal()
        self._flush = Signal()
        self._must_flush = False  # whether somebody waits for the next try to write

    def confirm(self, positions: Mapping[Member, int]) -> None:
        """Take the positions that a client has confirmed. Sync."""
        if positions:
            self._confirmed += 1
            self._feed.send_nowait(positions)

    def pause(self, receipts: Receipts) -> None:
        """Call its pause_over() in a second. Sync."""
        self._paused_receipts.append((trio.current_time() + _PING_PAUSE, receipts))
        if len(self._paused_receipts) == 1:
            self._pause_begun.notify()

    def closing(self, person_id: int) -> None:
        """A connection of this person is closing, and may still confirm something; closed() follows. Sync."""
        self._closing[person_id] += 1

    def closed(self, person_id: int) -> None:
        """End what closing() began. Sync."""
        self._closing -= Counter({person_id: 1})
        self._closed.notify()

    async def wait_written(self, person_id: int) -> None:
        """Wait until the confirmations of the person's connections are written. Cancelling changes nothing.

        Closing connections are waited for: a client may connect to another server before this one reads its answer to
        the close frame. Raises StorageDown if the next write fails: then delivered and missed messages can't be
        distinguished.
        """
        await self._closed.wait_until(lambda: person_id not in self._closing)
        so_far, begun = self._confirmed, self._begun
        while self._written < so_far:
            self.flush_now()
            await self._tried.wait()
            if self._failed > begun:
                raise StorageDown("deliveries can't be recorded")

    def flush_now(self) -> None:
        """Have the next write made at once. Sync."""
        self._must_flush = True
        self._flush.notify()

    async def ping(self) -> None:
        """Let connections ping when their pause is over, until cancelled."""
        while True:
            firsts = [queue[0][0] for queue in (self._paused_receipts, self._waiting) if queue]
            if firsts:
                await trio.sleep_until(min(firsts))
            else:
                await self._pause_begun.wait_until(lambda: self._paused_receipts or self._waiting)
            now = trio.current_time()
            for receipts in _take_until(now + _TOGETHER, self._paused_receipts):
                if receipts.pause_over():
                    self._waiting.append((now + _WITH_MESSAGE, receipts))
            for receipts in _take_until(now + _TOGETHER, self._waiting):
                receipts.ping_if_due()

    async def write(
        self, rooms: Rooms, confirmations: trio.MemoryReceiveChannel[Mapping[Member, int]]
    ) -> None:
        """Write confirmations until the feed is closed and empty; a failed write is tried again.

        Cancelling: messages whose confirmation is not written are sent again.
        """
        positions: dict[Member, int] = {}  # not written yet
        taken = 0
        has_failed = False  # whether the last write failed
        more = True
        while more:
            batch: list[Mapping[Member, int]] = []
            if positions:
                with trio.move_on_after(_RETRY):
                    await self._flush.wait_until(lambda: self._must_flush)
            try:
                batch.append(confirmations.receive_nowait() if positions else await confirmations.receive())
            except trio.WouldBlock:
                pass
            except trio.EndOfChannel:
                more = False  # one last try
            batch += receive_all_nowait(confirmations, _BATCH)
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
                has_failed = False
            except StorageError as error:
                if not has_failed:  # one line for an outage
                    logger.warning(
                        "deliveries not recorded: trying again; messages may be delivered twice",
                        error=str(error),
                    )
                has_failed = True
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
    """Record deliveries for as long as the block lasts, and write what was confirmed.

    Cancelling drops confirmations: those messages are sent again.
    """
    # About one a second of each client.
    feed, confirmations = trio.open_memory_channel[Mapping[Member, int]](math.inf)
    deliveries = Deliveries(feed)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(deliveries.write, rooms, confirmations)
        async with trio.open_nursery() as pinging:
            pinging.start_soon(deliveries.ping)
            with feed:
                yield deliveries
            pinging.cancel_scope.cancel(reason="no client is connected any more")
        deliveries.flush_now()
