"""The current tree of tasks: nurseries, tasks, what each awaits, and its cancel scopes.

All of it is read from suspended coroutines: nothing is maintained while nobody looks. Reading is sync: a tree shows one
moment. The caller bounds how much is read.
"""

import math
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import AsyncExitStack, ExitStack
from gc import get_referents
from pathlib import Path
from types import CoroutineType, FrameType, GeneratorType, MethodType
from typing import Any, NamedTuple

import msgspec
import trio
from trio.lowlevel import Task

_PACKAGE = Path(__file__).parent.parent
_ROOT = str(_PACKAGE.parent) + "/"
_OURS = str(_PACKAGE) + "/"
_SIGNALS = _OURS + "signals.py"


class Scope(msgspec.Struct, frozen=True):
    """A cancel scope. `deadline` is in seconds from now, None for never; `where` is the function that opened it."""

    where: str
    deadline: float | None
    shield: bool
    cancelled: bool


class Awaits(msgspec.Struct, frozen=True):
    """Where a task is suspended: the innermost line of our code, and the function that it calls.

    `seconds` is the time since then, None if nobody has watched; with `at_least` it may be longer.
    """

    where: str
    function: str
    calls: str
    seconds: float | None = None
    at_least: bool = False


class TaskNode(msgspec.Struct, frozen=True):
    """A task. `client` is its connection's number, if it has one; `scopes` are its cancel scopes, outermost first."""

    name: str
    awaits: Awaits
    scopes: list[Scope]
    nurseries: list["NurseryNode"]
    client: int | None = None


class NurseryNode(msgspec.Struct, frozen=True):
    """A nursery: its scope, its tasks, and the number of tasks that are left out."""

    scope: Scope
    tasks: list[TaskNode]
    more: int


class TaskFacts(NamedTuple):
    """What is known of tasks beyond Trio: which are clients, and how long each has been waiting.

    `shown` are the clients that are shown in full. Of other tasks, at most `most` of a nursery are shown.
    """

    clients: dict[Task, int]
    shown: Collection[int]
    waited: Callable[[Task], tuple[float, bool] | None]
    most: int


def draw(task: Task, facts: TaskFacts) -> TaskNode:
    """Return the tree below a task. Sync."""
    opened: dict[trio.CancelScope, str] = {}
    for scope, where in _held(task):
        opened.setdefault(scope, where)
    nurseries = [
        _nursery(nursery, opened.pop(nursery.cancel_scope, ""), facts) for nursery in task.child_nurseries
    ]
    scopes = [_scope(scope, where) for scope, where in opened.items()]
    return TaskNode(task.name, _awaits(task, facts), scopes, nurseries, facts.clients.get(task))


def below(task: Task) -> Iterator[Task]:
    """Yield the task and all tasks below it."""
    yield task
    for nursery in task.child_nurseries:
        for child in nursery.child_tasks:
            yield from below(child)


def _nursery(nursery: trio.Nursery, where: str, facts: TaskFacts) -> NurseryNode:
    shown: list[Task] = []
    others = 0
    for task in nursery.child_tasks:
        number = facts.clients.get(task)
        if number is None:
            others += 1
        if number in facts.shown if number is not None else others <= facts.most:
            shown.append(task)
    shown.sort(key=lambda task: (facts.clients.get(task, 0), task.name))
    tasks = [draw(task, facts) for task in shown]
    return NurseryNode(_scope(nursery.cancel_scope, where), tasks, len(nursery.child_tasks) - len(tasks))


def _scope(scope: trio.CancelScope, where: str) -> Scope:
    left = scope.deadline - trio.current_time()
    return Scope(where, left if math.isfinite(left) else None, scope.shield, scope.cancel_called)


