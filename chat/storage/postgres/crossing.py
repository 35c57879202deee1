"""Where Trio and asyncio meet: the loop that asyncpg runs on, and the one way across."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog
import trio_asyncio

T = TypeVar("T")

logger = structlog.get_logger(__name__)


async def cross(operation: Callable[..., Awaitable[T]], *arguments: object) -> T:
    """Run an asyncio-flavoured coroutine function from Trio and return its result.

    Cancelling: `asyncio.CancelledError` is raised in the operation, and this waits until it has ended.
    """
    result: T = await trio_asyncio.aio_as_trio(operation)(*arguments)
    return result


@asynccontextmanager
async def open_asyncio() -> AsyncGenerator[None]:
    """Run an asyncio loop in Trio for as long as the block lasts, one that outlives stray exceptions."""
    async with trio_asyncio.open_loop() as loop:
        loop.set_exception_handler(_log_stray)
        yield


def _log_stray(_loop: object, context: dict[str, Any]) -> None:
    # trio-asyncio's default handler raises, and asyncpg leaves futures whose exception nobody retrieves when
    # a connection breaks: that would end the server.
    logger.debug(
        "stray exception in asyncio", message=context.get("message"), error=repr(context.get("exception"))
    )
