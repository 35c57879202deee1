"""The one task that fans messages out: it takes one batch, then all that are waiting, and publishes them at once.

Announcing is sync: nothing comes between a commit and its announcement.

A write to a socket costs far more than the bytes in it, so the task waits for more that can go with it. Where many
are subscribed to the rooms of both, it waits for the commit under way before a fan-out. Where other servers commit too,
it pauses after each fan-out: what they commit meanwhile reaches a subscriber in one write.
"""

import math
from collections.abc import AsyncGenerator, Generator, Set
from contextlib import asynccontextmanager, contextmanager
from itertools import chain

import trio

from chat.channels import receive_all_nowait
from chat.engine.fence import Fence
from chat.engine.hub import Announcement, Hub
from chat.inspection.metrics import Metrics
from chat.signals import Signal

_KEEP_PACE = 16
"""Batches that may wait before the journal waits; each has at most a journal's batch of messages."""

_PAUSE = 3
"""Length of a pause, in fan-outs: both together take as long as a fan-out of one process with the subscribers of four
servers. In a quiet chat a pause is over before the next message comes."""

_LONGEST_PAUSE = 0.03
"""Seconds."""

_MANY = 100
"""Fewest subscribers for which the commit under way is waited for. With fewer, the wait costs more than a second write
to each; with many small rooms, the server is too busy to wait."""

_WRITE = 6e-6
"""Seconds that a write to a subscriber takes, about: the wait for a commit is as long as the writes that it spares."""


class Broadcaster:
    """Submits announcements to the fan-out task."""

    def __init__(
        self,
        hub: Hub,
        feed: trio.MemorySendChannel[list[Announcement]],
        metrics: Metrics,
        fence: Fence | None = None,
        *,
        pauses: bool = False,
    ) -> None:
        self._hub = hub
        self._feed = feed
        self._metrics = metrics
        self._fence = fence or Fence()
        self._pauses = pauses
        self._skip_wait = Signal()
        self._skips_wait = False  # whether the next fan-out is wanted at once
        self._expected: Set[int] = frozenset()  # the rooms of the commit under way
        self._waits_for_commit = False
        self._behind = 0  # batches announced and not yet published
        self._discarded = 0  # of those, the first ones, which are not to be published
        self._published = Signal()

    def announce(self, batch: list[Announcement]) -> None:
        """Hand over committed changes, in the order of their commits. Sync: no checkpoint."""
        self._behind += 1
        self._feed.send_nowait(batch)
        if self._behind > _KEEP_PACE // 2:
            self._publish_now()

    def discard_announced(self) -> None:
        """Publish nothing that is announced by now: the log has lost it. Sync."""
        self._discarded = self._behind

    @contextmanager
    def expecting(self, room_ids: Set[int]) -> Generator[None]:
        """Know that a commit to these rooms is under way; its changes are announced as the block ends."""
        self._expected = room_ids
        try:
            yield
        finally:
            self._expected = frozenset()
            if self._waits_for_commit:
                self._publish_now()

    @property
    def is_behind(self) -> bool:
        """Whether too much is announced and not published."""
        return self._behind > _KEEP_PACE

    async def keep_pace(self) -> None:
        """Wait while too much is announced and not published. Cancelling changes nothing."""
        await self._at_most_behind(_KEEP_PACE)

    async def wait_published(self, change_id: int) -> None:
        """Wait until the log is published up to this id. Cancelling changes nothing."""
        while self._hub.newest_id < change_id:
            self._publish_now()
            await self._published.wait()

    async def wait_all_published(self) -> None:
        """Wait until everything announced is published. Cancelling changes nothing."""
        await self._at_most_behind(0)

    async def _at_most_behind(self, batches: int) -> None:
        while self._behind > batches:
            self._publish_now()
            await self._published.wait()

    def _publish_now(self) -> None:
        self._skips_wait = True
        self._skip_wait.notify()

    async def fan_out(self, announced: trio.MemoryReceiveChannel[list[Announcement]]) -> None:
        """Publish until the feed is closed and empty. Cancelling: announced changes are not published."""
        async for first in announced:
            await self._wait_for_commit(first)
            await self._fence.wait_open()
            started = trio.current_time()
            batches = [first, *receive_all_nowait(announced, _KEEP_PACE)]
            self._hub.publish(chain.from_iterable(batches[self._discarded :]))
            self._discarded = max(self._discarded - len(batches), 0)
            self._behind -= len(batches)
            ended = trio.current_time()
            took = ended - started
            self._metrics.fanned_out(took, ended)
            self._published.notify()
            self._skips_wait = False
            await trio.lowlevel.checkpoint()  # readers run between two batches
            if self._pauses:
                with trio.move_on_after(min(_PAUSE * took, _LONGEST_PAUSE)):
                    await self._skip_wait.wait_until(lambda: self._skips_wait)

    async def _wait_for_commit(self, batch: list[Announcement]) -> None:
        """Wait for the commit under way, as long as the writes that it spares take."""
        if not self._expected:
            return
        both = self._expected & {each.change.room_id for each in batch}
        subscribers = sum(size for size in map(self._hub.count_subscribers, both) if size >= _MANY)
        if subscribers:
            self._waits_for_commit = True
            with trio.move_on_after(_WRITE * subscribers):
                await self._skip_wait.wait_until(lambda: self._skips_wait)
            self._waits_for_commit = False


@asynccontextmanager
async def open_broadcaster(
    hub: Hub, metrics: Metrics | None = None, fence: Fence | None = None, *, pauses: bool = False
) -> AsyncGenerator[Broadcaster]:
    """Fan out for as long as the block lasts, and finish what was announced. Nothing goes out while `fence` is closed.

    `pauses`: wait for the commits of other servers after each fan-out, for 30 ms at the most.

    Cancelling drops announced changes that are not published. They are committed: history has them.
    """
    feed, announced = trio.open_memory_channel[list[Announcement]](math.inf)  # bounded by keep_pace()
    broadcaster = Broadcaster(hub, feed, metrics or Metrics(), fence, pauses=pauses)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(broadcaster.fan_out, announced)
        with feed:  # leaving closes it; fan_out finishes the rest and ends
            yield broadcaster
