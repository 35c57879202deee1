"""The reads of a sync in PostgreSQL: snapshots, missed changes, history and read marks."""

from collections.abc import Collection, Mapping, Sequence

import asyncpg
import msgspec

from chat.domain.entities import MessageKind, Person, RoomKind, Visit
from chat.domain.messages.changes import RoomDeleted, SupportChanged
from chat.domain.messages.reading import ReadMark, ReadState
from chat.domain.messages.sync_types import (
    ChangeRange,
    ConversationCounts,
    KnownAt,
    MessageNow,
    Page,
    PositionState,
    QueuePlace,
    ReactionCount,
    ReplayedChange,
    ResumeCheck,
    RoomsAt,
    RoomSnapshot,
    SupportStatus,
    TextVersion,
)
from chat.domain.rooms.membership import Notify, OwnSettings, RoomRole
from chat.storage.postgres import history_queries, replay_queries, support_queries
from chat.storage.postgres import timeline_queries as queries
from chat.storage.postgres.change_rows import ChangeRows
from chat.storage.postgres.database import Database
from chat.storage.postgres.features import StoredFeature
from chat.storage.postgres.files import files_of
from chat.storage.postgres.session import Connection
from chat.storage.postgres.support import assignee_of

_END = 2**63 - 1
"""No `seq` is higher."""

_KINDS = {kind.value: kind for kind in RoomKind}

_STATES = {state.value: state for state in PositionState}

_SAID = frozenset(MessageKind)
"""The kinds of row of the log that are messages."""

_REACTED = msgspec.json.Decoder(tuple[tuple[int, str], ...])

_REACTIONS = msgspec.json.Decoder(tuple[ReactionCount, ...])

_OTHERS = msgspec.json.Decoder(tuple[Person, ...])


