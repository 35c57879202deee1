"""Cancel a piece of Trio code at every point where it can be cancelled, and see what is left of the world.

Trio delivers a cancellation only where a task gives control to the run loop; between two such points a task is
atomic. So for one schedule there are two moments for each step of each task, and together they are all that there
are: just after the step, when the task is parked (flavour `park`: the operation it waits for is aborted), and just
before it, when the operation has succeeded and the task has not heard of that yet (flavour `wake`: the next
checkpoint raises, the case in which something taken from a queue is dropped). Between two steps of one turn of the
loop nothing happens, so there the two are one, and it is looked at once.

A deadline is looked at once a turn: those moments are among the ones above, and the flavour `deadline`, which lets
one pass there, is for code that asks for deadlines.

`sweep` runs code again and again, with the cancellation at the first moment, the second, and so on, until a run ends
before its moment comes. `sweep_scenario` does the same with a scenario: an async function that builds a world, awaits
`run.target(code)`, and asserts in the quiet world after it what must hold.
"""

import gc
import inspect
import time
import traceback
from collections.abc import Awaitable, Callable, Collection, Generator, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, closing, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, TypedDict, Unpack

import trio
import trio.testing

from . import trio_private
from .await_lines import Line, SweptCode, place_of
from .leftovers import complaints, open_descriptors, warnings_raised
from .reporting import Failure, Point, Report
from .run import CANCELLING, Run, instruments

_PATIENCE_WITH_THREADS = 1.0
"""Seconds for threads that were abandoned; one that waits for ever is nothing to wait for."""

Scenario = Callable[[Run], Awaitable[object]]
"""Builds a world, awaits `run.target(code)` once, and asserts what must hold after it."""


class Options(TypedDict, total=False):
    """How a sweep is made.

    seeds: how many schedules, or which; 1 if nothing is said.
    flavours: `park`, `wake`, `deadline`, and what the scenario asks `run.trips` for; the first two if nothing is said.
    grace: seconds that the target may take to end once it is cancelled (5).
    limit: seconds after which a run hangs (600, or 20 where time is real).
    every: look at each `every`-th moment only, beginning elsewhere with each seed. Await lines that none of these
        moments is at have one of their own.
    distinct: look only at moments at which the task that took the last step (`park`), takes the next one (`wake`), or
        asks `run.trips`, is at await lines of the swept code, with their callers, where no task was in an earlier one.
    virtual: whether time jumps where all tasks wait (True); not with real sockets, whose bytes may be under way.
    known: await lines that were looked at already.
    stop_at_first: end with the first failure, for defects that are to be found.
    ignore: kinds of failures that are none here, of `KINDS`.
    collect_every: look for garbage after each `collect_every`-th run (1): what was never closed says so then.
    only: make this one run alone, written as a failure names it.
    """

    seeds: int | Iterable[int]
    flavours: Iterable[str]
    grace: float
    limit: float
    every: int
    distinct: bool
    virtual: bool
    known: Collection[Line]
    stop_at_first: bool
    ignore: Collection[str]
    collect_every: int
    only: str | None


def sweep(
    *codes: Callable[..., Awaitable[object]],
    swept: SweptCode | ModuleType | Path | str,
    setup: Callable[[], AbstractAsyncContextManager[Any]] | None = None,
    check: Callable[..., object] | None = None,
    name: str = "",
    **options: Unpack[Options],
) -> Report:
    """Cancel code at every point. Several codes run at the same time, and one of them is cancelled, each in its turn.

    Args:
        codes: async functions; each gets the world, if there is a `setup`.
        swept: the code whose await lines are noted: a module, a package or a path.
        setup: makes the async context manager of the world, which is not cancelled, anew for each run.
        check: asserts, in the world, what must hold once the codes have ended; sync or async.
        name: what the report is called.
        options: see `Options`.
    """
    return sweep_scenario(
        scenario_of(*codes, setup=setup, check=check),
        swept=swept,
        name=name or codes[0].__name__,
        **options,
    )


