"""Messages in PostgreSQL: group commit in one statement, history by ranges of `seq`."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import asyncpg

from chat.domain.entities import Conversation, Draft, Message, MessageKind, Pair, Peer, People, SupportOf
from chat.domain.outcomes import KeyUsed, Repeated, Saved
from chat.storage.postgres import message_queries as queries
from chat.storage.postgres.database import Database
from chat.storage.postgres.writer import RawConnection, Writer


class PostgresMessages:
    """The port `Messages`: writes by the journal's own connection, reads by the pool."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def save(self, drafts: Sequence[Draft]) -> list[Saved]:
        if any(draft.key is not None for draft in drafts):
            return await self._save_with_keys(drafts)
        shares: dict[int, _Share] = {}
        places = [shares.setdefault(draft.room_id, _Share()).add(draft.sender_id) for draft in drafts]
        rooms = sorted(shares)
        arguments = (
            rooms,
            [shares[room_id].size for room_id in rooms],
            [shares[room_id].last_sender for room_id in rooms],
            [shares[room_id].last_other for room_id in rooms],
            [draft.room_id for draft in drafts],
            places,
            [draft.sender_id for draft in drafts],
            [draft.kind.value for draft in drafts],
            [draft.text for draft in drafts],
            [draft.created_at for draft in drafts],
        )
        rows = await self._writer.run(lambda connection: connection.fetch(queries.SAVE, *arguments))
        numbers = _Numbers(rows[0]["last_id"] if rows else 0, rows)
        return [numbers.next(draft) for draft in drafts]

    async def _save_with_keys(self, drafts: Sequence[Draft]) -> list[Saved]:
        digests = [None if draft.key is None else _digest(draft) for draft in drafts]
        arguments = (
            sorted({draft.room_id for draft in drafts}),
            [draft.room_id for draft in drafts],
            [draft.sender_id for draft in drafts],
            [draft.kind.value for draft in drafts],
            [draft.text for draft in drafts],
            [draft.created_at for draft in drafts],
            [draft.key for draft in drafts],
            digests,
        )

        async def save(connection: RawConnection) -> list[asyncpg.Record]:
            while True:
                try:
                    return await connection.fetch(queries.SAVE_WITH_KEYS, *arguments)
                except asyncpg.UniqueViolationError as error:
                    # Another server used a key while this one waited for the log. Nothing was saved; it is known now.
                    if error.constraint_name != "messages_client_key":
                        raise

        rows = await self._writer.run(save)
        bases = [row for row in rows if row["nth"] is None]
        numbers = _Numbers(bases[0]["id"] if bases else 0, bases)
        known: dict[int | tuple[int, str], _Known] = {
            row["nth"] - 1: _Known(_known(row, drafts[row["nth"] - 1]), row["key_digest"])
            for row in rows
            if row["nth"] is not None
        }
        saved: list[Saved] = []
        for nth, (draft, digest) in enumerate(zip(drafts, digests, strict=True)):
            key = draft.sender_id, draft.key or ""
            if digest is not None and (earlier := known.get(nth) or known.get(key)):
                saved.append(earlier.answer(digest))
                continue
            message = numbers.next(draft)
            if digest is not None and message is not None:
                known[key] = _Known(message, digest)
            saved.append(message)
        return saved

    async def read_log(self, after_id: int, limit: int, most_bytes: int) -> list[Message]:
        # By the writer's connection: once it is connected, no earlier one of this server still writes.
        rows = await self._writer.run(lambda c: c.fetch(queries.READ_LOG, after_id, limit, most_bytes))
        return [_message(row, _people(row)) for row in rows]

    async def delete(self, message_id: int) -> bool:
        return await self._database.write(lambda c: c.fetchval(queries.DELETE, message_id)) is not None

    async def page(self, room_id: int, after: int, up_to: int, most_bytes: int) -> list[Message]:
        rows = await self._database.read(lambda c: c.fetch(queries.PAGE, room_id, after, up_to, most_bytes))
        return [_message(row) for row in rows]

    async def before(self, room_id: int, up_to_id: int, limit: int, most_bytes: int) -> list[Message]:
        rows = await self._database.read(
            lambda c: c.fetch(queries.BEFORE, room_id, up_to_id, limit, most_bytes)
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

    async def conversations(self, limit: int, most_bytes: int) -> list[Conversation]:
        rows = await self._database.read(lambda c: c.fetch(queries.CONVERSATIONS, limit, most_bytes))
        return [
            Conversation(row["creator_id"], row["person_name"], _message(row), row["unread"]) for row in rows
        ]


class _Share:
    """What a batch adds to one room: how much, by whom the last, and the place of the last by anybody else."""

    __slots__ = ("last_other", "last_sender", "size")

    def __init__(self) -> None:
        self.size = self.last_sender = self.last_other = 0

    def add(self, sender_id: int) -> int:
        """Count one more draft and return its place: 1, 2, 3 …"""
        if sender_id != self.last_sender:
            self.last_sender, self.last_other = sender_id, self.size
        self.size += 1
        return self.size


class _Numbers:
    """Gives a batch's drafts their numbers, in their order: where the log and each room were, and one more for each."""

    def __init__(self, last_id: int, rooms: Sequence[asyncpg.Record]) -> None:
        self._id = last_id
        self._places = {row["room_id"]: _Place(row["seq"], row["pos"]) for row in rooms}

    def next(self, draft: Draft) -> Message | None:
        """Return what a draft that was not saved before became; None: its room is gone."""
        place = self._places.get(draft.room_id)
        if place is None:
            return None
        self._id += 1
        place.seq += 1
        place.pos += 1
        return Message(
            self._id,
            draft.room_id,
            place.seq,
            draft.sender_id,
            draft.sender_name,
            draft.text,
            draft.created_at,
            draft.kind,
            draft.people,
            place.pos,
        )


class _Place:
    """How far one room is."""

    __slots__ = ("pos", "seq")

    def __init__(self, seq: int, pos: int) -> None:
        self.seq = seq
        self.pos = pos


class _Known(NamedTuple):
    """What was saved with a key, and the digest of what was sent."""

    message: Message
    digest: bytes

    def answer(self, digest: bytes) -> Repeated | KeyUsed:
        """Answer a draft of the same key."""
        return Repeated(self.message) if digest == self.digest else KeyUsed(message=self.message)


def _digest(draft: Draft) -> bytes:
    # As sql/0006 makes it for what was there before.
    return hashlib.sha256(f"{draft.room_id}\n{draft.text}".encode()).digest()


def _known(row: asyncpg.Record, draft: Draft) -> Message:
    people = draft.people if row["room_id"] == draft.room_id else None
    return Message(
        row["id"],
        row["room_id"],
        row["seq"],
        draft.sender_id,
        draft.sender_name,
        row["text"],
        row["created_at"],
        MessageKind(row["kind"]),
        people,
        row["pos"],
    )


def _people(row: asyncpg.Record) -> People:
    if row["low_id"] is not None:
        return Pair(row["low_id"], row["high_id"])
    return None if row["person_id"] is None else SupportOf(Peer(row["person_id"], row["person_name"]))


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
    )
