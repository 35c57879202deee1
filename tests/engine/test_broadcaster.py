"""The broadcaster publishes waiting changes together, and the journal waits if its backlog is full."""

import math
from collections.abc import Awaitable, Callable, Iterable, Sequence

import pytest
import trio
import trio.testing
from msgspec import structs
from prometheus_client.parser import text_string_to_metric_families
from trio.testing import wait_all_tasks_blocked

from chat.domain.entities import Draft, Message, Topic
from chat.domain.messages.outcomes import Outcome
from chat.domain.ports import NewPerson
from chat.engine.broadcaster import Broadcaster, open_broadcaster
from chat.engine.fence import Fence
from chat.engine.hub import Announcement, Hub
from chat.engine.journal import open_journal
from chat.engine.log_follower import LogFollower
from chat.inspection.metrics import Metrics
from chat.protocols.talker.codec import TALKER
from tests.reference.storage import MemoryStorage

GARDEN = 1


class Pages(Hub):
    """A hub that remembers what it published, publishing by publishing."""

    def __init__(self) -> None:
        super().__init__()
        self.published: list[list[int]] = []

    def publish(self, announcements: Iterable[Announcement]) -> None:
        self.published.append([announcement.change.seq for announcement in announcements])

    @property
    def seqs(self) -> list[int]:
        return [seq for published in self.published for seq in published]


def batch(*seqs: int) -> list[Announcement]:
    return [Announcement(Message(seq, GARDEN, seq, 1, "ada", f"line {seq}", 0.0)) for seq in seqs]


async def test_changes_announced_together_are_published_together_in_order() -> None:
    hub = Pages()
    async with open_broadcaster(hub) as broadcaster:
        for first in (1, 3, 5):
            broadcaster.announce(batch(first, first + 1))
        await wait_all_tasks_blocked()
        broadcaster.announce(batch(7))
    assert hub.published == [[1, 2, 3, 4, 5, 6], [7]]


async def test_changes_lost_from_the_log_behind_a_closed_fence_are_not_published() -> None:
    hub, fence = Hub(), Fence()
    fence.open_until(0)
    got: list[int] = []
    hub.on_arrival(lambda changes: got.extend(change.id for change in changes))
    async with open_broadcaster(hub, fence=fence) as broadcaster:
        follower = LogFollower(MemoryStorage().messages, broadcaster, 0)
        first = [Announcement(structs.replace(each.change, pos=1)) for each in batch(*range(1, 21))]
        for each in first:
            follower.announce_own([each])
        await wait_all_tasks_blocked()
        follower.rewind_to(2)
        follower.announce_own([first[2]])
        fence.open_until(math.inf)
        await broadcaster.wait_all_published()
        assert (got, hub.newest_id) == ([3], 3), "the log has nothing else"
        follower.announce_own([first[3]])
    assert got == [3, 4]


async def test_a_publishing_takes_so_many_batches_and_the_next_takes_the_rest() -> None:
    hub = Pages()
    async with open_broadcaster(hub) as broadcaster:
        for seq in range(1, 41):
            broadcaster.announce(batch(seq))
    assert [len(published) for published in hub.published] == [17, 17, 6]
    assert hub.seqs == list(range(1, 41))


async def test_between_two_publishings_the_others_have_their_turn() -> None:
    hub, seen = Pages(), set[int]()

    async def read() -> None:
        while len(hub.published) < 50:
            seen.add(len(hub.published))
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery, open_broadcaster(hub) as broadcaster:
        for seq in range(50 * 17):
            broadcaster.announce(batch(seq))
        nursery.start_soon(read)
    assert seen >= set(range(1, 50))


async def test_batches_published_together_no_longer_count_as_backlog() -> None:
    hub = Pages()
    async with open_broadcaster(hub) as broadcaster:
        for _ in range(20):  # more in all than may ever wait
            for seq in (1, 2, 3):
                broadcaster.announce(batch(seq))
            with trio.fail_after(30):
                await broadcaster.wait_all_published()
            assert broadcaster._behind == 0
        with trio.fail_after(30):
            await broadcaster.keep_pace()


async def test_waits_for_the_last_batch_or_for_a_smaller_backlog() -> None:
    feed, announced = trio.open_memory_channel[list[Announcement]](math.inf)
    hub, passed = Pages(), list[str]()
    broadcaster = Broadcaster(hub, feed, Metrics())

    async def wait_caught_up() -> None:
        await broadcaster.wait_all_published()
        passed.append("caught up")

    async def wait_keep_pace() -> None:
        await broadcaster.keep_pace()
        passed.append("kept pace")

    async with trio.open_nursery() as nursery:
        for seq in range(16):
            broadcaster.announce(batch(seq))
        nursery.start_soon(wait_caught_up)
        nursery.start_soon(wait_keep_pace)
        await wait_all_tasks_blocked()
        assert passed == ["kept pace"]
        broadcaster.announce(batch(16))
        nursery.start_soon(wait_keep_pace)
        await wait_all_tasks_blocked()
        assert passed == ["kept pace"], "one is too many"
        feed.close()
        nursery.start_soon(broadcaster.fan_out, announced)
    assert sorted(passed) == ["caught up", "kept pace", "kept pace"]


