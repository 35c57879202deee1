"""The garbage collector works while the loop is idle."""

import gc
from collections import Counter
from collections.abc import Generator

import pytest
import trio

from chat.cli import gc_tuning as module
from chat.cli.gc_tuning import IdleCollector


class Cycle:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collecting() -> Generator[list[int]]:
    """The generation of each collection that is made; CPython begins none by itself."""
    generations: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            generations.append(info["generation"])

    thresholds = gc.get_threshold()
    gc.collect()
    gc.set_threshold(1_000_000)
    gc.callbacks.append(note)
    try:
        yield generations
    finally:
        gc.callbacks.remove(note)
        gc.set_threshold(*thresholds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The collector's clock: each look at it takes a millisecond, and what the test adds."""
    time = [1000.0]

    def look() -> float:
        time[0] += 0.001
        return time[0]

    monkeypatch.setattr(module, "perf_counter", look)
    return time


def make_garbage(count: int = 2500) -> list[Cycle]:
    return [Cycle() for _ in range(count)]


def test_only_an_idle_loop_collects_the_young_generation(collecting: list[int], clock: list[float]) -> None:
    collector = IdleCollector()
    make_garbage()
    collector.before_io_wait(0.0)
    assert collecting == []
    collector.before_io_wait(0.1)
    assert collecting == [0]


def test_a_little_garbage_is_left(collecting: list[int], clock: list[float]) -> None:
    gc.collect(0)
    make_garbage(1000)
    del collecting[:]
    IdleCollector().before_io_wait(0.1)
    assert collecting == []


def test_collecting_takes_a_hundredth_of_the_time(collecting: list[int], clock: list[float]) -> None:
    collector = IdleCollector()
    for _ in range(100):
        make_garbage()
        collector.before_io_wait(0.1)
        clock[0] += 0.009  # with the look of each: a second in all
    assert 9 <= len(collecting) <= 11


def test_older_generations_are_collected_too_but_seldom(
    collecting: list[int], clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = IdleCollector()
    monkeypatch.setattr(module, "_IDLE_THRESHOLDS", (100, 5, 4))
    for _ in range(1000):
        make_garbage(200)
        collector.before_io_wait(0.1)
        clock[0] += 0.5
    seldom = Counter(collecting)
    assert seldom[0] > 700
    assert 160 <= seldom[1] <= 200  # not every fifth time: two seconds are to pass
    assert 25 <= seldom[2] <= 45


async def test_a_server_collects_while_it_waits(collecting: list[int]) -> None:
    trio.lowlevel.add_instrument(collector := IdleCollector())
    try:
        make_garbage()
        await trio.sleep(0.001)
    finally:
        trio.lowlevel.remove_instrument(collector)
    assert collecting[:1] == [0]
