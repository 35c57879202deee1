"""Plain routes: how long refusals of one path are held."""

from collections.abc import MutableMapping
from typing import Any

import trio

from chat.domain.limits.budgets import HOLD_BACK, Budgets
from chat.gateway.http1.connection import INPUT_ENDED
from chat.operations.plain_http import MountedRoute, PlainAnswer, PlainRequest, PlainRoute
from chat.web_api.plain import with_plain_routes

ROUTE = PlainRoute(
    path="/in/",
    longest_body=10,
    too_long=PlainAnswer(413, "long"),
    unavailable=PlainAnswer(503, "away"),
    make=lambda _services: refuse,
)


async def refuse(request: PlainRequest) -> PlainAnswer:
    await trio.lowlevel.checkpoint()
    return PlainAnswer(429 if request.rest else 200, "word")


class Calls:
    """Calls the route, and notes when each answer came."""

    def __init__(self) -> None:
        self.answered: dict[str, list[float]] = {}
        self._app = with_plain_routes(self._other, [MountedRoute(ROUTE, refuse)], Budgets(), None)

    async def _other(self, _scope: Any, _receive: Any, _send: Any) -> None:
        raise AssertionError("the route is not there")

    async def call(self, path: str, left: trio.Event) -> None:
        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": b"x"}

        async def send(event: MutableMapping[str, Any]) -> None:
            if event["type"] == "http.response.start":
                self.answered.setdefault(path, []).append(trio.current_time())

        scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": path,
            "query_string": b"",
            "headers": [],
        }
        scope["extensions"] = {INPUT_ENDED: left}
        await self._app(scope, receive, send)


async def test_many_refusals_of_one_path_are_spread_and_others_wait_a_second(autojump_clock: object) -> None:
    calls, began, never = Calls(), trio.current_time(), trio.Event()
    async with trio.open_nursery() as nursery:
        for _ in range(2000):
            nursery.start_soon(calls.call, "/in/flood", never)
        nursery.start_soon(calls.call, "/in/other", never)
        nursery.start_soon(calls.call, "/in/", never)
    waited = sorted(at - began for at in calls.answered["/in/flood"])
    assert waited[0] == waited[24] == HOLD_BACK
    assert waited[499] == 20.0
    assert waited[-1] == 80.0
    assert [at - began for at in calls.answered["/in/other"]] == [HOLD_BACK]
    assert calls.answered["/in/"] == [began]
    later = trio.current_time()
    await calls.call("/in/flood", never)
    assert trio.current_time() == later + HOLD_BACK, "who called before is forgotten"


async def test_a_refusal_is_not_held_for_a_client_that_has_gone(autojump_clock: object) -> None:
    calls, began, left = Calls(), trio.current_time(), trio.Event()
    async with trio.open_nursery() as nursery:
        for _ in range(1000):
            nursery.start_soon(calls.call, "/in/flood", left)
        await trio.sleep(0.5)
        left.set()
    assert set(calls.answered["/in/flood"]) == {began + 0.5}
    later = trio.current_time()
    await calls.call("/in/flood", trio.Event())
    assert trio.current_time() == later + HOLD_BACK
