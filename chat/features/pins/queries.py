"""Pins in PostgreSQL."""

from collections.abc import Sequence

from chat.domain.entities import Peer
from chat.domain.messages.outcomes import Saved
from chat.features.pins.changes import PIN, Pin, Pinned, PinState, pin_refusal
from chat.features.pins.use_cases import PinnedMessage
from chat.storage.postgres.database import Database
from chat.storage.postgres.features import append_changes
from chat.storage.postgres.room_authority import find
from chat.storage.postgres.timeline_queries import MESSAGE
from chat.storage.postgres.timelines import message_now
from chat.storage.postgres.writer import RawConnection

_COUNT = "SELECT count(*) FROM pins WHERE room_id = $1"

_LIST = f"""
SELECT extract(epoch FROM pins.created_at)::float8 AS pinned_at, pins.by_id, pinner.name AS by_name, {MESSAGE}
FROM pins
JOIN rooms ON rooms.id = pins.room_id AND rooms.deleted_at IS NULL
JOIN users AS pinner ON pinner.id = pins.by_id
CROSS JOIN LATERAL (SELECT * FROM messages WHERE room_id = pins.room_id AND seq = pins.seq LIMIT 1) AS m
JOIN users AS sender ON sender.id = m.sender_id
WHERE pins.room_id = $2
ORDER BY pins.pos DESC"""

_STATE = f"""
SELECT EXISTS (
        SELECT FROM messages WHERE room_id = $1 AND seq = $2 AND kind = 'message' AND deleted_at IS NULL
    ) AS is_there,
    EXISTS (SELECT FROM pins WHERE room_id = $1 AND seq = $2) AS is_pinned,
    ({_COUNT}) AS count"""

_PIN = """
INSERT INTO pins (room_id, seq, pos, by_id, created_at) VALUES ($1, $2, $3, $4, to_timestamp($5::float8))"""
_UNPIN = "DELETE FROM pins WHERE room_id = $1 AND seq = $2"


class PostgresPins:
    """The port `Pins`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, reader_id: int, room_id: int) -> "list[PinnedMessage]":
        rows = await self._database.read(lambda connection: connection.fetch(_LIST, reader_id, room_id))
        return [
            PinnedMessage(message_now(row, room_id), row["pinned_at"], Peer(row["by_id"], row["by_name"]))
            for row in rows
        ]

    async def count(self, room_id: int) -> int:
        return int(await self._database.read(lambda connection: connection.fetchval(_COUNT, room_id)))


async def save_pins(connection: RawConnection, pins: Sequence[Pin]) -> list[Saved]:
    """Save pins one by one, as each counts for the next; None: no such room or person. Asyncio-flavoured."""
    return [await _save(connection, pin) for pin in pins]


async def _save(connection: RawConnection, pin: Pin) -> Saved:
    found = await find(connection, pin.room_id, pin.actor_id, any_kind=True)
    if found is None or found.by is None:
        return None
    if refusal := pin_refusal(found.by):
        return refusal
    (row,) = await connection.fetch(_STATE, pin.room_id, pin.seq)
    made = PinState(**row).change(pin, found.last_id + 1, found.room.last_pos + 1)
    if isinstance(made, Pinned):
        where = pin.room_id, pin.seq
        if pin.is_on:
            await connection.execute(_PIN, *where, made.pos, pin.actor_id, pin.created_at)
        else:
            await connection.execute(_UNPIN, *where)
        await append_changes(connection, PIN, [made])
    return made
