"""Signals: no wake-up is lost, whenever a task is notified or cancelled."""

from collections.abc import Callable

import pytest
import trio
import trio.testing

from chat.signals import Signal


async def test_wait_until_returns_at_once_where_the_condition_holds(autojump_clock: object) -> None:
    with trio.move_on_after(0):
        await Signal().wait_until(lambda: True)
        return
    pytest.fail("it must not even be a checkpoint")


async def test_notify_wakes_all_and_only_waiters_with_a_true_condition_continue(
    autojump_clock: object,
) -> None:
    signal, state, done = Signal(), {"count": 0}, list[int]()

    async def wait_for(count: int) -> None:
        await signal.wait_until(lambda: state["count"] >= count)
        done.append(count)

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            for count in (1, 2, 3):
                nursery.start_soon(wait_for, count)
            for count in (1, 2, 3):
                await trio.testing.wait_all_tasks_blocked()
                assert signal.tasks_waiting == 4 - count
                state["count"] = count
                signal.notify()
                await trio.testing.wait_all_tasks_blocked()
                assert done == list(range(1, count + 1))


async def test_a_notify_before_wait_does_not_count(autojump_clock: object) -> None:
    signal = Signal()
    signal.notify()
    with trio.move_on_after(1) as scope:
        await signal.wait()
    assert scope.cancelled_caught


async def test_a_condition_that_fails_again_before_the_task_runs_is_waited_for(
    autojump_clock: object,
) -> None:
    signal, items, taken = Signal(), list[int](), list[int]()

    async def take() -> None:
        await signal.wait_until(lambda: items)
        taken.append(items.pop())  # nothing ran since: it is there

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(take)
            nursery.start_soon(take)
            await trio.testing.wait_all_tasks_blocked()
            items.append(1)
            signal.notify()
            await trio.testing.wait_all_tasks_blocked()
            assert (taken, signal.tasks_waiting) == ([1], 1)
            items.append(2)
            signal.notify()
    assert taken == [1, 2]


@pytest.mark.parametrize("notified_at", range(4))
@pytest.mark.parametrize("cancelled_at", range(5))
@pytest.mark.parametrize("notify_first", [False, True])
async def test_a_cancelled_waiter_takes_no_wake_up_along(
    autojump_clock: object, notified_at: int, cancelled_at: int, notify_first: bool
) -> None:
    """One waiter is cancelled at each pass of the loop, before and after the notify; the other one is woken."""
    signal, items, taken = Signal(), list[str](), list[str]()

    async def take(name: str, scope: trio.CancelScope) -> None:
        with scope:
            await signal.wait_until(lambda: items)
            taken.append(f"{name} took {items.pop()}")

    def put() -> None:
        items.append("an item")
        signal.notify()

    cut = trio.CancelScope()
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(take, "the cancelled one", cut)
            other = trio.CancelScope()
            nursery.start_soon(take, "the other", other)
            for step in range(6):
                acts: list[Callable[[], object]] = []
                if step == notified_at:
                    acts.append(put)
                if step == cancelled_at:
                    acts.append(cut.cancel)
                for act in acts if notify_first else reversed(acts):
                    act()
                await trio.lowlevel.checkpoint()
            await trio.testing.wait_all_tasks_blocked()
            assert (len(items), len(taken)) == (0, 1), "the item was taken, by whom it found waiting"
            other.cancel()
    assert signal.tasks_waiting == 0
