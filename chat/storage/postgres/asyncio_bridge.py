"""The asyncio loop that asyncpg runs on under Trio, and the one way to call into it."""

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
"""Callbacks make others ready: from an answer's bytes to a future, to its task, to the waiter of the task."""

_MOST_CANCELLED = 100
"""Cancelled timers that are kept before they are removed."""

logger = structlog.get_logger(__name__)


async def run_in_asyncio(operation: Callable[..., Awaitable[T]], *arguments: object) -> T:
    """Run an asyncio-flavoured coroutine function from Trio and return its result.

    Cancelling raises `asyncio.CancelledError` in the operation and waits until that has ended.
    """
    result: T = await trio_asyncio.aio_as_trio(operation)(*arguments)
    return result


@asynccontextmanager
async def open_asyncio() -> AsyncGenerator[None]:
    """Run an asyncio loop in Trio for the block. Unhandled exceptions in it are logged and do not end it.

    Cancelling also cancels the operations in the loop.
    """
    async with trio_asyncio.open_loop() as loop:
        loop.set_exception_handler(_log_stray)
        loop._main_loop_one = partial(_run_ready, loop, loop._main_loop_one)
        loop._timer_handle_cancelled = _CancelledTimers(loop)
        yield


async def _run_ready(
    loop: trio_asyncio.TrioEventLoop, run_one: Callable[..., Awaitable[None]], no_wait: bool = False
) -> None:
    """Run all ready callbacks, and those that they make ready, in one pass of Trio's loop.

    trio-asyncio runs one callback in each pass. An operation needs about ten, so beside twenty others it would wait
    for two hundred passes, each with every task's work in it. `run_one` is trio-asyncio's own; with `no_wait` it has
    no checkpoint.
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
    """Removes cancelled timers, as asyncio's own loop does; trio-asyncio keeps each until its time.

    A query sets three timers of some seconds and cancels them when its answer arrives.
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
    # When a connection breaks, asyncpg leaves futures whose exceptions nobody retrieves. trio-asyncio's default
    # handler would raise them, and so end the server.
    logger.debug(
        "ignored an exception that asyncio reported",
        message=context.get("message"),
        error=repr(context.get("exception")),
    )
