"""Marks of senders: the highest of each person and room is written, a few times a second, until accepted."""

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from chat.domain.failures import StorageDown
from chat.domain.messages.reading import ReadMark
from chat.engine.read_marks import open_read_marks

ADA, BEN = 1, 2
ROOM, OTHER = 7, 8


class Marks:
    """The one call of the storage that is made, and what was written."""

    def __init__(self) -> None:
        self.written: list[dict[tuple[int, int], ReadMark]] = []
        self.is_down = False
        self.go_on = trio.Event()
        self.go_on.set()

    async def mark_read(self, marks: dict[tuple[int, int], ReadMark], *, durable: bool) -> None:
        await self.go_on.wait()
        assert not durable, "messages' commits would wait for the disk behind these"
        if self.is_down:
            raise StorageDown("down")
        self.written.append(dict(marks))


@pytest.fixture
def storage() -> Marks:
    return Marks()


async def test_the_highest_mark_of_each_is_written_together(
    storage: Marks, autojump_clock: MockClock
) -> None:
    async with open_read_marks(storage) as marks:  # type: ignore[arg-type]
        for seq in (1, 3, 2):
            marks.note(ROOM, ADA, seq)
        marks.note(OTHER, BEN, 9)
        await trio.sleep(1)
        for seq in range(10, 110):
            marks.note(ROOM, ADA, seq)
            await trio.sleep(0.001)
        await trio.sleep(1)
    assert storage.written[0] == {(ROOM, ADA): ReadMark(3), (OTHER, BEN): ReadMark(9)}
    assert storage.written[-1] == {(ROOM, ADA): ReadMark(109)}
    assert len(storage.written) <= 5, "a hundred marks in a tenth of a second"


async def test_people_with_unwritten_marks_are_known(storage: Marks) -> None:
    written: list[set[int]] = []

    async def mark_read(marks: dict[tuple[int, int], ReadMark], *, durable: bool) -> None:
        written.append(marks_of.rooms_of(ADA))

    storage.mark_read = mark_read  # type: ignore[method-assign]
    async with open_read_marks(storage) as marks_of:  # type: ignore[arg-type]
        marks_of.note(ROOM, ADA, 5)
        marks_of.note(OTHER, BEN, 5)
        assert (marks_of.rooms_of(ADA), marks_of.rooms_of(BEN)) == ({ROOM}, {OTHER})
        await trio.testing.wait_all_tasks_blocked()
        assert (marks_of.rooms_of(ADA), written) == (set(), [{ROOM}])


async def test_the_last_marks_are_written_before_the_end(storage: Marks) -> None:
    async with open_read_marks(storage) as marks:  # type: ignore[arg-type]
        marks.note(ROOM, ADA, 5)
    assert storage.written[-1] == {(ROOM, ADA): ReadMark(5)}


async def test_a_dropped_mark_is_not_written(storage: Marks) -> None:
    async with open_read_marks(storage) as marks:  # type: ignore[arg-type]
        marks.note(ROOM, ADA, 5)
        marks.note(ROOM, BEN, 6)
        await marks.forget(ROOM, ADA)
        await marks.forget(OTHER, ADA)
    assert storage.written == [{(ROOM, BEN): ReadMark(6)}]


@pytest.mark.parametrize("is_down", [False, True], ids=["written", "not written"])
async def test_a_mark_dropped_during_its_write_is_dropped_afterwards(
    storage: Marks, autojump_clock: MockClock, is_down: bool
) -> None:
    steps: list[str] = []

    async def forget() -> None:
        await marks.forget(ROOM, ADA)
        steps.append("forgotten")

    async with open_read_marks(storage) as marks, trio.open_nursery() as nursery:  # type: ignore[arg-type]
        storage.go_on = trio.Event()
        marks.note(ROOM, ADA, 5)
        marks.note(ROOM, BEN, 6)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(forget)
        await marks.forget(OTHER, ADA)  # of which nothing is under way
        await trio.testing.wait_all_tasks_blocked()
        assert steps == []
        storage.is_down = is_down
        storage.go_on.set()
        await trio.testing.wait_all_tasks_blocked()
        assert steps == ["forgotten"]
        storage.is_down = False
    written = {(ROOM, BEN): ReadMark(6)} if is_down else {(ROOM, ADA): ReadMark(5), (ROOM, BEN): ReadMark(6)}
    assert storage.written == [written]


async def test_while_nothing_is_noted_nothing_is_done(storage: Marks, autojump_clock: MockClock) -> None:
    async with open_read_marks(storage) as marks:  # type: ignore[arg-type]
        await trio.sleep(1)
        assert marks._noted.tasks_waiting == 1
        marks.note(ROOM, ADA, 5)
        await trio.sleep(1)
        assert storage.written == [{(ROOM, ADA): ReadMark(5)}]
        assert marks._noted.tasks_waiting == 1


async def test_a_mark_whose_write_failed_is_written_later(storage: Marks, autojump_clock: MockClock) -> None:
    async with open_read_marks(storage) as marks:  # type: ignore[arg-type]
        storage.is_down = True
        marks.note(ROOM, ADA, 5)
        marks.note(ROOM, BEN, 5)
        await trio.sleep(0.5)
        marks.note(ROOM, ADA, 6)
        storage.is_down = False
        await trio.sleep(2)
        assert storage.written == [{(ROOM, ADA): ReadMark(6), (ROOM, BEN): ReadMark(5)}]


async def test_an_outage_is_logged_once_and_so_is_its_end(storage: Marks, autojump_clock: MockClock) -> None:
    async with open_read_marks(storage) as marks:  # type: ignore[arg-type]
        with capture_logs() as logs:
            for _ in range(2):
                storage.is_down = True
                marks.note(ROOM, ADA, 1)
                await trio.sleep(60)
                storage.is_down = False
                await trio.sleep(2)
    assert [entry["event"] for entry in logs] == [
        "read marks not written: trying again each second",
        "read marks are written again",
    ] * 2
