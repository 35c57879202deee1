"""Events that wait for the program, in a bounded queue that never blocks the connection.

The connection must not wait for the program: the program may itself wait for an answer on the connection. An event too
many therefore drops all queued events. When the program takes the next event, the client syncs again from the program's
positions, and the server sends the dropped events again. Connected, Disconnected and Restored do not come from the
server: the inbox keeps the last of the first two, and each Restored.

A program far behind gets its events in pages: the next page is requested when little is queued.
"""

from collections import deque
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

import trio

from chat.client.events import Connected, Disconnected, Event, Restored
from chat.client.rooms import RoomEvent
from chat.client.structs import Position
from chat.signals import Signal


class Inbox:
    """The queue of events, and the program's position in each room.

    Attributes:
        positions: of each room the position after the last event taken.
        has_dropped: whether events were dropped and the program has not come back for them yet.
        is_catching_up: whether it has, and the dropped events are being requested.

    Args:
        positions: the program's positions at the start.
        size: how many events may be queued.
        sync_again: called when the program takes an event after some were dropped.
        load_more: called when so few events are queued that the next page may be requested.
    """

    def __init__(
        self,
        positions: Mapping[int, Position],
        size: int,
        sync_again: Callable[[], None],
        load_more: Callable[[], None] = lambda: None,
    ) -> None:
        self.positions = dict(positions)
        self.has_dropped = False
        self.is_catching_up = False
        self._dropped_connection: Connected | Disconnected | None = None  # the last one dropped
        self._dropped_restores: list[Restored] = []
        self._size = size
        self._sync_again = sync_again
        self._load_more = load_more
        self._queue: deque[RoomEvent | Event] = deque()
        self._arrived = Signal()
        self._is_taking = False

    @property
    def wants_page(self) -> bool:
        """Whether the next page may be requested: little is queued, or all is dropped anyway. Sync."""
        return self.has_dropped or len(self._queue) <= self._size // 4

    @property
    def page_size(self) -> int | None:
        """How many events to request; live events need room too. None: any number. Sync."""
        return None if self.has_dropped else max(1, (self._size - len(self._queue)) // 2)

    def put(self, event: RoomEvent | Event) -> None:
        """Queue an event, or drop all if the queue is full. Sync."""
        if not self.has_dropped and len(self._queue) >= self._size:
            self.has_dropped = True
            for each in self._queue:
                self._drop(each)
            self._queue.clear()
        if self.has_dropped:
            self._drop(event)
        else:
            self._queue.append(event)
            if isinstance(event, Connected | Disconnected):
                self._dropped_connection = None
        self._arrived.notify()

    def finish_catching_up(self) -> None:
        """The dropped events are queued again: queue what else was dropped after them. Sync."""
        self.is_catching_up = False
        restores, self._dropped_restores = self._dropped_restores, []
        for restored in restores:
            self.put(restored)
        if self._dropped_connection is not None:
            self.put(self._dropped_connection)

    def _drop(self, event: RoomEvent | Event) -> None:
        if isinstance(event, Connected | Disconnected):
            self._dropped_connection = event
        elif isinstance(event, Restored):
            self._dropped_restores.append(event)

    def __aiter__(self) -> "Inbox":
        return self

    async def __anext__(self) -> Event:
        return await self.take()

    async def take(self) -> Event:
        """Wait for the next event and take it.

        Raises:
            trio.BusyResourceError: another task is taking an event. The order and the positions hold for one reader.

        Cancelling: no event is taken.
        """
        with self.taking():
            await trio.lowlevel.checkpoint()
            while not self._queue:
                await self.wait_for_events()
            return self.pop()

    @contextmanager
    def taking(self) -> Generator[None]:
        """Let no other task take an event as long as the block lasts; raises as take(). Sync."""
        if self._is_taking:
            raise trio.BusyResourceError("another task is already waiting for the next event of this client")
        self._is_taking = True
        try:
            yield
        finally:
            self._is_taking = False

    @property
    def has_events(self) -> bool:
        """Whether an event is queued. Sync."""
        return bool(self._queue)

    def pop(self) -> Event:
        """Take the next event, which is queued. Sync."""
        event = self._queue.popleft()
        if len(self._queue) == self._size // 4:
            self._load_more()
        if not isinstance(event, RoomEvent):
            return event
        if event.position is None:
            self.positions.pop(event.room, None)
        else:
            self.positions[event.room] = event.position
        return event.event

    async def wait_for_events(self) -> None:
        """Wait until an event may be queued. Cancelling: nothing happens."""
        if self.has_dropped:
            self.has_dropped, self.is_catching_up = False, True
            self._sync_again()
            if isinstance(self._dropped_connection, Disconnected):
                self.put(self._dropped_connection)  # while disconnected nothing can be requested
                return
        await self._arrived.wait()
