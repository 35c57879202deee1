"""Who is online, away or offline, and the one task that notifies watchers, once a second.

Sockets of all protocols are counted as people come and go. While nobody watches, the task sleeps. Servers send each
other whom they watch, and the statuses of those people alone. They repeat both every few seconds: so losses of the bus
are repaired, and reports of a dead server expire.
"""

import itertools
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

import trio

from chat.domain.entities import Person
from chat.domain.messages.live import Notice, Present, Status, Watched
from chat.signals import Signal

GRACE = 10.0
"""Seconds from the end of the last socket until a person counts as offline: most come back at once."""

_TICK = 1.0
"""Seconds between two notifications."""

_REPEAT = 5.0
"""Seconds after which servers repeat whom they watch, and the statuses that others watch."""

_KEPT = 15.0
"""Seconds after which a report expires."""

_MOST = 400
"""People in one payload to other servers: every bus carries so many."""

_TURN = 64
"""Watchers notified before other tasks get their turn."""

_LOOKS = 4096
"""Watchers of changed people gathered before other tasks get their turn: about a millisecond."""

_EARLIER = 60.0
"""Seconds before the first watch from which on a change of a profile is reported: clocks differ."""


class Watcher(Protocol):
    """A client that watches people; compared by identity. Sync."""

    def statuses_changed(self, statuses: Mapping[int, Status]) -> bool:
        """Take the new statuses by id. False: the client reads too slowly; try again later."""
        ...

    def profile_changed(self, person: Person) -> None:
        """Take a person's new profile."""
        ...


class _Known(NamedTuple):
    """The status that another server has reported, and when that expires."""

    status: Status
    until: float


class Statuses:
    """Counts sockets by person, and knows who watches whom. All but notify_watchers() is sync.

    `send` sends a notice to the other servers.
    """

    def __init__(self, send: Callable[[Notice], object] = lambda _notice: None) -> None:
        self._send = send
        self._sockets: dict[int, int] = {}  # by person
        self._away: dict[int, int] = {}  # how many of them are away, by person
        self._left: dict[int, _Known] = {}  # by person whose last socket has ended, the first first
        self._elsewhere: dict[
            int, dict[int, _Known]
        ] = {}  # reports of other servers, by watched person and server
        self._asked: dict[int, float] = {}  # who is watched on other servers, and when that expires
        self._watchers: dict[int, set[Watcher]] = {}  # by person
        self._reported: dict[Watcher, dict[int, Status]] = {}  # what each watcher knows
        self._pending: dict[Watcher, set[int]] = {}  # people whose changes a watcher may not know
        self._changed: set[int] = set()  # people who are watched anywhere, since the last notification
        self._profiles: dict[int, float] = {}  # of those watched here: the time of the newest known change
        self._wanted = Signal()

    # Counting sockets.

    def came(self, person_id: int) -> None:
        """A socket of this person begins, and is online."""
        self._sockets[person_id] = self._sockets.get(person_id, 0) + 1
        self._left.pop(person_id, None)
        self._note(person_id)

    def left(self, person_id: int, *, was_away: bool) -> None:
        """A socket of this person ends."""
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
        """Return a person's status, as far as this server knows."""
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

    # Watching.

    def watch(self, watcher: Watcher, people: Collection[int]) -> dict[int, Status]:
        """Notify `watcher` of these people from now on, and of no others; return their statuses."""
        before, now = self._reported.pop(watcher, {}), dict.fromkeys(people, Status.OFFLINE)
        new = [each for each in now if each not in self._watchers]
        for each in now:
            self._watchers.setdefault(each, set()).add(watcher)
        self._profiles.update(dict.fromkeys(new, time.time() - _EARLIER))
        for each in before.keys() - now.keys():
            self._watchers[each].remove(watcher)
            if not self._watchers[each]:
                del self._watchers[each], self._profiles[each]
                self._elsewhere.pop(each, None)
        self._pending.pop(watcher, None)
        if now:
            self._reported[watcher] = now = {each: self.status(each) for each in now}
            self._send_watched(new, is_new=True)
            self._wanted.notify()
        return dict(now)

    def unwatch(self, watcher: Watcher) -> None:
        """Stop notifying `watcher`."""
        self.watch(watcher, ())

    def found(self, person: Person) -> None:
        """A profile was read: notify its watchers if it has changed."""
        known = self._profiles.get(person.id)
        if known is not None and person.changed_at > max(known, person.created_at):
            self._profiles[person.id] = person.changed_at
            for watcher in self._watchers[person.id]:
                watcher.profile_changed(person)

    # Other servers.

    def watched(self, notice: Watched, _node: int, _origin: object) -> None:
        """Another server watches these people: report their statuses to it."""
        until = trio.current_time() + _KEPT
        self._asked.update(dict.fromkeys(notice.people, until))
        self._wanted.notify()
        if notice.is_new:
            self._send_present(each for each in notice.people if self._here(each) is not Status.OFFLINE)

    def present(self, notice: Present, node: int, _origin: object) -> None:
        """Take another server's report of people who are watched here."""
        until = trio.current_time() + _KEPT
        for status, people in zip(Status, (notice.online, notice.away, notice.offline), strict=True):
            for each in self._watchers.keys() & people:
                self._elsewhere.setdefault(each, {})[node] = _Known(status, until)
                self._changed.add(each)

    def _send_watched(self, people: Collection[int], *, is_new: bool) -> None:
        for part in _parts(people):
            self._send(Watched(part, is_new))

    def _send_present(self, people: Iterable[int]) -> None:
        for part in _parts(people):
            here = [(self._here(each), each) for each in part]
            self._send(
                Present(*([each for status, each in here if status is each_status] for each_status in Status))
            )

    # Notifying.

    async def notify_watchers(self) -> None:
        """Notify watchers, here and on other servers, until cancelled."""
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
                self._send_present(changed & self._asked.keys())
                await self._notify(changed)
            self._changed.clear()

    def _repeat(self) -> None:
        now = trio.current_time()
        self._asked = {each: until for each, until in self._asked.items() if until > now}
        for person_id, nodes in list(self._elsewhere.items()):
            fresh = {node: known for node, known in nodes.items() if known.until > now}
            if len(fresh) < len(nodes):
                self._elsewhere[person_id] = fresh
                self._changed.add(person_id)
        self._send_watched(self._watchers, is_new=False)
        self._send_present(each for each in self._asked if self._here(each) is not Status.OFFLINE)

    async def _notify(self, changed: set[int]) -> None:
        looked = 0
        try:
            while changed:
                person_id = changed.pop()
                watchers = self._watchers.get(person_id, ())
                for watcher in watchers:
                    self._pending.setdefault(watcher, set()).add(person_id)
                looked += len(watchers)
                if looked >= _LOOKS:
                    looked = 0
                    await trio.lowlevel.checkpoint()
        finally:
            self._changed |= changed  # where this is cancelled, the next round goes on
        for number, watcher in enumerate(tuple(self._pending), start=1):
            if number % _TURN == 0:
                await trio.lowlevel.checkpoint()
            known, people = self._reported.get(watcher, {}), self._pending.get(watcher, set())
            news = {
                each: now for each in people if each in known and (now := self.status(each)) != known[each]
            }
            if not news or watcher.statuses_changed(news):
                known |= news
                self._pending.pop(watcher, None)


def _parts(people: Iterable[int]) -> Iterable[list[int]]:
    every = list(people)
    return (every[first : first + _MOST] for first in range(0, len(every), _MOST))