async def test_a_waiter_continues_once_the_backlog_is_small_enough() -> None:
    hub, passed = Pages(), dict[str, int]()

    async def wait(name: str, until: Callable[[], Awaitable[None]]) -> None:
        await until()
        passed[name] = len(hub.seqs)

    async with open_broadcaster(hub) as broadcaster, trio.open_nursery() as nursery:
        for seq in range(40):
            broadcaster.announce(batch(seq))
        nursery.start_soon(wait, "kept pace", broadcaster.keep_pace)
        nursery.start_soon(wait, "caught up", broadcaster.wait_all_published)
    assert passed == {"kept pace": 34, "caught up": 40}


async def test_a_waiter_for_a_change_continues_once_it_is_published() -> None:
    hub, passed = Hub(), list[int]()

    async def wait(change_id: int) -> None:
        await broadcaster.wait_published(change_id)
        passed.append(change_id)

    async with open_broadcaster(hub) as broadcaster, trio.open_nursery() as nursery:
        for change_id in (1, 2):
            nursery.start_soon(wait, change_id)
        await wait_all_tasks_blocked()
        broadcaster.announce(batch(1))
        await wait_all_tasks_blocked()
        assert passed == [1]
        broadcaster.announce(batch(2))


async def test_waiters_sleep_meanwhile() -> None:
    feed, announced = trio.open_memory_channel[list[Announcement]](math.inf)
    hub = Pages()
    broadcaster = Broadcaster(hub, feed, Metrics())
    async with trio.open_nursery() as nursery:
        broadcaster.announce(batch(1))
        nursery.start_soon(broadcaster.fan_out, announced)
        await broadcaster.wait_all_published()
        nursery.cancel_scope.cancel()
    async with trio.open_nursery() as nursery:
        broadcaster.announce(batch(2))
        nursery.start_soon(broadcaster.wait_all_published)
        with trio.fail_after(30):
            await wait_all_tasks_blocked()  # nobody asks again and again
        nursery.cancel_scope.cancel()


async def test_the_journal_stops_committing_at_the_backlog_limit() -> None:
    """Each draft is a batch here; nobody publishes until the journal has come to rest."""
    feed, announced = trio.open_memory_channel[list[Announcement]](math.inf)
    hub, storage = Pages(), MemoryStorage()
    broadcaster = Broadcaster(hub, feed, Metrics())
    await storage.users.add(NewPerson(name="ada", password_hash=b""))
    with trio.fail_after(20):
        follower = LogFollower(storage.messages, broadcaster, 0)
        async with (
            trio.open_nursery() as nursery,
            open_journal(storage.messages, broadcaster, follower) as journal,
        ):
            for n in range(1, 41):
                await journal.submit(Draft(GARDEN, 1, "ada", f"line {n}", 0.0), Nobody())
                await wait_all_tasks_blocked()
            assert len(storage.messages._said(GARDEN)) == 17
            nursery.start_soon(broadcaster.fan_out, announced)
            await journal.drain()
            assert hub.seqs == list(range(1, 41))
            feed.close()


class Nobody:
    """An author who does not want to know."""

    def on_outcome(self, draft: Draft, outcome: Outcome) -> None:
        """Hear it all the same."""


async def test_leaving_publishes_announced_changes_and_cancelling_drops_them() -> None:
    hub = Pages()
    with trio.CancelScope() as scope:
        async with open_broadcaster(hub) as broadcaster:
            broadcaster.announce(batch(1))
            scope.cancel()
    assert hub.published == []
    async with open_broadcaster(hub) as broadcaster:
        broadcaster.announce(batch(2))
    assert hub.published == [[2]]


async def test_each_publishing_is_measured_once(autojump_clock: trio.testing.MockClock) -> None:
    class Slow(Pages):
        def publish(self, announcements: Iterable[Announcement]) -> None:
            super().publish(announcements)
            autojump_clock.jump(0.25)

    metrics = Metrics()
    async with open_broadcaster(Slow(), metrics) as broadcaster:
        for seq in (1, 2):
            broadcaster.announce(batch(seq))
        await broadcaster.wait_all_published()
        broadcaster.announce(batch(3))
    samples = {
        sample.name: sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }
    assert samples["chat_fan_out_seconds_count"] == 2
    assert samples["chat_fan_out_seconds_sum"] == pytest.approx(0.5)


