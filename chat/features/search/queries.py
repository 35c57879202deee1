"""Search in PostgreSQL: our own words in a tsvector, with the room and the sender as two more words."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import asyncpg

from chat.domain.messages.files import searched_text
from chat.domain.messages.sync_types import MessageNow
from chat.features.search import statements as queries
from chat.features.search.index import MOST_RANKED, Progress, Search
from chat.features.search.query import Term
from chat.features.search.words import words_of
from chat.storage.postgres.database import Database
from chat.storage.postgres.files import files_of
from chat.storage.postgres.session import ASYNC_COMMIT, Connection
from chat.storage.postgres.timelines import message_now

_MOST_ROOMS = 64
"""Most rooms of a person in an index query; people in more rooms see a good part of all messages."""

_FEW = 3
"""Messages of a sample; the index is also used for terms that at most so many of them have."""

_SHORTER = 8
"""Messages that are scanned in the time in which the index returns one."""

_MOST_MORE = 100_000
"""Messages that are scanned after the newest ones, in some thirty milliseconds."""

_MARGIN = 2
"""Factor of scanned messages over the expected number."""

_MOST_PARTS = 8
"""Terms whose rarity is measured in a sample; each is looked up in all of it."""

_STEP = 1000
"""Log entries that are read at once."""

_LONGEST_SPLITTING = 0.003
"""Seconds of splitting texts at once; an unusual text takes some milliseconds."""


class PostgresSearchIndex:
    """The port `SearchIndex`. `clock` measures how long the event loop is held, in seconds."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.thread_time) -> None:
        self._database = database
        self._clock = clock

    async def find(self, search: Search) -> list[MessageNow]:
        async def find(connection: Connection) -> list[MessageNow]:
            ids = await _ids(connection, search)
            if search.is_best:
                best = await connection.fetch(queries.BEST_FIRST, ids, _query_text(search))
                ids = [row["id"] for row in best[: search.limit]]
            rows = await connection.fetch(queries.FOUND, search.person_id, ids, search.most_bytes)
            return [message_now(row, row["room_id"]) for row in rows]

        return await self._database.read(find)

    async def index(self, most_bytes: int) -> Progress:
        async def index(connection: Connection) -> Progress:
            is_ours = await connection.fetchval(queries.TRY_LOCK)
            place = await connection.fetchrow(queries.WRITTEN)
            assert place is not None
            if not is_ours or place["written"] >= place["newest"]:
                return Progress(place["written"], is_ours)
            await connection.execute(ASYNC_COMMIT)
            entries = await connection.fetch(queries.LOG, place["written"], _STEP, most_bytes)
            step = _split(entries, self._clock)
            if step.gone:
                await connection.execute(queries.FORGET, step.gone)
            if step.words:
                rooms, words = zip(*step.words.values(), strict=True)
                await connection.execute(queries.WRITE, [*step.words], rooms, words)
            # Without entries, what was there is removed with its room.
            last_id = place["newest"] if step.last_id is None else step.last_id
            await connection.execute(queries.GO_ON, last_id)
            return Progress(last_id)

        return await self._database.write(index)


class _Step(NamedTuple):
    """One batch: deleted messages, rooms and words by message, and the last log entry."""

    gone: list[int]
    words: dict[int, tuple[int, str]]
    last_id: int | None


def _split(entries: Iterable[asyncpg.Record], clock: Callable[[], float]) -> _Step:
    """Split the texts of entries into words until the time is over, of at least one. Sync.

    How long a text takes is not known from its length: a character may be eighteen letters.
    """
    until = clock() + _LONGEST_SPLITTING
    gone: list[int] = []
    words: dict[int, tuple[int, str]] = {}
    last_id = None
    for entry in entries:
        last_id, message_id = entry["id"], entry["message_id"]
        if entry["is_deleted"]:
            gone.append(message_id)
        elif message_id is not None and message_id not in words:
            text = searched_text(entry["text"], files_of(entry))
            vector = _tsvector(text, entry["room_id"], entry["sender_id"])
            words[message_id] = entry["room_id"], vector
        if clock() >= until:
            break
    return _Step(gone, words, last_id)


