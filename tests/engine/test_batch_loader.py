"""Concurrent reads are batched, are never older than their request, and fail separately."""

from collections.abc import Mapping, Sequence

import pytest
import trio
import trio.testing

from chat.domain.failures import StorageDown
from chat.engine.batch_loader import BatchLoader, open_batch_loader


class Shelf:
    """Something to look up in, slowly; it remembers what each query asked for."""

    def __init__(self) -> None:
        self.books = {"a": 1, "b": 2}
        self.queries: list[list[str]] = []
        self.down = False

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, int]:
        self.queries.append(sorted(keys))
        found = {key: self.books[key] for key in keys if key in self.books}
        await trio.sleep(1)
        if self.down:
            raise StorageDown("no shelf")
        return found


async def ask(batch_loader: BatchLoader[str, int], key: str, answers: list[tuple[str, int | None]]) -> None:
    answers.append((key, await batch_loader.get(key)))


async def test_waiting_keys_are_loaded_in_one_query(autojump_clock: object) -> None:
    shelf, answers = Shelf(), list[tuple[str, int | None]]()
    async with open_batch_loader(shelf.fetch) as batch_loader, trio.open_nursery() as nursery:
        for key in ("a", "b", "a", "c") * 50:
            nursery.start_soon(ask, batch_loader, key, answers)
    assert len(shelf.queries) <= 2
    assert sorted(set(answers), key=str) == sorted([("a", 1), ("b", 2), ("c", None)], key=str)
    assert len(answers) == 200


async def test_with_several_requests_those_of_the_next_passes_join_the_batch(
    autojump_clock: object,
) -> None:
    shelf, answers = Shelf(), list[tuple[str, int | None]]()

    async def ask_after(passes: int, key: str) -> None:
        for _ in range(passes):
            await trio.lowlevel.checkpoint()
        await ask(batch_loader, key, answers)

    async with open_batch_loader(shelf.fetch) as batch_loader, trio.open_nursery() as nursery:
        for passes, key in enumerate(("a", "b", "c", "d")):
            nursery.start_soon(ask_after, passes // 2, key)
    assert shelf.queries == [["a", "b", "c", "d"]]


async def test_an_answer_is_never_from_before_the_question(autojump_clock: object) -> None:
    shelf, answers = Shelf(), list[tuple[str, int | None]]()
    async with open_batch_loader(shelf.fetch) as batch_loader, trio.open_nursery() as nursery:
        nursery.start_soon(ask, batch_loader, "a", answers)
        await trio.sleep(0.5)  # the first query has read, and is not back yet
        shelf.books["a"] = 9
        nursery.start_soon(ask, batch_loader, "a", answers)
    assert answers == [("a", 1), ("a", 9)]


async def test_a_failure_reaches_its_waiters_and_the_next_query_works(autojump_clock: object) -> None:
    shelf = Shelf()
    async with open_batch_loader(shelf.fetch) as batch_loader:
        shelf.down = True
        with pytest.raises(StorageDown):
            await batch_loader.get("a")
        shelf.down = False
        assert await batch_loader.get("a") == 1


@pytest.mark.parametrize("when", [0, 0.5, 1])
async def test_a_cancelled_waiter_does_not_cancel_others(autojump_clock: object, when: float) -> None:
    shelf, answers = Shelf(), list[tuple[str, int | None]]()
    async with open_batch_loader(shelf.fetch) as batch_loader, trio.open_nursery() as nursery:
        with trio.move_on_after(when):
            await ask(batch_loader, "a", [])
        nursery.start_soon(ask, batch_loader, "b", answers)
    assert answers == [("b", 2)]


async def test_a_query_asks_for_a_thousand_and_the_next_for_the_rest(autojump_clock: object) -> None:
    shelf, answers = Shelf(), list[tuple[str, int | None]]()
    async with open_batch_loader(shelf.fetch) as batch_loader, trio.open_nursery() as nursery:
        nursery.start_soon(ask, batch_loader, "a", answers)
        await trio.sleep(0.5)
        for number in range(2300):
            nursery.start_soon(ask, batch_loader, f"{number}", answers)
    assert [len(query) for query in shelf.queries] == [1, 1000, 1000, 300]
    assert len(answers) == 2301


async def test_a_failure_keeps_its_text(autojump_clock: object) -> None:
    shelf = Shelf()
    shelf.down = True
    async with open_batch_loader(shelf.fetch) as batch_loader:
        with pytest.raises(StorageDown, match="no shelf"):
            await batch_loader.get("a")
