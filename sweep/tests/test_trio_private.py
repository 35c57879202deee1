"""The private members of Trio that are used exist and behave as expected."""

import pytest
import trio
import trio.testing
from trio_cancel_sweep import trio_private


class Noting(trio.abc.Instrument):
    """Asks of the main task, before each of its steps, whether that begins with a `Cancelled`."""

    def __init__(self) -> None:
        self.begins: list[bool] = []

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        if task.name.endswith("cancelled_once"):
            self.begins.append(trio_private.gets_cancelled(task))


def test_a_cancelled_that_is_to_come_is_seen() -> None:
    async def cancelled_once() -> None:
        await trio.lowlevel.checkpoint()
        with trio.CancelScope() as scope:
            scope.cancel()
            await trio.lowlevel.checkpoint()

    noting = Noting()
    trio.run(cancelled_once, instruments=[noting])
    assert noting.begins.count(True) == 1
    assert noting.begins[-1]


async def test_the_scopes_of_a_task_are_named_from_the_inside() -> None:
    with trio.CancelScope() as outermost, trio.CancelScope() as outer, trio.CancelScope() as inner:
        found = list(trio_private.scopes_of(trio.lowlevel.current_task(), outermost))
        await trio.lowlevel.checkpoint()
    assert found == [inner, outer]


async def test_a_task_that_waits_is_parked() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever)
        await trio.testing.wait_all_tasks_blocked()
        (waiting,) = nursery.child_tasks
        assert trio_private.is_parked(waiting)
        assert not trio_private.is_parked(trio.lowlevel.current_task())
        nursery.cancel_scope.cancel()


async def test_a_task_that_waits_for_a_socket_is_woken_and_can_wait_for_it_again() -> None:
    ours, theirs = trio.socket.socketpair()
    with ours, theirs:

        async def read_twice() -> None:
            with pytest.raises(OSError, match="enough"):
                await ours.recv(1)
            assert await ours.recv(1) == b"x"

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read_twice)
            await trio.testing.wait_all_tasks_blocked()
            (waiting,) = nursery.child_tasks
            trio_private.wake(waiting, OSError("enough"))
            await trio.testing.wait_all_tasks_blocked()
            await theirs.send(b"x")


def test_a_seed_fixes_the_order_of_tasks() -> None:
    def order(seed: int) -> list[int]:
        found: list[int] = []

        async def note(number: int) -> None:
            await trio.lowlevel.checkpoint()
            found.append(number)

        async def main() -> None:
            async with trio.open_nursery() as nursery:
                for number in range(20):
                    nursery.start_soon(note, number)

        with trio_private.deterministic(seed):
            trio.run(main)
        return found

    assert order(1) == order(1) != order(2)


def test_a_task_is_ended_whatever_it_catches() -> None:
    class Ending(trio.abc.Instrument):
        steps = 0

        def before_task_step(self, task: trio.lowlevel.Task) -> None:
            if task.name.endswith("spins"):
                self.steps += 1
                if self.steps == 10:
                    trio_private.end_at_once(task)

    async def spins() -> None:
        while True:
            await trio.lowlevel.checkpoint()

    ending = Ending()
    trio.run(spins, instruments=[ending])
    assert ending.steps == 10
