"""A copy is spread over time, and ends at once if it is cancelled."""

import time

import pytest
import trio

from chat.backup.pace import Pace


async def test_it_waits_for_as_long_as_the_bytes_may_take() -> None:
    pace, began = Pace(1e6), time.monotonic()

    def copy() -> None:
        for _ in range(10):
            pace.wait(10_000)

    await trio.to_thread.run_sync(copy)
    assert time.monotonic() - began >= 0.1
    await trio.to_thread.run_sync(Pace().wait, 10**15)


async def test_a_long_wait_is_cancelled() -> None:
    with trio.move_on_after(0.01) as scope, trio.fail_after(30):
        await trio.to_thread.run_sync(Pace(1).wait, 10**6)
        pytest.fail("it has waited for eleven days")
    assert scope.cancelled_caught
