"""The reads of resuming clients, batched over all clients.

After a restart all clients resume at once, and the members of a room have missed the same changes. One query for many
clients costs little more than one for a single client; changes that several need are read once and encoded once.
Nothing is cached: each answer comes from a query that began after the request.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from chat.domain.entities import RoomKind
from chat.domain.messages.sync_types import (
    ChangeRange,
    KnownAt,
    Position,
    Replayed,
    ReplayedChange,
    ResumeCheck,
    RoomsAt,
    RoomSnapshot,
)
from chat.domain.ports.timelines import Timelines
from chat.engine.batch_loader import BatchLoader, open_batch_loader

_REPLAYED = 262_144
"""Bytes of text that one query replays."""

_MOST_CHANGES = 10_000
"""The most changes of one query for several clients; a request for more has a query of its own."""

Encode = Callable[[Replayed], bytes]


class SharedChange:
    """A change for several readers, and its frame, encoded once for all readers with the same view. Sync."""

    __slots__ = ("_change", "_frame")

    def __init__(self, change: ReplayedChange) -> None:
        self._change = change
        self._frame: bytes | None = None

    @property
    def change(self) -> Replayed:
        """The change as everybody sees it."""
        return self._change.change

    def frame_for(self, reader_id: int, encode: Encode) -> bytes:
        """Return its frame for one reader; every caller brings the same encoder."""
        seen = self._change.seen_by(reader_id)
        if seen is not self._change.change:
            return encode(seen)
        if self._frame is None:
            self._frame = encode(seen)
        return self._frame


class Replay(NamedTuple):
    """The changes that were read, and the ranges, or parts of ranges, to ask for next."""

    changes: Sequence[SharedChange]
    rest: tuple[ChangeRange, ...]


class _Missed(NamedTuple):
    """The request of one reader."""

    reader_id: int
    ranges: tuple[ChangeRange, ...]


class _Positions(NamedTuple):
    """Where one client is, and its cut."""

    known: tuple[Position, ...]
    up_to_id: int


class CatchUp:
    """Answers concurrent requests in batches. Every method may raise StorageDown; cancelling leaves no state."""

    def __init__(
        self,
        rooms: BatchLoader[int, dict[int, RoomKind]],
        snapshots: BatchLoader[RoomsAt, list[RoomSnapshot]],
        resume_checks: BatchLoader[_Positions, Mapping[int, ResumeCheck]],
        replays: BatchLoader[_Missed, Replay],
    ) -> None:
        self._rooms = rooms
        self._snapshots = snapshots
        self._resume_checks = resume_checks
        self._replays = replays

    async def rooms_of(self, person_id: int) -> Mapping[int, RoomKind]:
        """Return the kinds of the person's rooms by id; empty for a deleted person."""
        return await self._rooms.get(person_id) or {}

    async def snapshots(self, person_id: int, up_to_id: int, room_ids: Collection[int]) -> list[RoomSnapshot]:
        """Return a few of the person's rooms; the one with the newest message comes first."""
        return await self._snapshots.get(RoomsAt(person_id, up_to_id, tuple(room_ids))) or []

    async def resume_checks(self, known: Sequence[Position], up_to_id: int) -> Mapping[int, ResumeCheck]:
        """Return the checks of these positions as of `up_to_id`, by room, without deleted rooms.

        The caller has checked who may see the rooms.
        """
        return await self._resume_checks.get(_Positions(tuple(known), up_to_id)) or {}

    async def replay(self, reader_id: int, ranges: Sequence[ChangeRange]) -> Replay:
        """Return changes of these ranges, in order, and the ranges to request next.

        There may be no changes yet, if others fill the batch. The caller has checked who may see the rooms.
        """
        ranges = tuple(ranges)
        return await self._replays.get(_Missed(reader_id, ranges)) or Replay((), ranges)


@asynccontextmanager
async def open_catch_up(timelines: Timelines) -> AsyncGenerator[CatchUp]:
    """Read for as long as the block lasts, one query of each kind at a time. Cancelling: queries under way end."""

    async def snapshots(asked: Sequence[RoomsAt]) -> Mapping[RoomsAt, list[RoomSnapshot]]:
        return dict(zip(asked, await timelines.snapshots(asked), strict=True))

    async def resume_checks(asked: Sequence[_Positions]) -> Mapping[_Positions, Mapping[int, ResumeCheck]]:
        every = [(each, KnownAt(position, each.up_to_id)) for each in asked for position in each.known]
        distinct = list(dict.fromkeys(known for _, known in every))
        found = dict(zip(distinct, await timelines.resume_checks(distinct), strict=True))
        answers = {each: dict[int, ResumeCheck]() for each in asked}
        for each, known in every:
            if (check := found[known]) is not None:
                answers[each][check.room_id] = check
        return answers

    async def replays(asked: Sequence[_Missed]) -> Mapping[_Missed, Replay]:
        chosen = _as_many_as_fit(asked)
        ranges = list(dict.fromkeys(wanted for each in chosen for wanted in each.ranges))
        readers = {each.reader_id for each in chosen}
        found = await timelines.replay(readers, ranges, _REPLAYED)
        parts = _parts(ranges, [[SharedChange(change) for change in changes] for changes in found])
        return {each: _replay(each.ranges, parts) for each in chosen}

    async with (
        open_batch_loader(timelines.rooms_of) as rooms,
        open_batch_loader(snapshots) as seen,
        open_batch_loader(resume_checks) as where,
        open_batch_loader(replays) as what,
    ):
        yield CatchUp(rooms, seen, where, what)


def _as_many_as_fit(asked: Sequence[_Missed]) -> list[_Missed]:
    """Return the first requests that together have at most `_MOST_CHANGES` changes, but at least one request."""
    chosen, changes = list[_Missed](), 0
    for each in asked:
        changes += sum(wanted.up_to - wanted.after for wanted in each.ranges)
        if chosen and changes > _MOST_CHANGES:
            break
        chosen.append(each)
    return chosen


def _parts(
    ranges: Sequence[ChangeRange], found: Sequence[Sequence[SharedChange]]
) -> dict[ChangeRange, Replay]:
    """Return the changes that were read of each range, and the rest of it that was not reached.

    The ranges are read in order, up to a limit. So a range without changes before the last one with changes belongs to
    a deleted room. If there is no change at all, all rooms are deleted.
    """
    last = max((nth for nth, changes in enumerate(found) if changes), default=len(ranges))
    parts = dict[ChangeRange, Replay]()
    for nth, (wanted, changes) in enumerate(zip(ranges, found, strict=True)):
        after = changes[-1].change.pos if changes else wanted.after
        is_gone = not changes and nth < last
        rest = () if is_gone or after >= wanted.up_to else (ChangeRange(wanted.room_id, after, wanted.up_to),)
        parts[wanted] = Replay(changes, rest)
    return parts


def _replay(ranges: tuple[ChangeRange, ...], parts: Mapping[ChangeRange, Replay]) -> Replay:
    """Combine the changes of one reader's ranges, up to the first range that was not read completely."""
    changes = list[SharedChange]()
    for nth, wanted in enumerate(ranges):
        part = parts[wanted]
        changes += part.changes
        if part.rest:
            return Replay(changes, (*part.rest, *ranges[nth + 1 :]))
    return Replay(changes, ())
