"""Workers that accept from the same sockets: counts in shared memory keep their connections even.

Whoever is ahead of the emptiest worker leaves it a moment to accept first. So none has to be asked, a worker that hangs
holds nobody up for longer, and no connection waits in the queue of a worker that stops, as it does with SO_REUSEPORT.
"""

import mmap
import os
import socket
from tempfile import TemporaryFile
from types import TracebackType

import trio

SLACK = 4
"""Connections by which a worker is ahead when it begins to wait: with 8 the fullest of four had 1.06 x the mean."""

PAUSE = 0.003
"""Seconds that it leaves to the others."""

_ABSENT = -1
_INTEGER = 8
"""Bytes; each integer has one writer, and is written and read whole."""


class Slots:
    """A count of connections for each of `size` workers, and how many it ever had. Workers begin with 0.

    `descriptor` is that of another process's slots; without it they are made. All of it is sync.
    """

    def __init__(self, size: int, descriptor: int | None = None) -> None:
        self.size = size
        with TemporaryFile() if descriptor is None else os.fdopen(descriptor, "r+b") as file:
            if descriptor is None:
                file.truncate(2 * size * _INTEGER)
            self.descriptor = os.dup(file.fileno())
            """To be handed to a worker, which may not inherit it by itself."""
        self._memory = mmap.mmap(self.descriptor, 2 * size * _INTEGER)
        self._bytes = memoryview(self._memory)
        self._integers = self._bytes.cast("q")
        self.connections = self._integers[:size]
        """Those open now; below 0 where no worker accepts."""
        self.admitted = self._integers[size:]
        if descriptor is None:
            for number in range(size):
                self.vacate(number)

    def vacate(self, number: int) -> None:
        """Worker `number` accepts no more, or has ended: it is compared with no longer."""
        self.connections[number] = _ABSENT

    def close(self) -> None:
        """Let the memory go."""
        os.close(self.descriptor)
        for view in (self.connections, self.admitted, self._integers, self._bytes):
            view.release()
        self._memory.close()


class Seat:
    """The slot of worker `number`, who alone writes there. All of it is sync."""

    def __init__(self, slots: Slots, number: int) -> None:
        self._slots = slots
        self._number = number
        self._open = 0
        self._accepts = False

    def take(self) -> None:
        """Accept from now on."""
        self._accepts = True
        self._slots.connections[self._number] = self._open

    def leave(self) -> None:
        """Accept no more."""
        self._accepts = False
        self._slots.vacate(self._number)

    def came(self) -> None:
        """A connection was accepted."""
        self._count(1)

    def went(self) -> None:
        """A connection was closed."""
        self._count(-1)

    def ahead(self) -> int:
        """Return how many more connections there are here than with the emptiest worker."""
        return self._open - min(
            (count for count in self._slots.connections if count >= 0), default=self._open
        )

    def next_connection(self) -> int:
        """Return a number for a client, which no other of any worker has, now or later."""
        admitted = self._slots.admitted[self._number]
        self._slots.admitted[self._number] = admitted + 1
        return admitted * self._slots.size + self._number + 1

    def _count(self, change: int) -> None:
        self._open += change
        if self._accepts:
            self._slots.connections[self._number] = self._open


class BalancedListener:
    """Accepts in turn with other workers from `listening`, which stays its owner's. Leave it with the block."""

    def __init__(self, listening: trio.socket.SocketType, seat: Seat) -> None:
        self._listening = listening
        self._seat = seat
        # Trio's own accept() waits again where another worker was faster, and then does not look who is ahead.
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
            if self._seat.ahead() >= SLACK:
                await trio.sleep(PAUSE)
                if self._listening.fileno() < 0:
                    continue
            try:
                accepted, _ = self._taking.accept()
            except (
                BlockingIOError,
                ConnectionAbortedError,
            ):  # another worker was faster, or the client has left
                continue
            self._seat.came()
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
