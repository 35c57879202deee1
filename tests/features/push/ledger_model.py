"""A ledger in memory, with outages: one message for each id of the log, for a person of the same number."""

import heapq
from collections.abc import Sequence

import trio

from chat.domain.failures import StorageDown
from chat.domain.messages.explanation import Explanation
from chat.features.push.keys import Report
from chat.features.push.ledger import Claimed, Device, Outcome, Step, Unanswered, Upcoming
from chat.features.push.rules import Decision, Facts
from chat.features.push.subscriptions import Subscription
from chat.signals import Signal
from tests.features.push.browser import Browser

_KEYS = Browser()


class LedgerInMemory:
    """The port `Ledger`. The first call of each method fails; what is claimed is claimed again after 60 seconds."""

    def __init__(self) -> None:
        self.newest = 0
        self.recorded = Signal()
        self._last_id = 0
        self._due: dict[int, float] = {}
        self._failed: set[str] = set()
        self._old = 1000

    @property
    def is_done(self) -> bool:
        """Whether all is decided and recorded."""
        return self._last_id == self.newest and not self._due

    async def _outage(self, method: str) -> None:
        await trio.lowlevel.checkpoint()
        if method not in self._failed:
            self._failed.add(method)
            raise StorageDown("an outage")

    async def decide(self, delay: float) -> Step:
        await self._outage("decide")
        if self._last_id == self.newest:
            return Step(self._last_id, False, {})
        self._last_id += 1
        self._due[self._last_id] = trio.current_time() + delay
        return Step(self._last_id, self._last_id < self.newest, {Decision.WAITING: 1})

    async def upcoming(self, *, with_people: bool = True) -> Upcoming:
        await self._outage("upcoming")
        if not self._due:
            return Upcoming(None)
        return Upcoming(min(self._due.values()) - trio.current_time(), list(self._due))

    async def claim(self, most: int) -> list[Claimed]:
        await self._outage("claim")
        now = trio.current_time()
        due = [each for each, at in self._due.items() if at <= now][:most]
        self._due.update(dict.fromkeys(due, now + 60))
        return [_claimed(each) for each in due]

    async def note(self, unanswered: Sequence[Unanswered]) -> None:
        await self._outage("note")

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        await self._outage("record")
        for each in outcomes:
            self._due.pop(each.message_id, None)
        self.recorded.notify()

    async def report(self, report: Report, *, is_clicked: bool) -> bool:
        raise NotImplementedError

    async def forget(self, most: int) -> int:
        await trio.lowlevel.checkpoint()
        done = min(self._old, most)
        self._old -= done
        return done

    async def explain(self, person_id: int, room_id: int, seq: int) -> Explanation | None:
        raise NotImplementedError

    async def last_of(self, person_id: int, limit: int) -> list[Explanation]:
        raise NotImplementedError


def _claimed(number: int, endpoint: str = "https://push.example/a") -> Claimed:
    subscription = Subscription(
        session_id=number,
        person_id=number,
        endpoint=endpoint,
        p256dh=_KEYS.p256dh,
        auth=_KEYS.auth,
    )
    return Claimed(
        message_id=number,
        person_id=number,
        room_id=1,
        seq=number,
        facts=Facts(is_due=True),
        is_sent=False,
        late=0.0,
        sender="ben",
        text="hi",
        has_text=True,
        room_name=None,
        devices=[Device(subscription=subscription, name="phone")],
    )


class SteadyLedger(LedgerInMemory):
    """A ledger without outages: each person has one push that is due, and it is due again as its outcome says."""

    def __init__(self, endpoints: Sequence[str]) -> None:
        super().__init__()
        self.outcomes: dict[int, Outcome] = {}
        self._endpoints = endpoints
        self._times = [(trio.current_time(), person) for person in range(len(endpoints))]  # a heap

    @property
    def is_done(self) -> bool:
        return not self._times

    async def upcoming(self, *, with_people: bool = True) -> Upcoming:
        await trio.lowlevel.checkpoint()
        return Upcoming(self._times[0][0] - trio.current_time() if self._times else None)

    async def claim(self, most: int) -> list[Claimed]:
        await trio.lowlevel.checkpoint()
        claimed = []
        while len(claimed) < most and self._times and self._times[0][0] <= trio.current_time():
            _, person = heapq.heappop(self._times)
            claimed.append(_claimed(person, self._endpoints[person]))
        return claimed

    async def note(self, unanswered: Sequence[Unanswered]) -> None:
        await trio.lowlevel.checkpoint()

    async def record(self, outcomes: Sequence[Outcome]) -> None:
        await trio.lowlevel.checkpoint()
        for each in outcomes:
            self.outcomes[each.person_id] = each
            if each.again is not None:
                heapq.heappush(self._times, (trio.current_time() + each.again, each.person_id))
        self.recorded.notify()
