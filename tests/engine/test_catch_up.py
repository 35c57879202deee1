"""Concurrent requests are read together; each gets its own answer, and equal frames are encoded once."""

from collections.abc import Collection, Sequence

import pytest
import trio
from msgspec import structs

from chat.domain.entities import MessageKind
from chat.domain.messages.changes import Edited
from chat.domain.messages.sync_types import (
    ChangeRange,
    KnownAt,
    MessageNow,
    Position,
    PositionState,
    ReactionCount,
    Replayed,
    ReplayedChange,
    ResumeCheck,
)
from chat.engine import catch_up
from chat.engine.catch_up import CatchUp, open_catch_up
from tests.reference.storage import MemoryStorage
from tests.reference.storage.timelines import MemoryTimelines

ADA, BEN, CEM = 1, 2, 3
GARDEN, CELLAR, GONE = 10, 20, 30


def said(room_id: int, pos: int, sender_id: int = ADA) -> MessageNow:
    return MessageNow(
        id=pos,
        room_id=room_id,
        seq=pos,
        pos=pos,
        changed_pos=pos,
        sender_id=sender_id,
        sender_name="Ada",
        kind=MessageKind.TEXT,
        text="x",
        created_at=1.0,
    )


class Log(MemoryTimelines):
    """Rooms of nine messages each; it remembers the queries, and ends each after `most` changes."""

    def __init__(self) -> None:
        storage = MemoryStorage()
        super().__init__(storage.users, storage.rooms, storage.messages)
        self.most = 1000
        self.queries: list[list[ChangeRange]] = []
        self.readers: list[set[int]] = []

    async def resume_checks(self, known: Sequence[KnownAt]) -> list[ResumeCheck | None]:
        await trio.lowlevel.checkpoint()
        self.queries.append([])
        return [
            None
            if each.position.room_id == GONE
            else ResumeCheck(each.position.room_id, PositionState.GOOD, each.up_to_id, each.position.pos)
            for each in known
        ]

    async def replay(
        self, reader_ids: Collection[int], ranges: Sequence[ChangeRange], most_bytes: int
    ) -> list[list[ReplayedChange]]:
        await trio.lowlevel.checkpoint()
        self.queries.append(list(ranges))
        self.readers.append(set(reader_ids))
        left, got = self.most, list[list[ReplayedChange]]()
        for wanted in ranges:
            places = range(wanted.after + 1, wanted.up_to + 1) if wanted.room_id != GONE else range(0)
            got.append([ReplayedChange(said(wanted.room_id, pos), f"k{pos}") for pos in places[:left]])
            left -= len(got[-1])
        return got


async def read_all(
    catching_up: CatchUp,
    reader_id: int,
    ranges: Sequence[ChangeRange],
    got: dict[int, list[tuple[int, int]]],
) -> None:
    """Ask until nothing is left, as a sync does."""
    while ranges:
        replay = await catching_up.replay(reader_id, ranges)
        got.setdefault(reader_id, []).extend(
            (each.change.room_id, each.change.pos) for each in replay.changes
        )
        ranges = replay.rest


@pytest.mark.parametrize("most", [1, 2, 5, 7, 1000])
@pytest.mark.parametrize("most_changes", [1, 12, 10_000])
async def test_every_reader_gets_each_change_once_in_order(
    most: int, most_changes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catch_up, "_MOST_CHANGES", most_changes)
    log, got = Log(), dict[int, list[tuple[int, int]]]()
    log.most = most
    asked = {
        ADA: [ChangeRange(GARDEN, 2, 9), ChangeRange(CELLAR, 0, 3)],
        BEN: [ChangeRange(CELLAR, 0, 3), ChangeRange(GONE, 0, 9), ChangeRange(GARDEN, 2, 9)],
        CEM: [ChangeRange(GARDEN, 5, 8), ChangeRange(GONE, 0, 2)],
        4: [ChangeRange(GONE, 0, 2)],
    }
    with trio.fail_after(10):
        async with open_catch_up(log) as catching_up, trio.open_nursery() as nursery:
            for reader_id, ranges in asked.items():
                nursery.start_soon(read_all, catching_up, reader_id, ranges, got)
    for reader_id, ranges in asked.items():
        wanted = [
            (s.room_id, pos) for s in ranges if s.room_id != GONE for pos in range(s.after + 1, s.up_to + 1)
        ]
        assert got[reader_id] == wanted


async def test_clients_that_missed_the_same_share_a_query() -> None:
    log, got = Log(), dict[int, list[tuple[int, int]]]()
    ranges = [ChangeRange(GARDEN, 2, 9), ChangeRange(CELLAR, 0, 3)]
    with trio.fail_after(10):
        async with open_catch_up(log) as catching_up, trio.open_nursery() as nursery:
            for reader_id in range(1, 100):
                nursery.start_soon(read_all, catching_up, reader_id, ranges, got)
    assert log.queries == [ranges]
    assert log.readers == [set(range(1, 100))]


async def test_clients_at_one_position_may_have_different_cuts() -> None:
    log, found = Log(), list[tuple[int, int]]()
    known = [Position(GARDEN, 3, 1), Position(GONE, 1, 1)]

    async def stand(catching_up: CatchUp, cut: int) -> None:
        resume_checks = await catching_up.resume_checks(known, cut)
        assert resume_checks.keys() == {GARDEN}
        found.append((cut, resume_checks[GARDEN].up_to))

    with trio.fail_after(10):
        async with open_catch_up(log) as catching_up, trio.open_nursery() as nursery:
            for cut in (5, 6, 7, 5):
                nursery.start_soon(stand, catching_up, cut)
    assert sorted(found) == [(5, 5), (5, 5), (6, 6), (7, 7)]
    assert len(log.queries) == 1


def test_a_frame_is_encoded_once_except_for_personal_fields() -> None:
    encoded = list[Replayed]()

    def encode(change: Replayed) -> bytes:
        encoded.append(change)
        return repr(change).encode()

    message = structs.replace(said(GARDEN, 1), reactions=(ReactionCount("👍", 2, (BEN, 7), False),))
    shared = catch_up.SharedChange(ReplayedChange(message, "k1", ((BEN, "👍"),)))
    frames = {reader: shared.frame_for(reader, encode) for reader in (ADA, BEN, CEM, 4, 5)}
    assert frames[CEM] == frames[4] == frames[5]
    own, reacted = structs.replace(message, key="k1"), (ReactionCount("👍", 2, (BEN, 7), True),)
    assert encoded == [own, structs.replace(message, reactions=reacted), message]
    assert "k1" not in repr(encoded[1:])
    edited = Edited(2, GARDEN, 1, 2, ADA, "y", 1.0)
    assert ReplayedChange(edited).seen_by(ADA) is edited
