"""History for protocols without positions: ranges of a room, read concurrently and sent in order, in bounded pieces.

All clients that come back ask for the last page: those that ask at the same time share one query, and the bytes of its
frames. However long the texts are, at most a few pieces of one answer are in memory.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import trio

from chat.domain.entities import Message
from chat.domain.failures import StorageDown
from chat.domain.ports import Messages, Rooms
from chat.engine.batch_loader import BatchLoader, open_batch_loader
from chat.engine.dialect import Encoder
from chat.engine.events import Said

PAGE = 100
"""Messages of a range. `seq` has no gaps, so the ranges' bounds are known before the first is read."""

PIECE = 65_536
"""Bytes of text in one query of a range, and so in one piece."""

_LAST_PAGE = 131_072
"""Bytes of text of a last page that is shared; a longer one is read as ranges are."""

_AHEAD = 2
"""Ranges of one answer that are read ahead: each has one piece at most."""

_LONG_QUERIES = 2
_LAST_QUERIES = 2
"""Queries at once in the whole server, for ranges and for last pages. Together they use half of the pool: logins never
wait for history, nor short answers for long ones."""

Last = tuple[int, int]  # room id, how many
SendFrames = Callable[[bytes], Awaitable[None]]


class Page:
    """The last messages of a room, and their frames of each encoder that asked, encoded once for all."""

    def __init__(self, messages: Sequence[Message], count: int) -> None:
        self._messages = messages
        self._frames: dict[Encoder, bytes] = {}
        self.last_seq = messages[-1].seq if messages else 0
        self.is_whole = not messages or len(messages) == count or messages[0].seq == 1
        """Whether the page has all messages that were asked for; if not, they are too long for one piece."""

    def frames(self, encoder: Encoder) -> bytes:
        """Return the frames of the page. Sync."""
        if encoder not in self._frames:
            self._frames[encoder] = _frames(self._messages, encoder)
        return self._frames[encoder]


class History:
    """Reads the history of rooms. Cancelling any method leaves nothing behind."""

    def __init__(
        self, rooms: Rooms, messages: Messages, last: BatchLoader[Last, Page], limiter: trio.CapacityLimiter
    ) -> None:
        self._rooms = rooms
        self._messages = messages
        self._last = last
        self._limiter = limiter

    async def recall(self, room_id: int, count: int, encoder: Encoder, send: SendFrames) -> None:
        """Send the last `count` messages of a room, oldest first, as frames of `encoder`, piece by piece.

        `send` waits while the client has not read enough. One client gets one answer at a time. Raises StorageDown, for
        a long history in an exception group.
        """
        if count <= PAGE:
            page = await self._last.get((room_id, count))
            if page is None or page.is_whole:
                return await send(page.frames(encoder)) if page else None
            last_seq = page.last_seq
        else:
            room = await self._rooms.by_id(room_id)
            last_seq = room.last_seq if room else 0
        starts = range(max(0, last_seq - count), last_seq, PAGE)
        ranges = [_Range(start, min(start + PAGE, last_seq)) for start in starts]
        ahead = trio.Semaphore(_AHEAD)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._read_ahead, room_id, ranges, ahead, nursery)
            for each in ranges:
                await each.read.wait()
                while piece := each.take():
                    await send(_frames(piece, encoder))
                    if piece[-1].seq < each.up_to:
                        each.messages = await self._page(room_id, piece[-1].seq, each.up_to)
                ahead.release()
        return None

    async def _read_ahead(
        self, room_id: int, ranges: Sequence["_Range"], ahead: trio.Semaphore, nursery: trio.Nursery
    ) -> None:
        for each in ranges:
            await ahead.acquire()
            nursery.start_soon(self._read, room_id, each)

    async def _read(self, room_id: int, each: "_Range") -> None:
        each.messages = await self._page(room_id, each.after, each.up_to)
        each.read.set()

    async def _page(self, room_id: int, after: int, up_to: int) -> list[Message]:
        async with self._limiter:  # first come, first served, and nobody asks for more than _AHEAD at once
            return await self._messages.timeline(room_id, PAGE, PIECE, after=after, before=up_to + 1)


class _Range:
    """One range of `seq`, and its piece that is read and not sent."""

    def __init__(self, after: int, up_to: int) -> None:
        self.after = after
        self.up_to = up_to
        self.messages: list[Message] = []
        self.read = trio.Event()

    def take(self) -> list[Message]:
        """Return the piece and drop it here: a slow client holds no memory for what it was sent."""
        piece, self.messages = self.messages, []
        return piece


def _frames(messages: Sequence[Message], encoder: Encoder) -> bytes:
    return b"".join(encoder.encode(Said(message)) for message in messages)


@asynccontextmanager
async def open_history(rooms: Rooms, messages: Messages) -> AsyncGenerator[History]:
    """Serve history for as long as the block lasts. Cancelling: queries under way end."""

    async def last_pages(asked: Sequence[Last]) -> Mapping[Last, Page]:
        found: dict[Last, Page] = {}
        failures: list[StorageDown] = []

        async def read(room_id: int, count: int) -> None:
            try:
                async with limiter:
                    newest = await messages.timeline(room_id, count, _LAST_PAGE)
                found[room_id, count] = Page(newest, count)
            except StorageDown as failure:
                failures.append(failure)

        async with trio.open_nursery() as nursery:
            for room_id, count in asked:
                nursery.start_soon(read, room_id, count)
        if failures:
            raise failures[0]
        return found

    limiter = trio.CapacityLimiter(_LAST_QUERIES)
    async with open_batch_loader(last_pages) as last:
        yield History(rooms, messages, last, trio.CapacityLimiter(_LONG_QUERIES))
