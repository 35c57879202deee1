"""One person's results of the timeline ports, which answer for several people at once."""

from collections.abc import Collection, Sequence

from chat.domain.messages.sync_types import (
    ChangeRange,
    KnownAt,
    Position,
    Replayed,
    ResumeCheck,
    RoomsAt,
    RoomSnapshot,
)
from chat.domain.ports import Storage


async def replay(
    storage: Storage, reader_id: int, ranges: Sequence[ChangeRange], most_bytes: int
) -> list[Replayed]:
    """Return the changes of these ranges as one reader sees them."""
    got = await storage.timelines.replay([reader_id], ranges, most_bytes)
    return [change.seen_by(reader_id) for changes in got for change in changes]


async def resume_checks(storage: Storage, positions: Sequence[Position], up_to_id: int) -> list[ResumeCheck]:
    """Return where a client stands with these positions, but for rooms that are gone."""
    found = await storage.timelines.resume_checks([KnownAt(each, up_to_id) for each in positions])
    return [check for check in found if check is not None]


async def snapshots(
    storage: Storage, person_id: int, up_to_id: int, among: Collection[int] | None = None
) -> list[RoomSnapshot]:
    """Return one person's rooms, or those among these."""
    asked = RoomsAt(person_id, up_to_id, None if among is None else tuple(among))
    (got,) = await storage.timelines.snapshots([asked])
    return got
