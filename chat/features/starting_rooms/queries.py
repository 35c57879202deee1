"""The rooms that new people start in, in PostgreSQL. Triggers add the due items of new people."""

from chat.domain.administration.audit import Act, What
from chat.domain.refusals import NO_ROOM, Refusal
from chat.features.starting_rooms.port import MOST, NOT_PUBLIC, TOO_MANY
from chat.storage.postgres.audit import note
from chat.storage.postgres.database import Database
from chat.storage.postgres.session import Connection

# Of several writers one at a time counts and adds.
_LOCK = f"SELECT pg_advisory_xact_lock({0x73746172})"  # "star"
_ALL = "SELECT room_id FROM starting_rooms ORDER BY room_id"
# FOR SHARE: a change that makes it private comes after this, and removes it from the list.
_ROOM = "SELECT is_private FROM rooms WHERE id = $1 AND kind = 'room' AND deleted_at IS NULL FOR SHARE"
_ADD = "INSERT INTO starting_rooms (room_id) VALUES ($1) ON CONFLICT DO NOTHING RETURNING true"
_REMOVE = "DELETE FROM starting_rooms WHERE room_id = $1 RETURNING true"


class PostgresStartingRooms:
    """The port `StartingRooms`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[int]:
        return await self._database.read(_all)

    async def switch(self, room_id: int, by_id: int, *, is_on: bool) -> list[int] | Refusal:
        async def switch(connection: Connection) -> list[int] | Refusal:
            await connection.execute(_LOCK)
            room = await connection.fetchrow(_ROOM, room_id)
            if room is None:
                return NO_ROOM
            before = await _all(connection)
            if is_on and room["is_private"]:
                return NOT_PUBLIC
            if is_on and room_id not in before and len(before) >= MOST:
                return TOO_MANY
            if await connection.fetchval(_ADD if is_on else _REMOVE, room_id):
                what = What.STARTING_ROOM_ADDED if is_on else What.STARTING_ROOM_REMOVED
                await note(connection, [Act(by_id=by_id, what=what, room_id=room_id)])
            return await _all(connection)

        return await self._database.write(switch)


async def _all(connection: Connection) -> list[int]:
    return [row["room_id"] for row in await connection.fetch(_ALL)]
