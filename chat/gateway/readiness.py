"""Waits until sockets are readable, with one registration for the life of each.

Trio's epoll forgets a socket after each wait, so each frame of a client costs a system call that registers it again.
Here sockets stay in an epoll of our own, and one task waits for that. A socket that has bytes while no task waits for
it is taken out until one does.
"""

import select

import trio
from trio.lowlevel import Abort, Task, reschedule


class ReadableSockets:
    """The sockets that serve() watches.

    While serve() does not run, and on systems without epoll, tasks wait in Trio's own way.
    """

    def __init__(self) -> None:
        self.epoll: select.epoll | None = None  # while serve() runs
        self.watched: dict[int, Readiness] = {}  # by descriptor

    async def serve(self) -> None:
        """Wake the tasks whose sockets are readable. Cancelling wakes all; from then on they wait as usual."""
        if not hasattr(select, "epoll"):
            return
        with select.epoll() as self.epoll:
            try:
                while True:
                    await trio.lowlevel.wait_readable(self.epoll.fileno())
                    for fd, _ in self.epoll.poll(0):
                        self.watched[fd].wake()
            finally:
                for readiness in tuple(self.watched.values()):
                    readiness.close()
                self.epoll = None

    def closing(self, socket: trio.socket.SocketType) -> None:
        """Wake the task that waits for this socket. The caller closes it before it awaits anything. Sync."""
        readiness = self.watched.get(socket.fileno())
        if readiness is not None:
            readiness.close()


class Readiness:
    """Whether one socket is readable."""

    __slots__ = ("_is_resumed", "_is_watched", "_socket", "_sockets", "_task")

    def __init__(self, socket: trio.socket.SocketType, sockets: ReadableSockets) -> None:
        self._socket = socket
        self._sockets = sockets
        self._is_watched = False
        self._task: Task | None = None  # that waits
        self._is_resumed = False  # a task was, and may run in this pass of the loop

    async def wait(self) -> None:
        """Wait until the socket has bytes or an end, or is closed. It may also return early: the caller tries to read.

        Cancelling changes nothing. Raises BusyResourceError if another task waits.
        """
        if self._task is not None:
            raise trio.BusyResourceError("another task waits for this socket")
        if not self._is_watched:
            epoll = self._sockets.epoll
            if epoll is None:
                return await trio.lowlevel.wait_readable(self._socket)
            fd = self._socket.fileno()
            if fd < 0:  # closed while nobody waited: the caller's read says so
                return await trio.lowlevel.checkpoint()
            epoll.register(fd, select.EPOLLIN)
            self._sockets.watched[fd] = self
            self._is_watched = True
        self._task = trio.lowlevel.current_task()
        await trio.lowlevel.wait_task_rescheduled(self._stop_waiting)
        self._is_resumed = False
        return None

    def wake(self) -> None:
        """Resume the task that waits; without one, stop watching the socket. Sync."""
        # It stays readable until the resumed task has run: in the same pass of the loop, or when it is its turn.
        if self._task is not None:
            task, self._task = self._task, None
            self._is_resumed = True
            reschedule(task)
        elif self._is_resumed:
            self._is_resumed = False  # the next call stops watching: the task waits for a turn
        else:
            self.close()

    def close(self) -> None:
        """Stop watching the socket, and resume the task that waits. Sync."""
        if self._is_watched:
            self._is_watched = False
            del self._sockets.watched[self._socket.fileno()]
            assert self._sockets.epoll is not None
            self._sockets.epoll.unregister(self._socket.fileno())
            if self._task is not None:
                self.wake()

    def _stop_waiting(self, _raise_cancel: object) -> Abort:
        self._task = None
        return Abort.SUCCEEDED
