"""What clients that come back ask of the storage, read for all of them together.

After a restart everybody comes back at once, and the members of a room have missed the same changes. A query for many
of them costs little more than one for each, and what is the same for several is read once, and encoded once. Nothing is
kept for who comes later: each answer is of a query that began after it was asked for.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from chat.domain.entities import RoomKind
from chat.domain.ports.timelines import Timelines
from chat.domain.sync_types import (
    ChangeRange,
    KnownAt,
    Position,
    Replayed,
    ReplayedChange,
    ResumeCheck,
    RoomsAt,
    RoomSnapshot,
)
from chat.engine.batch_loader import BatchLoader, open_batch_loader

_REPLAYED = 262_144
"""Bytes of text that one query replays."""

_MOST_CHANGES = 10_000
"""Changes that one query may have to look at for several clients; who asks for more is alone in it."""

Encode = Callable[[Replayed], bytes]


class SharedChange:
    """A change for several readers, and its frame, encoded once for all to whom it looks the same. Sync."""

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
    """What one reader asks for."""

    reader_id: int
    ranges: tuple[ChangeRange, ...]


class _Positions(NamedTuple):
    """Where one client is, and its cut."""

    known: tuple[Position, ...]
    up_to_id: int


class CatchUp:
    """Answers what many ask at once. Every method may raise StorageDown; cancelling leaves nothing behind."""

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
        """Return the ids of the person's rooms, and what kind each is of. Nobody there: none."""
        return await self._rooms.get(person_id) or {}

    async def snapshots(self, person_id: int, up_to_id: int, room_ids: Collection[int]) -> list[RoomSnapshot]:
        """Return a few of the person's rooms; the one with the newest message comes first."""
        return await self._snapshots.get(RoomsAt(person_id, up_to_id, tuple(room_ids))) or []

    async def resume_checks(self, known: Sequence[Position], up_to_id: int) -> Mapping[int, ResumeCheck]:
        """Return by room where a client stands with these positions as of `up_to_id`, but for rooms that are gone.

        The caller says who may see the rooms.
        """
        return await self._resume_checks.get(_Positions(tuple(known), up_to_id)) or {}

    async def replay(self, reader_id: int, ranges: Sequence[ChangeRange]) -> Replay:
        """Return changes of these ranges, in their order, and what to ask for next.

        There may be none yet, where others take the place. The caller says who may see the rooms.
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
