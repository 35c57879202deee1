"""Figures that are read for a scrape: cached, bounded in time, and left out where they can't be read."""

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from chat.domain.failures import StorageDown
from chat.inspection.figures import DEADLINE, FRESH, Figures
from chat.inspection.metrics import LabelledReading, Reading

SIZE = ("chat_database_bytes", "Size", 7.0)


class StubbornDatabase:
    """Gives its figures at once, after `delay` seconds, or fails."""

    def __init__(self) -> None:
        self.delay, self.is_down, self.reads = 0.0, False, 0

    async def read(self) -> list[Reading]:
        self.reads += 1
        await trio.sleep(self.delay)
        if self.is_down:
            raise StorageDown("down")
        return [SIZE]


def names(figures: Figures) -> list[str]:
    return [reading[0] for reading in figures.readings()]


async def test_figures_are_read_once_for_many_scrapes(autojump_clock: MockClock) -> None:
    database = StubbornDatabase()
    figures = Figures(database.read, {})
    for _ in range(3):
        await figures.refresh()
    assert database.reads == 1
    assert SIZE in list(figures.readings())
    await trio.sleep(FRESH)
    await figures.refresh()
    assert database.reads == 2


@pytest.mark.parametrize("trouble", ["slow", "down"])
async def test_a_failing_database_takes_only_its_own_figures_away(
    trouble: str, autojump_clock: MockClock, tmp_path: Path
) -> None:
    database = StubbornDatabase()
    figures = Figures(database.read, {"data": tmp_path})
    await figures.refresh()
    await trio.sleep(FRESH)
    database.delay, database.is_down = (3600.0 if trouble == "slow" else 0.0), trouble == "down"
    began = trio.current_time()
    await figures.refresh()
    assert trio.current_time() - began <= DEADLINE
    assert SIZE[0] not in names(figures)
    assert ("chat_database_up", "Whether the database gave its figures in time", 0.0) in figures.readings()
    assert "chat_disk_free_bytes" in names(figures)


async def test_a_scrape_during_another_returns_at_once(autojump_clock: MockClock) -> None:
    database = StubbornDatabase()
    database.delay = DEADLINE / 2
    figures = Figures(database.read, {})
    async with trio.open_nursery() as nursery:
        nursery.start_soon(figures.refresh)
        await trio.testing.wait_all_tasks_blocked()
        began = trio.current_time()
        await figures.refresh()
        assert trio.current_time() == began
    assert SIZE in list(figures.readings())


async def test_space_is_that_of_each_directory_that_is_there(tmp_path: Path) -> None:
    figures = Figures(StubbornDatabase().read, {"data": tmp_path, "files": tmp_path / "gone"})
    await figures.refresh()
    free = next(each for each in figures.readings() if each[0] == "chat_disk_free_bytes")
    assert isinstance(free, LabelledReading)
    assert list(free.values) == ["data"]
    assert free.values["data"] > 0


async def test_figures_of_local_files_are_read_with_the_others() -> None:
    figures = Figures(StubbornDatabase().read, {}, lambda: [("chat_backup_failed", "Failed", 1.0)])
    assert "chat_backup_failed" not in names(figures)
    await figures.refresh()
    assert ("chat_backup_failed", "Failed", 1.0) in figures.readings()
