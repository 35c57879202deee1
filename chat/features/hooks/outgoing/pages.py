"""Pages of the log, read once for all hooks at the same place."""

from collections import deque
from collections.abc import Sequence

import msgspec
import trio

from chat.domain.entities import Message
from chat.domain.log_events import EventEncoder, Log
from chat.domain.messages.changes import Change

PAGE = 1000
"""Changes of a page, and so the most of one call."""

PAGE_BYTES = 524_288
"""Bytes of a page's texts, as JSON."""

_KEPT = 4
"""Pages that are kept for hooks that are about to need them."""

_FRESH = 1.0
"""Seconds for which a page is kept: texts in it may be deleted meanwhile."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A change by its log id, its room, its event's type and JSON, and the message, if it is one."""

    id: int
    room_id: int
    kind: str
    event: msgspec.Raw
    message: Message | None = None


class Page(msgspec.Struct, frozen=True):
    """The events of the log with `after` < id <= `end`, and the time of Trio's clock when they were read."""

    after: int
    end: int
    at: float
    entries: Sequence[Entry]


class Pages:
    """Reads pages of the log."""

    def __init__(self, log: Log, events: EventEncoder) -> None:
        self._log = log
        self._events = events
        self._read = trio.Lock()
        self._kept: deque[Page] = deque(maxlen=_KEPT)

    async def read(self, after_id: int, newest_id: int, *, is_fresh: bool = False) -> Page:
        """Return the page that begins after an id, up to `newest_id` or further; it may have no entries.

        `is_fresh`: it is read now. May raise StorageDown. Cancelling changes nothing.
        """
        async with self._read:
            at = trio.current_time()
            for page in () if is_fresh else self._kept:
                if page.after == after_id and page.end > after_id and at - page.at < _FRESH:
                    return page
            changes = await self._log.read_log(after_id, PAGE, PAGE_BYTES)
            end = changes[-1].id if changes else max(newest_id, after_id)  # the rest is deleted
            page = Page(after_id, end, at, self._entries(changes))
            self._kept.append(page)
            return page

    def _entries(self, changes: Sequence[Change]) -> list[Entry]:
        made: list[Entry] = []
        for change in changes:
            event = self._events.event(change)
            if event is not None:
                kind = str(event.__struct_config__.tag)
                message = change if isinstance(change, Message) else None
                encoded = msgspec.Raw(msgspec.json.encode(event))
                made.append(Entry(change.id, change.room_id, kind, encoded, message))
        return made
