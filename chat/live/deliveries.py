"""The one task that notes which direct messages were delivered, so that each is told once.

It takes one note, then all that are waiting, and writes the highest position of each member: a busy pair costs
one row a batch. A note that a crash loses means that a message is told again; one never told is never noted.
"""

import math
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import structlog
import trio

from chat.live.waiting import take_waiting
from chat.model.entities import Inbox, Message, Topic
from chat.storage.failures import StorageError
from chat.storage.ports import Rooms

_BATCH = 4096
"""Notes in one write."""

_RETRY = 1.0
"""Seconds until the next try when the database could not take the notes."""

Note = tuple[tuple[int, int], int]  # (room id, person id), seq

logger = structlog.get_logger(__name__)


class Deliveries:
    """The way in to the noting task. Its methods are sync."""

    def __init__(self, feed: trio.MemorySendChannel[Note]) -> None:
        self._feed = feed

    def heard(self, topic: Topic, messages: Sequence[Message]) -> None:
        """Note what the hub told to an inbox; what it told elsewhere is not waited for by anybody."""
        if type(topic) is Inbox:
            for message in messages:
                self.delivered(topic.person_id, message)

    def delivered(self, person_id: int, message: Message) -> None:
        """Note that a person was told a message; one that was never saved has no position."""
        if message.room_id:
            self._feed.send_nowait(((message.room_id, person_id), message.seq))


async def _note(rooms: Rooms, notes: trio.MemoryReceiveChannel[Note]) -> None:
    """Write notes until the feed is closed and empty."""
    async for first in notes:
        positions: dict[tuple[int, int], int] = {}
        for member, seq in (first, *take_waiting(notes, _BATCH)):
            positions[member] = max(seq, positions.get(member, 0))
        try:
            await rooms.mark_delivered(positions)
        except StorageError as error:
            logger.warning("deliveries not noted, they may be told again", error=str(error))
            await trio.sleep(_RETRY)


@asynccontextmanager
async def open_deliveries(rooms: Rooms) -> AsyncGenerator[Deliveries]:
    """Note deliveries for as long as the block lasts, and finish what was noted.

    Cancelling drops notes: those messages are told again.
    """
    feed, notes = trio.open_memory_channel[Note](math.inf)  # as many as the broadcaster lets through
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_note, rooms, notes)
        with feed:
            yield Deliveries(feed)
