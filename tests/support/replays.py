"""What one person is told in a sync: the port tells it for several."""

from collections.abc import Collection, Sequence

from chat.domain.ports import Storage
from chat.domain.timeline import KnownAt, Position, Replayed, RoomsAt, RoomSnapshot, Span, Standing


async def replay(storage: Storage, reader_id: int, spans: Sequence[Span], most_bytes: int) -> list[Replayed]:
    """Return the changes of these spans as one reader sees them."""
    told = await storage.timelines.replay([reader_id], spans, most_bytes)
    return [change.seen_by(reader_id) for changes in told for change in changes]


async def standings(storage: Storage, positions: Sequence[Position], up_to_id: int) -> list[Standing]:
    """Return where a client stands with these positions, but for rooms that are gone."""
    found = await storage.timelines.standings([KnownAt(each, up_to_id) for each in positions])
    return [standing for standing in found if standing is not None]


async def snapshots(
    storage: Storage, person_id: int, up_to_id: int, among: Collection[int] | None = None
) -> list[RoomSnapshot]:
    """Return one person's rooms, or those among these."""
    asked = RoomsAt(person_id, up_to_id, None if among is None else tuple(among))
    (told,) = await storage.timelines.snapshots([asked])
    return told
