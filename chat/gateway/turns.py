"""Turns of the loop: of the tasks that answer HTTP calls, one at a time goes on, when nothing else can.

In one pass Trio lets every task that can go on take a step, and only then looks at the sockets again. A message takes
a dozen passes from its frame to its listeners, and a hundred calls at once would make each of them long. So these tasks
stand in a line in which the addresses take turns, and whenever the loop would wait for the sockets the next one goes
on. A task that nobody is ahead of does not wait.
"""

import socket
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

PATIENCE = 0.003
"""Seconds after which the next one goes on although the loop is never idle."""


class Turns(trio.abc.Instrument):
    """Hands out turns for as long as serve() runs; without it nobody waits."""

    def __init__(self) -> None:
        self._line: Line[Task] = Line()
        self._idle = False
        """Whether nothing could go on when the sockets were last looked at; known while serve() runs."""
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

    async def take(self, key: bytes | None) -> None:
        """Wait for a turn, with work that many may begin at once.

        Cancelling: it goes on at once, and hears of it at its next checkpoint.
        """
        if self._taken:
            return await self._wait(key)
        self._take()
        return await trio.lowlevel.checkpoint()

    async def serve(self) -> None:
        """Let the next one go on whenever nothing else can. Cancelling: all go on, and nobody waits any more."""
        self._server = trio.lowlevel.current_task()
        trio.lowlevel.add_instrument(self)
        readable, other = socket.socketpair()
        try:
            other.send(
                b"\0"
            )  # never read: waiting for it ends when the sockets are looked at, without a pause
            while True:
                await trio.lowlevel.wait_task_rescheduled(self._end)
                patience = trio.current_time() + PATIENCE
                while len(self._line):
                    await trio.lowlevel.wait_readable(readable)
                    if len(self._line) and (self._idle or trio.current_time() > patience):
                        trio.lowlevel.reschedule(self._line.next())
                        patience = trio.current_time() + PATIENCE
                self._taken = False
        finally:
            self._server, self._taken = None, False
            trio.lowlevel.remove_instrument(self)
            readable.close()
            other.close()
            while len(self._line):
                trio.lowlevel.reschedule(self._line.next())

    def before_io_wait(self, timeout: float) -> None:
        """Note whether the loop is about to wait. Trio calls this in each pass; it waits for nobody who can go on."""
        self._idle = timeout > 0

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
