"""Suspends one of several servers like SIGSTOP: time passes, its input waits, and none of its tasks runs.

Trio's scheduler is asked for it: a task of a stopped server that becomes runnable is set aside until that goes on. So
it stands still wherever it is, between any two of its own checkpoints; its deadlines pass, and what the others, the
database and its clients send lies in its buffers.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from unittest.mock import patch

import outcome
import trio

SERVER: ContextVar[int] = ContextVar("server", default=-1)
"""Which server it is whose task this is, counted from 0; -1 where it is none's."""


class Stopped:
    """Which servers are stopped, and what waits until they go on. All is sync."""

    def __init__(self) -> None:
        self._tasks: dict[int, list[trio.lowlevel.Task]] = {}  # of each that is stopped, those that would run
        self._calls: dict[int, list[Callable[[], object]]] = {}

    def stop(self, server: int) -> None:
        """Let no task of the server run from now on."""
        self._tasks.setdefault(server, [])
        self._calls.setdefault(server, [])

    def go_on(self, server: int) -> list[Callable[[], object]]:
        """Let the server run again, if it was stopped; return the calls that waited, for the caller to make."""
        trio._core._run.GLOBAL_RUN_CONTEXT.runner.runq.extend(self._tasks.pop(server, ()))
        return self._calls.pop(server, [])

    def call(self, server: int, reach: Callable[[], object]) -> None:
        """Reach the server from outside its own tasks: now, or when it has gone on."""
        if server in self._calls:
            self._calls[server].append(reach)
        else:
            reach()

    @contextmanager
    def heeded(self) -> Generator[None]:
        """Have Trio's scheduler set the tasks of stopped servers aside for as long as the block lasts."""
        runner, tasks = trio._core._run.Runner, self._tasks
        schedule = runner.reschedule
        unset = schedule.__defaults__[0]  # type: ignore[index]

        def reschedule(
            self: "trio._core._run.Runner",
            task: trio.lowlevel.Task,
            next_send: outcome.Outcome[object] = unset,
        ) -> None:
            schedule(self, task, next_send)
            if tasks and (aside := tasks.get(task.context.get(SERVER, -1))) is not None:
                aside.append(self.runq.pop())

        with patch.object(runner, "reschedule", reschedule):
            yield
