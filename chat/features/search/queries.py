"""Search in PostgreSQL: our own words in a tsvector, with the room and the sender as two more words."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import asyncpg
import structlog
import trio

from chat.domain.entities import File
from chat.domain.failures import StorageError
from chat.domain.messages.files import searched_text
from chat.domain.messages.sync_types import MessageNow
from chat.features.search import statements as queries
from chat.features.search.index import MOST_RANKED, Progress, Search
from chat.features.search.query import Term
from chat.features.search.words import MARK, marks_of, words_of, words_of_names
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

_MOST_AT_ONCE = 1000
"""Messages that one window should have of the query's rarest part."""

_WIDEST = 64
_WIDER = 4
"""Most buckets of a window, and by how much the next one is wider than one without enough matches."""

_OF_A_PARTITION = 2
"""Buckets of a partition (sql/0040_word_partitions.sql)."""

_STEP = 1000
"""Log entries that are read at once."""

_STEP_OF_BUCKETS = 500
"""Older messages that get their bucket at once, in some 20 milliseconds."""

_STEP_OF_MARKS = 2000
_MOST_MARKED = 100
"""Ids that are looked through at once for older messages that lack what they have, and most messages that get it."""

_RETRY = 30.0
"""Seconds until the next try to add a partition: there is one for whatever comes."""

_LONGEST_SPLITTING = 0.003
"""Seconds of splitting texts at once; an unusual text takes some milliseconds."""

_IN_NAME = f"{MARK}."
"""Before a word of the name of a file."""

logger = structlog.get_logger(__name__)


