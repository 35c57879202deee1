"""Who is online, away or offline, and the one task that tells those who watch them, once a second.

Sockets of all protocols are counted as their people come and go. While nobody watches, nothing else is done, and the
task sleeps. Servers tell each other whom they watch, and of those alone who is there: told again every few seconds, so
that what the bus loses is made good, and what a dead server told is forgotten.
"""

import itertools
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

import trio

from chat.domain.entities import Person
from chat.domain.live import Notice, Present, Status, Watched
from chat.signals import Signal

GRACE = 10.0
"""Seconds after the last socket until somebody is offline: most come back at once."""

_TICK = 1.0
"""Seconds between two tellings."""

_REPEAT = 5.0
"""Seconds after which servers tell each other again whom they watch, and who is there of whom others watch."""

_KEPT = 15.0
"""Seconds for which that counts."""

_MOST = 400
"""People in one payload to other servers: every bus carries so many."""

_TURN = 64
"""Watchers that are told until the others get their turn."""

_LOOKS = 4096
"""Watchers of changed people that are gathered until the others get their turn: about a millisecond."""

_EARLIER = 60.0
"""Seconds before somebody is first watched from which on a change of their profile is news: clocks differ."""


class Watcher(Protocol):
    """A client that watches people; compared by identity. Sync."""

    def tell_statuses(self, statuses: Mapping[int, Status]) -> bool:
        """Take what people are now, by id; False: the client is behind with reading, tell it later."""
        ...

    def tell_person(self, person: Person) -> None:
        """Take somebody's profile as it is now."""
        ...


class _Known(NamedTuple):
    """What another server has told, until when it counts."""

    status: Status
    until: float


