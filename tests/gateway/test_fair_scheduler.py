"""However many calls can go on, few of them do in one pass of the loop, and the addresses take turns."""

import math
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from chat.domain.limits.fair_limiter import FairLimiter, Kind
from chat.gateway import fair_scheduler as module
from chat.gateway.fair_scheduler import FairScheduler
from chat.gateway.listener import open_gateway
from chat.inspection.task_tree import awaited_by
from chat.web_api.app import scheduled_by
from tests.support.gateway import echo, make_app, make_config, wire_to

A, B = b"a", b"b"


@pytest.fixture(autouse=True)
def _every_step_costs_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TURN", 0.0)
    monkeypatch.setattr(module, "PASS", 0.0)


class Passes(trio.abc.Instrument):
    """Counts the passes of the loop."""

    def __init__(self) -> None:
        self.number = 0

    def after_io_wait(self, timeout: float) -> None:
        self.number += 1


@asynccontextmanager
async def serving() -> AsyncGenerator[tuple[FairScheduler, trio.Nursery]]:
    """Yield a scheduler that runs, and a nursery for the tasks that it schedules."""
    scheduler = FairScheduler()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(scheduler.serve)
        await wait_all_tasks_blocked()
        async with trio.open_nursery() as workers:
            yield scheduler, workers
        nursery.cancel_scope.cancel()


async def work(steps: int, who: str, done: list[str]) -> None:
    for _ in range(steps):
        done.append(who)
        await trio.lowlevel.checkpoint()


async def awaits(awaitable: Awaitable[object]) -> None:
    await awaitable


async def test_of_many_that_can_go_on_about_one_does_in_each_pass() -> None:
    at_once: Counter[int] = Counter()
    passes = Passes()
    trio.lowlevel.add_instrument(passes)

    async def count() -> None:
        for _ in range(5):
            at_once[passes.number] += 1
            await trio.lowlevel.checkpoint()

    with trio.fail_after(30):
        async with serving() as (scheduler, workers):
            for _ in range(50):
                workers.start_soon(awaits, scheduler.steps(A, count()))
    assert sum(at_once.values()) == 250
    assert max(at_once.values()) <= 2  # somebody new may come where nobody waits any more


@pytest.mark.parametrize(("took", "most"), [(0.00005, 5), (0.0002, 2), (0.01, 1)])
async def test_one_pass_gives_several_short_turns_or_one_long(
    monkeypatch: pytest.MonkeyPatch, took: float, most: int
) -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += took  # between the two looks at it, before and after a step
        return now

    monkeypatch.setattr(module, "PATIENCE", math.inf)
    monkeypatch.setattr(module, "PASS", 0.0005)
    monkeypatch.setattr(module, "TURN", 0.0001)
    monkeypatch.setattr(module, "perf_counter", clock)
    at_once: Counter[int] = Counter()
    passes = Passes()
    trio.lowlevel.add_instrument(passes)

    async def count() -> None:
        for _ in range(20):
            at_once[passes.number] += 1
            await trio.lowlevel.checkpoint()

    with trio.fail_after(30):
        async with serving() as (scheduler, workers):
            scheduler._usual = took
            for _ in range(50):
                workers.start_soon(awaits, scheduler.steps(A, count()))
    at_once.subtract({min(at_once): 50})  # those that began together
    assert most <= max(at_once.values()) <= most + 1


