"""The virtual clock of the fixtures."""

import threading

import pytest
import trio
from trio.testing import MockClock


@pytest.fixture
def clock(autojump_clock: MockClock) -> MockClock:
    return autojump_clock


async def test_a_clock_that_another_fixture_takes_is_the_tests_clock(clock: MockClock) -> None:
    assert trio.lowlevel.current_clock() is clock
    await trio.sleep(3600)


async def test_it_stands_still_while_a_thread_works(clock: MockClock) -> None:
    begun, goes_on, ends = trio.current_time(), threading.Event(), list[float]()

    async def work() -> None:
        await trio.to_thread.run_sync(goes_on.wait, 60)
        ends.append(trio.current_time())

    async with trio.open_nursery() as nursery:
        for _ in range(2):
            nursery.start_soon(work)
        threading.Timer(0.1, goes_on.set).start()
        await trio.sleep(1)
    assert ends == [begun, begun]
    assert trio.current_time() == begun + 1
