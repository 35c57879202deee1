"""What a sweep notes of each moment: where tasks wait, at the price of the one task that took a step."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.cancel_sweep import sweeping
from tests.cancel_sweep.await_lines import Line, SweptCode, waits_at
from tests.cancel_sweep.sweeping import CANCELLING, Run, sweep

HERE = SweptCode(Path(__file__).parent)
WAITING = 20
STEPS = 30


async def wait_for_ever() -> None:
    await trio.sleep_forever()


async def many_wait_and_one_goes_on(run: Run) -> None:
    async def live() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(WAITING):
                nursery.start_soon(wait_for_ever)
            for _ in range(STEPS):
                await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()

    await run.target(live)


@pytest.mark.parametrize("flavour", CANCELLING)
def test_a_moment_looks_at_the_task_that_took_a_step_and_at_no_other(
    flavour: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0

    def look(task: trio.lowlevel.Task, swept: SweptCode) -> Iterator[Line]:
        nonlocal looked
        looked += 1
        return waits_at(task, swept)

    monkeypatch.setattr(sweeping, "waits_at", look)
    run, failures = _run_untouched(flavour)
    assert not failures
    assert run.moments > STEPS
    assert looked <= run.moments


@pytest.mark.parametrize("flavour", CANCELLING)
def test_where_each_task_waited_is_noted_also_of_those_that_took_one_step(flavour: str) -> None:
    run, _ = _run_untouched(flavour)
    assert {line.text for line in run.reached} >= {
        "await run.target(live)",
        "await trio.sleep_forever()",
        "await trio.lowlevel.checkpoint()",
    }


def test_each_line_is_cancelled_at_however_few_moments_are_looked_at() -> None:
    report = sweep(many_wait_and_one_goes_on, swept=HERE, every=1000)
    assert not report.failures
    assert report.cancelled_at >= report.reached


def _run_untouched(flavour: str) -> tuple[Run, Any]:
    point = sweeping.Point(0, flavour, 0)
    return sweeping._run(many_wait_and_one_goes_on, point, HERE, grace=5, limit=60, virtual=True)
