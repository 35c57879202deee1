"""Runs searches: few at once, people in turn, each with a deadline and charged for its time."""

import time
from collections.abc import Callable

import msgspec
import trio

from chat.domain.features import Port
from chat.domain.limits.fair_limiter import FairLimiter, Kind
from chat.domain.messages.sync_types import MessageNow
from chat.domain.refusals import Code, Refusal
from chat.features.search.index import Search, SearchIndex
from chat.features.search.query import Highlighter

_AT_ONCE = 2
"""Concurrent searches; the other database connections stay free."""

_MOST_WAITING = 100
_MOST_WAITING_EACH = 8
"""Waiting searches, of all people and of one."""

_PATIENCE = 5.0
"""Most seconds that a search waits for its turn."""

_LONGEST = 2.0
"""Most seconds of a search in the database."""

BUSY = Refusal(Code.TOO_MANY, "too many searches at once, try again", retry_after=5, reason="searches_busy")
TOO_LONG = Refusal(
    Code.TOO_MANY,
    "the search takes too long: look for other words, or in one room, by one person or in a shorter time",
    retry_after=10,
    reason="search_too_slow",
)


class Found(msgspec.Struct, frozen=True):
    """A found message, and its text in pieces, alternately plain and matching."""

    message: MessageNow
    pieces: list[str]


class SearchRunner:
    """Runs searches in `index`. `clock` measures their time, in seconds."""

    def __init__(self, index: SearchIndex, *, clock: Callable[[], float] = time.perf_counter) -> None:
        self._index = index
        self._clock = clock
        self._places = FairLimiter(_AT_ONCE, most=_MOST_WAITING, most_each=_MOST_WAITING_EACH)

    async def find(self, search: Search, charge: Callable[[float], object]) -> list[Found] | Refusal:
        """Return the found messages, or BUSY or TOO_LONG.

        `charge` is called with the seconds of database and event loop that the search used, however it ends. Raises
        StorageDown. Cancelling ends the query; its time is charged.
        """
        if self._places.is_full(Kind.SEARCH, search.person_id):
            return BUSY
        with trio.move_on_after(_PATIENCE) as waiting:
            await self._places.acquire(Kind.SEARCH, search.person_id)
        if waiting.cancelled_caught:
            return BUSY
        try:
            return await self._run(search, charge)
        finally:
            self._places.release()

    async def _run(self, search: Search, charge: Callable[[float], object]) -> list[Found] | Refusal:
        begun = self._clock()
        try:
            with trio.move_on_after(_LONGEST) as running:
                messages = await self._index.find(search)
        finally:
            charge(self._clock() - begun)
        if running.cancelled_caught:
            return TOO_LONG
        highlighter = Highlighter(search.query)
        found: list[Found] = []
        for message in messages:
            begun = self._clock()
            found.append(Found(message, highlighter.pieces_of(message.text)))
            charge(self._clock() - begun)
            await trio.lowlevel.checkpoint()  # a long text takes milliseconds
        return found


SEARCHES = Port[SearchRunner]("searches")
