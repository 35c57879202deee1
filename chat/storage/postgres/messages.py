"""Messages in PostgreSQL: group commit in one statement, history by ranges of `seq`."""

from collections.abc import Mapping, Sequence

import asyncpg

from chat.model.entities import Conversation, Draft, Message, MessageKind, Peer
from chat.storage.postgres.database import Database
from chat.storage.postgres.writer import RawConnection, Writer

# One statement is one transaction and one round trip. Each room's counter is raised once, by its share of the
# batch ($1, $2); a draft's seq is where the counter was plus its place in that share ($4). A draft whose room
# is gone finds nothing to join with and is not inserted.
_SAVE = """
WITH counted AS (
    UPDATE rooms SET last_seq = last_seq + share.size
    FROM unnest($1::bigint[], $2::bigint[]) AS share(room_id, size)
    WHERE rooms.id = share.room_id
    RETURNING rooms.id AS room_id, rooms.last_seq - share.size AS base
), saved AS (
    INSERT INTO messages (room_id, seq, sender_id, kind, text, created_at, client_key)
    SELECT counted.room_id, counted.base + draft.place, draft.sender_id, draft.kind, draft.text,
           to_timestamp(draft.created_at), draft.client_key
    FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::float8[], $9::text[])
        WITH ORDINALITY AS draft(room_id, place, sender_id, kind, text, created_at, client_key, nth)
    JOIN counted USING (room_id)
    ORDER BY draft.nth  -- so that ids ascend as the drafts were given, and in a room with seq
    RETURNING room_id, seq, id, kind, sender_id
), joined AS (
    INSERT INTO memberships (room_id, user_id)
    SELECT room_id, sender_id FROM saved WHERE kind = 'join'
    ON CONFLICT DO NOTHING
)
SELECT room_id, seq, id FROM saved"""

_COLUMNS = """m.id, m.room_id, m.seq, m.sender_id, u.name AS sender_name, m.text,
    extract(epoch FROM m.created_at)::float8 AS created_at, m.kind"""

_SETTLE = f"""
SELECT {_COLUMNS}
FROM unnest($1::bigint[], $2::bigint[]) AS told(room_id, seq)
JOIN messages m ON m.room_id = told.room_id AND m.seq > told.seq AND m.created_at >= to_timestamp($3)
JOIN users u ON u.id = m.sender_id
ORDER BY m.id"""

_PAGE = f"""
SELECT {_COLUMNS}
FROM messages m JOIN users u ON u.id = m.sender_id
WHERE m.room_id = $1 AND m.seq > $2 AND m.seq <= $3
ORDER BY m.seq"""

_BEFORE = f"""
SELECT {_COLUMNS}
FROM messages m JOIN users u ON u.id = m.sender_id
WHERE m.room_id = $1 AND m.id <= $2
ORDER BY m.seq DESC LIMIT $3"""

_UNDELIVERED = f"""
SELECT {_COLUMNS}, p.name AS peer_name
FROM memberships own
JOIN users p ON p.id = own.user_id
JOIN direct_rooms d ON d.room_id = own.room_id
JOIN messages m ON m.room_id = own.room_id AND m.seq > own.delivered_seq
JOIN users u ON u.id = m.sender_id
WHERE own.user_id = $1 AND m.id <= $2 AND (m.sender_id <> $1 OR d.low_id = d.high_id)
ORDER BY m.id"""

_NEWEST_ID = "SELECT coalesce(max(id), 0) FROM messages"

# Unread: what came after the newest message that is not the person's own.
_CONVERSATIONS = f"""
SELECT r.creator_id, p.name AS person_name,
       r.last_seq - coalesce((SELECT max(a.seq) FROM messages a
                              WHERE a.room_id = r.id AND a.sender_id <> r.creator_id), 0) AS unread,
       {_COLUMNS}
FROM rooms r
JOIN users p ON p.id = r.creator_id
JOIN messages m ON m.room_id = r.id AND m.seq = r.last_seq
JOIN users u ON u.id = m.sender_id
WHERE r.kind = 'support'
ORDER BY m.id DESC LIMIT $1"""


class PostgresMessages:
    """The port `Messages`: writes by the journal's own connection, reads by the pool."""

    def __init__(self, database: Database, writer: Writer) -> None:
        self._database = database
        self._writer = writer

    async def save(self, drafts: Sequence[Draft]) -> list[Message | None]:
        shares: dict[int, int] = {}
        places = []
        for draft in drafts:
            place = shares[draft.room_id] = shares.get(draft.room_id, 0) + 1
            places.append(place)
        # Rooms in the order of their ids, so that two transactions can't wait for each other.
        rooms = sorted(shares)
        arguments = (
            rooms,
            [shares[room_id] for room_id in rooms],
            [draft.room_id for draft in drafts],
            places,
            [draft.sender_id for draft in drafts],
            [draft.kind.value for draft in drafts],
            [draft.text for draft in drafts],
            [draft.created_at for draft in drafts],
            [draft.key for draft in drafts],
        )

        async def save(connection: RawConnection) -> list[asyncpg.Record]:
            return await connection.fetch(_SAVE, *arguments)

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
            return await connection.fetch(_SETTLE, list(told), list(told.values()), since)

        return [_message(row) for row in await self._writer.run(settle)]

    async def page(self, room_id: int, after: int, up_to: int) -> list[Message]:
        rows = await self._database.read(lambda c: c.fetch(_PAGE, room_id, after, up_to))
        return [_message(row) for row in rows]

    async def before(self, room_id: int, up_to_id: int, limit: int) -> list[Message]:
        rows = await self._database.read(lambda c: c.fetch(_BEFORE, room_id, up_to_id, limit))
        return [_message(row) for row in rows]

    async def undelivered(self, person_id: int, up_to_id: int) -> list[Message]:
        rows = await self._database.read(lambda c: c.fetch(_UNDELIVERED, person_id, up_to_id))
        return [_message(row, Peer(person_id, row["peer_name"])) for row in rows]

    async def newest_id(self) -> int:
        return int(await self._database.read(lambda c: c.fetchval(_NEWEST_ID)))

    async def conversations(self, limit: int) -> list[Conversation]:
        rows = await self._database.read(lambda c: c.fetch(_CONVERSATIONS, limit))
        return [
            Conversation(row["creator_id"], row["person_name"], _message(row), row["unread"]) for row in rows
        ]


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
