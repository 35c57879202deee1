"""The one task that writes implied read marks: a person who sends a message has read the messages before it.

It writes the highest mark of each person and room at most twenty times a second: a message costs no write of its own,
and no commit of a message waits behind one of marks. A crash, of PostgreSQL too, loses the marks of the last second;
the messages before a person's own are then unread again.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
import trio

from chat.domain.failures import StorageError
from chat.domain.messages.reading import ReadMark
from chat.domain.ports.timelines import Timelines
from chat.signals import Signal

_PAUSE = 0.05
"""Seconds between two writes."""

_RETRY = 1.0
"""Seconds until the next try when the database fails."""

logger = structlog.get_logger(__name__)


class ReadMarks:
    """Marks that wait to be written."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, int], int] = {}  # (room id, person id) to seq
        self._under_way: dict[tuple[int, int], int] = {}  # those that are being written
        self._written = Signal()  # of each write that has ended, with success or without
        self._noted = Signal()
        self._ended = trio.Event()
        self._has_failed = False  # whether the database failed the last write

    def note(self, room_id: int, person_id: int, seq: int) -> None:
        """Record that a person has read at least up to `seq`. Sync."""
        member = room_id, person_id
        self._waiting[member] = max(seq, self._waiting.get(member, seq))
        self._noted.notify()

    async def forget(self, room_id: int, person_id: int) -> None:
        """Drop the mark of a person in a room, who sets a mark explicitly, and wait for the write under way.

        Cancelling: the mark is not written again if that write fails.
        """
        member = room_id, person_id
        self._waiting.pop(member, None)
        under_way = self._under_way
        if under_way.pop(member, None) is not None:
            await self._written.wait_until(lambda: self._under_way is not under_way)

    async def wait_written(self, person_id: int) -> None:
        """Wait until all marks of a person are written. Cancelling changes nothing."""
        await self._written.wait_until(lambda: not self.rooms_of(person_id))

    def rooms_of(self, person_id: int) -> set[int]:
        """Return the rooms in which the person has marks that are not written. Sync."""
        marks = (*self._waiting, *self._under_way)
        return {room_id for room_id, each in marks if each == person_id}

    def end(self) -> None:
        """Write the waiting marks once more, and end write(). Sync."""
        self._ended.set()
        self._noted.notify()

    async def write(self, timelines: Timelines) -> None:
        """Write marks until end() is called. Cancelling: waiting marks are lost."""
        while True:
            await self._noted.wait_until(lambda: self._waiting or self._ended.is_set())
            is_last = self._ended.is_set()
            pause = await self._write_waiting(timelines)
            if is_last:
                return
            with trio.move_on_after(pause):
                await self._ended.wait()

    async def _write_waiting(self, timelines: Timelines) -> float:
        """Write the waiting marks; return the seconds to pause afterwards."""
        marks = self._under_way = self._waiting
        self._waiting = {}
        try:
            if marks:
                read = {member: ReadMark(seq) for member, seq in marks.items()}
                await timelines.mark_read(read, durable=False)
        except StorageError as error:
            if not self._has_failed:  # one line for an outage
                logger.warning("read marks not written: trying again each second", error=str(error))
            self._has_failed = True
            for (room_id, person_id), seq in marks.items():
                self.note(room_id, person_id, seq)
            return _RETRY
        finally:
            self._under_way = {}
            self._written.notify()
        if marks and self._has_failed:
            self._has_failed = False
            logger.info("read marks are written again")
        return _PAUSE


@asynccontextmanager
async def open_read_marks(timelines: Timelines) -> AsyncGenerator[ReadMarks]:
    """Write marks for as long as the block lasts, and once at its end. Cancelling drops marks."""
    marks = ReadMarks()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(marks.write, timelines)
        yield marks
        marks.end()
