"""Shares the event loop fairly: tasks that answer HTTP calls run a few at a time, when nothing else can run.

In one pass Trio runs a step of every ready task, and only then polls the sockets. A message takes a dozen passes from
its frame to its subscribers, and a hundred concurrent calls would make each pass long. So these tasks wait in a queue
in which addresses take turns. Whenever the loop would wait for the sockets, the next tasks run, for half a
millisecond together. While the queue is empty, no task waits.
"""

import types
from collections.abc import Coroutine, Generator
from time import perf_counter
from typing import Any, TypeVar

import trio
from trio.lowlevel import Abort, Task

from chat.domain.limits.fair_queue import FairQueue

T = TypeVar("T")

TURN = 0.0001
"""Seconds of one turn; several short steps share it."""

PASS = 0.0005
"""Seconds of the turns that one pass gives: several turns where steps are short, one where they are long."""

PATIENCE = 0.003
"""Seconds after which the next task runs even if the loop is never idle."""


class FairScheduler(trio.abc.Instrument):
    """Gives turns while serve() runs; otherwise no task waits."""

    def __init__(self) -> None:
        self._queue: FairQueue[Task] = FairQueue()
        self._token: trio.lowlevel.TrioToken | None = None  # while serve() runs
        self._patience = 0.0  # time (Trio's clock) until which the next task waits for an idle loop
        self._usual = TURN  # seconds of a step, lately
        self._taken = False
        """Whether a task had a turn since the last poll of the sockets; only set while serve() runs."""

    @types.coroutine
    def steps(self, key: bytes | None, work: Coroutine[Any, Any, T]) -> Generator[Any, Any, T]:
        """Await `work`, resuming it only in turns of `key`, the `address_key` of the caller.

        It waits only where `work` is suspended anyway, so the code between two awaits stays atomic. Cancelling resumes
        it at once, and raises Cancelled at its next checkpoint.
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
                        self._taken = self._token is not None
                begun = perf_counter()
                try:
                    trap = work.send(sent)
                except StopIteration as over:
                    return over.value  # type: ignore[no-any-return]
                took = perf_counter() - begun
                left -= took
                self._usual += (took - self._usual) / 16
                sent = yield trap
        finally:
            work.close()

    async def serve(self) -> None:
        """Resume the next task whenever nothing else can run. Cancelling resumes all; no task waits any more."""
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
            # A task that becomes ready here would wait with the loop; this wakes the loop.
            self._token.run_sync_soon(self._let_go_on, idempotent=True)

    def _let_go_on(self) -> None:
        self._patience = trio.current_time() + PATIENCE
        for _ in range(min(len(self._queue), max(1, int(PASS / max(self._usual, TURN))))):
            trio.lowlevel.reschedule(self._queue.next())

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
