"""One worker is kept: what its start that fails is told as, and what is left of it."""

import trio

from chat.workers.keeper import Keeper
from chat.workers.process import WorkerProcess


class NoProcess(WorkerProcess):
    """A worker for which the machine has no process left."""

    def __init__(self) -> None:
        self.refusal = None

    async def run(self, ready: trio.Event) -> int:
        await trio.lowlevel.checkpoint()
        raise OSError("no process numbers left")


async def test_a_worker_without_a_process_is_refused_with_what_the_system_says_and_is_gone() -> None:
    vacated: list[int] = []
    keeper = Keeper(3, lambda _seat: NoProcess(), vacated.append)
    async with trio.open_nursery() as nursery:
        with trio.fail_after(30):
            assert await nursery.start(keeper.run) == "no process numbers left"
            await keeper.ended.wait()
    assert vacated == [3]
    assert keeper.pid is None
