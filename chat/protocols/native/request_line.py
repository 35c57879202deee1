"""Requests of one socket that are done one after the other, in the order asked, beside the task that reads.

A sync may wait a minute for its turn, and the client is not to be deaf for so long: what has to come after it waits
here, and everything else is answered meanwhile.
"""

from collections import deque
from collections.abc import Awaitable, Callable

import trio

from chat.engine.dialect import Command
from chat.engine.events import RequestId

_MOST = 64
"""Requests that wait; then the client is not read until one is done."""


class InLine(Command, frozen=True):
    """A request whose turn it is."""

    request: Command

    @property
    def ref(self) -> RequestId:
        return self.request.ref


class RequestLine:
    """Busy from start() until nothing waits any more."""

    __slots__ = ("_progress", "_scope", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Command] | None = None  # while it is busy
        self._progress: trio.Event | None = None  # made by who waits for room
        self._scope: trio.CancelScope | None = None  # of what is being done

    @property
    def is_busy(self) -> bool:
        """Whether a request that comes now has to wait for others."""
        return self._waiting is not None

    def start(self, first: Command, do: Callable[[InLine], Awaitable[None]], nursery: trio.Nursery) -> None:
        """Do `first` in the nursery, and then what is added meanwhile; nothing may wait now. Sync.

        `do` raises nothing that the client or the storage causes.
        """
        self._waiting = deque([first])
        nursery.start_soon(self._run, self._waiting, do)

    async def add(self, command: Command) -> bool:
        """Have a request done after those that wait; False: none does any more, so the caller does it.

        Cancelling: it is not done.
        """
        while self._waiting is not None and len(self._waiting) >= _MOST:
            self._progress = self._progress or trio.Event()
            await self._progress.wait()
        if self._waiting is None:
            return False
        self._waiting.append(command)
        return True

    def end(self) -> None:
        """Do nothing more: the client is gone. Sync."""
        if self._waiting is not None:
            self._waiting.clear()
        if self._scope is not None:
            self._scope.cancel(reason="the client is gone")

    async def _run(self, waiting: deque[Command], do: Callable[[InLine], Awaitable[None]]) -> None:
        try:
            with trio.CancelScope() as self._scope:
                while waiting:
                    # The first stays in the line until it is done, so that it counts.
                    await do(InLine(waiting[0]))
                    if waiting:
                        waiting.popleft()
                    self._made_progress()
        finally:
            self._waiting = self._scope = None
            self._made_progress()

    def _made_progress(self) -> None:
        if self._progress is not None:
            self._progress.set()
            self._progress = None
