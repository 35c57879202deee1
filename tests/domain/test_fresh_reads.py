"""Reads that are repeated if what they read changes meanwhile."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.domain.fresh_reads import FreshReads


class Source:
    """A value that changes while it is read, as in a database."""

    def __init__(self) -> None:
        self.value = 0
        self.reads = 0
        self.answers = trio.Event()

    async def look(self) -> int:
        self.reads += 1
        value = self.value
        await self.answers.wait()
        return value


async def test_a_read_that_nothing_changes_is_made_once() -> None:
    reads, source = FreshReads[int](), Source()
    source.answers.set()
    assert await reads.read(1, source.look) == 0
    assert source.reads == 1
    assert not reads._under_way


@pytest.mark.parametrize("how", ["its key", "any key", "where"])
async def test_a_read_is_repeated_if_its_key_changes_meanwhile(how: str) -> None:
    reads, source, found = FreshReads[int](), Source(), list[int]()

    async def read() -> None:
        found.append(await reads.read(1, source.look))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await wait_all_tasks_blocked()
        source.value = 2
        match how:
            case "its key":
                reads.changed(1)
            case "any key":
                reads.all_changed()
            case _:
                reads.changed_where(lambda key: key == 1)
        source.answers.set()
    assert (found, source.reads) == ([2], 2)
    assert not reads._under_way


async def test_a_change_of_another_key_costs_nothing() -> None:
    reads, source = FreshReads[int](), Source()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reads.read, 1, source.look)
        await wait_all_tasks_blocked()
        reads.changed(2, 3)
        reads.changed_where(lambda key: key > 1)
        source.answers.set()
    assert source.reads == 1


async def test_of_several_keys_those_that_changed_are_stale() -> None:
    reads = FreshReads[int]()
    with reads.reading(1, 2, 3) as read, reads.reading(3) as other:
        reads.changed(2, 2, 4)
        assert (read.stale, read.is_fresh, other.is_fresh) == ({2}, False, True)
    reads.all_changed()
    assert (read.stale, other.stale) == ({2}, set()), "a read that has ended is not marked"


async def test_a_failed_or_cancelled_read_leaves_no_state() -> None:
    reads, source = FreshReads[int](), Source()

    async def fail() -> None:
        raise OSError("no answer")

    with pytest.raises(OSError, match="no answer"):
        await reads.read(1, fail)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reads.read, 1, source.look)
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert not reads._under_way