class PostgresSearchIndex:
    """The port `SearchIndex`. `clock` measures how long the event loop is held, in seconds."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.thread_time) -> None:
        self._database = database
        self._clock = clock
        self._partition_due = 0, -math.inf
        """The id from which on there may be a partition to add, and when to try."""

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
            written, bucketed_from, marked_from = (
                place["written"],
                place["bucketed_from"],
                place["marked_from"],
            )
            if not is_ours:
                return Progress(written, is_ours)
            await connection.execute(ASYNC_COMMIT)
            if written >= place["newest"]:
                if bucketed_from:
                    bucketed_from = await connection.fetchval(queries.BUCKET, bucketed_from, _STEP_OF_BUCKETS)
                elif marked_from:
                    marked_from = await self._mark(connection, marked_from)
                return Progress(written, is_bucketed=not bucketed_from, is_marked=not marked_from)
            entries = await connection.fetch(queries.LOG, written, _STEP, most_bytes)
            step = _split(entries, self._clock)
            if step.gone:
                await connection.execute(queries.FORGET, step.gone)
            await _write(connection, step)
            # Without entries, what was there is removed with its room.
            last_id = place["newest"] if step.last_id is None else step.last_id
            await connection.execute(queries.GO_ON, last_id)
            return Progress(last_id, is_bucketed=not bucketed_from, is_marked=not marked_from)

        progress = await self._database.write(index)
        if progress.is_ours:
            await self._add_partition(progress.last_id)
        return progress

    async def _mark(self, connection: Connection, below: int) -> int:
        """Write what older messages have, and return below which id messages still lack it; asyncio-flavoured."""
        entries = await connection.fetch(queries.UNMARKED, below, _STEP_OF_MARKS, _MOST_MARKED)
        older = _split(entries, self._clock)
        await _write(connection, older)
        is_whole = len(entries) < _MOST_MARKED and len(older.words) == len(entries)
        marked_from = max(below - _STEP_OF_MARKS, 0) if is_whole or older.last_id is None else older.last_id
        await connection.execute(queries.MARKED_FROM, marked_from)
        return marked_from

    async def _add_partition(self, newest_id: int) -> None:
        """Add a partition when it is time. Where that fails, the last one takes all words, and a later try adds it."""

        async def add(connection: Connection) -> int:
            if not await connection.fetchval(queries.TRY_LOCK):
                return newest_id  # another server does it
            await connection.execute(queries.BEGIN_SHORTLY)
            return int(await connection.fetchval(queries.ADD_PARTITION, newest_id))

        from_id, at = self._partition_due
        if newest_id < from_id or trio.current_time() < at:
            return
        try:
            self._partition_due = await self._database.write(add), -math.inf
        except StorageError as error:
            self._partition_due = from_id, trio.current_time() + _RETRY
            logger.info("no new partition of the search's words yet; trying again", error=str(error))


async def read_lag(connection: Connection) -> list[tuple[str, str, float]]:
    """Return how many changes of the log are not indexed yet, as a metric; asyncio-flavoured."""
    place = await connection.fetchrow(queries.WRITTEN)
    assert place is not None
    lag = max(place["newest"] - place["written"], 0)
    return [("chat_search_lag", "Changes of the log that the search does not find yet", lag)]


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
            text, files = entry["text"], files_of(entry)
            vector = vector_of(text, files, message_id, entry["room_id"], entry["sender_id"])
            words[message_id] = entry["room_id"], vector
        if clock() >= until:
            break
    return _Step(gone, words, last_id)


async def _write(connection: Connection, step: _Step) -> None:
    """Write the words of a batch; asyncio-flavoured."""
    if step.words:
        rooms, words = zip(*step.words.values(), strict=True)
        await connection.execute(queries.WITH_BUCKETS)
        await connection.execute(queries.WRITE, [*step.words], rooms, words)


async def _ids(connection: Connection, search: Search) -> list[int]:
    """Return the ids of the newest matching messages, newest first."""
    limit = MOST_RANKED if search.is_best else search.limit
    if search.since is None and search.before is None:
        return await _ids_within(connection, search, 0, search.before_id, limit)
    ids: list[int] = []
    for place in await connection.fetch(queries.PLACES, search.since, search.before, search.before_id):
        ids += await _ids_within(connection, search, place["low"], place["high"], limit - len(ids))
        if len(ids) == limit:
            break
    return ids


async def _ids_within(connection: Connection, search: Search, low: int, high: int, limit: int) -> list[int]:
    """Return at most `limit` of them with an id from `low` on and below `high`."""
    parts, asked = _parts(search), (search.person_id, _query_text(search), search.room_id, low)
    look = queries.AMONG_NEWEST, *asked, high, limit, parts, _MOST_ROOMS + 1, queries.NEWEST
    row = await connection.fetchrow(*look)
    assert row is not None
    ids: list[int] = [*row["ids"]]
    if len(ids) == limit or row["looked"] < queries.NEWEST or not row["rooms"]:
        return ids
    counted = [*zip(row["counts"], parts, strict=True)]
    if search.room_id is None and len(row["rooms"]) <= _MOST_ROOMS:
        counted.append((row["inside"], f"({' | '.join(map(_room_word, row['rooms']))})"))
    rarest = min(count for count, _ in counted)
    is_bucketed = row["bucketed_from"] < row["lowest"]
    left = row["looked"] * row["below"] // row["span"]
    sample = Sample(row["sampled"], rarest, row["hits"], left, is_bucketed)
    if more := sample.more_to_scan(limit - len(ids)):
        found = await connection.fetch(queries.AMONG_MORE, *asked, row["lowest"], limit - len(ids), more)
        ids += [each["id"] for each in found]
    if len(ids) < limit:
        part = " & ".join(part for count, part in counted if count <= 2 * rarest + _FEW)
        ids = [*row["ids"]]
        for begin, end, buckets in _windows(low, row["lowest"], sample.width, row["bucketed_from"]):
            window = *asked[:-1], begin, end, limit - len(ids), part, buckets or part
            ids += [each["id"] for each in await connection.fetch(queries.BY_INDEX, *window)]
            if len(ids) == limit:
                break
    return ids


def _windows(low: int, high: int, width: int, bucketed_from: int) -> Iterator[tuple[int, int, str]]:
    """Yield windows of ids from `high` down to `low`: first id, the one after the last, and the buckets as a tsquery.

    The first has about `width` buckets, and partitions are read whole. Below `bucketed_from` there are none, so that is
    one window, without buckets.
    """
    while low < high:
        if high <= bucketed_from:
            yield low, high, ""
            return
        last = (high - 1) >> queries.BUCKET_BITS
        first = max(last - width + 1, 0)
        begin = max(low, bucketed_from, (first - first % _OF_A_PARTITION) << queries.BUCKET_BITS)
        first = begin >> queries.BUCKET_BITS
        yield begin, high, " | ".join(f"'~{bucket}'" for bucket in range(first, last + 1))
        high, width = begin, min(_WIDER * width, _WIDEST)


class Sample(NamedTuple):
    """A sample: its size, how many messages have the query's rarest indexed part, and how many match.

    `left` is about how many messages were not scanned yet; `is_bucketed`, whether the next ones have their bucket.
    """

    size: int
    rarest: int
    found: int
    left: int
    is_bucketed: bool = True

    @property
    def width(self) -> int:
        """The number of buckets that should have _MOST_AT_ONCE messages with the rarest part."""
        return min(max(_MOST_AT_ONCE * self.size // ((self.rarest + 1) << queries.BUCKET_BITS), 1), _WIDEST)

    def more_to_scan(self, wanted: int) -> int:
        """Return how many more messages to scan for the wanted ones; 0: the index has less to read.

        The scan may cost as much as the index would, if far fewer messages should suffice. Of the index only the
        buckets are read in which the wanted ones should be.
        """
        if not self.found:
            return 0
        searched = self.left
        if self.is_bucketed:
            window = max(_MARGIN * self.size * wanted // self.found, self.width << queries.BUCKET_BITS)
            searched = min(searched, window)
        most = min(_SHORTER * searched * self.rarest // self.size, _MOST_MORE)
        return most if _MARGIN * self.size * wanted <= most * self.found else 0


def _query_text(search: Search) -> str:
    terms = [_term(term, search) for term in search.query.terms]
    without = [f"!{_term(term, search)}" for term in search.query.without]
    return " & ".join([*terms, *_narrowing(search), *without])


def _parts(search: Search) -> list[str]:
    """Return the terms that a message must have and the index can find; of many words, the longest."""
    terms = sorted(search.query.terms, key=lambda term: max(map(len, term.words)), reverse=True)
    parts = [_term(term, search) for term in terms[:_MOST_PARTS]]
    return [*parts, *_narrowing(search)]


def _narrowing(search: Search) -> list[str]:
    words = [f"'{MARK}{mark}'" for mark in search.has]
    if search.sender_id is not None:
        words.append(f"'@{search.sender_id}'")
    if search.room_id is not None:
        words.append(_room_word(search.room_id))
    return words


def _room_word(room_id: int) -> str:
    return f"'#{room_id}'"


def vector_of(text: str, files: Sequence[File], message_id: int, room_id: int, sender_id: int) -> str:
    """Return the words as a tsvector, in any order; they consist of letters, digits and marks."""
    words = [f"'{word}':{place}" for place, word in words_of(searched_text(text, files))]
    words += [f"'{mark}'" for mark in marks_of(text, files)]
    words += [f"'{_IN_NAME}{word}':{place}" for place, word in words_of_names(files)]
    return f"'~{message_id >> queries.BUCKET_BITS}' {_room_word(room_id)} '@{sender_id}' {' '.join(words)}"


def _term(term: Term, search: Search) -> str:
    sign = _IN_NAME if search.in_names else ""
    asked = [f"'{sign}{word}':*" if is_begun else f"'{sign}{word}'" for word, is_begun in term.asked()]
    return f"({' <-> '.join(asked)})"


async def remove_words(connection: Connection, room_id: int, after: int, up_to: int) -> None:
    """Remove the words of messages that are about to be removed."""
    # The indexer may have read these messages: it writes their words before this, or finds no messages after it.
    await connection.execute(queries.LOCK)
    await connection.execute(queries.FORGET_RANGE, room_id, after, up_to)
