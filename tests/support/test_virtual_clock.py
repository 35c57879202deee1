"""The virtual clock of the fixtures."""

import pytest
import trio
from trio.testing import MockClock


@pytest.fixture
def clock(autojump_clock: MockClock) -> MockClock:
    return autojump_clock


async def test_a_clock_that_another_fixture_takes_is_the_tests_clock(clock: MockClock) -> None:
    assert trio.lowlevel.current_clock() is clock
    await trio.sleep(3600)
