"""Background steps become short where they take long, and leave most of the time to others."""

import trio
from trio.testing import MockClock

from chat.engine.paced_steps import PacedSteps


async def test_steps_shrink_while_they_take_long_and_grow_back(autojump_clock: MockClock) -> None:
    steps = PacedSteps(1000)
    sizes = []
    for seconds_a_row in (1e-3, 1e-3, 1e-3, 1e-6, 1e-6, 1e-6, 1e-6, 1e-6):
        sizes.append(steps.size)
        await steps.rest(steps.size * seconds_a_row)
    assert sizes == [100, 50, 50, 50, 100, 200, 400, 800]
    await steps.rest(0.001)
    assert steps.size == 1000


async def test_a_step_of_one_row_stays_one(autojump_clock: MockClock) -> None:
    steps = PacedSteps(1)
    await steps.rest(5.0)
    assert steps.size == 1


async def test_the_work_takes_its_share_of_the_time(autojump_clock: MockClock) -> None:
    began = trio.current_time()
    await PacedSteps(1000, share=0.1).rest(0.5)
    assert abs(trio.current_time() - began - 4.5) < 1e-9
