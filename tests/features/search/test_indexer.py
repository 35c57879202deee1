"""Messages can be found soon after they were sent, whatever happens to the database meanwhile."""

from collections.abc import Callable

import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from chat.domain.failures import OutcomeUnknown, StorageDown
from chat.domain.messages.sync_types import MessageNow
from chat.features.search.index import Progress, Search
from chat.features.search.indexer import open_indexer


class Log:
    """A log that is indexed piece by piece, and troubles of it."""

    def __init__(self) -> None:
        self.newest = 0
        self.done = 0
        self.is_ours = True
        self.steps = 0
        self.step = 10
        self.buckets = 0
        self.troubles: list[Exception] = []

    async def find(self, search: Search) -> list[MessageNow]:
        raise NotImplementedError

    async def index(self, most_bytes: int) -> Progress:
        await trio.sleep(0.01)
        if self.troubles:
            raise self.troubles.pop()
        self.steps += 1
        if self.is_ours and self.done == self.newest:
            self.buckets = max(self.buckets - 1, 0)
        elif self.is_ours:
            self.done = min(self.newest, self.done + self.step)
        return Progress(self.done, self.is_ours, not self.buckets)


async def passes(seconds: float, holds: Callable[[], bool]) -> None:
    """Wait until something holds, at most so long."""
    with trio.fail_after(seconds):
        while not holds():  # noqa: ASYNC110 - time is what it is about
            await trio.sleep(0.01)


async def test_the_log_is_followed_within_a_second(autojump_clock: MockClock) -> None:
    storage = Log()
    storage.newest = 1000
    async with open_indexer(storage, lambda: storage.newest):
        await passes(2.5, lambda: storage.done == 1000)  # of an earlier server; it works half of the time
        await trio.sleep(10)
        assert storage.steps == 100, "nobody asks for more while nothing is said"
        storage.newest = 1001
        await passes(0.3, lambda: storage.done == 1001)


async def test_it_gives_way_where_thousands_write(autojump_clock: MockClock) -> None:
    storage = Log()
    async with open_indexer(storage, lambda: storage.newest):
        for _ in range(100):
            storage.newest += 300
            await trio.sleep(0.1)
        assert 10 < storage.steps < 50, "a step takes 0.01 s, and it has a fortieth of ten seconds"
        storage.newest = storage.done + 100
        await passes(1.5, lambda: storage.done == storage.newest)


async def test_another_server_is_waited_for_and_followed(autojump_clock: MockClock) -> None:
    storage = Log()
    storage.newest, storage.is_ours = 30, False
    async with open_indexer(storage, lambda: storage.newest):
        await trio.sleep(10)
        assert storage.steps <= 40
        storage.is_ours = True
        await passes(1, lambda: storage.done == 30)


async def test_an_outage_is_waited_for(autojump_clock: MockClock) -> None:
    storage = Log()
    storage.newest = 5
    storage.troubles = [StorageDown("down"), OutcomeUnknown("silent"), StorageDown("down")]
    async with open_indexer(storage, lambda: storage.newest):
        await trio.sleep(2.9)
        assert storage.done == 0
        await passes(1, lambda: storage.done == 5)


async def test_a_log_that_lost_its_end_is_followed_from_where_it_is(autojump_clock: MockClock) -> None:
    storage = Log()
    storage.newest = 50
    async with open_indexer(storage, lambda: storage.newest):
        await passes(1, lambda: storage.done == 50)
        storage.newest = storage.done = 20
        await trio.sleep(1)
        storage.newest = 30
        await passes(1, lambda: storage.done == 30)


async def test_an_index_that_is_far_behind_is_logged_and_so_is_its_end(autojump_clock: MockClock) -> None:
    storage = Log()
    storage.newest, storage.step = 30_000, 5000
    with capture_logs() as logs:
        async with open_indexer(storage, lambda: storage.newest):
            await passes(60, lambda: storage.done == 30_000)
            await trio.sleep(1)
            storage.newest += 100
            await passes(60, lambda: storage.done == 30_100)
    assert [(entry["event"], entry.get("changes")) for entry in logs] == [
        ("search index is behind: older messages are found gradually", 25_000),
        ("search index is complete", None),
    ]


async def test_older_messages_are_sorted_while_nothing_is_said(autojump_clock: MockClock) -> None:
    storage = Log()
    storage.newest, storage.buckets = 20, 10
    with capture_logs() as logs:
        async with open_indexer(storage, lambda: storage.newest):
            await passes(0.1, lambda: storage.done == 20)
            storage.newest = 30
            await passes(0.3, lambda: storage.done == 30)
            assert storage.buckets > 0, "what is new comes first"
            await passes(1.2, lambda: storage.buckets == 0)
            await trio.sleep(1)
            steps = storage.steps
            await trio.sleep(10)
            assert storage.steps == steps
    assert [entry["event"] for entry in logs] == [
        "search index of older messages is sorted by time; searches for them may be slow until then",
        "search index is sorted by time",
    ]
