"""Searches take turns, end in time, and are charged for what they use."""

from collections.abc import Callable
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from chat.domain.entities import LOBBY_ID, MessageKind
from chat.domain.failures import StorageDown
from chat.domain.messages.sync_types import MessageNow
from chat.domain.refusals import Refusal
from chat.features.search.index import Progress, Search
from chat.features.search.query import Highlighter, Query, Term
from chat.features.search.runner import BUSY, TOO_LONG, Found, SearchRunner

ADA, BEN, CEM, DORA, EVA = range(1, 6)
TEA = Query((Term(("tea",), ("tea",)),))

STEPS = len(list(Highlighter(TEA).pieces_of("tea")))
"""Steps of a text, each of which is a slice, as the clocks here go on when they are read."""


def asked(person_id: int) -> Search:
    return Search(person_id=person_id, query=TEA, limit=20, most_bytes=1000)


class Index:
    """Finds what it is given, each search when `begin` or the clock lets it."""

    def __init__(self, *texts: str, takes: float = 0.0) -> None:
        self.texts = texts
        self.takes = takes
        self.begun: list[int] = []
        self.error: Exception | None = None

    async def find(self, search: Search) -> list[MessageNow]:
        self.begun.append(search.person_id)
        await trio.sleep(self.takes)
        if self.error is not None:
            raise self.error
        about: Any = {"pos": 1, "changed_pos": 1, "sender_id": ADA, "sender_name": "ada", "created_at": 0.0}
        return [
            MessageNow(id=1, room_id=LOBBY_ID, seq=1, kind=MessageKind.TEXT, text=text, **about)
            for text in self.texts
        ]

    async def index(self, most_bytes: int) -> Progress:
        raise NotImplementedError


async def search(searches: SearchRunner, person: int, ended: Callable[[int], object]) -> None:
    await searches.find(asked(person), lambda _seconds: None)
    ended(person)


async def test_people_take_turns_however_much_one_of_them_asks_for(mock_clock: MockClock) -> None:
    index, ended = Index(takes=1), list[int]()
    searches = SearchRunner(index)
    async with trio.open_nursery() as nursery:
        for person in (ADA, ADA, ADA, ADA, ADA, ADA, BEN, BEN, BEN, CEM):
            nursery.start_soon(search, searches, person, ended.append)
            await wait_all_tasks_blocked()
        mock_clock.autojump_threshold = 0
    assert index.begun.index(BEN) <= 3
    assert index.begun.index(CEM) <= 5, "two at once begin in any order"
    assert sorted(ended) == sorted(index.begun)


async def test_a_search_that_waits_too_long_or_behind_too_many_is_refused(mock_clock: MockClock) -> None:
    index = Index(takes=1.9)
    searches = SearchRunner(index)
    answers: list[object] = []

    async def ask(person: int) -> None:
        answers.append(await searches.find(asked(person), lambda _seconds: None))

    async with trio.open_nursery() as nursery:
        for _ in range(12):
            nursery.start_soon(ask, ADA)
            await wait_all_tasks_blocked()
        assert answers == [BUSY] * 2, "two search, eight wait"
        mock_clock.autojump_threshold = 0
        await trio.sleep(1)
        nursery.start_soon(ask, BEN)
        await trio.sleep(3.5)
        assert index.begun.count(BEN) == 1, "before most of hers"
    assert answers.count(BUSY) == 2 + 5, "what has not begun after five seconds is refused"
    assert index.begun.count(ADA) == 5


async def test_a_slow_search_is_ended_and_charged(autojump_clock: MockClock) -> None:
    charged = list[float]()
    searches = SearchRunner(Index(takes=60), clock=trio.current_time)
    with trio.fail_after(2.1):
        assert await searches.find(asked(ADA), charged.append) == TOO_LONG
    assert charged == [2.0]


@pytest.mark.parametrize("how", ["cancelled", "the database is down"])
async def test_a_cancelled_search_is_charged_and_frees_its_place(autojump_clock: MockClock, how: str) -> None:
    charged = list[float]()
    index = Index(takes=1)
    index.error = StorageDown("down")
    searches = SearchRunner(index, clock=trio.current_time)
    for _ in range(3):
        if how == "cancelled":
            with trio.move_on_after(0.5):
                await searches.find(asked(ADA), charged.append)
        else:
            with pytest.raises(StorageDown):
                await searches.find(asked(ADA), charged.append)
    assert charged == pytest.approx([0.5 if how == "cancelled" else 1.0] * 3)


async def test_excerpts_are_charged_and_other_tasks_run_between_them() -> None:
    each = 1 / 1024  # seconds that a step takes
    ticks = iter(tick * each for tick in range(100))
    charged = list[float]()
    searches = SearchRunner(Index("green tea", "tea"), clock=lambda: next(ticks))
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_turns)
        found = await searches.find(asked(ADA), charged.append)
        nursery.cancel_scope.cancel()
    assert not isinstance(found, Refusal)
    assert [each.pieces for each in found] == [["green ", "tea"], ["", "tea"]]
    assert all(isinstance(each, Found) for each in found)
    assert charged == [each] + 2 * STEPS * [each], "the query, and each text"
    assert turns >= 2


async def test_long_texts_take_turns_and_leave_the_event_loop_to_others(autojump_clock: MockClock) -> None:
    each = 1 / 128  # seconds that a step takes; sums of it are exact
    ticks = iter(tick * each for tick in range(1000))
    searches = SearchRunner(Index(*["tea"] * 11), clock=lambda: next(ticks))
    answers: list[object] = []

    async def ask(person: int) -> None:
        answers.append(await searches.find(asked(person), lambda _seconds: None))

    begun = trio.current_time()
    async with trio.open_nursery() as nursery:
        for person in (ADA, ADA, BEN):
            nursery.start_soon(ask, person)
    assert not any(isinstance(answer, Refusal) for answer in answers)
    assert trio.current_time() - begun == pytest.approx(3 * 10 * STEPS * 4 * each), (
        "rests of all but the first texts"
    )


async def test_few_searches_of_one_person_have_long_texts_at_once(autojump_clock: MockClock) -> None:
    ticks = iter(tick / 128 for tick in range(1000))
    searches = SearchRunner(Index("tea", "tea"), clock=lambda: next(ticks))
    answers: list[object] = []

    async def ask(person: int) -> None:
        answers.append(await searches.find(asked(person), lambda _seconds: None))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(ask, ADA)
        await trio.sleep(0.1)
        nursery.start_soon(ask, BEN)
    assert answers.count(BUSY) == 5 - 3, "one works, two wait"
    assert len(answers) == 6


async def test_a_search_whose_long_texts_take_too_long_is_refused(autojump_clock: MockClock) -> None:
    ticks = iter(float(tick) for tick in range(1000))
    searches = SearchRunner(Index(*["tea"] * 5), clock=lambda: next(ticks))
    with trio.fail_after(10.5):
        assert await searches.find(asked(ADA), lambda _seconds: None) == BUSY
    fast = SearchRunner(Index("tea"), clock=trio.current_time)
    assert isinstance(await fast.find(asked(ADA), lambda _seconds: None), list)
