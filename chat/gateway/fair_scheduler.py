"""Shares the loop fairly: of the tasks that answer HTTP calls, one at a time goes on, when nothing else can.

In one pass Trio lets every task that can go on take a step, and only then looks at the sockets again. A message takes
a dozen passes from its frame to its listeners, and a hundred calls at once would make each of them long. So these tasks
wait in a queue in which the addresses take turns. Whenever the loop would wait for the sockets, the next task goes on.
A task does not wait while the queue is empty.
"""

import types
from collections.abc import Coroutine, Generator
from time import perf_counter
from typing import Any, TypeVar

import trio
from trio.lowlevel import Abort, Task

from chat.domain.fair_queue import FairQueue

T = TypeVar("T")

TURN = 0.0001
"""Seconds of the loop in one turn: short steps share a turn."""

PATIENCE = 0.003
"""Seconds after which the next task goes on although the loop is never idle."""


class FairScheduler(trio.abc.Instrument):
    """Hands out turns for as long as serve() runs; without it no task waits."""

    def __init__(self) -> None:
        self._queue: FairQueue[Task] = FairQueue()
        self._token: trio.lowlevel.TrioToken | None = None  # while serve() runs
        self._patience = 0.0  # until then (Trio's clock) the next task waits for an idle loop
        self._taken = False
        """Whether a task has had a turn since the loop last looked at the sockets; set only while serve() runs."""

    @types.coroutine
    def steps(self, key: bytes | None, work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
        """Await `work`, and resume it only in a turn of `key`, which is what `address_key` makes of an address.

        It waits where `work` is suspended anyway, so nothing comes between two awaits of `work`. Cancelling: it resumes
        at once, and Cancelled is raised at its next checkpoint.
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
        """Resume the next task whenever nothing else can run. Cancelling: all are resumed, and none waits any more."""
        self._token = trio.lowlevel.current_trio_token()
        trio.lowlevel.add_instrument(self)
        try:
            await trio.sleep_forever()
        finally:
            trio.lowlevel.remove_instrument(self)
            self._token, self._taken = None, False
            while len(self._queue):
                trio.lowlevel.reschedule(self._queue.next())

    def before_io_wait(self, timeout: float) -> None:
        """Resume the next task if the loop is about to wait. Trio calls this in each pass."""
        if not len(self._queue):
            self._taken = False
        elif self._token is not None and (timeout > 0 or trio.current_time() > self._patience):
            # A task that is made ready here would wait with the loop; this wakes it.
            self._token.run_sync_soon(self._let_go_on, idempotent=True)

    def _let_go_on(self) -> None:
        self._patience = trio.current_time() + PATIENCE
        if len(self._queue):
            trio.lowlevel.reschedule(self._queue.next())

    def _take(self) -> None:
        if self._token is not None:
            self._taken = True

    async def _wait(self, key: bytes | None) -> None:
        task = trio.lowlevel.current_task()
        if not len(self._queue):
            self._patience = trio.current_time() + PATIENCE
        self._queue.add(key, task)

        def go_on(_raise_cancel: object) -> Abort:
            self._queue.remove(key, task)
            trio.lowlevel.reschedule(task)
            return Abort.FAILED

        await trio.lowlevel.wait_task_rescheduled(go_on)
