"""The task tree shows the line of our code at which each task waits."""

import trio
from trio.testing import wait_all_tasks_blocked

from chat.engine.fence import Fence
from chat.inspection.task_tree import awaited_by, below


async def test_a_task_waiting_for_a_signal_is_shown_at_its_own_line() -> None:
    fence = Fence()
    fence.open_until(trio.current_time() - 1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(fence.wait_open)
        await wait_all_tasks_blocked()
        *_, waiting = below(trio.lowlevel.current_task())
        awaits = awaited_by(waiting)
        fence.open_until(trio.current_time() + 1000)
    assert awaits.where.startswith("chat/engine/fence.py:")
    assert (awaits.function, awaits.calls) == ("Fence.wait_open", "wait_until")
