"""The history of a room: pages of current messages before, after or around a message."""

import msgspec

from chat.domain.entities import Room
from chat.domain.messages.files import LONGEST_FILE_JSON, MOST_FILES
from chat.domain.messages.sync_types import MessageNow, Page, TextVersion, json_bytes
from chat.domain.ports.timelines import Timelines
from chat.domain.refusals import NO_MESSAGE, NO_ROOM, Refusal
from chat.domain.text.rules import TEXT_LENGTH

ANSWER_BYTES = 524_288
"""Bytes of text in one page."""

MOST_TEXTS = 100
"""Versions of one message's text that are returned, the newest."""

LONGEST_JSON = 6 * TEXT_LENGTH + 2 + MOST_FILES * LONGEST_FILE_JSON
"""Most bytes of a text and its files as JSON: less room than this is left when the next message did not fit."""

_EVER = 2**63 - 1


class HistoryQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Asks for `limit` messages before, after or around the message with that `seq`, or for the newest ones.

    At most one of the three is given.
    """

    before: int | None = None
    after: int | None = None
    around: int | None = None
    limit: int = 50


class HistoryPage(msgspec.Struct, frozen=True):
    """A page, and whether it holds the room's first and its last message."""

    page: Page
    is_first: bool
    is_last: bool


class Found(msgspec.Struct, frozen=True):
    """Messages with a mention or with files, newest first, and whether there may be more."""

    messages: list[MessageNow]
    may_have_more: bool


class RoomHistory:
    """Every method may raise StorageDown. Cancelling changes nothing. Callers check who may see the room."""

    def __init__(self, timelines: Timelines) -> None:
        self._timelines = timelines

    async def page(
        self, reader_id: int, room: Room, asked: HistoryQuery, up_to_id: int
    ) -> HistoryPage | Refusal:
        """Return messages up to a log id."""
        after, before = asked.after, asked.before
        if asked.around is not None:  # as many on both sides, unless the room ends there
            after = max(0, min(asked.around - 1 - asked.limit // 2, room.last_seq - asked.limit))
        page = await self._page(reader_id, room.id, asked.limit, up_to_id, after, before)
        if page is not None and asked.around is not None and _ends_before(page, asked.around):
            # Long texts before the requested message left no room for it.
            after = asked.around - 1
            page = await self._page(reader_id, room.id, asked.limit, up_to_id, after, None)
        if page is None:
            return NO_ROOM
        if page.messages:
            first, last = page.messages[0].seq, page.messages[-1].seq
        elif after is not None:
            first, last = after + 1, after
        else:
            last = page.seq if before is None else before - 1
            first = last + 1
        return HistoryPage(page, first <= page.first, last >= page.seq)

    async def message(self, reader_id: int, room_id: int, seq: int) -> MessageNow | Refusal:
        """Return one message."""
        page = await self._page(reader_id, room_id, 1, _EVER, seq - 1, seq + 1)
        return page.messages[0] if page is not None and page.messages else NO_MESSAGE

    async def texts(self, reader_id: int, room_id: int, seq: int) -> list[TextVersion] | Refusal:
        """Return the versions of a message's text, oldest first, the current one last; of a deleted one none."""
        texts = await self._timelines.texts(room_id, seq, MOST_TEXTS, ANSWER_BYTES)
        if texts:
            return texts
        message = await self.message(reader_id, room_id, seq)  # deleted, or never there
        return message if isinstance(message, Refusal) else []

    async def mentions(self, person_id: int, before_id: int | None, limit: int) -> Found:
        """Return messages with lower ids that mention a person, in all their rooms."""
        before_id = _EVER if before_id is None else before_id
        return _found(await self._timelines.mentions(person_id, before_id, limit + 1, ANSWER_BYTES), limit)

    async def with_files(
        self, reader_id: int, room_id: int, before: int | None, limit: int, kind: str | None
    ) -> Found:
        """Return messages of a room with a lower `seq` that have files, or files of a kind."""
        before = _EVER if before is None else before
        found = await self._timelines.with_files(reader_id, room_id, before, limit + 1, ANSWER_BYTES, kind)
        return _found(found, limit)

    async def _page(
        self, reader_id: int, room_id: int, limit: int, up_to_id: int, after: int | None, before: int | None
    ) -> Page | None:
        return await self._timelines.history(
            reader_id, room_id, limit, ANSWER_BYTES, up_to_id, after=after, before=before
        )


def _found(messages: list[MessageNow], limit: int) -> Found:
    """Return the first `limit` of these messages; the query asked for one more."""
    size = sum(map(json_bytes, messages))
    may_have_more = len(messages) > limit or (messages != [] and size + LONGEST_JSON > ANSWER_BYTES)
    return Found(messages[:limit], may_have_more)


def _ends_before(page: Page, seq: int) -> bool:
    return bool(page.messages) and page.messages[-1].seq < min(seq, page.seq)
