"""Notes of what was delivered: together, soon, and again until the storage takes them."""

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from chat.domain.entities import Inbox, Message
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


class Reader:
    """Somebody to whom everything has left at once."""

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        note()


def hear(deliveries: Deliveries, seq: int, person_id: int = BEN) -> None:
    deliveries.heard(Inbox(person_id), Reader(), [(Message(seq, ROOM, seq, ADA, "ada", "hi", 0.0), 10)])


@pytest.fixture
def rooms(autojump_clock: MockClock) -> Rooms:
    return Rooms()


async def test_what_is_heard_at_once_is_noted_together_and_a_busy_pair_twenty_times_a_second(
    rooms: Rooms,
) -> None:
    async with open_deliveries(rooms) as deliveries:  # type: ignore[arg-type]
        for seq in (1, 3, 2):
            hear(deliveries, seq)
        hear(deliveries, 1, ADA)
        await trio.sleep(1)
        assert rooms.written == [{(ROOM, BEN): 3, (ROOM, ADA): 1}]
        for seq in range(4, 104):
            hear(deliveries, seq)
            await trio.sleep(0.001)
    assert rooms.written[-1] == {(ROOM, BEN): 103}
    assert len(rooms.written) <= 5, "a hundred in a tenth of a second"


async def test_a_storage_that_fails_is_tried_once_a_second_and_gets_all_in_the_end(rooms: Rooms) -> None:
    rooms.is_down = True
    async with open_deliveries(rooms) as deliveries:  # type: ignore[arg-type]
        hear(deliveries, 1)
        await trio.sleep(0.5)
        hear(deliveries, 2, ADA)
        await trio.sleep(10)
        assert 8 <= len(rooms.tries) <= 12
        with pytest.raises(StorageDown):
            await deliveries.written()
        rooms.is_down = False
        await deliveries.written()  # which does not wait for that second
        assert trio.current_time() - rooms.tries[-2] < 0.1
    assert rooms.written == [{(ROOM, BEN): 1, (ROOM, ADA): 2}]
