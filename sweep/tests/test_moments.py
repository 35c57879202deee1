"""The record of each moment: where tasks wait, at the cost of only the task that took a step."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trio
from trio_cancel_sweep import CANCELLING, Line, Point, Run, Scenario, SweptCode, sweep_scenario
from trio_cancel_sweep import run as run_module
from trio_cancel_sweep.await_lines import waits_at
from trio_cancel_sweep.sweeping import Settings

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

    monkeypatch.setattr(run_module, "waits_at", look)
    run, failures = _run_untouched(flavour)
    assert not failures
    assert run.moments > STEPS
    assert looked <= 2 * run.moments


@pytest.mark.parametrize("flavour", CANCELLING)
def test_where_each_task_waited_is_noted_also_of_those_that_took_one_step(flavour: str) -> None:
    run, _ = _run_untouched(flavour)
    assert {line.text for line in run.reached} >= {
        "await run.target(live)",
        "await trio.sleep_forever()",
        "await trio.lowlevel.checkpoint()",
    }


def test_each_line_is_cancelled_with_any_number_of_moments() -> None:
    report = sweep_scenario(many_wait_and_one_goes_on, swept=HERE, every=1000)
    assert not report.failures
    assert report.cancelled_at >= report.reached


async def three_talk(run: Run) -> None:
    """Two pass something on to each other, and a third is on its way."""

    async def live() -> None:
        send, receive = trio.open_memory_channel[int](0)

        async def pass_on() -> None:
            async for each in receive:
                await trio.sleep(each)

        async with trio.open_nursery() as nursery, send:
            nursery.start_soon(pass_on)
            nursery.start_soon(trio.lowlevel.checkpoint)
            for each in range(4):
                await send.send(each % 2)

    await run.target(live)


@pytest.mark.parametrize("seed", range(4))
def test_a_moment_is_left_out_only_where_the_same_follows_from_another(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    class Steps(trio.abc.Instrument):
        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            steps.append(task.name)

        def before_io_wait(self, timeout: float) -> None:
            steps.append(f"{timeout}")

    run_trio = trio.run

    def run_watched(*arguments: Any, instruments: list[trio.abc.Instrument], **options: Any) -> Any:
        steps.clear()
        return run_trio(*arguments, instruments=[*instruments, Steps()], **options)

    def what_follows(flavour: str, n: int) -> tuple[list[str], set[Line]]:
        run, failures = _run(three_talk, flavour, n, seed)
        assert run.fired
        assert not failures
        return steps.copy(), set(run.cancelled_at)

    monkeypatch.setattr(trio, "run", run_watched)
    untouched, _ = _run(three_talk, "wake", 0, seed)
    assert 0 < len(untouched.repeated) < untouched.moments
    for n in untouched.repeated:
        assert what_follows("park", n) == what_follows("wake", n)
    report = sweep_scenario(three_talk, swept=HERE, seeds=[seed])
    assert report.fired == 2 * untouched.moments - len(untouched.repeated)


def _run_untouched(flavour: str) -> tuple[Run, Any]:
    return _run(many_wait_and_one_goes_on, flavour, 0)


def _run(scenario: Scenario, flavour: str, n: int, seed: int = 0) -> tuple[Run, Any]:
    settings = Settings(scenario, HERE, grace=5, limit=60, virtual=True, ignore=(), collect_every=64)
    return settings.run(Point(seed, flavour, n))


@pytest.mark.parametrize(
    ("flavour", "source", "points"), [("park", "explicit", 4), ("deadline", "deadline", 3)]
)
def test_a_deadline_is_checked_once_a_turn_and_differs_from_a_cancel(
    flavour: str, source: str, points: int
) -> None:
    sources: list[str] = []

    async def ask() -> None:
        try:
            for _ in range(3):
                await trio.lowlevel.checkpoint()
        except trio.Cancelled as error:
            sources.append(error.source)
            raise

    async def one_task(run: Run) -> None:
        await run.target(ask)

    report = sweep_scenario(one_task, swept=HERE, flavours=[flavour])
    assert not report.failures
    assert set(sources) == {source}
    assert report.fired == points


def test_distinct_moments_are_few_and_reach_each_line() -> None:
    every = sweep_scenario(many_wait_and_one_goes_on, swept=HERE)
    few = sweep_scenario(many_wait_and_one_goes_on, swept=HERE, distinct=True)
    assert set(few.cancelled_at) == set(every.cancelled_at)
    assert few.fired < every.fired / 4


async def one_call_of_many_fails(run: Run) -> None:
    """Each call may fail: all are made at one place, but for the last."""

    async def call() -> None:
        await trio.lowlevel.checkpoint()
        if run.trips("broken"):
            raise ConnectionError

    async def live() -> None:
        with suppress(ConnectionError):
            for _ in range(STEPS):
                await call()
            await call()

    await run.target(live)


def test_of_alike_operations_one_fails_where_moments_are_distinct() -> None:
    every = sweep_scenario(one_call_of_many_fails, swept=HERE, flavours=["broken"])
    few = sweep_scenario(one_call_of_many_fails, swept=HERE, flavours=["broken"], distinct=True)
    assert not few.failures
    assert (every.fired, few.fired) == (STEPS + 1, 2)
