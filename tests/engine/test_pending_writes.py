"""Pending writes: waiting for their outcomes, and the watermark below which all are settled."""

import pytest
import trio

from chat.domain.entities import LOBBY_ID, Draft
from chat.domain.messages.changes import Write
from chat.engine.pending_writes import PendingWrites

ADA, BEN = 1, 2


def by(person_id: int) -> Write:
    return Draft(LOBBY_ID, person_id, "somebody", "hello", 0.0)


def test_without_pending_writes_the_watermark_is_the_newest_published_id() -> None:
    pending_writes = PendingWrites(7)
    assert [pending_writes.settled_watermark(newest_id) for newest_id in (7, 9)] == [7, 9]


def test_the_watermark_advances_when_the_writes_submitted_before_it_are_settled() -> None:
    pending_writes = PendingWrites(7)
    first = pending_writes.add(by(ADA))
    assert pending_writes.settled_watermark(8) == 7, "the first was submitted before 8 was published"
    second = pending_writes.add(by(BEN))
    pending_writes.settle([(first, by(ADA))])
    assert pending_writes.settled_watermark(9) == 8, "the second was submitted before 9 was published"
    assert pending_writes.settled_watermark(9) == 8
    pending_writes.settle([(second, by(BEN))])
    assert pending_writes.settled_watermark(10) == 10


def test_an_unknown_outcome_holds_the_watermark() -> None:
    pending_writes = PendingWrites(7)
    number = pending_writes.add(by(ADA))
    pending_writes.mark_unknown([by(ADA)])
    pending_writes.settle([(number, by(ADA))])
    assert pending_writes.settled_watermark(9) == 7
    pending_writes.resolve_unknown()
    assert pending_writes.settled_watermark(9) == 9


def test_the_watermark_goes_back_with_a_log_that_lost_its_end() -> None:
    pending_writes = PendingWrites(7)
    pending_writes.add(by(ADA))
    assert pending_writes.settled_watermark(5) == 5
    assert pending_writes.settled_watermark(6) == 5


async def test_a_cancelled_submitter_is_not_waited_for(autojump_clock: object) -> None:
    pending_writes = PendingWrites(0)
    pending_writes.add(by(ADA))
    pending_writes.drop()
    with trio.fail_after(1):
        await pending_writes.wait_settled(ADA)
        await pending_writes.wait_empty()
    assert pending_writes.settled_watermark(3) == 3


@pytest.mark.parametrize("person_id", [ADA, BEN])
async def test_only_the_writer_of_an_unknown_outcome_is_waited_for(
    autojump_clock: object, person_id: int
) -> None:
    pending_writes = PendingWrites(0)
    pending_writes.mark_unknown([by(ADA)])
    with trio.move_on_after(1) as scope:
        await pending_writes.wait_resolved(person_id)
    assert scope.cancelled_caught is (person_id == ADA)
