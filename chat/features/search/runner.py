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

_WITHOUT_REST = 0.005
_REST = 4.0
"""Seconds of the event loop that a search may use without a rest, and how much longer than its work later rests are."""

_SLICE = 0.0005
"""Seconds after which a text's next step waits for its next turn. A step may take twice as long.

A message passes the event loop some ten times. If each pass waited for a whole long text, the message would take 0.1 s.
"""

_MOST_LONG = 20
_MOST_LONG_EACH = 2
"""Searches with long texts, of all people and of one, whose found messages are in memory."""

_LONGEST_OF_LOOP = 10.0
"""Most seconds that the texts of a search take, with turns and rests: alone, 50 of the longest take two."""

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
        self._long = FairLimiter(1, most=_MOST_LONG, most_each=_MOST_LONG_EACH)

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
            messages = await self._query(search, charge)
        finally:
            self._places.release()
        if messages is None:
            return TOO_LONG
        with trio.move_on_after(_LONGEST_OF_LOOP):
            return await self._highlight(search, messages, charge)
        return BUSY

    async def _query(self, search: Search, charge: Callable[[float], object]) -> list[MessageNow] | None:
        """Return the messages, or None if the database takes too long."""
        begun = self._clock()
        try:
            with trio.move_on_after(_LONGEST):
                return await self._index.find(search)
        finally:
            charge(self._clock() - begun)
        return None

    async def _highlight(
        self, search: Search, messages: list[MessageNow], charge: Callable[[float], object]
    ) -> list[Found] | Refusal:
        """Split the texts into pieces. Long texts of all searches take turns, with a rest after each slice."""
        highlighter = Highlighter(search.query)
        found: list[Found] = []
        used = 0.0

        async def split(message: MessageNow, rest: float) -> None:
            nonlocal used
            steps = highlighter.pieces_of(message.text)
            pieces: list[str] | None = None
            while pieces is None:
                begun = now = self._clock()
                while pieces is None and now - begun < _SLICE:
                    pieces = next(steps)
                    now = self._clock()
                charge(now - begun)
                used += now - begun
                await trio.sleep(rest * (now - begun))
            found.append(Found(message, pieces))

        for message in messages:
            if used < _WITHOUT_REST:
                await split(message, rest=0.0)
                continue
            if self._long.is_full(Kind.SEARCH, search.person_id):
                return BUSY
            await self._long.acquire(Kind.SEARCH, search.person_id)
            try:
                await split(message, _REST)
            finally:
                self._long.release()
        return found


SEARCHES = Port[SearchRunner]("searches")
