"""Online, away or offline: counted by sockets, published once a second, also between servers."""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial

import pytest
import trio
from trio.testing import MockClock

from chat.domain.entities import Person
from chat.domain.messages.live import Notice, Present, Status, Watched
from chat.engine.statuses import _LOOKS, _REPEAT, GRACE, Statuses

ONLINE, AWAY, OFFLINE = Status
ADA, BEN, CEM = 1, 2, 3


class Ear:
    """A watcher that records the statuses it gets while it reads."""

    def __init__(self) -> None:
        self.got: list[dict[int, Status]] = []
        self.people: list[Person] = []
        self.is_behind = False

    def statuses_changed(self, statuses: Mapping[int, Status]) -> bool:
        if not self.is_behind:
            self.got.append(dict(statuses))
        return not self.is_behind

    def profile_changed(self, person: Person) -> None:
        self.people.append(person)

    def news(self) -> list[dict[int, Status]]:
        got, self.got = self.got, []
        return got


class Between:
    """Servers, each with its statuses; what one sends all others hear, while nothing is cut."""

    def __init__(self) -> None:
        self.servers: list[Statuses] = []
        self.sent: list[Notice] = []
        self.is_cut = False

    def open(self) -> Statuses:
        statuses = Statuses(partial(self._carry, len(self.servers)))
        self.servers.append(statuses)
        return statuses

    def _carry(self, sender: int, notice: Notice) -> None:
        self.sent.append(notice)
        for number, server in enumerate(self.servers):
            if number != sender and not self.is_cut:
                match notice:
                    case Watched():
                        server.watched(notice, sender, None)
                    case Present():
                        server.present(notice, sender, None)


@pytest.fixture
async def one(autojump_clock: MockClock, nursery: trio.Nursery) -> Statuses:
    statuses = Statuses()
    nursery.start_soon(statuses.notify_watchers)
    return statuses


async def test_a_watcher_gets_status_changes_once_a_second(one: Statuses) -> None:
    ear = Ear()
    one.came(ADA)
    assert one.watch(ear, [ADA, BEN]) == {ADA: ONLINE, BEN: OFFLINE}
    one.came(BEN)
    one.came(CEM)
    await trio.sleep(0.9)
    assert ear.news() == []
    await trio.sleep(0.2)
    assert ear.news() == [{BEN: ONLINE}]
    await trio.sleep(60)
    assert ear.news() == []


async def test_somebody_is_away_if_all_sockets_report_it(one: Statuses) -> None:
    one.came(ADA)
    one.came(ADA)
    one.set_away(ADA, is_away=True)
    assert one.status(ADA) is ONLINE
    one.set_away(ADA, is_away=True)
    assert one.status(ADA) is AWAY
    one.came(ADA)
    assert one.status(ADA) is ONLINE
    one.left(ADA, was_away=False)
    assert one.status(ADA) is AWAY
    one.set_away(ADA, is_away=False)
    one.left(ADA, was_away=True)
    assert one.status(ADA) is ONLINE


async def test_somebody_is_offline_ten_seconds_after_the_last_socket(one: Statuses) -> None:
    ear = Ear()
    one.came(ADA)
    one.watch(ear, [ADA])
    one.left(ADA, was_away=False)
    await trio.sleep(GRACE - 0.5)
    assert one.status(ADA) is ONLINE
    one.came(ADA)
    await trio.sleep(GRACE + 2)
    assert ear.news() == []
    one.left(ADA, was_away=False)
    await trio.sleep(GRACE + 1.5)
    assert ear.news() == [{ADA: OFFLINE}]
    assert not one._left


async def test_an_ended_watch_gets_no_more_statuses(one: Statuses) -> None:
    ear, other = Ear(), Ear()
    one.watch(ear, [ADA, BEN])
    one.watch(other, [ADA])
    assert one.watch(ear, [CEM, CEM]) == {CEM: OFFLINE}
    for each in (ADA, BEN, CEM):
        one.came(each)
    await trio.sleep(1.5)
    assert (ear.news(), other.news()) == ([{CEM: ONLINE}], [{ADA: ONLINE}])
    one.unwatch(ear)
    one.unwatch(other)
    one.unwatch(other)
    one.left(CEM, was_away=False)
    await trio.sleep(GRACE + 5)
    assert ear.news() == []
    assert not any((one._watchers, one._reported, one._changed, one._profiles, one._pending))


async def test_a_slow_client_gets_the_then_current_status_later(one: Statuses) -> None:
    ear = Ear()
    one.watch(ear, [ADA, BEN])
    ear.is_behind = True
    one.came(ADA)
    one.came(BEN)
    await trio.sleep(2)
    one.left(BEN, was_away=False)
    await trio.sleep(GRACE + 2)
    ear.is_behind = False
    await trio.sleep(1.5)
    assert ear.news() == [{ADA: ONLINE}]
    assert not one._pending


