"""Messages in PostgreSQL: saved on the writer's connection (`saving.py`), read as ranges of `seq`."""

from collections.abc import Sequence

import asyncpg

from chat.domain.entities import Conversation, Draft, Message, MessageKind, Pair, People
from chat.domain.messages.changes import Change, Write
from chat.domain.messages.outcomes import KeyUsed, Repeated, Saved
from chat.domain.messages.review import Review
from chat.storage.postgres import message_queries as queries
from chat.storage.postgres.change_rows import ChangeRows
from chat.storage.postgres.converting import save_converted
from chat.storage.postgres.database import Database
from chat.storage.postgres.drafts import answer_from
from chat.storage.postgres.features import StoredFeature, converters_of, savers_of
from chat.storage.postgres.files import files_of
from chat.storage.postgres.people import people_of
from chat.storage.postgres.writer import Writer

_END = 2**63 - 1
"""No `seq` and no id is higher."""

_SAID = frozenset(MessageKind)
"""The kinds of row of the log that are messages."""


class PostgresMessages:
    """The port `Messages`: writes use the journal's connection, reads use the pool."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        features: Sequence[StoredFeature] = (),
        review: Review | None = None,
    ) -> None:
        self._database = database
        self._writer = writer
        self._rows = ChangeRows(features)
        self._savers = savers_of(features)
        self._converters = converters_of(features)
        self._review = review or Review()

    async def save(self, writes: Sequence[Write]) -> list[Saved]:
        asked = self._review.asked(writes)
        saved, notified = await self._writer.run(
            lambda c: save_converted(c, writes, asked, self._savers, self._converters)
        )
        # No await between the commit and the notice.
        self._review.notify(notified)
        return saved

    async def repeated(self, draft: Draft) -> Repeated | KeyUsed | None:
        if draft.key is None:
            return None
        row = await self._database.read(lambda c: c.fetchrow(queries.BY_KEY, draft.sender_id, draft.key))
        return None if row is None else answer_from(row, draft)

    async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Change]:
        rows = await self._database.read(lambda c: c.fetch(queries.READ_LOG, after_id, limit, most_bytes))
        return [
            _logged(row, people) if row["what"] in _SAID else self._rows.decode(row, people)
            for row, people in ((row, people_of(row)) for row in rows)
        ]

    async def by_id(self, message_id: int) -> Message | None:
        row = await self._database.read(lambda c: c.fetchrow(queries.BY_ID, message_id))
        return None if row is None else _message(row)

    async def timeline(
        self,
        room_id: int,
        limit: int,
        most_bytes: int,
        *,
        after: int | None = None,
        before: int | None = None,
        up_to_id: int | None = None,
    ) -> list[Message]:
        last_seq, last_id = _END if before is None else before - 1, _END if up_to_id is None else up_to_id
        query = queries.TIMELINE_TO if after is None else queries.TIMELINE_FROM
        begin = () if after is None else (after,)
        rows = await self._database.read(
            lambda c: c.fetch(query, room_id, last_seq, last_id, limit, most_bytes, *begin)
        )
        return [_message(row) for row in rows]

    async def undelivered(
        self, person_id: int, after_id: int, up_to_id: int, limit: int, most_bytes: int
    ) -> list[Message]:
        rows = await self._database.read(
            lambda c: c.fetch(queries.UNDELIVERED, person_id, after_id, up_to_id, limit, most_bytes)
        )
        return [_message(row, Pair(row["sender_id"], person_id)) for row in rows]

    async def newest_id(self) -> int:
        return int(await self._database.read(lambda c: c.fetchval(queries.NEWEST_ID)))

    async def settled_id(self) -> int:
        # On the writer's connection: once it is open, no earlier connection of this server can still commit.
        return int(await self._writer.run(lambda c: c.fetchval(queries.NEWEST_ID)))

    async def conversations(self, limit: int, most_bytes: int) -> list[Conversation]:
        rows = await self._database.read(lambda c: c.fetch(queries.CONVERSATIONS, limit, most_bytes))
        return [
            Conversation(row["creator_id"], row["person_name"], _message(row), row["unread"]) for row in rows
        ]


def _logged(row: asyncpg.Record, people: People) -> Message:
    return Message(
        row["message_id"],
        row["room_id"],
        row["message_seq"],
        row["sender_id"],
        row["sender_name"],
        row["text"],
        row["created_at"],
        MessageKind(row["what"]),
        people,
        row["message_pos"],
        row["reply_seq"],
        tuple(row["mentions"] or ()),
        files_of(row),
        row["root"],
    )


def _message(row: asyncpg.Record, people: People = None) -> Message:
    return Message(
        row["id"],
        row["room_id"],
        row["seq"],
        row["sender_id"],
        row["sender_name"],
        row["text"],
        row["created_at"],
        MessageKind(row["kind"]),
        people,
        row["pos"],
        files=files_of(row),
    )
