"""An app that does not stop properly: the reason is logged, and nobody waits for it."""

from typing import Any

import trio
from structlog.testing import capture_logs

from chat.gateway.http1.lifespan import open_lifespan


async def _app_that(ends: list[dict[str, str]], receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    for message in ends:
        await send(message)
    await trio.sleep_forever()


async def _log_of_stopping(*ends: dict[str, str]) -> list[str]:
    async def app(_scope: object, receive: Any, send: Any) -> None:
        await _app_that([*ends], receive, send)

    with capture_logs() as logs:
        async with open_lifespan(app):
            pass
    return [log["reason"] for log in logs]


async def test_an_app_that_fails_to_stop_is_logged_at_once(autojump_clock: object) -> None:
    began = trio.current_time()
    assert await _log_of_stopping({"type": "lifespan.shutdown.failed", "message": "no"}) == ["no"]
    assert trio.current_time() == began


async def test_an_app_that_stops_is_not_logged_and_one_that_never_does_is(autojump_clock: object) -> None:
    began = trio.current_time()
    assert await _log_of_stopping({"type": "lifespan.shutdown.complete"}) == []
    assert trio.current_time() == began
    assert await _log_of_stopping() == ["too slow"]
