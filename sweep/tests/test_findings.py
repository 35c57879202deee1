"""Each kind of defect is found in a small program, and nothing is found in a correct one."""

import gc
import socket
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path

import pytest
import trio
from trio_cancel_sweep import Items, Report, sweep
from trio_cancel_sweep import run as run_module

HERE = Path(__file__)


async def pause(times: int = 2) -> None:
    for _ in range(times):
        await trio.lowlevel.checkpoint()


# Each of these is wrong, and says of what kind.


async def swallows() -> None:
    try:
        await pause()
    except BaseException:
        return


async def swallows_in_a_task() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(swallows)


async def goes_on_and_on() -> None:
    while True:
        try:
            return await pause()
        except BaseException:
            continue


async def goes_on_in_a_shield() -> None:
    try:
        await pause()
    except trio.Cancelled:
        with trio.CancelScope(shield=True):
            while True:
                await pause()


async def hangs_in_a_shield() -> None:
    try:
        await pause()
    finally:
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()


async def takes_long() -> None:
    try:
        await pause()
    finally:
        with trio.move_on_after(60, shield=True):
            await trio.sleep_forever()


async def leaves_a_task() -> None:
    try:
        await pause()
    except trio.Cancelled:
        trio.lowlevel.spawn_system_task(trio.sleep, 3600)
        raise


async def raises_another() -> None:
    try:
        await pause()
    except trio.Cancelled:
        raise ValueError("something else") from None


async def leaves_a_generator() -> None:
    async def numbers() -> AsyncGenerator[int]:
        try:
            for number in range(3):
                yield number
        finally:
            await pause()

    async for _ in numbers():
        await pause()


async def leaves_a_socket() -> None:
    ours = socket.socket()
    await pause()
    ours.close()


async def waits_in_cleanup() -> None:
    try:
        await pause()
    finally:
        await pause()


