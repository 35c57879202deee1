"""trio-parallel: work in other processes is cancelled, and the workers go on with the next."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio
import trio_parallel

SWEPT = trio_parallel


@asynccontextmanager
async def workers() -> AsyncGenerator[trio_parallel.WorkerContext]:
    async with trio_parallel.open_worker_context() as context:
        yield context


def double(number: int) -> int:
    time.sleep(0.01)
    return 2 * number


async def work(context: trio_parallel.WorkerContext) -> None:
    assert await context.run_sync(double, 1) == 2


async def work_that_can_be_killed(context: trio_parallel.WorkerContext) -> None:
    assert await context.run_sync(double, 3, kill_on_cancel=True) == 6


async def the_next_is_done(context: trio_parallel.WorkerContext) -> None:
    with trio.fail_after(20):
        assert await context.run_sync(double, 5) == 10


SWEEPS = {
    "two pieces of work, one of which may be killed": (
        (work, work_that_can_be_killed),
        workers,
        the_next_is_done,
        {"virtual": False, "limit": 30, "every": 3, "ignore": ["resource"]},  # multiprocessing keeps a pipe
    ),
}