async def test_a_new_profile_is_sent_once_to_watchers(one: Statuses) -> None:
    ear = Ear()
    one.watch(ear, [ADA])
    old, new = Person(id=ADA, name="ada", changed_at=1.0), Person(id=ADA, name="Ada", changed_at=4e9)
    for person in (old, new, new, Person(id=BEN, name="ben", changed_at=4e9)):
        one.found(person)
    assert ear.people == [new]


async def test_statuses_without_watchers_are_neither_kept_nor_sent(one: Statuses) -> None:
    for each in range(100):
        one.came(each)
        one.left(each, was_away=False)
        await trio.sleep(1)
    assert len(one._left) <= GRACE + 1
    assert not any((one._changed, one._sockets))


async def test_servers_exchange_the_statuses_that_the_others_watch(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    between, ear = Between(), Ear()
    here, there, third = (between.open() for _ in range(3))
    for server in between.servers:
        nursery.start_soon(server.notify_watchers)
    there.came(ADA)
    there.set_away(ADA, is_away=True)
    there.came(CEM)
    await trio.sleep(5)
    assert between.sent == []  # nobody watches
    here.watch(ear, [ADA, BEN])
    assert here.status(ADA) is AWAY  # it was asked at once
    await trio.sleep(1.5)
    assert ear.news() == [{ADA: AWAY}]
    third.came(ADA)
    there.came(BEN)
    await trio.sleep(2.5)
    got: dict[int, Status] = defaultdict(lambda: OFFLINE)
    for news in ear.news():
        got |= news
    assert (got[ADA], got[BEN]) == (ONLINE, ONLINE)
    assert not any(CEM in each.online for each in between.sent if isinstance(each, Present))
    third.left(ADA, was_away=False)
    there.left(ADA, was_away=True)
    await trio.sleep(GRACE + 2.5)
    assert [each for each in ear.news() if ADA in each][-1] == {ADA: OFFLINE}
    here.unwatch(ear)
    await trio.sleep(30)
    quiet = len(between.sent)
    await trio.sleep(60)
    assert all(server._wanted.tasks_waiting == 1 for server in between.servers)
    assert len(between.sent) == quiet
    assert not any(server._asked or server._elsewhere for server in between.servers)


async def test_statuses_of_a_dead_server_are_dropped_and_lost_ones_repeated(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    between, ear = Between(), Ear()
    here, there = between.open(), between.open()
    for server in between.servers:
        nursery.start_soon(server.notify_watchers)
    there.came(ADA)
    between.is_cut = True
    here.watch(ear, [ADA])
    await trio.sleep(3)
    assert ear.news() == []
    between.is_cut = False
    await trio.sleep(12)
    assert ear.news() == [{ADA: ONLINE}]
    between.is_cut = True  # it is dead
    await trio.sleep(25)
    assert ear.news() == [{ADA: OFFLINE}]


async def test_servers_repeat_their_statuses_every_few_seconds(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    between, ear = Between(), Ear()
    here, there = between.open(), between.open()
    for server in between.servers:
        nursery.start_soon(server.notify_watchers)
    there.came(ADA)
    here.watch(ear, [ADA])
    await trio.sleep(2.5)
    between.sent.clear()
    await trio.sleep(10 * _REPEAT)
    for kind in (Watched, Present):
        assert 7 <= sum(isinstance(each, kind) for each in between.sent) <= 11


async def test_many_status_changes_yield_to_other_tasks(one: Statuses) -> None:
    people, turns = range(1, 301), 0
    ears = [Ear() for _ in range(300)]
    for ear in ears:
        one.watch(ear, people)
    for each in people:
        one.came(each)

    async def meanwhile() -> None:
        nonlocal turns
        while not ears[0].got:
            await trio.lowlevel.checkpoint()
            turns += 1

    one._changed, changed = set(), one._changed
    async with trio.open_nursery() as nursery:
        nursery.start_soon(meanwhile)
        await one._notify(changed)
    assert turns > 300 * 300 // (4 * _LOOKS)
    assert all(ear.got == [dict.fromkeys(people, ONLINE)] for ear in ears)


async def test_many_people_go_in_payloads_that_every_bus_carries(
    autojump_clock: MockClock, nursery: trio.Nursery
) -> None:
    from chat.bus.payloads import Noticed, encode

    between, ear = Between(), Ear()
    here, there = between.open(), between.open()
    for server in between.servers:
        nursery.start_soon(server.notify_watchers)
    people = [2**53 - 1 - n for n in range(1000)]
    for each in people:
        there.came(each)
    here.watch(ear, people)
    await trio.sleep(7)
    assert all(here.status(each) is ONLINE for each in people)
    assert max(len(encode(Noticed(10**9, notice))) for notice in between.sent) < 7999
