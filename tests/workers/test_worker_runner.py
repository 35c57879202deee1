"""One worker is kept running: how a failed start is reported, and what is left of it."""

import trio

from chat.workers.process import WorkerProcess
from chat.workers.worker_runner import WorkerRunner


class NoProcess(WorkerProcess):
    """A worker for which the machine has no process left."""

    def __init__(self) -> None:
        self.refusal = None

    async def run(self, ready: trio.Event) -> int:
        await trio.lowlevel.checkpoint()
        raise OSError("no process numbers left")


async def test_a_worker_that_can_not_be_started_is_refused_with_the_systems_error() -> None:
    vacated: list[int] = []
    runner = WorkerRunner(3, lambda _slot: NoProcess(), vacated.append)
    async with trio.open_nursery() as nursery:
        with trio.fail_after(30):
            assert await nursery.start(runner.run) == "no process numbers left"
            await runner.ended.wait()
    assert vacated == [3]
    assert runner.pid is None
