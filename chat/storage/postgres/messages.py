"""Messages in PostgreSQL: group commit in one statement, history by ranges of `seq`."""

from collections.abc import Mapping, Sequence

import asyncpg

from chat.model.entities import Conversation, Draft, Message, MessageKind, Peer
from chat.storage.postgres import message_queries as queries
from chat.storage.postgres.database import Database
from chat.storage.postgres.writer import RawConnection, Writer


class PostgresMessages:
    """The port `Messages`: writes by the journal's own connection, reads by the pool."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def save(self, drafts: Sequence[Draft]) -> list[Message | None]:
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
            [draft.key for draft in drafts],
        )

        async def save(connection: RawConnection) -> list[asyncpg.Record]:
            return await connection.fetch(queries.SAVE, *arguments)

        rows = await self._writer.run(save)
        # The k-th row of a room in the order of seq is its k-th draft.
        ids = {(room_id, seq): message_id for room_id, seq, message_id in rows}
        base: dict[int, int] = {}
        for room_id, seq in ids:
            base[room_id] = min(base.get(room_id, seq - 1), seq - 1)
        return [
            _saved(draft, base[draft.room_id] + place, ids) if draft.room_id in base else None
            for draft, place in zip(drafts, places, strict=True)
        ]

    async def settle(self, told: Mapping[int, int], since: float) -> list[Message]:
        async def settle(connection: RawConnection) -> list[asyncpg.Record]:
            return await connection.fetch(queries.SETTLE, list(told), list(told.values()), since)

        return [_message(row) for row in await self._writer.run(settle)]

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
        return [_message(row, Peer(person_id, row["peer_name"])) for row in rows]

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


def _saved(draft: Draft, seq: int, ids: Mapping[tuple[int, int], int]) -> Message:
    return Message(
        ids[draft.room_id, seq],
        draft.room_id,
        seq,
        draft.sender_id,
        draft.sender_name,
        draft.text,
        draft.created_at,
        draft.kind,
        draft.peer,
    )


def _message(row: asyncpg.Record, peer: Peer | None = None) -> Message:
    return Message(
        row["id"],
        row["room_id"],
        row["seq"],
        row["sender_id"],
        row["sender_name"],
        row["text"],
        row["created_at"],
        MessageKind(row["kind"]),
        peer,
    )
