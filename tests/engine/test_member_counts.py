"""Member counts of the lobby and of conversations: read after changes, published at most once a second."""

from collections.abc import Callable, Collection
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from chat.domain.entities import LOBBY_ID
from chat.domain.failures import StorageDown
from chat.domain.messages.live import MembersCounted
from chat.engine.member_counts import MemberCounts

OLGA, PETE = 1, 2
DESK, OTHER_DESK = 8, 9


class House:
    """People who are counted by a slow storage, and the published counts."""

    def __init__(self) -> None:
        self.people = 3
        self.ids_of_operators = [OLGA]
        self.received: Collection[int] = ()
        self.counts = 0
        self.is_down = False
        self.got: list[dict[int, int]] = []
        storage: Any = self
        self.members = MemberCounts(storage, storage, lambda: self.received, self._tell)

    async def count(self) -> int:
        people = self.people
        self.counts += 1
        await self._answer()
        return people

    async def operators(self) -> list[int]:
        operators = list(self.ids_of_operators)
        await self._answer()
        return operators

    async def members_of_conversations(self, room_ids: Collection[int]) -> dict[int, int]:
        counts = dict.fromkeys(room_ids, 1 + len(self.ids_of_operators))
        await self._answer()
        return counts

    async def _answer(self) -> None:
        await trio.sleep(0.1)
        if self.is_down:
            raise StorageDown("down")

    def _tell(self, counted: MembersCounted) -> None:
        self.got.append(dict(counted.members))


@pytest.fixture
async def house(autojump_clock: MockClock, nursery: trio.Nursery) -> House:
    house = House()
    nursery.start_soon(house.members.publish_changes)
    return house


async def test_they_are_counted_once_until_somebody_comes(house: House) -> None:
    assert [await house.members.in_lobby() for _ in range(3)] == [3] * 3
    assert house.counts == 1
    house.people += 1
    house.members.changed(4)
    assert await house.members.in_lobby() == 4


async def test_a_join_during_a_count_is_in_the_next_count(house: House, nursery: trio.Nursery) -> None:
    nursery.start_soon(house.members.in_lobby)
    await trio.sleep(0.05)
    house.people += 1
    house.members.changed(4)
    await trio.sleep(0.1)
    assert await house.members.in_lobby() == 4


async def test_many_joins_at_once_are_published_as_one_count(
    house: House,
) -> None:
    house.received = ()
    await trio.sleep(5)
    assert house.got == []
    for _ in range(100):
        house.people += 1
        house.members.changed(house.people)
        await trio.sleep(0.001)
    await trio.sleep(5)
    assert house.got == [{LOBBY_ID: 103}]
    assert house.counts == 1


async def test_a_changed_set_of_operators_updates_subscribed_conversations(
    house: House,
) -> None:
    house.members.changed(None)
    await trio.sleep(5)
    house.got.clear()
    house.received = {DESK, OTHER_DESK}
    house.members.changed(3)
    await trio.sleep(5)
    assert house.got == [{LOBBY_ID: 3}]
    house.ids_of_operators.append(PETE)
    house.members.changed(PETE)
    await trio.sleep(5)
    assert house.got[1:] == [{LOBBY_ID: 3}, {DESK: 3, OTHER_DESK: 3}]


async def test_one_changed_conversation_is_published_alone(house: House) -> None:
    house.members.conversation_changed(DESK)
    await trio.sleep(5)
    assert house.got == [{DESK: 2}]
    house.members.changed(3)
    await trio.sleep(5)
    house.got.clear()
    house.members.conversation_changed(DESK)
    await trio.sleep(5)
    assert house.got == [{DESK: 2}], "who is in the lobby is told already"


async def test_without_changes_nothing_is_done(house: House) -> None:
    house.members.changed(3)
    await trio.sleep(5)
    assert house.got == [{LOBBY_ID: 3}]
    assert house.members.change_signal.tasks_waiting == 1


@pytest.mark.parametrize(
    ("changed", "got"),
    [
        (lambda members: members.changed(None), {LOBBY_ID: 3}),
        (lambda members: members.conversation_changed(DESK), {DESK: 2}),
    ],
    ids=["people", "conversation"],
)
async def test_an_outage_is_waited_for(
    house: House, changed: Callable[[MemberCounts], None], got: dict[int, int]
) -> None:
    house.is_down = True
    begun = trio.current_time()
    changed(house.members)
    await trio.sleep(10)
    assert house.got == []
    house.is_down = False
    while not house.got:  # noqa: ASYNC110 - what is told has no event
        await trio.sleep(0.1)
    assert house.got == [got]
    assert trio.current_time() - begun < 13