def scenario_of(
    *codes: Callable[..., Awaitable[object]],
    setup: Callable[[], AbstractAsyncContextManager[Any]] | None = None,
    check: Callable[..., object] | None = None,
) -> Scenario:
    """Return the scenario of a world, codes in it, and a check after them; `sweep` says what each is."""

    async def scenario(run: Run) -> None:
        async with nullcontext() if setup is None else setup() as world:
            arguments = () if setup is None else (world,)
            if len(codes) == 1:
                await run.target(codes[0], *arguments)
            else:
                await run.targets(*(_bound(code, *arguments) for code in codes))
            result = check(*arguments) if check is not None else None
            if inspect.isawaitable(result):
                await result
            await run.look_at_semaphores()

    return scenario


def _bound(code: Callable[..., Awaitable[object]], *arguments: object) -> Callable[[], Awaitable[object]]:
    async def run() -> None:
        await code(*arguments)

    return run


class Settings(NamedTuple):
    """What all runs of a sweep have in common."""

    scenario: Scenario
    swept: SweptCode
    grace: float
    limit: float
    virtual: bool
    ignore: Collection[str]
    collect_every: int

    def run(self, point: Point, aim: Line | None = None) -> tuple[Run, list[Failure]]:
        return _run(self, point, aim)


def sweep_scenario(
    scenario: Scenario,
    *,
    swept: SweptCode | ModuleType | Path | str,
    name: str = "",
    **options: Unpack[Options],
) -> Report:
    """Run `scenario` with each flavour at the first moment, the second, and so on, in the schedule of each seed."""
    report, started = Report(name), time.perf_counter()
    virtual = options.get("virtual", True)
    settings = Settings(
        scenario=scenario,
        swept=SweptCode.of(swept),
        grace=options.get("grace", 5.0),
        limit=options.get("limit", 600.0 if virtual else 20.0),
        virtual=virtual,
        ignore=options.get("ignore", ()),
        collect_every=options.get("collect_every", 1),
    )
    seeds = options.get("seeds", 1)
    with warnings_raised(), _garbage_apart():
        if (only := options.get("only")) is not None:
            report.add(*settings.run(Point.parsed(only)))
        else:
            for seed in range(seeds) if isinstance(seeds, int) else seeds:
                _sweep_schedule(report, settings, seed, options)
    report.seconds = time.perf_counter() - started
    return report


def _sweep_schedule(report: Report, settings: Settings, seed: int, options: Options) -> None:
    """Sweep the schedule of one seed, for each target that there is to choose."""
    victim, victims = 0, 1
    while victim < victims and not _is_over(report, options):
        untouched, failures = settings.run(Point(seed, "park", 0, victim))
        report.add(untouched, failures)
        victims = untouched.victims
        _sweep_target(report, settings, untouched, options)
        victim += 1


def _is_over(report: Report, options: Options) -> bool:
    return options.get("stop_at_first", False) and bool(report.failures)


def _sweep_target(report: Report, settings: Settings, untouched: Run, options: Options) -> None:
    flavours, every = tuple(options.get("flavours", CANCELLING)), options.get("every", 1)
    seed, victim = untouched.point.seed, untouched.point.victim
    distinct = options.get("distinct", False)
    repeated: set[int] = set()
    moments: dict[str, Iterable[int]] = {}
    if every != 1:
        moments = dict.fromkeys(flavours, range(1 + seed % every, untouched.moments + 1, every))
    elif distinct:
        moments["park"] = untouched.distinct
        for flavour in flavours:
            if flavour not in (*CANCELLING, "deadline"):
                asked, failures = settings.run(Point(seed, flavour, 0, victim))
                report.add(asked, failures)
                moments[flavour] = asked.distinct
    if "wake" in flavours and (distinct or (settings.virtual and not options.get("stop_at_first"))):
        compared, failures = settings.run(Point(seed, "wake", 0, victim))
        report.add(compared, failures)
        repeated = compared.repeated if "park" in flavours else set()
        if distinct:
            moments["wake"] = compared.distinct
    for flavour in flavours:
        for n in moments.get(flavour, count(1)):
            if flavour == "wake" and n in repeated:
                continue
            run, failures = settings.run(Point(seed, flavour, n, victim))
            report.add(run, failures)
            if _is_over(report, options):
                return
            if not run.fired:
                break
    # Where time or a thread is real, moments are not the same in each run, and a line may be passed by: it has
    # more than one chance.
    known = options.get("known", ())
    for flavour in [each for each in flavours if each in CANCELLING] * 2:
        for line in sorted(untouched.reached):
            if line not in report.cancelled_at and line not in known and not _is_over(report, options):
                report.add(*settings.run(Point(seed, flavour, 0, victim), line))