class PostgresTimelines:
    """The port `Timelines`."""

    def __init__(self, database: Database, features: Sequence[StoredFeature] = ()) -> None:
        self._database = database
        self._rows = ChangeRows(features)

    async def rooms_of(self, person_ids: Collection[int]) -> dict[int, dict[int, RoomKind]]:
        rows = await self._database.read(lambda c: c.fetch(queries.ROOMS_OF, list(person_ids)))
        rooms = {person_id: dict[int, RoomKind]() for person_id in person_ids}
        for whose_id, room_id, kind in rows:
            rooms[whose_id][room_id] = _KINDS[kind]
        return rooms

    async def snapshots(self, asked: Sequence[RoomsAt]) -> list[list[RoomSnapshot]]:
        people, cuts = [each.person_id for each in asked], [each.up_to_id for each in asked]
        of_all = [nth for nth, each in enumerate(asked, 1) if each.room_ids is None]
        wanted = [(nth, room_id) for nth, each in enumerate(asked, 1) for room_id in each.room_ids or ()]
        places, rooms = [nth for nth, _ in wanted], [room_id for _, room_id in wanted]
        rows = await self._database.read(
            lambda c: c.fetch(queries.SNAPSHOTS, people, cuts, of_all, places, rooms)
        )
        snapshots: list[list[RoomSnapshot]] = [[] for _ in asked]
        for row in rows:
            snapshots[row["nth"] - 1].append(_snapshot(row))
        return snapshots

    async def members_of_conversations(self, room_ids: Collection[int]) -> dict[int, int]:
        rows = await self._database.read(lambda c: c.fetch(queries.MEMBERS_OF_CONVERSATIONS, list(room_ids)))
        return {row["id"]: row["members"] for row in rows}

    async def resume_checks(self, known: Sequence[KnownAt]) -> list[ResumeCheck | None]:
        positions, cuts = [each.position for each in known], [each.up_to_id for each in known]
        rooms, places = [each.room_id for each in positions], [each.pos for each in positions]
        times = [each.at for each in positions]
        rows = await self._database.read(
            lambda c: c.fetch(replay_queries.RESUME_CHECKS, rooms, places, times, cuts)
        )
        resume_checks: list[ResumeCheck | None] = [None] * len(known)
        for nth, room_id, state, up_to, seq, newest_id in rows:
            resume_checks[nth - 1] = ResumeCheck(room_id, _STATES[state], up_to, seq, newest_id)
        return resume_checks

    async def replay(
        self, reader_ids: Collection[int], ranges: Sequence[ChangeRange], most_bytes: int
    ) -> list[list[ReplayedChange]]:
        rooms, after, up_to = (
            [s.room_id for s in ranges],
            [s.after for s in ranges],
            [s.up_to for s in ranges],
        )
        rows = await self._database.read(
            lambda c: c.fetch(replay_queries.REPLAY, list(reader_ids), rooms, after, up_to, most_bytes)
        )
        replayed: list[list[ReplayedChange]] = [[] for _ in ranges]
        for row in rows:
            replayed[row["nth"] - 1].append(self._replayed(row))
        return replayed

    def _replayed(self, row: asyncpg.Record) -> ReplayedChange:
        if row["what"] in _SAID:
            return _replayed_message(row)
        change = self._rows.decode(row)
        assert not isinstance(change, RoomDeleted)  # of a deleted room nothing is replayed
        return ReplayedChange(change)

    async def history(
        self,
        reader_id: int,
        room_id: int,
        limit: int,
        most_bytes: int,
        up_to_id: int,
        *,
        after: int | None = None,
        before: int | None = None,
    ) -> Page | None:
        query = history_queries.HISTORY_TO if after is None else history_queries.HISTORY_FROM
        bounds = after or 0, _END if before is None else before - 1
        rows = await self._database.read(
            lambda c: c.fetch(query, reader_id, up_to_id, room_id, *bounds, limit, most_bytes)
        )
        if not rows:
            return None
        messages = [message_now(row, room_id) for row in rows if row["message_id"] is not None]
        return Page(messages, rows[0]["room_pos"], rows[0]["room_seq"], rows[0]["room_first"])

    async def texts(self, room_id: int, seq: int, limit: int, most_bytes: int) -> list[TextVersion]:
        rows = await self._database.read(
            lambda c: c.fetch(history_queries.TEXTS, room_id, seq, limit, most_bytes, _END)
        )
        return [TextVersion(row["text"], row["created_at"]) for row in rows]

    async def mentions(self, person_id: int, before_id: int, limit: int, most_bytes: int) -> list[MessageNow]:
        rows = await self._database.read(
            lambda c: c.fetch(history_queries.MENTIONS, person_id, before_id, limit, most_bytes)
        )
        return [message_now(row, row["room_id"]) for row in rows]

    async def with_files(
        self, reader_id: int, room_id: int, before: int, limit: int, most_bytes: int, kind: str | None = None
    ) -> list[MessageNow]:
        asked = reader_id, room_id, before, limit, most_bytes
        rows = await self._database.read(
            lambda c: (
                c.fetch(history_queries.WITH_FILES, *asked)
                if kind is None
                else c.fetch(history_queries.WITH_FILES_OF_KIND, *asked, kind)
            )
        )
        return [message_now(row, room_id) for row in rows]

    async def mark_read(self, marks: Mapping[tuple[int, int], ReadMark], *, durable: bool = True) -> None:
        rows = [(room_id, person_id, mark.seq, mark.is_back) for (room_id, person_id), mark in marks.items()]
        rooms, people, seqs, back = [[str(row[nth]) for row in rows] for nth in range(4)]

        async def mark(connection: Connection) -> int:
            found: int = await connection.fetchval(queries.MARK_READ, rooms, people, seqs, back, not durable)
            return found

        async def make_and_mark(connection: Connection) -> None:
            await connection.execute(queries.MAKE_MARKS, rooms, people)
            await mark(connection)

        if await self._database.write_statement(mark) < len(rows):  # some marks do not exist yet
            await self._database.write(make_and_mark)

    async def reads_since(self, person_id: int, since: float) -> list[ReadState]:
        rows = await self._database.read(lambda c: c.fetch(queries.READS_SINCE, person_id, since))
        return [ReadState(**row) for row in rows]

    async def shared_reads(self, room_id: int, person_ids: Collection[int]) -> dict[int, int]:
        rows = await self._database.read(lambda c: c.fetch(queries.SHARED_READS, room_id, list(person_ids)))
        return {row["id"]: row["read"] for row in rows}

    async def set_own(self, room_id: int, person_id: int, settings: OwnSettings) -> bool:
        wanted = settings.notify, settings.is_hidden, settings.is_starred
        done = await self._database.write(lambda c: c.fetchval(queries.SET_OWN, room_id, person_id, *wanted))
        return bool(done)

    async def support_queue(
        self, after: QueuePlace, limit: int, *, is_closed: bool | None = None, assignee_id: int | None = None
    ) -> list[QueuePlace]:
        place = after.rank, after.number, after.room_id
        rows = await self._database.read(
            lambda c: c.fetch(support_queries.QUEUE, is_closed, assignee_id, *place, limit)
        )
        return [QueuePlace(**row) for row in rows]

    async def first_conversations(self, operator_id: int, limit: int) -> set[int]:
        async def read(connection: Connection) -> set[int]:
            own = await connection.fetch(support_queries.OWN, operator_id)
            first = [
                await connection.fetch(support_queries.QUEUE, False, assignee_id, 0, 0, 0, limit)
                for assignee_id in (None, operator_id)
            ]
            return {row["room_id"] for rows in (own, *first) for row in rows}

        return await self._database.read(read)

    async def support_changes(self, room_id: int, limit: int) -> list[SupportChanged]:
        rows = await self._database.read(lambda c: c.fetch(support_queries.CHANGES, room_id, limit))
        return [
            SupportChanged(
                row["id"],
                room_id,
                row["pos"],
                row["actor_id"],
                row["is_closed"],
                assignee_of(row),
                row["waiting_since"],
                row["created_at"],
            )
            for row in reversed(rows)
        ]

    async def count_conversations(self, operator_id: int) -> ConversationCounts:
        (row,) = await self._database.read(lambda c: c.fetch(queries.COUNT_CONVERSATIONS, operator_id))
        return ConversationCounts(**row)


