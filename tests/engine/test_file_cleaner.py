"""Unreachable files are removed: once an hour, in steps, and again after any failure."""

from collections.abc import Collection
from itertools import pairwise

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from chat.domain.failures import StorageDown
from chat.engine import file_cleaner as module
from chat.engine.file_cleaner import open_file_cleaner

HOUR = 3600.0


class Disk:
    """The rows and the bytes: which digests rows have, which lie there, and what fails next."""

    def __init__(self) -> None:
        self.waiting = 0  # rows that wait for no message any more
        self.used: set[bytes] = set()
        self.there: set[bytes] = set()
        self.looked: list[float] = []  # when each look began
        self.steps: list[float] = []  # when rows were removed, and when bytes were looked at
        self.errors: list[Exception] = []

    async def forget_files(self, limit: int) -> bool:
        await trio.lowlevel.checkpoint()
        self.steps.append(trio.current_time())
        if self.errors:
            raise self.errors.pop(0)
        self.waiting = max(0, self.waiting - limit)
        return self.waiting > 0

    async def unneeded(self, digests: Collection[bytes]) -> set[bytes]:
        await trio.lowlevel.checkpoint()
        return {*digests} - self.used

    async def removed(self, digests: Collection[bytes]) -> None:
        await trio.lowlevel.checkpoint()
        assert not self.there & {*digests}, "noted after it is done"

    async def digests(self, after: bytes, limit: int) -> list[bytes]:
        await trio.lowlevel.checkpoint()
        (self.steps if after else self.looked).append(trio.current_time())
        return sorted(each for each in self.there if each > after)[:limit]

    async def remove(self, digest: bytes) -> None:
        await trio.lowlevel.checkpoint()
        self.there.remove(digest)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock) -> Disk:
    monkeypatch.setattr(module, "_STEP", 10)
    disk = Disk()
    disk.there = {b"%03d" % number for number in range(35)}
    disk.used = {b"007", b"034"}
    return disk


async def test_bytes_that_no_row_has_are_removed_and_the_others_stay(disk: Disk) -> None:
    async with open_file_cleaner(disk, disk):  # type: ignore[arg-type]
        await trio.sleep(60)
        assert disk.there == disk.used
        disk.used = {b"034"}
        await trio.sleep(HOUR - 100)
        assert len(disk.looked) == 1
        assert disk.there == {b"007", b"034"}
        await trio.sleep(100)
        assert disk.there == disk.used
        assert len(disk.looked) == 2


async def test_unused_rows_are_deleted_before_their_bytes_in_steps(
    disk: Disk,
) -> None:
    disk.waiting = 25
    async with open_file_cleaner(disk, disk):  # type: ignore[arg-type]
        await trio.sleep(60)
    assert disk.waiting == 0
    rows, begun, *pages = disk.steps[:3], disk.looked[0], *disk.steps[3:]
    times = [*rows, begun, *pages]
    assert len(pages) == 4, "35 in tens, and what is behind the last"
    assert all(later - earlier >= 0.099 for earlier, later in pairwise(times))


async def test_a_storage_failure_is_logged_and_retried(disk: Disk) -> None:
    disk.errors = [StorageDown("no disk")]
    with capture_logs() as logs:
        async with open_file_cleaner(disk, disk):  # type: ignore[arg-type]
            await trio.sleep(60)
            assert len(disk.there) == 35
            await trio.sleep(HOUR)
            assert disk.there == disk.used
    assert [(line["log_level"], line["error"]) for line in logs] == [("warning", "no disk")]


async def test_without_a_store_there_is_nothing_to_do(disk: Disk) -> None:
    async with open_file_cleaner(disk, None):  # type: ignore[arg-type]
        await trio.sleep(2 * HOUR)
    assert disk.steps == []