def awaited_by(task: Task) -> Awaits:
    """Return where a task is suspended. Sync."""
    frames = [frame for frame in map(_frame_of, _chain(task)) if frame is not None]
    # The frame of a signal is skipped: its caller's frame shows the awaited condition.
    ours = [place for place, frame in enumerate(frames) if _is_ours(frame) and not _is_signal(frame)]
    if not frames:
        return Awaits("", "", "")
    place = ours[-1] if ours else 0
    calls = frames[place + 1].f_code.co_name if place + 1 < len(frames) else ""
    return Awaits(_line(frames[place]), _name(frames[place]), calls)


def _awaits(task: Task, facts: TaskFacts) -> Awaits:
    awaits = awaited_by(task)
    waited = facts.waited(task)
    if waited is None:
        return awaits
    return msgspec.structs.replace(awaits, seconds=waited[0], at_least=waited[1])


def _chain(task: Task) -> Iterator[object]:
    """Yield the task's coroutine, what it awaits, and so on to the innermost."""
    awaiting: Any = task.coro
    while awaiting is not None:
        if type(awaiting).__name__.startswith("async_generator_a"):
            # asend() and athrow() hide their generator.
            awaiting = next((each for each in get_referents(awaiting) if hasattr(each, "ag_frame")), None)
            continue
        yield awaiting
        running = awaiting
        awaiting = next(
            (
                getattr(running, name)
                for name in ("cr_await", "gi_yieldfrom", "ag_await")
                if hasattr(running, name)
            ),
            None,
        )
        if awaiting is None and isinstance(running, GeneratorType):
            # The coroutine that FairScheduler.steps drives is a local there.
            awaiting = next(
                (each for each in get_referents(running) if isinstance(each, CoroutineType)), None
            )


def _frame_of(running: object) -> FrameType | None:
    for name in ("cr_frame", "gi_frame", "ag_frame"):
        if hasattr(running, name):
            frame: FrameType | None = getattr(running, name)
            return frame
    return None


def _held(task: Task) -> Iterator[tuple[trio.CancelScope, str]]:
    """Yield the task's cancel scopes, also of its nurseries, and the function that opened each; outermost first."""
    around = ""
    for running in _chain(task):
        frame = _frame_of(running)
        if frame is None:
            continue
        if frame.f_code.co_name == "__aexit__":
            # The end of a block: a nursery that waits for its tasks.
            for each in get_referents(running):
                if hasattr(each, "__aexit__"):
                    yield from _behind(each, around)
        else:
            around = _name(frame)
            yield from _entered(running, around)


def _entered(suspended: object, where: str) -> Iterator[tuple[trio.CancelScope, str]]:
    """Yield the scopes of the `with` blocks of a suspended function: their exits are on its stack."""
    for thing in get_referents(suspended):
        if isinstance(thing, MethodType) and thing.__name__ in ("__exit__", "__aexit__"):
            yield from _behind(thing.__self__, where)


def _behind(manager: object, where: str) -> Iterator[tuple[trio.CancelScope, str]]:
    """Yield the scopes that a context manager holds, directly or in others."""
    if isinstance(manager, trio.CancelScope):
        yield manager, where
    elif isinstance(manager, AsyncExitStack | ExitStack):
        for callbacks in get_referents(manager):
            for _, leave in callbacks if isinstance(callbacks, deque) else ():
                if isinstance(leave, MethodType):
                    yield from _behind(leave.__self__, where)
    elif (generator := getattr(manager, "gen", None)) is not None:  # of @contextmanager
        frame = _frame_of(generator)
        if frame is not None:
            yield from _entered(generator, _name(frame) if _is_ours(frame) else where)
    else:  # what open_nursery() returns
        yield from ((each, where) for each in get_referents(manager) if isinstance(each, trio.CancelScope))


def _is_signal(frame: FrameType) -> bool:
    return frame.f_code.co_filename == _SIGNALS


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_OURS)


def _line(frame: FrameType) -> str:
    path = frame.f_code.co_filename
    short = path.removeprefix(_ROOT) if _is_ours(frame) else path.rpartition("site-packages/")[2]
    return f"{short}:{frame.f_lineno}"


def _name(frame: FrameType) -> str:
    return frame.f_code.co_qualname.replace(".<locals>", "")