def _snapshot(row: asyncpg.Record) -> RoomSnapshot:
    return RoomSnapshot(
        id=row["id"],
        kind=RoomKind(row["kind"]),
        name=row["name"],
        topic=row["topic"],
        picture=row["picture"],
        is_private=row["is_private"],
        is_archived=row["is_archived"],
        slow_seconds=row["slow_seconds"],
        role=RoomRole(row["role"]),
        members=row["members"],
        pos=row["pos"],
        at=row["at"],
        seq=row["seq"],
        first=row["first_seq"],
        read=row["read"],
        unread=row["unread"],
        mentions=row["mentioned"],
        notify=Notify(row["notify"]),
        is_hidden=row["is_hidden"],
        is_starred=row["is_starred"],
        last=None if row["message_id"] is None else message_now(row, row["id"]),
        peer=None if row["peer_id"] is None else _peer(row),
        others=None if row["others"] is None else _OTHERS.decode(row["others"]),
        support=SupportStatus(row["is_closed"], assignee_of(row), row["waiting_since"])
        if row["kind"] == "support"
        else None,
        visit=_visit(row) if row["peer_is_visitor"] else None,
    )


def _visit(row: asyncpg.Record) -> Visit:
    return Visit(email=row["visit_email"], page=row["visit_page"], is_verified=row["visit_is_verified"])


def _peer(row: asyncpg.Record) -> Person:
    return Person(
        id=row["peer_id"],
        name=row["peer_name"],
        display_name=row["peer_display_name"],
        picture=row["peer_picture"],
        status_emoji=row["peer_status_emoji"],
        status_text=row["peer_status_text"],
        status_until=row["peer_status_until"],
        is_operator=row["peer_is_operator"],
        is_moderator=row["peer_is_moderator"],
        is_admin=row["peer_is_admin"],
        is_visitor=row["peer_is_visitor"],
        is_disabled=row["peer_is_disabled"],
        created_at=row["peer_created_at"],
        changed_at=row["peer_changed_at"],
    )


def _replayed_message(row: asyncpg.Record) -> ReplayedChange:
    reacted = row["reacted"]
    return ReplayedChange(
        message_now(row, row["room_id"]), row["own_key"], () if reacted is None else _REACTED.decode(reacted)
    )


def message_now(row: asyncpg.Record, room_id: int) -> MessageNow:
    """Return the message of a row with the columns of `timeline_queries.MESSAGE`."""
    reactions = row["reactions"]
    return MessageNow(
        id=row["message_id"],
        room_id=room_id,
        seq=row["message_seq"],
        pos=row["message_pos"],
        changed_pos=row["changed_pos"],
        sender_id=row["sender_id"],
        sender_name=row["sender_name"],
        kind=MessageKind(row["message_kind"]),
        text=row["text"],
        created_at=row["created_at"],
        key=row["key"],
        edited_at=row["edited_at"],
        deleted_at=row["deleted_at"],
        deleted_by=row["deleted_by"],
        reactions=() if reactions is None else _REACTIONS.decode(reactions),
        reply=row["reply_seq"],
        mentions=tuple(row["mentions"] or ()),
        files=files_of(row),
        root=row["root"],
    )
