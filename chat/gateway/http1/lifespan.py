"""The app's own start and stop, as the ASGI lifespan protocol has them."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import structlog
import trio

from chat.domain.startup import CannotStart
from chat.shutdown import APP_STOP

logger = structlog.get_logger(__name__)

ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]

STARTUP_TIMEOUT = 30.0
"""Seconds for the app to start."""


@asynccontextmanager
async def open_lifespan(app: ASGIApp) -> AsyncGenerator[None]:
    """Start the app, and stop it on leaving.

    Raises CannotStart where it does not start. Cancelling, or an error in the block: it is cancelled, too.
    """
    to_app, events = trio.open_memory_channel[dict[str, str]](2)  # startup and shutdown: a send never waits
    started, stopped = trio.Event(), trio.Event()
    failures: list[str] = []

    async def send(message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "lifespan.startup.complete":
                started.set()
            case "lifespan.shutdown.complete":
                stopped.set()
            case "lifespan.startup.failed" | "lifespan.shutdown.failed":
                failures.append(message.get("message", ""))
                started.set()
                stopped.set()

    scope = {"type": "lifespan", "asgi": {"spec_version": "2.0", "version": "3.0"}, "state": {}}
    with to_app, events:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(app, scope, events.receive, send)
            to_app.send_nowait({"type": "lifespan.startup"})
            with trio.move_on_after(STARTUP_TIMEOUT):
                await started.wait()
            if runs := started.is_set() and not failures:
                yield
                to_app.send_nowait({"type": "lifespan.shutdown"})
                with trio.move_on_after(APP_STOP):
                    await stopped.wait()
                if failures or not stopped.is_set():
                    logger.error(
                        "the HTTP app did not shut down cleanly", reason=next(iter(failures), "too slow")
                    )
            nursery.cancel_scope.cancel()
    if not runs:
        raise CannotStart(f"the HTTP app did not start: {next(iter(failures), 'no answer in time')}")
