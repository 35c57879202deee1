"""Rooms and memberships in PostgreSQL."""

from collections.abc import Collection, Mapping, Sequence

import asyncpg

from chat.domain.entities import Person, Room, RoomKind, RoomSummary
from chat.domain.ports import RemovalStep, Taken
from chat.domain.rooms.membership import AccessRecord, Member, PublicRoom, RoomRole
from chat.domain.text.rules import same_name_key
from chat.storage.postgres import member_queries
from chat.storage.postgres.database import Database
from chat.storage.postgres.features import StoredFeature
from chat.storage.postgres.name_parts import find_by_part
from chat.storage.postgres.people import people_of
from chat.storage.postgres.removal import remove_deleted
from chat.storage.postgres.session import Connection

_COLUMNS = """rooms.id, rooms.kind, rooms.name, rooms.creator_id, rooms.is_private, rooms.last_seq, rooms.last_pos,
    rooms.topic, rooms.archived_at IS NOT NULL AS is_archived,
    extract(epoch FROM rooms.created_at)::float8 AS created_at"""

_BY_ID = f"SELECT {_COLUMNS} FROM rooms WHERE id = $1 AND deleted_at IS NULL"
ACCESS = f"""
SELECT {_COLUMNS}, CASE WHEN ban.user_id IS NULL THEN own.role ELSE 'banned' END AS role,
    pair.low_id, pair.high_id, person.id AS person_id, person.name AS person_name,
    coalesce(low.deleted_at, high.deleted_at, person.deleted_at) IS NOT NULL AS is_over,
    own.role IS NULL AND rooms.creator_id = $2 AND EXISTS (
        SELECT FROM memberships JOIN users ON users.id = user_id
        WHERE room_id = rooms.id AND role = 'owner' AND users.deleted_at IS NULL
    ) AS has_owner,
    EXISTS (
        SELECT FROM blocks
        WHERE blocked_id = $2
          AND user_id = CASE $2 WHEN pair.low_id THEN pair.high_id WHEN pair.high_id THEN pair.low_id END
    ) AS is_blocked
FROM rooms
LEFT JOIN memberships own ON own.room_id = rooms.id AND own.user_id = $2
LEFT JOIN bans ban ON ban.room_id = rooms.id AND ban.user_id = $2
LEFT JOIN LATERAL (SELECT * FROM direct_rooms WHERE rooms.kind = 'direct' AND room_id = rooms.id LIMIT 1) AS pair
    ON true
LEFT JOIN LATERAL (SELECT * FROM users WHERE id = pair.low_id LIMIT 1) AS low ON true
LEFT JOIN LATERAL (SELECT * FROM users WHERE id = pair.high_id LIMIT 1) AS high ON true
LEFT JOIN LATERAL (SELECT * FROM users WHERE rooms.kind = 'support' AND id = rooms.creator_id LIMIT 1) AS person
    ON true
WHERE rooms.id = $1 AND rooms.deleted_at IS NULL"""
_CREATE = f"""
INSERT INTO rooms (kind, name, name_key, creator_id, is_private, topic) VALUES ('room', $1, $2, $3, $4, $5)
RETURNING {_COLUMNS}"""
_ADD_MEMBER = "INSERT INTO memberships (room_id, user_id) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_IS_MEMBER = """
SELECT true FROM memberships JOIN rooms ON rooms.id = room_id
WHERE room_id = $1 AND user_id = $2 AND deleted_at IS NULL"""
_MEMBERS_AMONG = """
SELECT room_id, user_id FROM unnest($1::bigint[], $2::bigint[]) AS asked(room_id, user_id)
JOIN memberships USING (room_id, user_id) JOIN rooms ON rooms.id = room_id WHERE deleted_at IS NULL"""
_OF_MEMBER = """
SELECT room_id FROM memberships JOIN rooms ON rooms.id = room_id
WHERE user_id = $1 AND kind = 'room' AND deleted_at IS NULL ORDER BY room_id"""
_SUPPORT = f"""
SELECT {_COLUMNS} FROM rooms JOIN users ON users.id = creator_id
WHERE kind = 'support' AND creator_id = $1 AND users.deleted_at IS NULL"""
_MAKE_SUPPORT = """
INSERT INTO rooms (kind, creator_id) SELECT 'support', id FROM users WHERE id = $1 AND deleted_at IS NULL
ON CONFLICT (creator_id) WHERE kind = 'support' DO NOTHING"""
_DIRECT = f"""
SELECT {_COLUMNS} FROM direct_rooms JOIN rooms ON rooms.id = room_id
JOIN users low ON low.id = low_id JOIN users high ON high.id = high_id
WHERE low_id = $1 AND high_id = $2 AND low.deleted_at IS NULL AND high.deleted_at IS NULL"""
_MAKE_ROOM = """
INSERT INTO rooms (kind) SELECT 'direct' FROM users low, users high
WHERE low.id = $1 AND high.id = $2 AND low.deleted_at IS NULL AND high.deleted_at IS NULL
    AND NOT low.is_visitor AND NOT high.is_visitor RETURNING id"""
_MAKE_DIRECT = "INSERT INTO direct_rooms (low_id, high_id, room_id) VALUES ($1, $2, $3)"
# Rows are locked in key order, whatever the plan, so that transactions do not deadlock.
# text[] is the only array type that asyncpg knows; for bigint[] it queries the type, on each connection.
MARK_DELIVERED = """
WITH locked AS MATERIALIZED (
    SELECT memberships.room_id, memberships.user_id, given.seq
    FROM unnest($1::text[]::bigint[], $2::text[]::bigint[], $3::text[]::bigint[]) AS given(room_id, user_id, seq)
    JOIN memberships USING (room_id, user_id)
    WHERE delivered_seq < given.seq
    ORDER BY memberships.room_id, memberships.user_id
    FOR NO KEY UPDATE OF memberships
)
UPDATE memberships SET delivered_seq = locked.seq FROM locked
WHERE memberships.room_id = locked.room_id AND memberships.user_id = locked.user_id
  AND delivered_seq < locked.seq"""


class PostgresRooms:
    """The port `Rooms`."""

    def __init__(self, database: Database, features: Sequence[StoredFeature] = ()) -> None:
        self._database = database
        self._removals = [each.removal for each in features if each.removal is not None]

    async def by_id(self, room_id: int) -> Room | None:
        return _room(await self._database.read(lambda c: c.fetchrow(_BY_ID, room_id)))

    async def access(self, room_id: int, person_id: int) -> AccessRecord | None:
        row = await self._database.read(lambda c: c.fetchrow(ACCESS, room_id, person_id))
        return None if row is None else _access(row)

    async def members(self, room_id: int, after_id: int, limit: int) -> list[Member]:
        rows = await self._database.read(lambda c: c.fetch(member_queries.MEMBERS, room_id, after_id, limit))
        return [_member(row) for row in rows]

    async def banned(self, room_id: int, after_id: int, limit: int) -> list[Member]:
        rows = await self._database.read(lambda c: c.fetch(member_queries.BANNED, room_id, after_id, limit))
        return [_member(row) for row in rows]

    async def joinable(self, person_id: int, part: str, after: str, limit: int) -> list[PublicRoom]:
        async def joinable(connection: Connection) -> list[asyncpg.Record]:
            return await find_joinable(connection, person_id, part, after, limit)

        return [PublicRoom(**row) for row in await self._database.read(joinable)]

    async def create(self, name: str, creator_id: int, *, is_private: bool, topic: str = "") -> Room | Taken:
        async def create(connection: Connection) -> Room | Taken:
            try:
                room = _room(
                    await connection.fetchrow(
                        _CREATE, name, same_name_key(name), creator_id, is_private, topic
                    )
                )
            except asyncpg.UniqueViolationError:
                return Taken("name")
            assert room is not None
            await connection.execute(_ADD_MEMBER, room.id, creator_id)
            return room

        return await self._database.write(create)

    async def summaries(self, part: str, after_id: int, limit: int) -> list[RoomSummary]:
        async def summaries(connection: Connection) -> list[asyncpg.Record]:
            return await find_summaries(connection, part, after_id, limit)

        rows = await self._database.read(summaries)
        return [RoomSummary(**{**row, "kind": RoomKind(row["kind"])}) for row in rows]

    async def remove_deleted(self, limit: int) -> RemovalStep | None:
        return await self._database.write(
            lambda connection: remove_deleted(connection, limit, self._removals)
        )

    async def is_member(self, room_id: int, person_id: int) -> bool:
        return await self._database.read(lambda c: c.fetchval(_IS_MEMBER, room_id, person_id)) is not None

    async def members_among(self, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
        columns = [list(column) for column in zip(*pairs, strict=True)] or [[], []]
        rows = await self._database.read(lambda c: c.fetch(_MEMBERS_AMONG, *columns))
        return {(row["room_id"], row["user_id"]) for row in rows}

    async def of_member(self, person_id: int) -> list[int]:
        return [row["room_id"] for row in await self._database.read(lambda c: c.fetch(_OF_MEMBER, person_id))]

    async def support_room(self, person_id: int) -> Room | None:
        async def make(connection: Connection) -> asyncpg.Record | None:
            await connection.execute(_MAKE_SUPPORT, person_id)
            return await connection.fetchrow(_SUPPORT, person_id)

        known = _room(await self._database.read(lambda c: c.fetchrow(_SUPPORT, person_id)))
        return known or _room(await self._database.write(make))

    async def direct_room(self, one_id: int, other_id: int) -> Room | None:
        low, high = sorted((one_id, other_id))

        async def make(connection: Connection) -> int | None:
            try:
                room_id = await connection.fetchval(_MAKE_ROOM, low, high)
                if room_id is None:
                    return None  # no such people
                await connection.execute(_MAKE_DIRECT, low, high, room_id)
                for person_id in {low, high}:
                    await connection.execute(_ADD_MEMBER, room_id, person_id)
            except asyncpg.UniqueViolationError:
                return None  # another call created it; the transaction is rolled back
            return int(room_id)

        known = _room(await self._database.read(lambda c: c.fetchrow(_DIRECT, low, high)))
        if known is not None:
            return known
        await self._database.write(make)
        return _room(await self._database.read(lambda c: c.fetchrow(_DIRECT, low, high)))

    async def mark_delivered(self, positions: Mapping[tuple[int, int], int]) -> None:
        # In one order, so that transactions do not deadlock.
        marks = sorted((room_id, person_id, seq) for (room_id, person_id), seq in positions.items())
        columns = [list(map(str, column)) for column in zip(*marks, strict=True)] or [[], [], []]
        await self._database.write_statement(lambda c: c.execute(MARK_DELIVERED, *columns))


async def find_joinable(
    connection: Connection, person_id: int, part: str, after: str, limit: int
) -> list[asyncpg.Record]:
    """Return the rows of `Rooms.joinable`; asyncio-flavoured."""
    key, asked = same_name_key(part), (person_id, same_name_key(after))
    if not key:
        return await connection.fetch(member_queries.JOINABLE, key, *asked, limit)
    near, by_parts = member_queries.JOINABLE_NEAR, member_queries.JOINABLE_BY_PARTS
    return await find_by_part(connection, near, by_parts, key, *asked, limit=limit)


async def find_summaries(
    connection: Connection, part: str, after_id: int, limit: int
) -> list[asyncpg.Record]:
    """Return the rows of `Rooms.summaries`; asyncio-flavoured."""
    key = same_name_key(part)
    if not key:
        return await connection.fetch(member_queries.SUMMARIES, key, after_id, limit)
    near, by_parts = member_queries.SUMMARIES_NEAR, member_queries.SUMMARIES_BY_PARTS
    return await find_by_part(connection, near, by_parts, key, after_id, limit=limit)


def _room(row: asyncpg.Record | None) -> Room | None:
    return None if row is None else Room(**{**row, "kind": RoomKind(row["kind"])})


def _access(row: asyncpg.Record) -> AccessRecord:
    of_room = {name: row[name] for name in Room.__struct_fields__}
    return AccessRecord(
        Room(**{**of_room, "kind": RoomKind(row["kind"])}),
        None if row["role"] is None else RoomRole(row["role"]),
        people_of(row),
        row["is_over"],
        bool(row["has_owner"]),
        row["is_blocked"],
    )


def _member(row: asyncpg.Record) -> Member:
    of_person = {name: value for name, value in row.items() if name not in ("role", "joined_at")}
    return Member(Person(**of_person), RoomRole(row["role"]), row["joined_at"])
