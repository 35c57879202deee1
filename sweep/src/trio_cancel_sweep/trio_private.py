"""All that is used of Trio beyond its public interface, in one place; tests/test_trio_private.py looks at each.

- `_ALLOW_DETERMINISTIC_SCHEDULING` and `_r`: a seed fixes the order of tasks within a turn of the loop. Without them a
  failure may not repeat.
- `Task._next_send`: which task a `Cancelled` is delivered to; `Task._cancel_status`: in which scopes of its own it is
  then. Without them a swallowed cancellation is not found.
- `Task._next_send_fn`: ends a task that spins; `Task._abort_func`: finds one that waits in a shield for ever, and takes
  it from where it waits. Without them a run may hang for ever.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import outcome
import trio
import trio._core._run

_run: Any = trio._core._run


@contextmanager
def deterministic(seed: int) -> Generator[None]:
    """Let the order of tasks within one turn of the loop follow from this seed."""
    before = _run._ALLOW_DETERMINISTIC_SCHEDULING
    _run._ALLOW_DETERMINISTIC_SCHEDULING = True
    _run._r.seed(seed)
    try:
        yield
    finally:
        _run._ALLOW_DETERMINISTIC_SCHEDULING = before


def gets_cancelled(task: trio.lowlevel.Task) -> bool:
    """Whether the next step of a task begins with a `Cancelled`; asked just before that step."""
    match task._next_send:
        case outcome.Error(error=trio.Cancelled()):
            return True
    return False


def scopes_of(task: trio.lowlevel.Task, outermost: trio.CancelScope) -> Iterator[trio.CancelScope]:
    """Yield the cancel scopes that a task is in, the innermost first, up to this one, which is left out."""
    status: Any = task._cancel_status
    while status is not None and status._scope is not outermost:
        yield status._scope
        status = status.parent


def end_at_once(task: trio.lowlevel.Task) -> None:
    """Let Trio take a task for ended in place of its next step, whatever it catches; asked just before that step."""

    def end(_value: object) -> None:
        raise StopIteration

    task._next_send_fn = end


def is_parked(task: trio.lowlevel.Task) -> bool:
    """Whether a task waits for something, rather than for its turn."""
    return task._abort_func is not None


def wake(task: trio.lowlevel.Task, error: Exception) -> None:
    """Raise an error in a parked task. What it waits for, a socket for example, does not keep it."""

    def throw() -> None:
        raise error

    abort: Any = task._abort_func
    abort(throw)
    trio.lowlevel.reschedule(task, outcome.Error(error))
