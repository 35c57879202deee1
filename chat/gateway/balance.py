"""Balances the connections of workers that accept from the same sockets, by counts in shared memory.

A worker that has more connections than the emptiest one pauses before it accepts. So workers send no messages, a
hanging worker delays the others only by that pause, and no connection waits in the queue of a stopping worker, as it
would with SO_REUSEPORT.
"""

import mmap
import os
import socket
from tempfile import TemporaryFile
from types import TracebackType

import trio

SLACK = 4
"""A worker with so many more connections than the emptiest one pauses. With 8 the fullest of four had 1.06 x the
mean."""

PAUSE = 0.003
"""Seconds of that pause."""

_ABSENT = -1
_INTEGER = 8
"""Bytes; each integer has one writer, and is read and written atomically."""


class ConnectionCounts:
    """For each of `size` slots, the worker's open connections and its total so far. All of it is sync.

    `descriptor` is that of shared memory from another process; without it, new memory is created.
    """

    def __init__(self, size: int, descriptor: int | None = None) -> None:
        self.size = size
        with TemporaryFile() if descriptor is None else os.fdopen(descriptor, "r+b") as file:
            if descriptor is None:
                file.truncate(2 * size * _INTEGER)
            self.descriptor = os.dup(file.fileno())
            """The descriptor of the shared memory, for workers."""
        self._memory = mmap.mmap(self.descriptor, 2 * size * _INTEGER)
        self._bytes = memoryview(self._memory)
        self._integers = self._bytes.cast("q")
        self.connections = self._integers[:size]
        """Open connections by slot; negative: no worker accepts there."""
        self.admitted = self._integers[size:]
        if descriptor is None:
            for number in range(size):
                self.vacate(number)

    def vacate(self, number: int) -> None:
        """Exclude slot `number` from the comparison: its worker stopped accepting, or ended."""
        self.connections[number] = _ABSENT

    def close(self) -> None:
        """Release the memory."""
        os.close(self.descriptor)
        for view in (self.connections, self.admitted, self._integers, self._bytes):
            view.release()
        self._memory.close()


class WorkerSlot:
    """The slot of one worker, its only writer. All of it is sync."""

    def __init__(self, counts: ConnectionCounts, number: int) -> None:
        self._counts = counts
        self._number = number
        self._open = 0
        self._accepts = False

    def take(self) -> None:
        """Count as accepting from now on."""
        self._accepts = True
        self._counts.connections[self._number] = self._open

    def leave(self) -> None:
        """Stop counting as accepting."""
        self._accepts = False
        self._counts.vacate(self._number)

    def came(self) -> None:
        """A connection was accepted."""
        self._count(1)

    def went(self) -> None:
        """A connection was closed."""
        self._count(-1)

    def ahead(self) -> int:
        """Return how many more connections this worker has than the emptiest one."""
        return self._open - min(
            (count for count in self._counts.connections if count >= 0), default=self._open
        )

    def next_connection(self) -> int:
        """Return a number for a client that is unique among all workers, now and later."""
        admitted = self._counts.admitted[self._number]
        self._counts.admitted[self._number] = admitted + 1
        return admitted * self._counts.size + self._number + 1

    def _count(self, change: int) -> None:
        self._open += change
        if self._accepts:
            self._counts.connections[self._number] = self._open


class BalancedListener:
    """Accepts from `listening`, shared with other workers. Use as a block, which does not close `listening`."""

    def __init__(self, listening: trio.socket.SocketType, slot: WorkerSlot) -> None:
        self._listening = listening
        self._slot = slot
        # Trio's accept() would wait again after another worker was faster, without the comparison.
        self._taking = socket.socket(fileno=os.dup(listening.fileno()))
        self._taking.setblocking(False)

    async def accept(self) -> trio.SocketStream:
        """Return a connection, counted as this worker's. Raises OSError and trio.ClosedResourceError.

        Cancelling: none was accepted.
        """
        while True:
            if self._listening.fileno() < 0:
                raise trio.ClosedResourceError
            await trio.lowlevel.wait_readable(self._listening)
            if self._slot.ahead() >= SLACK:
                await trio.sleep(PAUSE)
                if self._listening.fileno() < 0:
                    continue
            try:
                accepted, _ = self._taking.accept()
            # Another worker was faster, or the client has left.
            except (
                BlockingIOError,
                ConnectionAbortedError,
            ):
                continue
            self._slot.came()
            return trio.SocketStream(trio.socket.from_stdlib_socket(accepted))

    def __enter__(self) -> "BalancedListener":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._taking.close()
