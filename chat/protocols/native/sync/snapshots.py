"""Decides from snapshots and positions how a sync sends each room: by changes or as it is. Sync and pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from chat.domain.entities import Pair, Peer, People, Person, RoomKind, SupportOf
from chat.domain.messages.sync_types import (
    MOST_REPLAYED,
    ChangeRange,
    Position,
    PositionState,
    ResumeCheck,
    RoomSnapshot,
)
from chat.operations.conversions import room_fields
from chat.protocols.native.wire.frames import MoreEvent, ReadEvent, Reset, RoomEvent
from chat.protocols.native.wire.live_frames import MembersEvent

_RESETS: dict[PositionState, Reset] = {
    PositionState.OTHER_HISTORY: "other_history",
    PositionState.ERASED: "erased",
}


def is_of_another(person: Person, room: RoomSnapshot) -> bool:
    """Whether it is another person's support conversation."""
    return room.kind is RoomKind.SUPPORT and room.peer is not None and room.peer.id != person.id


def is_of_one_among(person_ids: Collection[int], room: RoomSnapshot) -> bool:
    """Whether it is the support conversation of one of these people."""
    return room.kind is RoomKind.SUPPORT and room.peer is not None and room.peer.id in person_ids


def is_closed_to(person: Person, room: RoomSnapshot) -> bool:
    """Whether it is another person's closed support conversation."""
    return room.support is not None and room.support.is_closed and is_of_another(person, room)


def people_of(room: RoomSnapshot, person: Person) -> People:
    """Return the people of a direct room or a support conversation; None for other rooms."""
    if room.peer is None:
        return None
    if room.kind is RoomKind.DIRECT:
        return Pair(person.id, room.peer.id)
    return SupportOf(Peer(room.peer.id, room.peer.name))


def unlogged_updates(
    rooms: Iterable[RoomSnapshot], person: Person, spoken: Collection[int]
) -> Iterator[ReadEvent | MembersEvent]:
    """Yield read marks and member counts, which are in no log, of rooms that were not subscribed for a while.

    The marks of rooms to which the person has `spoken` meanwhile are left out: their own messages imply later ones.
    """
    for room in rooms:
        if room.id not in spoken:
            counts = {"seq": room.read, "unread": room.unread, "mentions": room.mentions}
            yield ReadEvent(room=room.id, person=person.id, **counts)
        if room.kind in (RoomKind.LOBBY, RoomKind.SUPPORT):
            yield MembersEvent(room=room.id, members=room.members)


class Steps(NamedTuple):
    """How a sync sends rooms: ranges of changes, snapshots or `more`. `far` are rooms with further changes."""

    steps: list[ChangeRange | RoomEvent | MoreEvent]
    far: frozenset[int]


def steps_of_sync(
    snapshots: Mapping[int, RoomSnapshot],
    known: Mapping[int, Position],
    resume_checks: Mapping[int, ResumeCheck],
    most: int,
    *,
    by_pages: bool,
) -> Steps:
    """Return how to send these rooms, those with the newest message first.

    Args:
        snapshots: the rooms' snapshots; not needed for rooms that are sent by changes.
        known: the client's positions; rooms without one are sent as snapshots.
        resume_checks: the results of checking these positions.
        most: the most changes to send, all rooms together.
        by_pages: whether a room with too many changes is sent in pages; else it is sent as a snapshot.
    """
    newest = {
        room_id: check.newest_id for room_id, check in resume_checks.items() if room_id not in snapshots
    } | {room.id: 0 if room.last is None else room.last.id for room in snapshots.values()}
    in_order = sorted(newest, key=lambda room_id: (newest[room_id], room_id), reverse=True)
    missing = {
        room_id: check.up_to - known[room_id].pos
        for room_id in in_order
        if (check := resume_checks.get(room_id)) is not None and can_go_on(check, by_pages=by_pages)
    }
    shares = _even_shares(missing, most) if by_pages else _shares_in_order(missing, most)
    steps: list[ChangeRange | RoomEvent | MoreEvent] = []
    far = set[int]()
    for room_id in in_order:
        check = resume_checks.get(room_id)
        if check is None:
            steps.append(RoomEvent(**room_fields(snapshots[room_id])))
        elif room_id not in shares:
            reason = _RESETS.get(check.state, "too_far")
            steps.append(RoomEvent(**room_fields(snapshots[room_id]), reset=reason, after=check.seq))
        else:
            pos, share = known[room_id].pos, shares[room_id]
            if share < missing[room_id]:
                far.add(room_id)
            if share:
                steps.append(ChangeRange(room_id, pos, pos + share))
            elif missing[room_id]:
                steps.append(MoreEvent(room=room_id, pos=pos, at=known[room_id].at))
    return Steps(steps, frozenset(far))


def can_go_on(check: ResumeCheck, *, by_pages: bool) -> bool:
    """Whether the client can be sent the changes since its position."""
    return check.state is PositionState.GOOD or (by_pages and check.state is PositionState.TOO_FAR)


def _shares_in_order(missing: Mapping[int, int], most: int) -> dict[int, int]:
    """Give each room all its changes, in order, if `most` still has place for them; other rooms get none."""
    shares = dict[int, int]()
    for room_id, count in missing.items():
        if count <= most:
            shares[room_id] = count
            most -= count
    return shares


def _even_shares(missing: Mapping[int, int], most: int) -> dict[int, int]:
    """Give each room an equal share, or all of its changes if it has fewer: one long gap does not delay other rooms."""
    return dict(_shared_out(sorted(missing.items(), key=lambda each: each[1]), most))


def _shared_out(missing: Sequence[tuple[int, int]], most: int) -> Iterator[tuple[int, int]]:
    for nth, (room_id, count) in enumerate(missing):
        share = min(count, most // (len(missing) - nth), MOST_REPLAYED)
        most -= share
        yield room_id, share
