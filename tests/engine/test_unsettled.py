"""What is submitted and not yet saved or refused, and up to where nothing of it is left."""

import pytest
import trio

from chat.domain.changes import Write
from chat.domain.entities import LOBBY_ID, Draft
from chat.engine.unsettled import Unsettled

ADA, BEN = 1, 2


def by(person_id: int) -> Write:
    return Draft(LOBBY_ID, person_id, "somebody", "hello", 0.0)


def test_where_nothing_is_under_way_all_that_is_told_is_behind_nothing() -> None:
    unsettled = Unsettled(7)
    assert [unsettled.over_up_to(told) for told in (7, 9)] == [7, 9]


def test_what_was_told_while_something_was_under_way_counts_once_that_is_over() -> None:
    unsettled = Unsettled(7)
    first = unsettled.add(by(ADA))
    assert unsettled.over_up_to(8) == 7, "the first was submitted before 8 was told"
    second = unsettled.add(by(BEN))
    unsettled.settle([(first, by(ADA))])
    assert unsettled.over_up_to(9) == 8, "the second was submitted before 9 was told"
    assert unsettled.over_up_to(9) == 8
    unsettled.settle([(second, by(BEN))])
    assert unsettled.over_up_to(10) == 10


def test_while_something_may_still_land_nothing_more_counts() -> None:
    unsettled = Unsettled(7)
    number = unsettled.add(by(ADA))
    unsettled.doubt([by(ADA)])
    unsettled.settle([(number, by(ADA))])
    assert unsettled.over_up_to(9) == 7
    unsettled.trust()
    assert unsettled.over_up_to(9) == 9


def test_a_log_that_lost_its_end_is_told_no_further_than_that() -> None:
    unsettled = Unsettled(7)
    unsettled.add(by(ADA))
    assert unsettled.over_up_to(5) == 5
    assert unsettled.over_up_to(6) == 5


async def test_who_was_cancelled_is_waited_for_by_nobody(autojump_clock: object) -> None:
    unsettled = Unsettled(0)
    unsettled.add(by(ADA))
    unsettled.drop()
    with trio.fail_after(1):
        await unsettled.settled(ADA)
        await unsettled.none()
    assert unsettled.over_up_to(3) == 3


@pytest.mark.parametrize("person_id", [ADA, BEN])
async def test_only_who_said_what_may_still_land_is_waited_for(
    autojump_clock: object, person_id: int
) -> None:
    unsettled = Unsettled(0)
    unsettled.doubt([by(ADA)])
    with trio.move_on_after(1) as scope:
        await unsettled.over(person_id)
    assert scope.cancelled_caught is (person_id == ADA)
