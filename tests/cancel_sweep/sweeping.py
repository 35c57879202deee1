"""Cancel a piece of Trio code at every point where it can be cancelled, and see what is left of the world.

Trio delivers a cancellation only where a task gives control to the run loop; between two such points a task is
atomic. So for one schedule there are two moments for each step of each task, and together they are all that there
are: just after the step, when the task is parked (flavour `park`: the operation it waits for is aborted), and just
before it, when the operation has succeeded and the task has not heard of that yet (flavour `wake`: the next
checkpoint raises, the case in which something taken from a queue is dropped). Between two steps of one turn of the
loop nothing happens, so there the two are one, and it is looked at once.

`sweep` runs a scenario again and again, with the cancellation at the first moment, the second, and so on, until a
run ends before its moment comes. A scenario is an async function that builds a world, awaits `run.target(code)`,
and asserts in the quiet world after it what must hold. What the world's sockets and databases ask of `run.trips`
lets the n-th operation fail in the same way.

Only public hooks of Trio are used, but for one flag that its own tests use: with `_ALLOW_DETERMINISTIC_SCHEDULING`
the order of tasks within one turn of the loop comes from a seeded random generator, and a run can be repeated.
"""

import asyncio
import gc
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Collection, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import outcome
import trio
import trio._core._run as trio_run
import trio.testing

from .await_lines import Line, SweptCode, coroutine_waits_at, waits_at

CANCELLING = ("park", "wake")


class Point(NamedTuple):
    """When something happens: in which schedule, what, and at the how-manyeth moment (0: never)."""

    seed: int
    flavour: str
    n: int

    def __str__(self) -> str:
        return f"SWEEP_POINT={self.seed}:{self.flavour}:{self.n}"


class Failure(NamedTuple):
    """What did not hold after a run, and where in the code the target was when it happened to it."""

    point: Point
    what: str
    at: tuple[Line, ...]

    def __str__(self) -> str:
        at = " < ".join(f"{line.file.rpartition('/')[2]}:{line.number}" for line in reversed(self.at))
        return f"{self.point}: {self.what}" + (f" (at {at})" if at else "")


Scenario = Callable[["Run"], Awaitable[None]]


class Run:
    """One run of a scenario: its point, and what the target met.

    Args:
        point: when it is cancelled; told anew where `aim` says when.
        swept: the code that is looked at; lines of other files are not noted.
        grace: seconds (of the run's clock) that the target may take to end once it is cancelled.
        aim: cancel at the first moment at which a task waits at this line.
    """

    def __init__(self, point: Point, swept: SweptCode, grace: float, aim: Line | None = None) -> None:
        self.point = point
        self.fired = False  # whether the moment came
        self.reached: set[Line] = set()  # where the target waited; noted where n is 0
        self.cancelled_at: tuple[Line, ...] = ()  # where all tasks of the target waited when it was cancelled
        self.moments = 0
        self.repeated: set[int] = set()  # moments of `wake` that are those of `park` too; noted where n is 0
        self._aim = aim
        self._swept = swept
        self._grace = grace
        self._task: trio.lowlevel.Task | None = None  # while the target runs
        self._scope = trio.CancelScope()
        self._around: Sequence[trio.Nursery] = ()
        self._loops: set[asyncio.AbstractEventLoop] = set()  # of asyncio, that tasks of the target have used

    async def target(self, code: Callable[..., Awaitable[object]], *arguments: object) -> None:
        """Run what is swept, once in a scenario; a cancellation cancels all of it, and nothing else."""
        self._task = trio.lowlevel.current_task()
        self._around = tuple(self._task.child_nurseries)
        cancelled = trio.current_time()
        try:
            with self._scope:
                await code(*arguments)
        finally:
            self._task = None
        if self._scope.cancel_called:
            took = trio.current_time() - max(cancelled, self._fired_at)
            assert took <= self._grace, f"{took:.1f} s from being cancelled to its end"

    _fired_at = 0.0

    def trips(self, flavour: str) -> bool:
        """Whether the operation that asks, one of this flavour, is the one that has to fail. Sync."""
        if self.point.flavour != flavour or self._task is None:
            return False
        self.moments += 1
        if self.moments == self.point.n:
            self.fired = True
            return True
        return False

    def tick(self, stepped: trio.lowlevel.Task | None) -> None:
        """One more moment of a cancelling flavour; cancel if it is the one.

        `stepped` is the task that took the last step: the others wait where they waited before it.
        """
        if self._task is None:
            return
        self.moments += 1
        if self.point.n == 0:
            lines = set(self._lines(() if stepped is None or not self._has(stepped) else (stepped,)))
            self.reached |= lines
            if self._aim in lines:
                self.point = self.point._replace(n=self.moments)
        if self.moments == self.point.n:
            self.fired = True
            self._fired_at = trio.current_time()
            self.cancelled_at = tuple(self._lines(self.tasks()))
            self._scope.cancel(reason="swept")

    def note_repeated(self) -> None:
        """The last moment of `wake` came with nothing between it and the last of `park`: it is the same."""
        if self._task is not None:
            self.repeated.add(self.moments)

    def tasks(self) -> Iterator[trio.lowlevel.Task]:
        """The tasks of the target."""
        todo = [self._task] if self._task is not None else []
        while todo:
            task = todo.pop()
            yield task
            for nursery in task.child_nurseries:
                if nursery not in self._around:
                    todo += nursery.child_tasks

    def _has(self, task: trio.lowlevel.Task) -> bool:
        """Whether a task is one of the target, and has not ended."""
        if getattr(task.coro, "cr_frame", task) is None:
            return False
        while task is not self._task:
            nursery = task.parent_nursery
            if nursery is None or nursery in self._around:
                return False
            task = nursery.parent_task
        return True

    def _lines(self, tasks: Iterable[trio.lowlevel.Task]) -> Iterator[Line]:
        """Say where these tasks of the target wait, and all asyncio tasks that the target has anything to do with."""
        bridge: Any = sys.modules.get("trio_asyncio")
        for task in tasks:
            yield from waits_at(task, self._swept)
            if bridge is not None and (loop := task.context.get(bridge.current_loop)) is not None:
                self._loops.add(loop)
        for loop in self._loops:
            for each in asyncio.all_tasks(loop):
                yield from coroutine_waits_at(each.get_coro(), self._swept)


