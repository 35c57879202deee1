"""What a room's snapshot for one person says: whose it is, and how it is told in a sync. All of it is sync and pure."""

from collections.abc import Collection, Mapping, Sequence

from chat.domain.entities import Pair, Peer, People, Person, RoomKind, SupportOf
from chat.domain.timeline import Position, PositionState, RoomSnapshot, Span, Standing
from chat.protocols.native.conversions import room_fields
from chat.protocols.native.frames import Reset, RoomEvent

_MOST_CHANGES = 20_000
"""Changes that are told one by one in one sync; the rooms after those are told as they are."""

_RESETS: dict[PositionState, Reset] = {
    PositionState.OTHER_HISTORY: "other_history",
    PositionState.ERASED: "erased",
}


def is_of_another(person: Person, room: RoomSnapshot) -> bool:
    """Whether it is somebody else's support conversation."""
    return room.kind is RoomKind.SUPPORT and room.peer is not None and room.peer.id != person.id


def is_of_one_among(person_ids: Collection[int], room: RoomSnapshot) -> bool:
    """Whether it is the support conversation of one of these."""
    return room.kind is RoomKind.SUPPORT and room.peer is not None and room.peer.id in person_ids


def is_closed_to(person: Person, room: RoomSnapshot) -> bool:
    """Whether it is somebody else's support conversation, and closed."""
    return room.support is not None and room.support.is_closed and is_of_another(person, room)


def people_of(room: RoomSnapshot, person: Person) -> People:
    """Return the people that it is for."""
    if room.peer is None:
        return None
    if room.kind is RoomKind.DIRECT:
        return Pair(person.id, room.peer.id)
    return SupportOf(Peer(room.peer.id, room.peer.name))


def steps_of_sync(
    snapshots: Sequence[RoomSnapshot], known: Mapping[int, Position], standings: Mapping[int, Standing]
) -> list[Span | RoomEvent]:
    """Return how these rooms are told, in their order: by the changes since a known position, or as they are."""
    left = _MOST_CHANGES
    steps: list[Span | RoomEvent] = []
    for room in snapshots:
        standing = standings.get(room.id)
        if standing is None:
            steps.append(RoomEvent(**room_fields(room)))
            continue
        missing = standing.up_to - known[room.id].pos
        if standing.state is not PositionState.GOOD or missing > left:
            steps.append(RoomEvent(**room_fields(room), reset=_RESETS.get(standing.state, "too_far")))
        elif missing:
            left -= missing
            steps.append(Span(room.id, known[room.id].pos, standing.up_to))
    return steps