def _run(settings: Settings, point: Point, aim: Line | None) -> tuple[Run, list[Failure]]:
    run = Run(point, settings.swept, settings.grace, aim)
    wrong = run.wrong

    async def main() -> None:
        main_task = trio.lowlevel.current_task()
        before = trio.lowlevel.current_statistics().tasks_living
        with trio.CancelScope() as scope:
            patience = settings.limit + (30 if settings.virtual else 10)
            trio.lowlevel.spawn_system_task(_watch, main_task, scope, settings.limit, patience, wrong)
            await settings.scenario(run)
            if not settings.virtual:
                await _abandoned_threads_ended()
        left = trio.lowlevel.current_statistics().tasks_living - before - 1  # the watch is one
        if left:
            wrong.append(("task", f"{left} tasks are left behind"))

    descriptors = {} if settings.virtual else open_descriptors()
    clock = trio.testing.MockClock(autojump_threshold=0) if settings.virtual else None
    watching = instruments(run, is_aimed=aim is not None)
    with complaints([]), closing(run), complaints(wrong):
        with trio_private.deterministic(point.seed), run.locks.watched():
            try:
                trio.run(main, clock=clock, instruments=watching)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # whatever it is, the run has failed
                wrong += [("error", _described(leaf)) for leaf in _leaves(error)]
        if wrong or point.n % settings.collect_every == 0:
            gc.collect()  # what was never awaited, or never closed, says so now
        if not settings.virtual:
            new = open_descriptors().items() - descriptors.items()
            wrong += [
                ("resource", f"descriptor {number} is left open: {what}") for number, what in sorted(new)
            ]
    return run, [
        Failure(run.point, kind, what, run.cancelled_at)
        for kind, what in wrong
        if kind not in settings.ignore
    ]


async def _abandoned_threads_ended() -> None:
    """Wait for threads that were abandoned: until they end, what they have opened is open, and that is no leak."""
    threads = trio.to_thread.current_default_thread_limiter()
    if not threads.borrowed_tokens:
        return
    borrowers = [object() for _ in range(int(threads.total_tokens))]
    with trio.move_on_after(_PATIENCE_WITH_THREADS):
        for borrower in borrowers:
            await threads.acquire_on_behalf_of(borrower)  # the last is free once no thread has one


@contextmanager
def _garbage_apart() -> Generator[None]:
    """Leave all that was there before out of what the garbage collector looks through after each run."""
    is_ours = not _somebody_froze()
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        if is_ours:
            gc.unfreeze()


_FROZEN: list[bool] = []


def _somebody_froze() -> bool:
    """Whether somebody wants objects to stay frozen. To count them takes as long as two runs, so it is done once."""
    if not _FROZEN and gc.get_freeze_count() > 0:
        _FROZEN.append(True)
    return bool(_FROZEN)


def _described(error: BaseException) -> str:
    """What an error says, in one line, and in which line it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}:{frames[-1].lineno})" if frames else ""
    said = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {said}{where}"


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


class ShieldedForEver(Exception):
    """A task waits in a shield without a deadline."""


async def _watch(
    main: trio.lowlevel.Task,
    scope: trio.CancelScope,
    limit: float,
    patience: float,
    wrong: list[tuple[str, str]],
) -> None:
    """Cancel a run that hangs, and then wake by force what sits in a shield for ever, so that the run can end."""
    await trio.sleep(limit)
    waiting = "; ".join(place_of(task) for task in _innermost(main))
    wrong.append(("hang", f"it did not end within {limit:.0f} s: {waiting}"))
    scope.cancel(reason="it hangs")
    await trio.sleep(patience - limit)
    while True:
        for task in _innermost(main):
            if trio_private.is_parked(task):
                trio_private.wake(task, ShieldedForEver("in a shield for ever"))
        await trio.sleep(1)


def _innermost(main: trio.lowlevel.Task) -> Iterator[trio.lowlevel.Task]:
    """Yield the tasks under `main` that wait for no other task. Without tasks of its own Trio ends at once."""
    todo = [main]
    while todo:
        task = todo.pop()
        inner = [each for nursery in task.child_nurseries for each in nursery.child_tasks]
        todo += inner
        if not inner:
            yield task