class _AfterSteps(trio.abc.Instrument):
    """Tells a run of the moments of `park`."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        self._run.tick(task)


class _BeforeSteps(trio.abc.Instrument):
    """Tells a run of the moments of `wake`."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._stepped: trio.lowlevel.Task | None = None

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._run.tick(self._stepped)
        self._stepped = task


class _Comparing(_BeforeSteps):
    """Tells a run that is left alone which moments of `wake` are those of `park`: within one turn of the loop."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._is_same_turn = False

    def before_io_wait(self, timeout: float) -> None:
        self._is_same_turn = False

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        super().before_task_step(task)
        if self._is_same_turn:
            self._run.note_repeated()
        self._is_same_turn = True


_CLOCKWORKS = {"park": _AfterSteps, "wake": _BeforeSteps}
"""Trio calls only what an instrument defines, at each step: nothing else costs anything."""


class Report:
    """What a sweep did and found."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.runs = 0
        self.fired = 0
        self.longest = 0  # moments in the longest run
        self.seconds = 0.0
        self.failures: list[Failure] = []
        self.reached: set[Line] = set()
        self.cancelled_at: set[Line] = set()

    def add(self, run: Run, failures: list[Failure]) -> None:
        self.runs += 1
        self.fired += run.fired
        self.longest = max(self.longest, run.moments)
        self.failures += failures
        self.reached.update(run.reached)
        self.cancelled_at.update(run.cancelled_at)

    def __str__(self) -> str:
        return f"{self.name}: {self.fired} points in {self.seconds:.1f} s, up to {self.longest} a run"

    def assert_clean(self) -> None:
        """Fail with what did not hold, and how to see it again."""
        if self.failures:
            shown = "\n  ".join(str(failure) for failure in self.failures[:8])
            raise AssertionError(f"{len(self.failures)} failures in {self.runs} runs\n  {shown}")


