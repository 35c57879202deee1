"""Turns of the loop: of the tasks that answer HTTP calls, about one goes on in each pass.

In one pass Trio lets every task that can go on take a step, and only then looks at the sockets again. A message takes
a dozen passes from its frame to its listeners, and a hundred calls at once would make each of them long. So these tasks
stand in a line in which the addresses take turns, and with each pass the next one goes on. A task that nobody is
ahead of does not wait.
"""

import types
from collections.abc import Coroutine, Generator
from time import perf_counter
from typing import Any, TypeVar

import trio
from trio.lowlevel import Abort, Task

from chat.domain.line import Line

T = TypeVar("T")

TURN = 0.0001
"""Seconds of the loop that a turn is worth: steps that take no time share one."""


class Turns:
    """Hands out turns for as long as serve() runs; without it nobody waits."""

    def __init__(self) -> None:
        self._line: Line[Task] = Line()
        self._server: Task | None = None
        self._taken = False
        """Whether somebody has had a turn since the server last looked; set only while there is a server."""

    @types.coroutine
    def steps(self, key: bytes | None, work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
        """Await `work`, and let it go on only in a turn of `key`, which is what `address_key` makes of an address.

        It waits where it would have been suspended anyway, with what it waited for in hand: what it does between two
        awaits stays whole. Cancelling: it goes on at once, and hears of it at its next checkpoint.
        """
        sent: Any = None
        left = 0.0
        try:
            while True:
                if left <= 0.0:
                    left = TURN
                    if self._taken:
                        yield from self._wait(key).__await__()
                    else:
                        self._take()
                begun = perf_counter()
                try:
                    trap = work.send(sent)
                except StopIteration as over:
                    return over.value  # type: ignore[no-any-return]
                left -= perf_counter() - begun
                sent = yield trap
        finally:
            work.close()

    async def serve(self) -> None:
        """Let the next one go on in each pass. Cancelling: all go on, and nobody waits any more."""
        self._server = trio.lowlevel.current_task()
        try:
            while True:
                await trio.lowlevel.wait_task_rescheduled(self._end)
                while len(self._line):
                    trio.lowlevel.reschedule(self._line.next())
                    await trio.lowlevel.checkpoint()
                self._taken = False
        finally:
            self._server, self._taken = None, False
            while len(self._line):
                trio.lowlevel.reschedule(self._line.next())

    def _end(self, _raise_cancel: object) -> Abort:
        self._server = None  # it goes on already: nobody may wake it
        return Abort.SUCCEEDED

    def _take(self) -> None:
        if self._server is not None:
            self._taken = True
            trio.lowlevel.reschedule(self._server)  # it is parked: nothing has been taken since it looked

    async def _wait(self, key: bytes | None) -> None:
        task = trio.lowlevel.current_task()
        self._line.add(key, task)

        def go_on(_raise_cancel: object) -> Abort:
            self._line.remove(key, task)
            trio.lowlevel.reschedule(task)
            return Abort.FAILED

        await trio.lowlevel.wait_task_rescheduled(go_on)