async def _ids(connection: Connection, search: Search) -> list[int]:
    """Return the ids of the newest matching messages, newest first."""
    low, high = 0, search.before_id
    if search.since is not None or search.before is not None:
        bounds = await connection.fetchrow(queries.BOUNDS, search.since, search.before, high)
        assert bounds is not None
        low, high = bounds["low"], bounds["high"]
    limit = MOST_RANKED if search.is_best else search.limit
    parts, asked = _parts(search), (search.person_id, _query_text(search), search.room_id, low)
    look = queries.AMONG_NEWEST, *asked, high, limit, parts, _MOST_ROOMS + 1, queries.NEWEST
    row = await connection.fetchrow(*look)
    assert row is not None
    ids: list[int] = row["ids"]
    if len(ids) == limit or row["looked"] < queries.NEWEST or not row["rooms"]:
        return ids
    counted = [*zip(row["counts"], parts, strict=True)]
    if search.room_id is None and len(row["rooms"]) <= _MOST_ROOMS:
        counted.append((row["inside"], f"({' | '.join(map(_room_word, row['rooms']))})"))
    rarest = min(count for count, _ in counted)
    sample = Sample(row["sampled"], rarest, row["hits"], row["looked"] * row["below"] // row["span"])
    if more := sample.more_to_scan(limit - len(ids)):
        found = await connection.fetch(queries.AMONG_MORE, *asked, row["lowest"], limit - len(ids), more)
        ids += [each["id"] for each in found]
    if len(ids) < limit:
        part = " & ".join(part for count, part in counted if count <= 2 * rarest + _FEW)
        found = await connection.fetch(queries.BY_INDEX, *asked, high, limit, part)
        ids = [each["id"] for each in found]
    return ids


class Sample(NamedTuple):
    """A sample: its size, how many messages have the query's rarest indexed part, and how many match.

    `left` is about how many messages were not scanned yet.
    """

    size: int
    rarest: int
    found: int
    left: int

    def more_to_scan(self, wanted: int) -> int:
        """Return how many more messages to scan for the wanted ones; 0: the index has less to read.

        The scan may cost as much as the index would, if far fewer messages should suffice.
        """
        most = min(_SHORTER * self.left * self.rarest // self.size, _MOST_MORE)
        return most if self.found and _MARGIN * self.size * wanted <= most * self.found else 0


def _query_text(search: Search) -> str:
    terms = [_term(term) for term in search.query.terms]
    without = [f"!{_term(term)}" for term in search.query.without]
    return " & ".join([*terms, *_narrowing(search), *without])


def _parts(search: Search) -> list[str]:
    """Return the terms that a message must have and the index can find; of many words, the longest."""
    terms = sorted(search.query.terms, key=lambda term: max(map(len, term.words)), reverse=True)
    parts = [_term(term) for term in terms[:_MOST_PARTS]]
    return [*parts, *_narrowing(search)]


def _narrowing(search: Search) -> list[str]:
    words = []
    if search.sender_id is not None:
        words.append(f"'@{search.sender_id}'")
    if search.room_id is not None:
        words.append(_room_word(search.room_id))
    return words


def _room_word(room_id: int) -> str:
    return f"'#{room_id}'"


def _tsvector(text: str, room_id: int, sender_id: int) -> str:
    """Return the words as a tsquery, in any order; they consist of letters, digits and marks."""
    words = " ".join([f"'{word}':{place}" for place, word in words_of(text)])
    return f"{_room_word(room_id)} '@{sender_id}' {words}"


def _term(term: Term) -> str:
    asked: Sequence[str] = [f"'{word}':*" if is_begun else f"'{word}'" for word, is_begun in term.asked()]
    return f"({' <-> '.join(asked)})"


async def remove_words(connection: Connection, room_id: int, after: int, up_to: int) -> None:
    """Remove the words of messages that are about to be removed."""
    # The indexer may have read these messages: it writes their words before this, or finds no messages after it.
    await connection.execute(queries.LOCK)
    await connection.execute(queries.FORGET_RANGE, room_id, after, up_to)