class Statuses:
    """Counts sockets by their people, and knows who watches whom; all but tell() is sync.

    `send` tells other servers.
    """

    def __init__(self, send: Callable[[Notice], object] = lambda _notice: None) -> None:
        self._send = send
        self._sockets: dict[int, int] = {}  # by person
        self._away: dict[int, int] = {}  # how many of them say so
        self._left: dict[int, _Known] = {}  # whose last socket has gone, the first gone first
        self._elsewhere: dict[int, dict[int, _Known]] = {}  # by person who is watched here, and server
        self._asked: dict[int, float] = {}  # who is watched on other servers, and until when that counts
        self._watchers: dict[int, set[Watcher]] = {}  # by person
        self._told: dict[Watcher, dict[int, Status]] = {}
        self._untold: dict[Watcher, set[int]] = {}
        self._changed: set[int] = set()  # since the last telling, of those who are watched anywhere
        self._profiles: dict[int, float] = {}  # of those watched here: the newest change that is no news
        self._wanted = Signal()

    # Who is here.

    def came(self, person_id: int) -> None:
        """One more socket is this person's, and online."""
        self._sockets[person_id] = self._sockets.get(person_id, 0) + 1
        self._left.pop(person_id, None)
        self._note(person_id)

    def left(self, person_id: int, *, was_away: bool) -> None:
        """One socket less is this person's."""
        status = self._here(person_id)
        if was_away:
            self.set_away(person_id, is_away=False)
        self._sockets[person_id] -= 1
        if not self._sockets[person_id]:
            del self._sockets[person_id]
            self._left[person_id] = _Known(status, trio.current_time() + GRACE)
        self._forget_left()
        self._note(person_id)

    def set_away(self, person_id: int, *, is_away: bool) -> None:
        """One socket of this person, which was online, is away, or the other way round."""
        self._away[person_id] = self._away.get(person_id, 0) + (1 if is_away else -1)
        if not self._away[person_id]:
            del self._away[person_id]
        self._note(person_id)

    def status(self, person_id: int) -> Status:
        """Return what somebody is now, as far as this server knows."""
        known = {each.status for each in self._elsewhere.get(person_id, {}).values()} | {
            self._here(person_id)
        }
        return next(status for status in Status if status in known)

    def _here(self, person_id: int) -> Status:
        sockets = self._sockets.get(person_id)
        if sockets is not None:
            return Status.AWAY if self._away.get(person_id) == sockets else Status.ONLINE
        left = self._left.get(person_id)
        return left.status if left is not None and trio.current_time() < left.until else Status.OFFLINE

    def _forget_left(self) -> None:
        now = trio.current_time()
        over = itertools.takewhile(lambda each: each[1].until <= now, self._left.items())
        for person_id, _ in list(over):
            del self._left[person_id]
            self._note(person_id)

    def _note(self, person_id: int) -> None:
        if person_id in self._watchers or person_id in self._asked:
            self._changed.add(person_id)

    # Who watches.

    def watch(self, watcher: Watcher, people: Collection[int]) -> dict[int, Status]:
        """Tell `watcher` of these people from here on, and of no others; return what they are now."""
        before, now = self._told.pop(watcher, {}), dict.fromkeys(people, Status.OFFLINE)
        new = [each for each in now if each not in self._watchers]
        for each in now:
            self._watchers.setdefault(each, set()).add(watcher)
        self._profiles.update(dict.fromkeys(new, time.time() - _EARLIER))
        for each in before.keys() - now.keys():
            self._watchers[each].remove(watcher)
            if not self._watchers[each]:
                del self._watchers[each], self._profiles[each]
                self._elsewhere.pop(each, None)
        self._untold.pop(watcher, None)
        if now:
            self._told[watcher] = now = {each: self.status(each) for each in now}
            self._tell_watched(new, is_new=True)
            self._wanted.notify()
        return dict(now)

    def unwatch(self, watcher: Watcher) -> None:
        """Tell `watcher` nothing more."""
        self.watch(watcher, ())

    def found(self, person: Person) -> None:
        """Somebody may have another profile than before: tell who watches them, if it is new."""
        known = self._profiles.get(person.id)
        if known is not None and person.changed_at > max(known, person.created_at):
            self._profiles[person.id] = person.changed_at
            for watcher in self._watchers[person.id]:
                watcher.tell_person(person)

    # Other servers.

    def watched(self, notice: Watched, _node: int, _origin: object) -> None:
        """Others watch these people: tell what becomes of them here."""
        until = trio.current_time() + _KEPT
        self._asked.update(dict.fromkeys(notice.people, until))
        self._wanted.notify()
        if notice.is_new:
            self._tell_present(each for each in notice.people if self._here(each) is not Status.OFFLINE)

    def present(self, notice: Present, node: int, _origin: object) -> None:
        """Take what another server says of people who are watched here."""
        until = trio.current_time() + _KEPT
        for status, people in zip(Status, (notice.online, notice.away, notice.offline), strict=True):
            for each in self._watchers.keys() & people:
                self._elsewhere.setdefault(each, {})[node] = _Known(status, until)
                self._changed.add(each)

    def _tell_watched(self, people: Collection[int], *, is_new: bool) -> None:
        for part in _parts(people):
            self._send(Watched(part, is_new))

    def _tell_present(self, people: Iterable[int]) -> None:
        for part in _parts(people):
            here = [(self._here(each), each) for each in part]
            self._send(Present(*([each for status, each in here if status is told] for told in Status)))

    # Telling.

    async def tell(self) -> None:
        """Tell those who watch, here and on other servers, until cancelled."""
        repeat_at = trio.current_time()
        while True:
            await self._wanted.wait_until(lambda: self._watchers or self._asked)
            while self._watchers or self._asked:
                await trio.sleep(_TICK)
                self._forget_left()
                if trio.current_time() >= repeat_at:
                    repeat_at = trio.current_time() + _REPEAT
                    self._repeat()
                changed, self._changed = self._changed, set()
                self._tell_present(changed & self._asked.keys())
                await self._tell_watchers(changed)
            self._changed.clear()

    def _repeat(self) -> None:
        now = trio.current_time()
        self._asked = {each: until for each, until in self._asked.items() if until > now}
        for person_id, nodes in list(self._elsewhere.items()):
            fresh = {node: known for node, known in nodes.items() if known.until > now}
            if len(fresh) < len(nodes):
                self._elsewhere[person_id] = fresh
                self._changed.add(person_id)
        self._tell_watched(self._watchers, is_new=False)
        self._tell_present(each for each in self._asked if self._here(each) is not Status.OFFLINE)

    async def _tell_watchers(self, changed: set[int]) -> None:
        looked = 0
        try:
            while changed:
                person_id = changed.pop()
                watchers = self._watchers.get(person_id, ())
                for watcher in watchers:
                    self._untold.setdefault(watcher, set()).add(person_id)
                looked += len(watchers)
                if looked >= _LOOKS:
                    looked = 0
                    await trio.lowlevel.checkpoint()
        finally:
            self._changed |= changed  # where this is cancelled, the next telling goes on
        for number, watcher in enumerate(tuple(self._untold), start=1):
            if number % _TURN == 0:
                await trio.lowlevel.checkpoint()
            told, people = self._told.get(watcher, {}), self._untold.get(watcher, set())
            news = {each: now for each in people if each in told and (now := self.status(each)) != told[each]}
            if not news or watcher.tell_statuses(news):
                told |= news
                self._untold.pop(watcher, None)


def _parts(people: Iterable[int]) -> Iterable[list[int]]:
    every = list(people)
    return (every[first : first + _MOST] for first in range(0, len(every), _MOST))
