"""Slow mode in PostgreSQL: which drafts of a batch come too early, and when people last sent; asyncio-flavoured.

The caller's transaction holds the locks of the log and the rooms, so no other server saves a message meanwhile.
"""

from collections.abc import Sequence

from chat.domain.entities import Draft
from chat.domain.refusals import Refusal
from chat.domain.rooms.slow_mode import Pace, Turns
from chat.storage.postgres.used_keys import used_keys
from chat.storage.postgres.writer import RawConnection

# Those of these people to whom slow mode applies there (`domain/rooms/slow_mode.py`), by the database's clock.
_PACES = """
SELECT rooms.id, asked.person_id, slow_seconds,
    slow_seconds - extract(epoch FROM clock_timestamp() - last.sent_at)::float8 AS rest
FROM unnest($1::bigint[], $2::bigint[]) AS asked(room_id, person_id)
JOIN rooms ON rooms.id = asked.room_id AND slow_seconds > 0 AND archived_at IS NULL
JOIN users ON users.id = asked.person_id AND NOT is_admin AND NOT is_visitor AND NOT (is_moderator AND NOT is_private)
LEFT JOIN memberships AS own ON own.room_id = rooms.id AND own.user_id = asked.person_id
LEFT JOIN slow_mode_sends AS last ON last.room_id = rooms.id AND last.person_id = asked.person_id
WHERE own.role IS NULL OR own.role = 'member'"""
_NOTE = """
INSERT INTO slow_mode_sends (room_id, person_id, sent_at)
SELECT room_id, person_id, clock_timestamp() FROM unnest($1::bigint[], $2::bigint[]) AS sent(room_id, person_id)
ON CONFLICT (room_id, person_id) DO UPDATE SET sent_at = excluded.sent_at"""


async def take_turns(connection: RawConnection, drafts: Sequence[Draft]) -> list[Refusal | None]:
    """Return for each draft why it comes too early, None: it does not; and note that these people send now."""
    senders = sorted({(draft.room_id, draft.sender_id) for draft in drafts})
    rows = await connection.fetch(_PACES, *map(list, zip(*senders, strict=True)))
    paces = {(row["id"], row["person_id"]): Pace(row["slow_seconds"], row["rest"]) for row in rows}
    used = await used_keys(connection, (each for each in drafts if (each.room_id, each.sender_id) in paces))
    turns = Turns(paces, used)
    refusals = [turns.refusal(draft) for draft in drafts]
    if turns.sent:
        await connection.execute(_NOTE, *map(list, zip(*sorted(turns.sent), strict=True)))
    return refusals