def sweep(
    scenario: Scenario,
    *,
    swept: SweptCode,
    name: str = "",
    seeds: Iterable[int] = range(1),
    flavours: Iterable[str] = CANCELLING,
    grace: float = 5.0,
    limit: float = 600.0,
    every: int = 1,
    virtual: bool = True,
    known: Collection[Line] = (),
    stop_at_first: bool = False,
) -> Report:
    """Run `scenario` with each flavour at the first moment, the second, and so on, in the schedule of each seed.

    Args:
        swept: the code whose await lines are noted.
        grace: seconds that the target may take to end once it is cancelled.
        limit: seconds after which a run hangs.
        every: look at each `every`-th moment only, beginning elsewhere with each seed. Await lines that none of these
            moments is at have one of their own.
        virtual: whether time jumps where all tasks wait; not with real sockets, whose bytes may be under way.
        known: await lines that were looked at already.
        stop_at_first: end with the first failure, for defects that are to be found.
    """
    report, started = Report(name), time.perf_counter()
    only = _only_point()
    for seed in seeds if only is None else (only.seed,):
        fresh: set[Line] = set()
        length = 0
        repeated: set[int] = set()
        if only is None:
            untouched, failures = _run(scenario, Point(seed, "park", 0), swept, grace, limit, virtual)
            report.add(untouched, failures)
            fresh, length = untouched.reached, untouched.moments
            if virtual and not stop_at_first and set(CANCELLING) <= set(flavours):
                compared, failures = _run(scenario, Point(seed, "wake", 0), swept, grace, limit, virtual)
                report.add(compared, failures)
                repeated = compared.repeated
        for flavour in flavours:
            if only is not None:
                moments: Iterable[int] = (only.n,) if flavour == only.flavour else ()
            elif every == 1:
                moments = count(1)
            else:
                moments = range(1 + seed % every, length + 1, every)
            for n in moments:
                if flavour == "wake" and n in repeated:
                    continue
                run, failures = _run(scenario, Point(seed, flavour, n), swept, grace, limit, virtual)
                report.add(run, failures)
                if not run.fired or (stop_at_first and report.failures):
                    break
            if stop_at_first and report.failures:
                break
        if only is not None or (stop_at_first and report.failures):
            continue
        # Where time or a thread is real, moments are not the same in each run, and a line may be passed by: it has
        # more than one chance.
        for flavour in [each for each in flavours if each in CANCELLING] * 2:
            for line in sorted(fresh):
                if line not in report.cancelled_at and line not in known:
                    report.add(*_run(scenario, Point(seed, flavour, 0), swept, grace, limit, virtual, line))
    report.seconds = time.perf_counter() - started
    return report


def _only_point() -> Point | None:
    """The point that is to be seen again, from the environment."""
    told = os.environ.get("SWEEP_POINT")
    if not told:
        return None
    seed, flavour, n = told.split(":")
    return Point(int(seed), flavour, int(n))


def _run(
    scenario: Scenario,
    point: Point,
    swept: SweptCode,
    grace: float,
    limit: float,
    virtual: bool,
    aim: Line | None = None,
) -> tuple[Run, list[Failure]]:
    run = Run(point, swept, grace, aim)
    wrong: list[str] = []

    async def main() -> None:
        main_task = trio.lowlevel.current_task()
        trio.lowlevel.spawn_system_task(_break_shields, main_task, limit + (30 if virtual else 1))
        before = trio.lowlevel.current_statistics().tasks_living
        with trio.move_on_after(limit) as in_time:
            await scenario(run)
        if in_time.cancelled_caught:
            wrong.append(f"it did not end within {limit:.0f} s")
        left = trio.lowlevel.current_statistics().tasks_living - before
        if left:
            wrong.append(f"{left} tasks are left behind")

    clock = trio.testing.MockClock(autojump_threshold=0) if virtual else None
    clockworks = _CLOCKWORKS if point.n or aim else _CLOCKWORKS | {"wake": _Comparing}
    clockwork = [clockworks[point.flavour](run)] if point.flavour in clockworks else []
    with _unraisable(wrong), _deterministic(point.seed):
        try:
            trio.run(main, clock=clock, instruments=clockwork)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # whatever it is, the run has failed
            wrong += [_told(leaf) for leaf in _leaves(error)]
        if wrong or point.n % 64 == 0:
            gc.collect()  # what was never awaited, or never closed, says so now
    return run, [Failure(run.point, what, run.cancelled_at) for what in wrong]


@contextmanager
def _deterministic(seed: int) -> Generator[None]:
    before = trio_run._ALLOW_DETERMINISTIC_SCHEDULING
    trio_run._ALLOW_DETERMINISTIC_SCHEDULING = True
    trio_run._r.seed(seed)
    try:
        yield
    finally:
        trio_run._ALLOW_DETERMINISTIC_SCHEDULING = before


@contextmanager
def _unraisable(wrong: list[str]) -> Generator[None]:
    before = sys.unraisablehook
    sys.unraisablehook = lambda told: wrong.append(f"{told.exc_value!r} in {told.object!r}")
    try:
        yield
    finally:
        sys.unraisablehook = before


def _told(error: BaseException) -> str:
    """What an error says, and in which line it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{where}"


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


class ShieldedForEver(Exception):
    """A task waits in a shield without a deadline."""


async def _break_shields(main: trio.lowlevel.Task, after: float) -> None:
    """Wake by force what sits in a shield for ever under `main`, so that the run can end and tell."""
    await trio.sleep(after)
    while True:
        todo = [main]  # and not the root: without its own tasks Trio ends at once, and nothing is cleaned up
        while todo:
            task = todo.pop()
            waiting = [each for nursery in task.child_nurseries for each in nursery.child_tasks]
            todo += waiting
            if not waiting and task._abort_func is not None:  # it is parked
                trio.lowlevel.reschedule(task, outcome.Error(ShieldedForEver("in a shield for ever")))
        await trio.sleep(1)
