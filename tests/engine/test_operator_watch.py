"""Whether an operator is online, as shown to visitors."""

from collections.abc import Collection

import pytest
import trio
from trio.testing import MockClock

from chat.domain.failures import StorageDown
from chat.engine.operator_watch import OperatorWatch
from chat.engine.statuses import GRACE, Statuses

OLGA, PETE, ADA = 1, 2, 3


class Operators:
    """Who is an operator; it counts how often that is looked up."""

    def __init__(self) -> None:
        self.ids: Collection[int] = {OLGA, PETE}
        self.asked = 0
        self.is_down = False

    async def __call__(self) -> Collection[int]:
        await trio.lowlevel.checkpoint()
        self.asked += 1
        if self.is_down:
            raise StorageDown("down")
        return self.ids


async def test_a_desk_is_staffed_while_an_operator_is_online(autojump_clock: MockClock) -> None:
    statuses = Statuses()
    desk = OperatorWatch(Operators(), statuses)
    statuses.came(ADA)
    assert not await desk.is_staffed()
    statuses.came(PETE)
    assert await desk.is_staffed()
    statuses.set_away(PETE, is_away=True)
    assert not await desk.is_staffed()
    statuses.came(OLGA)
    assert await desk.is_staffed()
    statuses.left(OLGA, was_away=False)
    await trio.sleep(GRACE + 1)
    assert not await desk.is_staffed()


async def test_operators_are_read_twice_a_minute(autojump_clock: MockClock) -> None:
    statuses, operators = Statuses(), Operators()
    desk = OperatorWatch(operators, statuses)
    statuses.came(ADA)
    for _ in range(10):
        assert not await desk.is_staffed()
        await trio.sleep(2.9)
    assert operators.asked == 1
    operators.ids = {ADA}
    await trio.sleep(2)
    assert await desk.is_staffed()
    assert operators.asked == 2
    await trio.sleep(30)
    assert await desk.is_staffed()
    assert operators.asked == 3


async def test_operators_are_watched_on_other_servers_too(autojump_clock: MockClock) -> None:
    statuses, operators = Statuses(), Operators()
    desk = OperatorWatch(operators, statuses)
    await desk.is_staffed()
    assert {each for each in (OLGA, PETE, ADA) if each in statuses._watchers} == {OLGA, PETE}
    assert desk.statuses_changed({}), "nothing is to be told again"


async def test_cancelling_after_the_read_keeps_the_operators_watched(
    autojump_clock: MockClock,
) -> None:
    """Nobody looks for half a minute from then on."""
    scope, statuses = trio.CancelScope(), Statuses()

    async def operators() -> Collection[int]:
        scope.cancel()
        return {OLGA}

    desk = OperatorWatch(operators, statuses)
    with scope:
        await desk.is_staffed()
    statuses.came(OLGA)
    assert await desk.is_staffed()
    assert OLGA in statuses._watchers


async def test_after_a_storage_failure_the_next_request_reads_again(autojump_clock: MockClock) -> None:
    statuses, operators = Statuses(), Operators()
    desk = OperatorWatch(operators, statuses)
    statuses.came(OLGA)
    operators.is_down = True
    with pytest.raises(StorageDown):
        await desk.is_staffed()
    operators.is_down = False
    assert await desk.is_staffed()