class SlowHub(Pages):
    """A hub that takes 10 ms of Trio's clock to publish, and remembers when it did."""

    def __init__(self, clock: trio.testing.MockClock) -> None:
        super().__init__()
        self._clock = clock
        self.moments: list[float] = []  # milliseconds

    def publish(self, announcements: Iterable[Announcement]) -> None:
        announcements = list(announcements)
        self.moments.append(round(1000 * trio.current_time()))
        super().publish(announcements)
        self._clock.jump(0.01)
        self.newest_id = announcements[-1].change.id


async def announce_each(broadcaster: Broadcaster, seqs: Iterable[int], pause: float) -> None:
    for seq in seqs:
        broadcaster.announce(batch(seq))
        await trio.sleep(pause)


async def test_in_a_cluster_changes_within_a_pause_are_published_together(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hub = SlowHub(autojump_clock)
    async with open_broadcaster(hub, pauses=True) as broadcaster:
        began = round(1000 * trio.current_time())
        await announce_each(broadcaster, (1, 2, 3, 4), 0.008)
    assert hub.published == [[1], [2, 3, 4]]
    assert hub.moments == [began, began + 40]  # 10 ms for the fan-out, three times that for the rest


async def test_alone_nothing_waits(autojump_clock: trio.testing.MockClock) -> None:
    hub = SlowHub(autojump_clock)
    async with open_broadcaster(hub) as broadcaster:
        await announce_each(broadcaster, (1, 2, 3, 4), 0.012)
    assert hub.published == [[1], [2], [3], [4]]


async def test_after_a_rest_a_message_is_published_at_once(autojump_clock: trio.testing.MockClock) -> None:
    hub = SlowHub(autojump_clock)
    async with open_broadcaster(hub, pauses=True) as broadcaster:
        began = round(1000 * trio.current_time())
        await announce_each(broadcaster, (1, 2), 0.1)
    assert hub.moments == [began, began + 100]


@pytest.mark.parametrize("how", ["published", "all_published"])
async def test_waiting_for_a_publication_ends_the_pause(
    how: str, autojump_clock: trio.testing.MockClock
) -> None:
    hub = SlowHub(autojump_clock)
    async with open_broadcaster(hub, pauses=True) as broadcaster:
        broadcaster.announce(batch(1))
        await wait_all_tasks_blocked()
        began = round(1000 * trio.current_time())
        broadcaster.announce(batch(2))
        await (broadcaster.wait_published(2) if how == "published" else broadcaster.wait_all_published())
        assert hub.moments[1:] == [began]


async def test_waiting_for_an_unannounced_change_ends_the_pause(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hub = SlowHub(autojump_clock)
    async with open_broadcaster(hub, pauses=True) as broadcaster, trio.open_nursery() as nursery:
        nursery.start_soon(broadcaster.wait_published, 2)
        await wait_all_tasks_blocked()
        broadcaster.announce(batch(1))
        await wait_all_tasks_blocked()
        began = round(1000 * trio.current_time())
        broadcaster.announce(batch(2))
        await wait_all_tasks_blocked()
        assert hub.moments[1:] == [began]


async def test_a_rest_ends_before_the_journal_would_wait(autojump_clock: trio.testing.MockClock) -> None:
    hub = SlowHub(autojump_clock)
    async with open_broadcaster(hub, pauses=True) as broadcaster:
        broadcaster.announce(batch(1))
        await wait_all_tasks_blocked()
        began = round(1000 * trio.current_time())
        for seq in range(2, 11):
            broadcaster.announce(batch(seq))
        await wait_all_tasks_blocked()
        assert hub.moments[1:] == [began]
        assert not broadcaster.is_behind


def crowd(hub: Hub, topic: Topic, size: int) -> None:
    for _ in range(size):
        hub.subscribe(topic, TALKER, Listener())


class Listener:
    """Somebody who listens, to be counted."""

    def offer(self, blob: bytes) -> None:
        """Hear it."""

    def offer_or_drop(self, blob: bytes) -> None:
        """Hear it."""

    def when_written(self, note: Callable[[], None], behind: int = 0) -> None:
        """Take note at once."""
        note()


async def test_with_many_common_subscribers_a_batch_waits_for_the_running_commit(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hub = Pages()
    crowd(hub, GARDEN, 500)
    async with open_broadcaster(hub) as broadcaster:
        for seq in (1, 3):
            broadcaster.announce(batch(seq))
            with broadcaster.expecting({GARDEN}):
                await trio.sleep(0.002)
                assert hub.published[seq // 2 :] == []
                broadcaster.announce(batch(seq + 1))
            await wait_all_tasks_blocked()
            assert hub.published[seq // 2 :] == [[seq, seq + 1]]


async def test_the_commit_under_way_is_waited_for_as_long_as_it_spares(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hub = SlowHub(autojump_clock)
    crowd(hub, GARDEN, 500)
    async with open_broadcaster(hub) as broadcaster:
        began = round(1000 * trio.current_time())
        with broadcaster.expecting({GARDEN}):
            broadcaster.announce(batch(1))
            await trio.sleep(0.1)
        assert hub.moments == [began + 3]  # 500 writes of 6 µs


async def test_a_commit_that_fails_ends_the_wait_for_it(autojump_clock: trio.testing.MockClock) -> None:
    hub = SlowHub(autojump_clock)
    crowd(hub, GARDEN, 500)
    async with open_broadcaster(hub) as broadcaster:
        began = round(1000 * trio.current_time())
        broadcaster.announce(batch(1))

        async def commit() -> None:
            with broadcaster.expecting({GARDEN}):
                await trio.sleep(0.001)
                raise OSError("the disk")

        with pytest.raises(OSError, match="the disk"):
            await commit()
        await wait_all_tasks_blocked()
        assert hub.moments == [began + 1]


@pytest.mark.parametrize(
    ("listeners", "others", "expected"),
    [
        pytest.param(99, 0, GARDEN, id="few hear it"),
        pytest.param(500, 500, GARDEN + 1, id="others hear what is committed"),
        pytest.param(99, 500, GARDEN, id="many hear something else"),
    ],
)
async def test_with_few_common_subscribers_nothing_waits(
    listeners: int, others: int, expected: int, autojump_clock: trio.testing.MockClock
) -> None:
    hub = SlowHub(autojump_clock)
    crowd(hub, GARDEN, listeners)
    crowd(hub, GARDEN + 1, others)
    async with open_broadcaster(hub) as broadcaster:
        began = round(1000 * trio.current_time())
        with broadcaster.expecting({expected}):
            broadcaster.announce(batch(1))
            await trio.sleep(0.01)
        assert hub.moments == [began]


async def test_many_in_small_rooms_wait_for_nothing(autojump_clock: trio.testing.MockClock) -> None:
    hub, rooms = SlowHub(autojump_clock), {GARDEN, GARDEN + 1}
    for room in rooms:
        crowd(hub, room, 99)
    async with open_broadcaster(hub) as broadcaster:
        began = round(1000 * trio.current_time())
        with broadcaster.expecting(rooms):
            said = [structs.replace(batch(1)[0].change, room_id=room) for room in rooms]
            broadcaster.announce([Announcement(message) for message in said])
            await trio.sleep(0.01)
        assert hub.moments == [began]


@pytest.mark.parametrize("how", ["published", "all_published"])
async def test_waiting_for_a_publication_ends_the_wait_for_a_commit(
    how: str, autojump_clock: trio.testing.MockClock
) -> None:
    hub = SlowHub(autojump_clock)
    crowd(hub, GARDEN, 500)
    async with open_broadcaster(hub) as broadcaster:
        began = round(1000 * trio.current_time())
        with broadcaster.expecting({GARDEN}):
            broadcaster.announce(batch(1))
            await wait_all_tasks_blocked()
            await (broadcaster.wait_published(1) if how == "published" else broadcaster.wait_all_published())
        assert hub.moments == [began]


async def test_a_batch_that_waited_for_a_commit_needs_an_open_fence(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hub, fence = Pages(), Fence()
    crowd(hub, GARDEN, 500)
    fence.open_until(trio.current_time() + 0.001)
    async with open_broadcaster(hub, fence=fence) as broadcaster:
        with broadcaster.expecting({GARDEN}):
            broadcaster.announce(batch(1))
            await trio.sleep(0.002)
        await wait_all_tasks_blocked()
        assert hub.published == []
        fence.open_until(math.inf)
    assert hub.published == [[1]]


async def test_the_journal_names_the_rooms_of_a_running_commit(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Two writers whose commits follow each other: what both say goes round at once."""
    hub, storage = Pages(), MemoryStorage()
    crowd(hub, GARDEN, 500)
    await storage.users.add(NewPerson(name="ada", password_hash=b""))
    save = storage.messages.save

    async def slow_save(drafts: Sequence[Draft]) -> Sequence[Outcome]:
        await trio.sleep(0.002)
        return await save(drafts)

    storage.messages.save = slow_save  # type: ignore[method-assign, assignment]
    async with open_broadcaster(hub) as broadcaster:
        follower = LogFollower(storage.messages, broadcaster, 0)
        async with open_journal(storage.messages, broadcaster, follower) as journal:
            await journal.submit(Draft(GARDEN, 1, "ada", "one", 0.0), Nobody())
            await wait_all_tasks_blocked()
            for text in ("two", "three"):
                await journal.submit(Draft(GARDEN, 1, "ada", text, 0.0), Nobody())
            await trio.sleep(0.01)
            assert hub.published == [[1, 2, 3]]
