"""Background steps become short where their rows take long, and leave most of the time to others."""

import random

import pytest
import trio
from trio.testing import MockClock

from chat.paced_steps import PacedSteps


async def sizes_after(steps: PacedSteps, count: int, a_step: float, a_row: float) -> list[int]:
    """The sizes of so many steps that cost so many seconds each, and for each of their rows."""
    noise, sizes = random.Random(count), []
    for _ in range(count):
        sizes.append(steps.size)
        await steps.rest((a_step + steps.size * a_row) * noise.uniform(0.7, 1.5))
    return sizes


async def test_steps_shrink_while_rows_take_long_and_grow_back(autojump_clock: MockClock) -> None:
    steps = PacedSteps(1000)
    assert max((await sizes_after(steps, 30, 0.002, 1e-3))[5:]) <= 100
    assert max(await sizes_after(steps, 30, 0.002, 1e-6)) == 1000


@pytest.mark.parametrize("a_step", [0.005, 0.03, 0.3])
async def test_steps_do_not_shrink_where_that_saves_nothing(a_step: float, autojump_clock: MockClock) -> None:
    steps = PacedSteps(200)
    sizes = await sizes_after(steps, 60, a_step, 1e-5)
    assert sum(sizes[10:]) > 50 * 100, sizes


async def test_a_step_of_one_row_stays_one(autojump_clock: MockClock) -> None:
    steps = PacedSteps(1)
    await steps.rest(5.0)
    assert steps.size == 1


async def test_the_work_takes_its_share_of_the_time(autojump_clock: MockClock) -> None:
    began = trio.current_time()
    await PacedSteps(1000, share=0.1).rest(0.5)
    assert abs(trio.current_time() - began - 4.5) < 1e-9
