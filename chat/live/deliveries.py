"""The one task that notes which direct messages were delivered, so that each is told once.

It takes one note, then all that are waiting, and writes the highest position of each member: a busy pair costs
one row a batch. A note that a crash loses means that a message is told again; one never told is never noted.
"""

import math
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager

import structlog
import trio

from chat.model.entities import Inbox, Message, Topic
from chat.storage.failures import StorageError
from chat.storage.ports import Rooms
from chat.waiting import take_waiting

_BATCH = 4096
"""Notes in one write."""

_PAUSE = 0.05
"""Seconds between two writes: what a pair says in that time costs one row."""

_RETRY = 1.0
"""Seconds until the next try when the database could not take the notes and no new one comes."""

Note = tuple[tuple[int, int], int]  # (room id, person id), seq

logger = structlog.get_logger(__name__)


class Deliveries:
    """The way in to the noting task."""

    def __init__(self, feed: trio.MemorySendChannel[Note]) -> None:
        self._feed = feed
        self._late: dict[int, _Late] = {}  # people who are being told what they missed
        self._noted = 0  # notes ever handed over
        self._tried = 0  # how many of them were written, or could not be
        self._progress = trio.Event()  # set, and made anew, after each try
        self._wanted = trio.Event()  # set by who waits for notes, made anew before each pause

    def heard(self, topic: Topic, messages: Sequence[Message]) -> None:
        """Note what the hub told to an inbox; what it told elsewhere is not waited for by anybody. Sync."""
        if type(topic) is Inbox:
            late = self._late.get(topic.person_id)
            if late is not None:
                late.heard += messages
            else:
                self.delivered(topic.person_id, messages)

    def delivered(self, person_id: int, messages: Sequence[Message]) -> None:
        """Note that a person was told messages. Sync."""
        for message in messages:
            if message.room_id:  # one that was never saved has no position
                self._noted += 1
                self._feed.send_nowait(((message.room_id, person_id), message.seq))

    @contextmanager
    def catching_up(self, person_id: int) -> Generator[None]:
        """Note what a person hears meanwhile only once one of their connections was told all that they missed.

        A position covers all that came before it: a new message noted first would hide what is still to be told.
        Leaving by an exception means that this connection was not told all.
        """
        late = self._late.setdefault(person_id, _Late())
        late.connections += 1
        try:
            yield
            late.one_has_it_all = True
        finally:
            late.connections -= 1
            if not late.connections:
                del self._late[person_id]
                if late.one_has_it_all:
                    self.delivered(person_id, late.heard)

    async def written(self) -> None:
        """Wait until the notes so far are written, or could not be. Cancelling changes nothing."""
        so_far = self._noted
        self._wanted.set()
        while self._tried < so_far:
            await self._progress.wait()

    async def write(self, rooms: Rooms, notes: trio.MemoryReceiveChannel[Note]) -> None:
        """Write notes until the feed is closed and empty; what could not be written is tried again."""
        positions: dict[tuple[int, int], int] = {}  # not written yet
        more = True
        while more:
            batch: list[Note] = []
            with trio.move_on_after(_RETRY if positions else math.inf):
                try:
                    batch.append(await notes.receive())
                except trio.EndOfChannel:
                    more = False  # one last try
            batch += take_waiting(notes, _BATCH)
            for member, seq in batch:
                positions[member] = max(seq, positions.get(member, 0))
            try:
                if positions:
                    await rooms.mark_delivered(positions)
                positions = {}
            except StorageError as error:
                logger.warning("deliveries not noted yet, they may be told again", error=str(error))
            self._tried += len(batch)
            self._progress.set()
            self._progress = trio.Event()
            if self._tried == self._noted:
                self._wanted = trio.Event()
            with trio.move_on_after(_PAUSE):
                await self._wanted.wait()


class _Late:
    """A person who is being told what they missed, on one connection or several."""

    def __init__(self) -> None:
        self.connections = 0
        self.heard: list[Message] = []  # new messages, heard meanwhile
        self.one_has_it_all = False


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
