"""The deadline of async tests."""

import pytest
import trio
from trio.testing import MockClock

from tests.support.plugins.in_time import in_time


async def test_a_test_that_hangs_fails() -> None:
    with pytest.raises(trio.TooSlowError):
        await in_time(trio.sleep_forever, seconds=0.01)()


async def test_virtual_time_is_no_deadline(autojump_clock: MockClock) -> None:
    await in_time(trio.sleep, seconds=1.0)(1000.0)
    assert trio.current_time() >= 1000
