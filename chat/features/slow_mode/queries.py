"""How a slow mode is saved in PostgreSQL."""

from collections.abc import Sequence

from chat.domain.messages.outcomes import Saved
from chat.features.slow_mode.changes import (
    SLOW_MODE,
    SetSlowMode,
    SlowModeSet,
    change_slow_mode,
    slow_mode_act,
    slow_mode_refusal,
)
from chat.storage.postgres.audit import note
from chat.storage.postgres.features import append_changes
from chat.storage.postgres.room_authority import find
from chat.storage.postgres.writer import RawConnection

_BEFORE = "SELECT slow_seconds FROM rooms WHERE id = $1"
_SET = "UPDATE rooms SET slow_seconds = $2 WHERE id = $1"
_FORGET = "DELETE FROM slow_mode_sends WHERE room_id = $1"


async def save_slow_modes(connection: RawConnection, writes: Sequence[SetSlowMode]) -> list[Saved]:
    """Set the slow modes of rooms, one by one; None: no such room or person. Asyncio-flavoured."""
    return [await _save(connection, write) for write in writes]


async def _save(connection: RawConnection, write: SetSlowMode) -> Saved:
    found = await find(connection, write.room_id, write.actor_id, any_kind=True)
    if found is None or found.by is None:
        return None
    if refusal := slow_mode_refusal(found.by, write.seconds):
        return refusal
    before = await connection.fetchval(_BEFORE, write.room_id)
    made = change_slow_mode(found.room, before, write, found.last_id + 1)
    if isinstance(made, SlowModeSet):
        await connection.execute(_SET, write.room_id, made.seconds)
        if not made.seconds:
            await connection.execute(_FORGET, write.room_id)
        await append_changes(connection, SLOW_MODE, [made])
        await note(connection, [slow_mode_act(made)])
    return made
