"""Search in PostgreSQL: words of our own making in a tsvector, with the room and the sender as two more of them."""

from collections.abc import Sequence
from itertools import groupby

import asyncpg
import trio

from chat.domain.search import MOST_RANKED, Progress, Search
from chat.domain.searching import Query, Term
from chat.domain.timeline import MessageNow
from chat.domain.words import words_of
from chat.storage.postgres import search_queries as queries
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import LAZILY, Connection
from chat.storage.postgres.timelines import message_now

_MOST_ROOMS = 64
"""Rooms of a person that the index may be asked for; who is in more has a good part of all messages."""

_AT_ONCE = 2
"""Searches that read at once; the other connections are left for everybody else."""

_STEP = 1000
"""Entries of the log that are read at once."""


class PostgresSearchIndex:
    """The port `SearchIndex`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places = trio.CapacityLimiter(_AT_ONCE)

    async def find(self, search: Search) -> list[MessageNow]:
        async def find(connection: Connection) -> list[MessageNow]:
            low, high = 0, search.before_id
            if search.since is not None or search.before is not None:
                bounds = await connection.fetchrow(queries.BOUNDS, search.since, search.before, high)
                assert bounds is not None
                low, high = bounds["low"], bounds["high"]
            limit = MOST_RANKED if search.is_best else search.limit
            asked = _tsquery(search.query)
            if search.sender_id is not None:
                asked += f" & '@{search.sender_id}'"
            if search.room_id is not None:
                asked += f" & '#{search.room_id}'"
            span = search.room_id, low, high
            found = await connection.fetch(queries.AMONG_NEWEST, search.person_id, asked, *span, limit)
            if len(found) < limit:
                weigh = queries.WEIGH, search.person_id, asked, *span, _MOST_ROOMS + 1
                weighed = await connection.fetchrow(*weigh) if search.room_id is None else None
                if weighed is not None and _is_rarer_by_rooms(weighed):
                    in_rooms = " | ".join(f"'#{room_id}'" for room_id in weighed["rooms"])
                    asked += f" & ({in_rooms})"
                found = await connection.fetch(queries.BY_INDEX, search.person_id, asked, *span, limit)
            if search.is_best:
                found = sorted(found, key=lambda row: (row["rank"], row["id"]), reverse=True)
            ids = [row["id"] for row in found[: search.limit]]
            rows = await connection.fetch(queries.FOUND, search.person_id, ids, search.most_bytes)
            return [message_now(row, row["room_id"]) for row in rows]

        async with self._places:
            return await self._database.read(find)

    async def index(self, most_bytes: int) -> Progress:
        async def index(connection: Connection) -> Progress:
            is_ours = await connection.fetchval(queries.TRY_LOCK)
            place = await connection.fetchrow(queries.WRITTEN)
            assert place is not None
            if not is_ours or place["written"] >= place["newest"]:
                return Progress(place["written"], is_ours)
            await connection.execute(LAZILY)
            entries = await connection.fetch(queries.LOG, place["written"], _STEP, most_bytes)
            last_id = (
                entries[-1]["id"] if entries else place["newest"]
            )  # what was there is removed with its room
            now = {entry["message_id"]: entry for entry in entries if entry["message_id"] is not None}
            if gone := [message_id for message_id, entry in now.items() if entry["is_deleted"]]:
                await connection.execute(queries.FORGET, gone)
            if left := [entry for entry in now.values() if not entry["is_deleted"]]:
                await connection.execute(
                    queries.WRITE,
                    [entry["message_id"] for entry in left],
                    [entry["room_id"] for entry in left],
                    [_tsvector(entry["text"], entry["room_id"], entry["sender_id"]) for entry in left],
                )
            await connection.execute(queries.GO_ON, last_id)
            return Progress(last_id)

        return await self._database.write(index)


def _is_rarer_by_rooms(weighed: asyncpg.Record) -> bool:
    """Whether the index has less to read where it is asked for the person's rooms too."""
    return 0 < len(weighed["rooms"]) <= _MOST_ROOMS and weighed["inside"] < weighed["found"]


def _tsvector(text: str, room_id: int, sender_id: int) -> str:
    """Return the words as PostgreSQL reads them; they have letters, digits and marks alone."""
    places = sorted((word, place) for place, word in words_of(text))
    words = (
        f"'{word}':{','.join(str(place) for _, place in group)}"
        for word, group in groupby(places, key=lambda each: each[0])
    )
    return f"'#{room_id}' '@{sender_id}' {' '.join(words)}"


def _tsquery(query: Query) -> str:
    terms = [_term(term) for term in query.terms]
    return " & ".join([*terms, *(f"!{_term(term)}" for term in query.without)])


def _term(term: Term) -> str:
    asked: Sequence[str] = [f"'{word}':*" if is_begun else f"'{word}'" for word, is_begun in term.asked()]
    return f"({' <-> '.join(asked)})"
