"""Events that the program has not taken yet: a bounded queue that nothing waits for.

The connection never waits for the program, which may itself wait for an answer on it. When more wait than the queue
has places for, all of them are dropped, and when the program comes for the next it is told everything again from
where it was: by the server, as after a lost connection. How the connection is the server can't tell, so that is kept.

What is told late comes at the program's pace: no more of it is asked for while much waits.
"""

from collections import deque
from collections.abc import Callable, Mapping

import trio

from chat.client.events import Connected, Disconnected, Event
from chat.client.rooms import News
from chat.client.values import Position


class Inbox:
    """Events in order, and how far the program is in each room.

    Attributes:
        positions: of each room the position of the last event taken; where to go on from after a restart.
        is_behind: whether events were dropped, which are told again once the program comes for them.
        is_catching_up: whether it has come for them, and they are asked for.

    Args:
        positions: where the program was at the start.
        places: how many events may wait.
        catch_up: called when the program comes for events that were dropped.
        take_more: called when the program has taken so many that more may be asked for.
    """

    def __init__(
        self,
        positions: Mapping[int, Position],
        places: int,
        catch_up: Callable[[], None],
        take_more: Callable[[], None] = lambda: None,
    ) -> None:
        self.positions = dict(positions)
        self.is_behind = False
        self.is_catching_up = False
        self._connection: Connected | Disconnected | None = None  # the last that was dropped
        self._places = places
        self._catch_up = catch_up
        self._take_more = take_more
        self._waiting: deque[News | Event] = deque()
        self._arrived = trio.Event()

    @property
    def wants_more(self) -> bool:
        """Whether what is told late may be asked for: little waits, or nothing is kept. Sync."""
        return self.is_behind or len(self._waiting) <= self._places // 4

    @property
    def room(self) -> int | None:
        """How many events to ask for: what comes live meanwhile has places too. None: any number. Sync."""
        return None if self.is_behind else max(1, (self._places - len(self._waiting)) // 2)

    def put(self, news: News | Event) -> None:
        """Queue an event. Sync."""
        if not self.is_behind and len(self._waiting) >= self._places:
            self.is_behind = True
            for each in self._waiting:
                self._drop(each)
            self._waiting.clear()
        if self.is_behind:
            self._drop(news)
        else:
            self._waiting.append(news)
            if isinstance(news, Connected | Disconnected):
                self._connection = None
        self._arrived.set()

    def caught_up(self) -> None:
        """What was dropped has been told again: tell that the line is up, where that was dropped. Sync."""
        self.is_catching_up = False
        if self._connection is not None:
            self.put(self._connection)

    def _drop(self, news: News | Event) -> None:
        if isinstance(news, Connected | Disconnected):
            self._connection = news

    def __aiter__(self) -> "Inbox":
        return self

    async def __anext__(self) -> Event:
        return await self.take()

    async def take(self) -> Event:
        """Take the next event; wait for it.

        Cancelling: nothing was taken.
        """
        await trio.lowlevel.checkpoint()
        while not self._waiting:
            if self.is_behind:
                self.is_behind, self.is_catching_up = False, True
                self._catch_up()
                if isinstance(self._connection, Disconnected):
                    self.put(self._connection)  # nothing can be asked for now
                    continue
            if self._arrived.is_set():
                self._arrived = trio.Event()
            await self._arrived.wait()  # with others, perhaps: one of them takes it
        news = self._waiting.popleft()
        if len(self._waiting) == self._places // 4:
            self._take_more()
        if not isinstance(news, News):
            return news
        if news.position is None:
            self.positions.pop(news.room, None)
        else:
            self.positions[news.room] = news.position
        return news.event
