"""Handles requests of one socket in order, one after the other, concurrently with the reading task.

A sync may wait a minute for its turn. Requests that must follow it wait here; all others are answered meanwhile.
"""

from collections import deque
from collections.abc import Awaitable, Callable

import trio

from chat.engine.dialect import Command
from chat.engine.events import RequestId

_MOST = 64
"""The most waiting requests; then the client is not read until one is done."""


class QueuedRequest(Command, frozen=True):
    """A request whose turn it is."""

    request: Command

    @property
    def ref(self) -> RequestId:
        return self.request.ref


class RequestQueue:
    """The waiting requests of one socket.

    `is_busy` tells whether a new request has to wait for others: from start() until none is left. It is read for each
    message.
    """

    __slots__ = ("_progress", "_scope", "_waiting", "is_busy")

    def __init__(self) -> None:
        self.is_busy = False
        self._waiting: deque[Command] | None = None  # while it is busy
        self._progress: trio.Event | None = None  # made by a task that waits for a free place
        self._scope: trio.CancelScope | None = None  # of the request that is being handled

    def start(
        self, first: Command, do: Callable[[QueuedRequest], Awaitable[None]], nursery: trio.Nursery
    ) -> None:
        """Handle `first` in the nursery, and then the requests added meanwhile. Only while not busy. Sync.

        `do` must not raise for errors of the client or the storage.
        """
        self._waiting = deque([first])
        self.is_busy = True
        nursery.start_soon(self._run, self._waiting, do)

    async def add(self, command: Command) -> bool:
        """Append a request; False: nothing waits any more, so the caller handles it.

        Cancelling does not append it.
        """
        while self._waiting is not None and len(self._waiting) >= _MOST:
            self._progress = self._progress or trio.Event()
            await self._progress.wait()
        if self._waiting is None:
            return False
        self._waiting.append(command)
        return True

    def end(self) -> None:
        """Drop all requests and cancel the current one: the client is gone. Sync."""
        if self._waiting is not None:
            self._waiting.clear()
        if self._scope is not None:
            self._scope.cancel(reason="the client is gone")

    async def _run(self, waiting: deque[Command], do: Callable[[QueuedRequest], Awaitable[None]]) -> None:
        try:
            with trio.CancelScope() as self._scope:
                while waiting:
                    # The first stays in the queue until it is done, so that it counts.
                    await do(QueuedRequest(waiting[0]))
                    if waiting:
                        waiting.popleft()
                    self._made_progress()
        finally:
            self._waiting = self._scope = None
            self.is_busy = False
            self._made_progress()

    def _made_progress(self) -> None:
        if self._progress is not None:
            self._progress.set()
            self._progress = None