@pytest.mark.parametrize(
    ("code", "kind", "what"),
    [
        (swallows, "swallowed", "the Cancelled is swallowed that task"),
        (swallows_in_a_task, "swallowed", "swallows at test_findings.py"),
        (goes_on_and_on, "swallowed", "swallows each Cancelled and goes on"),
        (goes_on_in_a_shield, "hang", "goes on after the cancellation"),
        (hangs_in_a_shield, "hang", "it did not end within 600 s: task"),
        (takes_long, "hang", "60.0 s from being cancelled to its end"),
        (leaves_a_task, "task", "1 tasks are left behind"),
        (raises_another, "error", "ValueError: something else"),
        (leaves_a_generator, "resource", "garbage collected before it had been exhausted"),
        (leaves_a_socket, "resource", "unclosed <socket"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_this_is_found(
    code: Callable[[], Awaitable[object]], kind: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "MOST_STEPS", 5000)
    report = sweep(code, swept=HERE, stop_at_first=True, flavours=["park"])
    assert any(each.kind == kind and what in each.what for each in report.failures), report.failures


def test_an_ignored_finding_is_no_failure() -> None:
    assert sweep(swallows, swept=HERE).failures
    assert not sweep(swallows, swept=HERE, ignore=["swallowed"]).failures


def test_an_await_in_cleanup_that_is_cancelled_too_is_noted() -> None:
    report = sweep(waits_in_cleanup, swept=HERE)
    assert not report.failures
    assert {line.text for line in report.cut_cleanups} == {"await pause()"}


# And these are right.


async def uses_a_scope_of_its_own() -> None:
    with trio.CancelScope() as scope:
        try:
            await pause()
        finally:
            scope.cancel()


async def ends_its_nursery() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        await pause()
        nursery.cancel_scope.cancel()


async def cleans_up_in_a_shield() -> None:
    try:
        await pause()
    finally:
        with trio.move_on_after(1, shield=True):
            await pause()


async def closes_all() -> None:
    async def numbers() -> AsyncGenerator[int]:
        for number in range(3):
            yield number

    with socket.socket():
        async with aclosing(numbers()) as each:
            async for _ in each:
                await pause()


async def holds_locks() -> None:
    async with trio.Lock(), trio.Semaphore(1), trio.CapacityLimiter(1):
        await pause()


@pytest.mark.parametrize(
    "code",
    [uses_a_scope_of_its_own, ends_its_nursery, cleans_up_in_a_shield, closes_all, holds_locks],
    ids=lambda each: each.__name__,
)
def test_nothing_is_found_where_nothing_is(code: Callable[[], Awaitable[object]]) -> None:
    report = sweep(code, swept=HERE, flavours=["park", "wake", "deadline"], seeds=2)
    assert report.fired
    assert report.failures == []


# Locks that somebody else waits for.


class Shared:
    """What two tasks hold in turn."""

    def __init__(self) -> None:
        self.lock = trio.Lock()
        self.limiter = trio.CapacityLimiter(1)
        self.semaphore = trio.Semaphore(1)


@asynccontextmanager
async def shared() -> AsyncGenerator[Shared]:
    yield Shared()


async def not_released(shared: Shared, which: str) -> None:
    held = getattr(shared, which)
    await held.acquire()
    await pause()
    held.release()


async def released(shared: Shared, which: str) -> None:
    async with getattr(shared, which):
        await pause()


@pytest.mark.parametrize("which", ["lock", "limiter", "semaphore"])
def test_a_lock_that_nobody_releases_is_found(which: str) -> None:
    async def wrong(world: Shared) -> None:
        await not_released(world, which)

    async def right(world: Shared) -> None:
        await released(world, which)

    found = sweep(wrong, setup=shared, swept=HERE, stop_at_first=True).failures
    assert [each.kind for each in found] == ["lock"]
    assert "made at test_findings.py:" in found[0].what
    assert sweep(right, setup=shared, swept=HERE).failures == []


def test_a_lock_that_nobody_can_reach_is_none() -> None:
    async def alone() -> None:
        semaphore = trio.Semaphore(1)
        await semaphore.acquire()
        await pause()

    assert sweep(alone, swept=HERE).failures == []


# Several targets, of which one is cancelled; and items that are lost.


class Channel:
    """A sender, two receivers, and what they have."""

    def __init__(self, stack: AsyncExitStack) -> None:
        self.send, self.receive = trio.open_memory_channel[int](0)
        stack.enter_context(self.send)
        stack.enter_context(self.receive)
        self.items = Items()


@asynccontextmanager
async def channel() -> AsyncGenerator[Channel]:
    async with AsyncExitStack() as stack:
        yield Channel(stack)


async def sends(world: Channel) -> None:
    with world.send:
        for item in range(3):
            await world.send.send(item)
            world.items.sent(item)


async def receives(world: Channel) -> None:
    async for item in world.receive:
        world.items.received(item)


async def receives_late(world: Channel) -> None:
    async for item in world.receive:
        await pause()  # cancelled here, it has the item, and nobody knows
        world.items.received(item)


def lossless(world: Channel) -> None:
    world.items.assert_none_lost()
    world.items.assert_none_twice()


def test_an_item_is_lost_where_one_receiver_of_two_is_cancelled() -> None:
    def sweep_with(receiver: Callable[[Channel], Awaitable[object]]) -> Report:
        return sweep(receiver, receives, sends, setup=channel, check=lossless, swept=HERE)

    failures = sweep_with(receives_late).failures
    assert {each.point.victim for each in failures} == {0}
    assert all("lost: [" in each.what for each in failures)
    assert f":{failures[0].point.n}" in str(failures[0].point)


def test_each_target_is_cancelled_in_its_turn() -> None:
    ended: list[str] = []

    async def first() -> None:
        await pause()
        ended.append("first")

    async def second() -> None:
        await pause()
        ended.append("second")

    def one_has_ended() -> None:
        assert ended
        ended.clear()

    report = sweep(first, second, check=one_has_ended, swept=HERE)
    assert report.failures == []
    alone = sweep(first, second, check=one_has_ended, swept=HERE, only="0:park:1:1")
    assert (alone.runs, alone.fired) == (1, 1)


def test_descriptors_that_are_left_open_are_found() -> None:
    async def duplicates() -> None:
        ours, theirs = socket.socketpair()
        number = ours.detach()
        theirs.close()
        await trio.lowlevel.checkpoint()
        socket.close(number)

    report = sweep(duplicates, swept=HERE, virtual=False, stop_at_first=True)
    left = [each for each in report.failures if "is left open: socket" in each.what]
    assert left
    socket.close(int(left[0].what.split()[1]))


def test_what_an_abandoned_thread_has_open_is_no_leak() -> None:
    """It has a file open for a moment longer than the code that abandoned it."""

    def read() -> None:
        with HERE.open():
            time.sleep(0.01)

    async def reads() -> None:
        await trio.to_thread.run_sync(read, abandon_on_cancel=True)

    assert sweep(reads, swept=HERE, virtual=False).failures == []


def test_the_garbage_collector_is_as_before() -> None:
    was_frozen, was_enabled = gc.get_freeze_count() > 0, gc.isenabled()
    sweep(pause, swept=HERE)
    assert (gc.get_freeze_count() > 0, gc.isenabled()) == (was_frozen, was_enabled)
