"""The task that gives roots to replies from before there were threads, in steps; afterwards it sleeps for ever."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
import trio

from chat.domain.failures import StorageError
from chat.features.threads.use_cases import Threads
from chat.paced_steps import PacedSteps

_MOST = 20_000
"""Messages in one step. It locks the log where some of them are replies, for at most 200 of these."""

_RETRY = 1.0
"""Seconds until the next try when the database fails."""

logger = structlog.get_logger(__name__)


async def fill(threads: Threads) -> None:
    """Give roots to earlier replies until all have one. Cancelling: a step is done whole, or not begun."""
    steps, has_begun, has_failed = PacedSteps(_MOST), False, False
    while True:
        started = trio.current_time()
        try:
            if not await threads.fill(steps.size):
                break
        except StorageError as error:
            if not has_failed:
                logger.warning("threads of earlier replies are not found; trying again", error=str(error))
            has_failed = True
            await trio.sleep(_RETRY)
            continue
        if not has_begun:
            logger.info("finding the threads of earlier replies")
        has_begun, has_failed = True, False
        await steps.rest(trio.current_time() - started)
    if has_begun:
        logger.info("found the threads of all earlier replies")


@asynccontextmanager
async def open_filling(threads: Threads) -> AsyncGenerator[None]:
    """Give roots to earlier replies while the block lasts. Cancelling: a step is done whole, or not begun."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(fill, threads)
        yield
        nursery.cancel_scope.cancel(reason="the server stops")
