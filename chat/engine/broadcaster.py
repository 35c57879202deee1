"""The one task that fans messages out: it takes one batch, then all that are waiting, and publishes them at once.

Announcing is sync, so that nothing can come between a commit and its announcement.

A write to a socket costs far more than the bytes in it, so the task waits for what can go with the same write. Where
many hear both, it waits for the commit under way before a fan-out. Where other servers commit too, it rests after each
fan-out: what they commit meanwhile goes to a listener in one write, as it does where one process commits it all.
"""

import math
from collections.abc import AsyncGenerator, Generator, Set
from contextlib import asynccontextmanager, contextmanager
from itertools import chain

import trio

from chat.channels import receive_all_nowait
from chat.engine.cluster.fence import Fence
from chat.engine.hub import Announcement, Hub
from chat.inspection.metrics import Metrics

_KEEP_PACE = 16
"""Batches that may wait before the journal does; each has at most a journal's batch of messages."""

_REST = 3
"""So many times as long as the fan-out before it is a rest: together they take as long as a fan-out of one process that
has the listeners of four servers. Where little is said, a rest is over before the next message comes."""

_LONGEST_REST = 0.03
"""Seconds."""

_MANY = 100
"""So many have to listen in a room of a batch and of the commit under way. In small rooms nothing is spared: where they
are few the wait costs more than a second write each, and where they are many the server is too busy to wait."""

_WRITE = 6e-6
"""Seconds that a write to a listener takes, about: the commit under way is waited for as long as it can spare."""


class Broadcaster:
    """Submits announcements to the fan-out task."""

    def __init__(
        self,
        hub: Hub,
        feed: trio.MemorySendChannel[list[Announcement]],
        metrics: Metrics,
        fence: Fence | None = None,
        *,
        rests: bool = False,
    ) -> None:
        self._hub = hub
        self._feed = feed
        self._metrics = metrics
        self._fence = fence or Fence()
        self._rests = rests
        self._hurry = trio.Event()  # ends the waiting early; made anew after each publishing
        self._expected: Set[int] = frozenset()  # the rooms of the commit under way
        self._waits_for_commit = False
        self._behind = 0  # batches announced and not yet published
        self._lost = 0  # of those, the first ones, which are not to be published
        self._published = trio.Event()  # set, and made anew, after each publishing

    def announce(self, batch: list[Announcement]) -> None:
        """Hand over committed messages, in the order of their commits. Sync: no checkpoint."""
        self._behind += 1
        self._feed.send_nowait(batch)
        if self._behind > _KEEP_PACE // 2:
            self._hurry.set()

    def lose(self) -> None:
        """Publish nothing of what is announced by now: the log has lost it. Sync."""
        self._lost = self._behind

    @contextmanager
    def expecting(self, room_ids: Set[int]) -> Generator[None]:
        """Know that a commit to these rooms is under way, and that what it adds is announced as the block ends."""
        self._expected = room_ids
        try:
            yield
        finally:
            self._expected = frozenset()
            if self._waits_for_commit:
                self._hurry.set()

    @property
    def is_behind(self) -> bool:
        """Whether too much is announced and not yet published."""
        return self._behind > _KEEP_PACE

    async def keep_pace(self) -> None:
        """Wait while too much is announced and not yet published. Cancelling changes nothing."""
        await self._at_most_behind(_KEEP_PACE)

    async def published(self, change_id: int) -> None:
        """Wait until the log is published up to this id. Cancelling changes nothing."""
        while self._hub.newest_id < change_id:
            self._hurry.set()
            await self._published.wait()

    async def caught_up(self) -> None:
        """Wait until everything announced is published. Cancelling changes nothing."""
        await self._at_most_behind(0)

    async def _at_most_behind(self, batches: int) -> None:
        while self._behind > batches:
            self._hurry.set()
            await self._published.wait()

    async def fan_out(self, announced: trio.MemoryReceiveChannel[list[Announcement]]) -> None:
        """Publish until the feed is closed and empty. Cancelling: what is announced by then is published to nobody."""
        async for first in announced:
            await self._wait_for_commit(first)
            await self._fence.opened()
            started = trio.current_time()
            batches = [first, *receive_all_nowait(announced, _KEEP_PACE)]
            self._hub.publish(chain.from_iterable(batches[self._lost :]))
            self._lost = max(self._lost - len(batches), 0)
            self._behind -= len(batches)
            took = trio.current_time() - started
            self._metrics.fanned_out(took)
            self._published.set()
            self._published, self._hurry = trio.Event(), trio.Event()
            await trio.lowlevel.checkpoint()  # readers run between two batches
            if self._rests:
                with trio.move_on_after(min(_REST * took, _LONGEST_REST)):
                    await self._hurry.wait()

    async def _wait_for_commit(self, batch: list[Announcement]) -> None:
        """Wait for the commit under way, where many hear both in one write: for as long as that spares."""
        if not self._expected:
            return
        both = self._expected & {each.change.room_id for each in batch}
        listeners = sum(size for size in map(self._hub.count_subscribers, both) if size >= _MANY)
        if listeners:
            self._waits_for_commit = True
            with trio.move_on_after(_WRITE * listeners):
                await self._hurry.wait()
            self._waits_for_commit = False


@asynccontextmanager
async def open_broadcaster(
    hub: Hub, metrics: Metrics | None = None, fence: Fence | None = None, *, rests: bool = False
) -> AsyncGenerator[Broadcaster]:
    """Fan out for as long as the block lasts, and finish what was announced; nothing while `fence` is closed.

    Where at least a hundred in a room hear a batch and the commit under way, that commit is waited for, 6 µs a listener
    at the most. `rests`: after each fan-out what other servers commit is waited for too, for 30 ms at the most.

    Cancelling drops what is announced and not yet published: it is saved, and history will tell it.
    """
    feed, announced = trio.open_memory_channel[list[Announcement]](math.inf)  # bounded by keep_pace()
    broadcaster = Broadcaster(hub, feed, metrics or Metrics(), fence, rests=rests)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(broadcaster.fan_out, announced)
        with feed:  # leaving closes it; fan_out finishes the rest and ends
            yield broadcaster
