"""The one task that notes which direct messages were delivered, so that each is told once.

It takes one note, then all that are waiting, and writes the highest position of each member: a busy pair costs
one row a batch. A note that a crash loses means that a message is told again; one never told is never noted.
"""

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import structlog
import trio

from chat.channels import receive_all_nowait
from chat.domain.changes import Change
from chat.domain.direct import WriteTracker
from chat.domain.entities import Inbox, Message
from chat.domain.failures import StorageDown, StorageError
from chat.domain.ports import Rooms

_BATCH = 4096
"""Notes in one write."""

_PAUSE = 0.05
"""Seconds between two writes: what a pair says in that time costs one row."""

_RETRY = 1.0
"""Seconds until the next try when the database could not take the notes and no new one comes."""

Note = tuple[tuple[int, int], int]  # (room id, person id), seq

logger = structlog.get_logger(__name__)


class Deliveries:
    """Submits notes to the task that writes them."""

    def __init__(self, feed: trio.MemorySendChannel[Note]) -> None:
        self._feed = feed
        self._noted = 0  # notes ever handed over
        self._written = 0  # how many of them are written
        self._begun = 0  # tries to write
        self._failed = 0  # the last try that failed
        self._progress = trio.Event()  # set, and made anew, after each try
        self._wanted = trio.Event()  # set by who waits for notes, made anew before each try

    def heard(self, inbox: Inbox, tracker: WriteTracker, told: Sequence[tuple[Change, int]]) -> None:
        """Note what a connection was told of an inbox, each message once its bytes have left. Sync.

        A position covers all that came before it. It may be noted by any connection of the person, because each
        was told all that was missed before it heard anything new, and takes its bytes in their order. `told` is what
        `tracker` was offered last, each change with its bytes.
        """
        behind = sum(size for _, size in told)
        for change, size in told:
            behind -= size
            # What was never saved has no position, and what becomes of a message is not what is delivered.
            if change.room_id and isinstance(change, Message):
                note = ((change.room_id, inbox.person_id), change.seq)
                tracker.when_written(partial(self._delivered, note), behind)

    def _delivered(self, note: Note) -> None:
        self._noted += 1
        self._feed.send_nowait(note)

    async def written(self) -> None:
        """Wait until the notes so far are written. Cancelling changes nothing.

        Raises StorageDown where the next try fails: what was told could not be told from what was missed.
        """
        so_far, tries = self._noted, self._begun
        while self._written < so_far:
            self.hurry()
            await self._progress.wait()
            if self._failed > tries:
                raise StorageDown("what was delivered can't be noted")

    def hurry(self) -> None:
        """Have the next try made at once. Sync."""
        self._wanted.set()

    async def write(self, rooms: Rooms, notes: trio.MemoryReceiveChannel[Note]) -> None:
        """Write notes until the feed is closed and empty; what could not be written is tried again.

        Cancelling: what is not written yet is delivered again.
        """
        positions: dict[tuple[int, int], int] = {}  # not written yet
        taken = 0
        more = True
        while more:
            batch: list[Note] = []
            if positions:
                with trio.move_on_after(_RETRY):
                    await self._wanted.wait()
            try:
                batch.append(notes.receive_nowait() if positions else await notes.receive())
            except trio.WouldBlock:
                pass
            except trio.EndOfChannel:
                more = False  # one last try
            batch += receive_all_nowait(notes, _BATCH)
            for member, seq in batch:
                positions[member] = max(seq, positions.get(member, 0))
            taken += len(batch)
            self._begun += 1
            self._wanted = trio.Event()
            try:
                if positions:
                    await rooms.mark_delivered(positions)
                positions = {}
                self._written = taken
            except StorageError as error:
                logger.warning("deliveries not noted yet, they may be told again", error=str(error))
                self._failed = self._begun
            self._progress.set()
            self._progress = trio.Event()
            if not positions:
                with trio.move_on_after(_PAUSE):
                    await self._wanted.wait()


@asynccontextmanager
async def open_deliveries(rooms: Rooms) -> AsyncGenerator[Deliveries]:
    """Note deliveries for as long as the block lasts, and finish what was noted.

    Cancelling drops notes: those messages are told again.
    """
    feed, notes = trio.open_memory_channel[Note](math.inf)  # as many as the broadcaster lets through
    deliveries = Deliveries(feed)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(deliveries.write, rooms, notes)
        with feed:
            yield deliveries
        deliveries.hurry()
