"""What was said before: pages of a room, read concurrently and handed over one message at a time."""

from collections.abc import Awaitable, Callable

import trio

from chat.model.entities import Message
from chat.storage.ports import Messages, Rooms

PAGE = 100
"""Messages a query. `seq` has no gaps, so the pages' bounds are known before the first is read."""

_QUERIES = 4
"""Page queries at once in the whole server: half of the pool, so that logins are never behind history."""


class History:
    """Reads the past of rooms. Cancelling any method leaves nothing behind."""

    def __init__(self, rooms: Rooms, messages: Messages) -> None:
        self._rooms = rooms
        self._messages = messages
        self._limiter = trio.CapacityLimiter(_QUERIES)

    async def recall(self, room_id: int, count: int, tell: Callable[[Message], Awaitable[None]]) -> None:
        """Tell the last `count` messages of a room, oldest first, as soon as each page is there.

        Raises StorageDown in an exception group.
        """
        room = await self._rooms.by_id(room_id)
        if room is None:
            return
        starts = range(max(0, room.last_seq - count), room.last_seq, PAGE)
        pages = [_Page(start, min(start + PAGE, room.last_seq)) for start in starts]
        async with trio.open_nursery() as nursery:
            for page in pages:
                nursery.start_soon(self._read, room_id, page)
            for page in pages:
                await page.read.wait()
                for message in page.messages:
                    await tell(message)
                page.messages = []  # told: a slow client must not hold the whole past in memory

    async def _read(self, room_id: int, page: "_Page") -> None:
        async with self._limiter:
            page.messages = await self._messages.page(room_id, page.after, page.up_to)
        page.read.set()


class _Page:
    """One range of `seq`, and its messages once they are read."""

    def __init__(self, after: int, up_to: int) -> None:
        self.after = after
        self.up_to = up_to
        self.messages: list[Message] = []
        self.read = trio.Event()
