"""Confirmations are written together, soon, and again until the storage accepts them; pings are on time."""

from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from chat.domain.failures import StorageDown
from chat.engine.deliveries import Deliveries, open_deliveries

ADA, BEN = 1, 2
ROOM = 7


class Rooms:
    """The one call of the storage that is made: when, with what, and whether it fails."""

    def __init__(self) -> None:
        self.tries: list[float] = []
        self.written: list[dict[tuple[int, int], int]] = []
        self.is_down = False

    async def mark_delivered(self, positions: dict[tuple[int, int], int]) -> None:
        await trio.lowlevel.checkpoint()
        self.tries.append(trio.current_time())
        if self.is_down:
            raise StorageDown("down")
        self.written.append(dict(positions))


class Resting:
    """Receipts that rest for ever, and note when a second of that is over, and when a ping is due."""

    def __init__(self, deliveries: Deliveries) -> None:
        self.times: list[float] = []
        self.due: list[float] = []
        self._deliveries = deliveries

    def pause_over(self) -> bool:
        self.times.append(trio.current_time())
        receipts: Any = self
        self._deliveries.pause(receipts)
        return True

    def ping_if_due(self) -> None:
        self.due.append(trio.current_time())


def confirm(deliveries: Deliveries, seq: int, person_id: int = BEN) -> None:
    deliveries.confirm({(ROOM, person_id): seq})


@pytest.fixture
def rooms(autojump_clock: MockClock) -> Rooms:
    return Rooms()


async def test_confirmations_are_written_together_at_most_four_times_a_second(
    rooms: Rooms,
) -> None:
    async with open_deliveries(rooms) as deliveries:  # type: ignore[arg-type]
        for seq in (1, 3, 2):
            confirm(deliveries, seq)
        confirm(deliveries, 1, ADA)
        await trio.sleep(1)
        assert rooms.written == [{(ROOM, BEN): 3, (ROOM, ADA): 1}]
        for seq in range(4, 1004):
            confirm(deliveries, seq)
            await trio.sleep(0.001)
    assert rooms.written[-1] == {(ROOM, BEN): 1003}
    assert len(rooms.written) <= 7, "a thousand in a second"


async def test_a_storage_that_fails_is_tried_once_a_second_and_gets_all_in_the_end(rooms: Rooms) -> None:
    rooms.is_down = True
    async with open_deliveries(rooms) as deliveries:  # type: ignore[arg-type]
        confirm(deliveries, 1)
        await trio.sleep(0.5)
        confirm(deliveries, 2, ADA)
        await trio.sleep(10)
        assert 8 <= len(rooms.tries) <= 12
        with pytest.raises(StorageDown):
            await deliveries.wait_written(BEN)
        rooms.is_down = False
        await deliveries.wait_written(BEN)  # which does not wait for that second
        assert trio.current_time() - rooms.tries[-2] < 0.1
    assert rooms.written == [{(ROOM, BEN): 1, (ROOM, ADA): 2}]


async def test_waiting_for_a_person_includes_closing_connections(
    rooms: Rooms,
) -> None:
    noted = list[str]()

    async def wait(deliveries: Deliveries, person_id: int, name: str) -> None:
        await deliveries.wait_written(person_id)
        noted.append(name)

    async with open_deliveries(rooms) as deliveries, trio.open_nursery() as nursery:  # type: ignore[arg-type]
        deliveries.closing(BEN)
        deliveries.closing(BEN)
        nursery.start_soon(wait, deliveries, BEN, "ben")
        nursery.start_soon(wait, deliveries, ADA, "ada")
        await wait_all_tasks_blocked()
        assert noted == ["ada"]
        deliveries.closed(BEN)
        await wait_all_tasks_blocked()
        assert noted == ["ada"], "the other connection may answer still"
        confirm(deliveries, 1)
        deliveries.closed(BEN)
        await wait_all_tasks_blocked()
        assert noted == ["ada", "ben"]
        assert rooms.written == [{(ROOM, BEN): 1}], "what was confirmed last is written by then"


async def test_seconds_are_counted_for_each_and_those_near_each_other_in_one_pass(rooms: Rooms) -> None:
    async with open_deliveries(rooms) as deliveries:  # type: ignore[arg-type]
        early, late = Resting(deliveries), Resting(deliveries)
        early.pause_over()
        await trio.sleep(0.01)
        late.pause_over()
        await trio.sleep(10)
    assert len(early.times) in (10, 11)
    assert early.times[-1] - early.times[0] == pytest.approx(10, abs=0.3)
    assert early.times[1:] == late.times[1:]
    for pause_over, due in zip(early.times[1:], early.due, strict=False):
        assert 0.1 < due - pause_over < 0.21, "a message that comes by then takes the ping along"
