"""A server that is stopped stands still between two checkpoints, while all others go on."""

from functools import partial
from random import Random

import trio
from trio.testing import wait_all_tasks_blocked

from tests.simulation.draw import draw_plan
from tests.simulation.stopping import SERVER, Stopped
from tests.simulation.storage import Database
from tests.simulation.world import simulate
from tests.support.campaign import in_campaign


async def test_only_the_tasks_of_a_stopped_server_stand_still_and_their_deadlines_pass(
    autojump_clock: object,
) -> None:
    stopped, ticks, calls = Stopped(), {0: 0, 1: 0}, list[str]()
    waited: list[tuple[bool, float]] = []

    async def tick(server: int) -> None:
        SERVER.set(server)
        while True:
            await trio.sleep(1)
            ticks[server] += 1

    async def wait() -> None:
        SERVER.set(0)
        with trio.move_on_after(5.5) as scope:
            await trio.sleep_forever()
        waited.append((scope.cancelled_caught, trio.current_time() - began))

    began = trio.current_time()
    with stopped.heeded():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(tick, 0)
            nursery.start_soon(tick, 1)
            nursery.start_soon(wait)
            await trio.sleep(3.5)
            stopped.stop(0)
            await trio.sleep(6)
            assert (ticks, waited) == ({0: 3, 1: 9}, [])
            stopped.call(0, partial(calls.append, "a notice"))
            stopped.call(1, partial(calls.append, "another's"))
            assert calls == ["another's"]
            for call in stopped.go_on(0):
                call()
            await trio.sleep(1.9)  # no other deadline is at the same moment
            assert (ticks, waited) == ({0: 5, 1: 11}, [(True, 9.5)])
            assert calls == ["another's", "a notice"]
            nursery.cancel_scope.cancel()


async def test_the_database_finishes_a_stopped_servers_statement_once(autojump_clock: object) -> None:
    """The server asks for the answer while the database is at it: its task was about to run when it was stopped."""
    begun, goes_on = list[str](), trio.Event()

    async def save() -> str:
        begun.append("save")
        await goes_on.wait()
        return "saved"

    async def ask() -> None:
        answers.append(await connection.call("save", save))

    connection, answers = Database(Random(0), [], Stopped()).connect(), list[str]()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        (asked,) = connection.asked
        nursery.start_soon(asked.finish)
        await trio.sleep(1)  # longer than the call takes
        goes_on.set()
    assert (begun, answers) == (["save"], ["saved"])


@in_campaign
def test_a_world_with_stopped_servers_is_deterministic() -> None:
    plan = next(
        plan
        for plan in (draw_plan(seed, most_clients=20, several=True) for seed in range(40))
        if plan.freezes
    )
    history = simulate(plan)
    ops = [event.op for event in history.events]
    assert ops.count("server frozen") == ops.count("server goes on") == len(plan.freezes)
    assert simulate(plan).digest() == history.digest()