async def test_calls_wait_while_anything_else_can_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of a dozen passes is not a dozen steps of calls late."""
    monkeypatch.setattr(module, "PATIENCE", math.inf)
    done: list[str] = []
    with trio.fail_after(30):
        async with serving() as (scheduler, workers):
            for _ in range(50):
                workers.start_soon(awaits, scheduler.steps(A, work(5, "a", done)))
            for _ in range(3):  # those that had begun when the line formed
                await trio.lowlevel.checkpoint()
            before = len(done)
            for _ in range(100):
                await trio.lowlevel.checkpoint()
            assert len(done) - before <= 1
    assert len(done) == 250


async def test_calls_go_on_beside_a_loop_that_is_never_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.0)
    done: list[str] = []
    with trio.fail_after(30):
        async with serving() as (scheduler, workers):
            for _ in range(10):
                workers.start_soon(awaits, scheduler.steps(A, work(5, "a", done)))
            while len(done) < 50:
                await trio.lowlevel.checkpoint()


async def test_the_addresses_take_turns() -> None:
    done: list[str] = []
    with trio.fail_after(30):
        async with serving() as (scheduler, workers):
            for _ in range(50):
                workers.start_soon(awaits, scheduler.steps(A, work(5, "a", done)))
            await trio.lowlevel.checkpoint()
            workers.start_soon(awaits, scheduler.steps(B, work(5, "b", done)))
    assert len(done) == 255
    assert max(n for n, who in enumerate(done) if who == "b") < 20


async def test_a_single_task_does_not_wait() -> None:
    passes = Passes()
    trio.lowlevel.add_instrument(passes)
    done: list[str] = []
    took = []
    with trio.fail_after(30):
        async with serving() as (scheduler, _):
            for awaitable in (work(50, "a", done), scheduler.steps(A, work(50, "a", done))):
                begun = passes.number
                await awaitable
                took.append(passes.number - begun)
    assert took[1] <= 2 * took[0]  # the turn of the step before may not be over yet


async def test_a_cancelled_waiter_raises_cancelled_at_once() -> None:
    done: list[str] = []
    ended: list[str] = []
    scope = trio.CancelScope()

    async def is_cancelled() -> None:
        try:
            await work(1000, "late", done)
        except trio.Cancelled:
            ended.append("heard")
            raise

    async def victim(scheduler: FairScheduler) -> None:
        with scope:
            await scheduler.steps(A, is_cancelled())
        ended.append("over")

    with trio.fail_after(30):
        async with serving() as (scheduler, workers):
            for _ in range(100):
                workers.start_soon(awaits, scheduler.steps(A, work(5, "a", done)))
            workers.start_soon(victim, scheduler)
            await trio.lowlevel.checkpoint()
            before = len(done)
            scope.cancel()
            for _ in range(12):
                await trio.lowlevel.checkpoint()
            assert ended == ["heard", "over"]
            assert len(done) - before < 30
    assert done.count("a") == 500


async def test_a_result_is_kept_while_its_task_waits_for_its_turn() -> None:
    done: list[str] = []
    send, receive = trio.open_memory_channel[int](1)
    got = []

    async def gets() -> None:
        got.append(await receive.receive())
        raise KeyError

    async def fails(scheduler: FairScheduler) -> None:
        with pytest.raises(KeyError):
            await scheduler.steps(B, gets())

    with trio.fail_after(30):
        async with serving() as (scheduler, workers):
            workers.start_soon(fails, scheduler)
            await wait_all_tasks_blocked()
            for _ in range(10):
                workers.start_soon(awaits, scheduler.steps(A, work(5, "a", done)))
            await trio.lowlevel.checkpoint()
            send.send_nowait(7)
    assert got == [7]


async def test_when_the_turns_end_all_go_on() -> None:
    scheduler, done = FairScheduler(), list[str]()
    with trio.fail_after(30):
        async with trio.open_nursery() as workers, trio.open_nursery() as nursery:
            nursery.start_soon(scheduler.serve)
            await wait_all_tasks_blocked()
            for _ in range(10):
                workers.start_soon(awaits, scheduler.steps(A, work(5, "a", done)))
            await trio.lowlevel.checkpoint()
            nursery.cancel_scope.cancel()
    assert len(done) == 50
    with pytest.raises(KeyError):
        trio.lowlevel.remove_instrument(scheduler)  # it is none any more


async def test_calls_of_many_connections_take_turns() -> None:
    calls, scheduler, app = 30, FairScheduler(), make_app()
    app.asgi_http_class = scheduled_by(scheduler)
    passes = Passes()
    begun: Counter[int] = Counter()
    answered: Counter[int] = Counter()

    @app.get("/counted")
    async def counted() -> str:
        for _ in range(20):
            answered[passes.number] += 1
            await trio.lowlevel.checkpoint()
        return "counted"

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        begun[passes.number] += 1
        await app(scope, receive, send)

    trio.lowlevel.add_instrument(passes)
    with trio.fail_after(20):
        async with (
            open_gateway(make_config(), counting, echo, on_stop=lambda: None, scheduler=scheduler) as gateway,
            AsyncExitStack() as stack,
        ):
            wires = [await stack.enter_async_context(wire_to(gateway)) for _ in range(calls)]
            for wire in wires:  # once each is known to be HTTP's, its calls take turns
                await wire.get()
            begun.clear()
            async with trio.open_nursery() as nursery:
                for wire in wires:
                    nursery.start_soon(wire.get, "/counted")
    assert sum(begun.values()) == calls
    assert sum(answered.values()) == 20 * calls
    assert max(begun.values()) <= 2
    assert max(answered.values()) <= 2


async def test_a_turn_may_be_taken_in_the_pass_in_which_they_end() -> None:
    scheduler, done = FairScheduler(), list[str]()
    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(scheduler.serve)
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
            with trio.CancelScope(shield=True):
                await scheduler.steps(A, work(5, "a", done))
    assert done == ["a"] * 5


async def test_the_task_tree_shows_the_await_below_the_scheduler() -> None:
    tasks: list[trio.lowlevel.Task] = []

    async def waits_at_a_limiter() -> None:
        tasks.append(trio.lowlevel.current_task())
        await FairScheduler().steps(A, FairLimiter(0, most=1, most_each=1).acquire(Kind.LOGIN, A))

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(waits_at_a_limiter)
            await wait_all_tasks_blocked()
            assert awaited_by(tasks[0]).function == "FairLimiter.acquire"
            nursery.cancel_scope.cancel()
