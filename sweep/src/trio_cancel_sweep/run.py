"""One run of a scenario: its moments, and the cancellation at one of them."""

import asyncio
import gc
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import trio

from . import trio_private
from .await_lines import Line, SweptCode, cleanup_lines, coroutine_waits_at, place_of, running_at, waits_at
from .leftovers import Locks
from .reporting import Point

CANCELLING = ("park", "wake")
"""The moments at which a task can be cancelled; `deadline` is a third flavour, of which these are the greater part."""

MOST_STEPS = 100_000
"""Steps after a cancellation, beyond which the target will never end; its clock may not move meanwhile."""

MOST_DELIVERIES = 1_000
"""How often one task may get `Cancelled` before it is taken for one that spins."""

Code = Callable[..., Awaitable[object]]


class _Delivery(NamedTuple):
    """A task got `Cancelled`: where it waited, the scopes of its own there, and whether that is in the swept code."""

    place: str
    scopes: tuple[trio.CancelScope, ...]
    is_swept: bool

    @property
    def is_absorbed(self) -> bool:
        """Whether a scope of the code's own took the exception, as it does if it was cancelled too."""
        return any(scope.cancelled_caught for scope in self.scopes)


class Run:
    """One run of a scenario: its point, and what the target met.

    Args:
        point: when it is cancelled; named anew where `aim` says when.
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
        self.victims = 1  # how many targets there are to choose from
        self.repeated: set[int] = set()  # moments of `wake` that are those of `park` too; noted where n is 0
        self.distinct: list[int] = []  # moments at which a task is where none was before; noted where n is 0
        self.cut_cleanups: Counter[Line] = Counter()
        self.wrong: list[tuple[str, str]] = []  # what this run itself has seen go wrong, with its kind
        self.locks = Locks()
        self._places: set[tuple[bool, tuple[Line, ...]]] = (
            set()
        )  # where tasks were, and whether of the target
        self._aim = aim
        self._swept = swept
        self._grace = grace
        self._task: trio.lowlevel.Task | None = None  # while the target runs
        self._scope = trio.CancelScope()
        self._around: Sequence[trio.Nursery] = ()
        self._loops: set[asyncio.AbstractEventLoop] = set()  # of asyncio, that tasks of the target have used
        self._delivered: dict[trio.lowlevel.Task, list[_Delivery]] = {}
        self._steps_after = 0
        self._after: _AfterCancelling | None = None  # from the cancellation to the end of the target
        self._ended: list[trio.lowlevel.Task] = []

    async def target(self, code: Code, *arguments: object) -> None:
        """Run what is swept, once in a scenario; a cancellation cancels all of it, and nothing else."""
        self._task = trio.lowlevel.current_task()
        self._around = tuple(self._task.child_nurseries)
        began = trio.current_time()
        held = self.locks.held(self._task, is_quiet=False)
        has_returned = False
        try:
            with self._scope:
                await code(*arguments)
                has_returned = True
        finally:
            self._task = None
            if self._after is not None:
                trio.lowlevel.remove_instrument(self._after)
        if self._scope.cancel_called:
            took = trio.current_time() - max(began, self._fired_at)
            if took > self._grace:
                self.wrong.append(("hang", f"{took:.1f} s from being cancelled to its end"))
            if has_returned:
                self._note_swallowed()
        await self._look_at_locks(held, is_quiet=False)

    async def targets(self, *codes: Callable[[], Awaitable[object]]) -> None:
        """Run several, each in a task of its own; a cancellation cancels one of them, each in its turn."""
        self.victims = len(codes)
        async with trio.open_nursery() as nursery:
            for number, code in enumerate(codes):
                if number == self.point.victim:
                    nursery.start_soon(self.target, code)
                else:
                    nursery.start_soon(code)

    _fired_at = 0.0

    async def look_at_semaphores(self) -> None:
        """Take it for a failure if a semaphore is held. A scenario calls it where nobody holds one rightly."""
        await self._look_at_locks(
            self.locks.held(trio.lowlevel.current_task(), is_quiet=False), is_quiet=True
        )

    async def _look_at_locks(self, before: set[str], *, is_quiet: bool) -> None:
        task = trio.lowlevel.current_task()
        if self.locks.held(task, is_quiet=is_quiet) - before:
            # What nobody can reach any more keeps nobody waiting. Until its next step, Trio has the last exception.
            await trio.lowlevel.cancel_shielded_checkpoint()
            gc.collect()
            self.wrong += [
                ("lock", what) for what in sorted(self.locks.held(task, is_quiet=is_quiet) - before)
            ]

    def trips(self, flavour: str) -> bool:
        """Whether the operation that asks, one of this flavour, is the one that has to fail. Sync."""
        if self.point.flavour != flavour or self._task is None:
            return False
        self.moments += 1
        if self.point.n == 0:
            self._note(True, tuple(running_at(sys._getframe(1), self._swept)))
        if self.moments == self.point.n:
            self.fired = True
            return True
        return False

    def tick(self, stepped: trio.lowlevel.Task | None, coming: trio.lowlevel.Task | None = None) -> None:
        """One more moment of a cancelling flavour; cancel if it is the one.

        `stepped` is the task that took the last step: the others wait where they waited before it. `coming` is the
        task that takes the next step, where that is known.
        """
        if self._task is None:
            return
        self.moments += 1
        if self.point.n == 0:
            lines = set(self._lines(() if stepped is None or not self._has(stepped) else (stepped,)))
            self.reached |= lines
            self._note_place(coming or stepped)
            if self._aim in lines:
                self.point = self.point._replace(n=self.moments)
        if self.moments == self.point.n:
            self._fire()

    def _note_place(self, task: trio.lowlevel.Task | None) -> None:
        is_ours = task is not None and self._has(task)
        self._note(is_ours, tuple(waits_at(task, self._swept)) if task else ())

    def _note(self, is_ours: bool, lines: tuple[Line, ...]) -> None:
        place = (is_ours, lines)
        if place not in self._places:
            self._places.add(place)
            self.distinct.append(self.moments)

    def _fire(self) -> None:
        self.fired = True
        self._fired_at = trio.current_time()
        self.cancelled_at = tuple(self._lines(self.tasks()))
        self._after = _AfterCancelling(self)
        trio.lowlevel.add_instrument(self._after)
        if self.point.flavour == "deadline":
            self._scope.deadline = trio.current_time()
        else:
            self._scope.cancel(reason="swept")

    def note_repeated(self) -> None:
        """The last moment of `wake` came with nothing between it and the last of `park`: it is the same."""
        if self._task is not None:
            self.repeated.add(self.moments)

    def note_step_after(self, task: trio.lowlevel.Task) -> None:
        """A task is about to take a step, and the cancellation was before it."""
        if self._task is None or not self._has(task):
            return
        self._steps_after += 1
        if self._steps_after > MOST_STEPS:
            if self._steps_after == MOST_STEPS + 1:
                self.wrong.append(("hang", f"{place_of(task)} goes on after the cancellation"))
            self._end(task)
        elif trio_private.gets_cancelled(task):
            self._note_delivery(task)

    def _note_delivery(self, task: trio.lowlevel.Task) -> None:
        known = self._delivered.setdefault(task, [])
        lines = list(waits_at(task, self._swept))
        if known:
            self.cut_cleanups.update([each for each in lines if each.number in cleanup_lines(each.file)][-1:])
        scopes = tuple(trio_private.scopes_of(task, self._scope))
        known.append(_Delivery(place_of(task), scopes, is_swept=bool(lines)))
        if len(known) > MOST_DELIVERIES:
            self.wrong.append(("swallowed", f"{place_of(task)} swallows each Cancelled and goes on"))
            self._end(task)

    def _end(self, task: trio.lowlevel.Task) -> None:
        self._ended.append(task)
        trio_private.end_at_once(task)

    def close(self) -> None:
        """Close what was ended by force, once Trio has ended; it may complain."""
        if self._ended:
            for task in self._ended:
                with suppress(BaseException):
                    task.coro.close()
            self._ended.clear()
            gc.collect()

    def _note_swallowed(self) -> None:
        for deliveries in self._delivered.values():
            # A library's own task, as the one with which trio-asyncio forwards a cancellation, may end by taking it.
            is_swept = any(each.is_swept for each in deliveries)
            if is_swept and not any(each.is_absorbed for each in deliveries):
                self.wrong.append(("swallowed", f"the Cancelled is swallowed that {deliveries[0].place} got"))
                return

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
        self._run.tick(self._stepped, task)
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


class _BetweenTurns(trio.abc.Instrument):
    """Tells a run of the moments of `deadline`: Trio looks at deadlines once a turn, before what I/O has brought."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def after_io_wait(self, timeout: float) -> None:
        self._run.tick(None)


class _AfterCancelling(trio.abc.Instrument):
    """Tells a run of each step after its cancellation."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self._run.note_step_after(task)


def instruments(run: Run, *, is_aimed: bool) -> list[trio.abc.Instrument]:
    """Return what tells a run of its moments. Trio calls only what an instrument defines; nothing else has a cost."""
    match run.point.flavour:
        case "park":
            return [_AfterSteps(run)]
        case "wake":
            return [_BeforeSteps(run) if run.point.n or is_aimed else _Comparing(run)]
        case "deadline":
            return [_BetweenTurns(run)]
    return []
