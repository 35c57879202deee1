"""Where Trio and asyncio meet: the loop that asyncpg runs on, and the one way across."""

import asyncio
import heapq
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar

import structlog
import trio_asyncio

T = TypeVar("T")

_ROUNDS = 4
"""From the bytes of an answer to the end of an operation: a future, its task, and what waits for that."""

_MOST_CANCELLED = 100
"""Timers that are cancelled and not let go yet."""

logger = structlog.get_logger(__name__)


async def run_in_asyncio(operation: Callable[..., Awaitable[T]], *arguments: object) -> T:
    """Run an asyncio-flavoured coroutine function from Trio and return its result.

    Cancelling: `asyncio.CancelledError` is raised in the operation, and this waits until it has ended.
    """
    result: T = await trio_asyncio.aio_as_trio(operation)(*arguments)
    return result


@asynccontextmanager
async def open_asyncio() -> AsyncGenerator[None]:
    """Run an asyncio loop in Trio for as long as the block lasts, one that outlives stray exceptions.

    Cancelling: what runs in the loop is cancelled.
    """
    async with trio_asyncio.open_loop() as loop:
        loop.set_exception_handler(_log_stray)
        loop._main_loop_one = partial(_run_ready, loop, loop._main_loop_one)
        loop._timer_handle_cancelled = _CancelledTimers(loop)
        yield


async def _run_ready(
    loop: trio_asyncio.TrioEventLoop, run_one: Callable[..., Awaitable[None]], no_wait: bool = False
) -> None:
    """Run all callbacks that are ready in one pass of Trio's loop, and those that they make ready.

    trio-asyncio runs one in each pass, first come, first served. An operation needs about ten: beside twenty others
    it waits for two hundred passes, each with everybody's work in it. `run_one` is trio-asyncio's own, which with
    `no_wait` has no checkpoint.
    """
    await run_one(no_wait)
    if not no_wait:
        for _ in range(_ROUNDS):
            ready = loop._q_recv.statistics().current_buffer_used
            if not ready:
                break
            for _ in range(ready):
                await run_one(no_wait=True)


class _CancelledTimers:
    """Lets go of timers that are cancelled, as asyncio's own loop does; trio-asyncio keeps each until its time.

    A query sets three, of some seconds, and cancels them when it is answered.
    """

    def __init__(self, loop: trio_asyncio.TrioEventLoop) -> None:
        self._loop = loop
        self._cancelled = 0

    def __call__(self, _timer: asyncio.TimerHandle) -> None:
        self._cancelled += 1
        timers: list[asyncio.TimerHandle] = self._loop._timers
        if self._cancelled > max(_MOST_CANCELLED, len(timers) // 2):
            self._cancelled = 0
            timers[:] = [timer for timer in timers if not timer.cancelled()]
            heapq.heapify(timers)


def _log_stray(_loop: object, context: dict[str, Any]) -> None:
    # trio-asyncio's default handler raises, and asyncpg leaves futures whose exception nobody retrieves when
    # a connection breaks: that would end the server.
    logger.debug(
        "ignored an exception that asyncio reported",
        message=context.get("message"),
        error=repr(context.get("exception")),
    )
