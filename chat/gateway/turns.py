"""Turns of the loop: of the tasks that answer HTTP calls, one at a time goes on, when nothing else can.

In one pass Trio lets every task that can go on take a step, and only then looks at the sockets again. A message takes
a dozen passes from its frame to its listeners, and a hundred calls at once would make each of them long. So these tasks
stand in a line in which the addresses take turns, and whenever the loop would wait for the sockets the next one goes
on. A task that nobody is ahead of does not wait.
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
"""Seconds of the loop that a turn is worth: steps that take no time share one."""

PATIENCE = 0.003
"""Seconds after which the next one goes on although the loop is never idle."""


class Turns(trio.abc.Instrument):
    """Hands out turns for as long as serve() runs; without it nobody waits."""

    def __init__(self) -> None:
        self._line: FairQueue[Task] = FairQueue()
        self._token: trio.lowlevel.TrioToken | None = None  # while serve() runs
        self._patience = 0.0  # until then (Trio's clock) the next one waits for an idle loop
        self._taken = False
        """Whether somebody has had a turn since the loop last looked at the sockets; set only while serve() runs."""

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
        """Let the next one go on whenever nothing else can. Cancelling: all go on, and nobody waits any more."""
        self._token = trio.lowlevel.current_trio_token()
        trio.lowlevel.add_instrument(self)
        try:
            await trio.sleep_forever()
        finally:
            trio.lowlevel.remove_instrument(self)
            self._token, self._taken = None, False
            while len(self._line):
                trio.lowlevel.reschedule(self._line.next())

    def before_io_wait(self, timeout: float) -> None:
        """Have the next one go on if the loop is about to wait. Trio calls this in each pass."""
        if not len(self._line):
            self._taken = False
        elif self._token is not None and (timeout > 0 or trio.current_time() > self._patience):
            # A task that is made ready here would wait with the loop; this wakes it.
            self._token.run_sync_soon(self._let_go_on, idempotent=True)

    def _let_go_on(self) -> None:
        self._patience = trio.current_time() + PATIENCE
        if len(self._line):
            trio.lowlevel.reschedule(self._line.next())

    def _take(self) -> None:
        if self._token is not None:
            self._taken = True

    async def _wait(self, key: bytes | None) -> None:
        task = trio.lowlevel.current_task()
        if not len(self._line):
            self._patience = trio.current_time() + PATIENCE
        self._line.add(key, task)

        def go_on(_raise_cancel: object) -> Abort:
            self._line.remove(key, task)
            trio.lowlevel.reschedule(task)
            return Abort.FAILED

        await trio.lowlevel.wait_task_rescheduled(go_on)
