"""What was said before: pages of a room, read concurrently and handed over in order.

The last page is what everybody asks for who comes back, so those who ask at once share one query, and the bytes
of its frames.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager

import trio

from chat.dialects.dialect import Voice
from chat.model.entities import Message
from chat.model.events import Said
from chat.services.gathering import Gathering, open_gathering
from chat.storage.failures import StorageDown
from chat.storage.ports import Messages, Rooms

PAGE = 100
"""Messages a query. `seq` has no gaps, so the pages' bounds are known before the first is read."""

_CHUNK = 65536
"""Bytes of frames handed over at once, about: a slow client is waited for between two of them."""

_QUERIES = 4
"""Page queries at once in the whole server: half of the pool, so that logins are never behind history."""

_NEWEST = 2**63 - 1

Last = tuple[int, int]  # room id, how many
Tell = Callable[[bytes], Awaitable[None]]


class Page:
    """Some messages in order, and their frames in each voice that asked: encoded once, however many hear them."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self._messages = messages
        self._chunks: dict[Voice, list[bytes]] = {}

    def chunks(self, voice: Voice) -> list[bytes]:
        """Return the frames of the page, joined to pieces of a size that can be waited for. Sync."""
        if voice not in self._chunks:
            self._chunks[voice] = list(_joined(voice.encode(Said(message)) for message in self._messages))
        return self._chunks[voice]


class History:
    """Reads the past of rooms. Cancelling any method leaves nothing behind."""

    def __init__(
        self, rooms: Rooms, messages: Messages, last: Gathering[Last, Page], limiter: trio.CapacityLimiter
    ) -> None:
        self._rooms = rooms
        self._messages = messages
        self._last = last
        self._limiter = limiter

    async def recall(self, room_id: int, count: int, voice: Voice, tell: Tell) -> None:
        """Tell the last `count` messages of a room, oldest first: frames in `voice`, each page once it is there.

        Raises StorageDown, for a long past in an exception group.
        """
        if count <= PAGE:
            page = await self._last.get((room_id, count))
            return await _tell(page, voice, tell) if page else None
        room = await self._rooms.by_id(room_id)
        if room is None:
            return None
        starts = range(max(0, room.last_seq - count), room.last_seq, PAGE)
        pages = [_Awaited(start, min(start + PAGE, room.last_seq)) for start in starts]
        async with trio.open_nursery() as nursery:
            for page_to_come in pages:
                nursery.start_soon(self._read, room_id, page_to_come)
            for page_to_come in pages:
                await page_to_come.read.wait()
                page, page_to_come.page = page_to_come.page, None  # told: no slow client holds the whole past
                assert page is not None
                await _tell(page, voice, tell)
        return None

    async def _read(self, room_id: int, awaited: "_Awaited") -> None:
        async with self._limiter:
            awaited.page = Page(await self._messages.page(room_id, awaited.after, awaited.up_to))
        awaited.read.set()


class _Awaited:
    """One range of `seq`, and its page once it is read."""

    def __init__(self, after: int, up_to: int) -> None:
        self.after = after
        self.up_to = up_to
        self.page: Page | None = None
        self.read = trio.Event()


async def _tell(page: Page, voice: Voice, tell: Tell) -> None:
    for chunk in page.chunks(voice):
        await tell(chunk)


def _joined(frames: Iterable[bytes]) -> Iterator[bytes]:
    piece: list[bytes] = []
    size = 0
    for frame in frames:
        piece.append(frame)
        size += len(frame)
        if size >= _CHUNK:
            yield b"".join(piece)
            piece, size = [], 0
    if piece:
        yield b"".join(piece)


@asynccontextmanager
async def open_history(rooms: Rooms, messages: Messages) -> AsyncGenerator[History]:
    """Serve the past for as long as the block lasts."""

    async def last_pages(asked: Sequence[Last]) -> Mapping[Last, Page]:
        found: dict[Last, Page] = {}
        failures: list[StorageDown] = []

        async def read(room_id: int, count: int) -> None:
            try:
                async with limiter:
                    newest_first = await messages.before(room_id, _NEWEST, count)
                found[room_id, count] = Page(newest_first[::-1])
            except StorageDown as failure:
                failures.append(failure)

        async with trio.open_nursery() as nursery:
            for room_id, count in asked:
                nursery.start_soon(read, room_id, count)
        if failures:
            raise failures[0]
        return found

    limiter = trio.CapacityLimiter(_QUERIES)
    async with open_gathering(last_pages) as last:
        yield History(rooms, messages, last, limiter)
