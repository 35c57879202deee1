"""What the members of rooms have missed, written into the server's database as the server would have.

It is started again after that: a server that finds thousands of messages which it did not save cuts its clients.
"""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import asyncpg

from bench.scenarios import Scenario

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Known = tuple[tuple[int, int, int], ...]

_SIZE = 64
"""Bytes of a text, as the generator's."""

_COLUMNS = ("id", "room_id", "seq", "pos", "sender_id", "kind", "text", "created_at")

_COUNT = """
UPDATE rooms SET last_seq = $2, last_pos = $2, last_sender_id = each.sender_id
FROM unnest($1::bigint[], $3::bigint[]) AS each(room_id, sender_id) WHERE id = each.room_id"""

_WRITTEN = "UPDATE lanes SET last_id = $1"


async def miss_messages(
    connection: Connection, scenario: Scenario, rooms: Sequence[Sequence[int]], senders: Sequence[int]
) -> list[Known]:
    """Say twice as much as is missed in each group's rooms; return how far the groups' members are.

    What a sync tells, the room with the newest message first, are the texts 0, 1, 2 … of the group.
    """
    began = datetime.fromtimestamp(int(time.time()) - 3600, UTC)
    records: list[tuple[object, ...]] = []
    known: list[Known] = []
    for group, (ids, sender_id) in enumerate(zip(rooms, senders, strict=True)):
        positions = []
        for place, room_id in enumerate(ids):
            for seq, text in enumerate(_texts(group, len(ids) - 1 - place, scenario.missed), 1):
                said_at = began + timedelta(milliseconds=len(records))
                records.append((len(records) + 1, room_id, seq, seq, sender_id, "message", text, said_at))
                if seq == scenario.missed:
                    positions.append((room_id, seq, round(said_at.timestamp() * 1000)))
        known.append(tuple(positions))
    async with connection.transaction():
        await connection.copy_records_to_table("messages", records=records, columns=_COLUMNS)
        every = [(room_id, sender) for ids, sender in zip(rooms, senders, strict=True) for room_id in ids]
        room_ids, sender_ids = map(list, zip(*every, strict=True))
        await connection.execute(_COUNT, room_ids, 2 * scenario.missed, sender_ids)
        await connection.execute(_WRITTEN, len(records))
    await connection.execute("VACUUM ANALYZE")  # as autovacuum does, within minutes
    return known


def _texts(group: int, place: int, missed: int) -> Iterator[str]:
    """Return what was said in one room, which is told so many rooms after the first."""
    padding = "".join(chr(ord("a") + place % 26) for place in range(_SIZE - 16))
    for _ in range(missed):
        yield "known already"
    for number in range(missed * place, missed * (place + 1)):
        yield f"p{group:04}n{number:010}{padding}"
