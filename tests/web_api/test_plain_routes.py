"""Plain routes: how long refusals of one path are held."""

from collections.abc import MutableMapping
from typing import Any

import trio

from chat.domain.limits.budgets import HOLD_BACK, Budgets
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

    async def call(self, path: str) -> None:
        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": b"x"}

        async def send(event: MutableMapping[str, Any]) -> None:
            if event["type"] == "http.response.start":
                self.answered.setdefault(path, []).append(trio.current_time())

        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": []}
        await self._app(scope, receive, send)


async def test_many_refusals_of_one_path_are_spread_and_others_wait_a_second(autojump_clock: object) -> None:
    calls, began = Calls(), trio.current_time()
    async with trio.open_nursery() as nursery:
        for _ in range(2000):
            nursery.start_soon(calls.call, "/in/flood")
        nursery.start_soon(calls.call, "/in/other")
        nursery.start_soon(calls.call, "/in/")
    waited = sorted(at - began for at in calls.answered["/in/flood"])
    assert waited[0] == waited[99] == HOLD_BACK
    assert waited[499] == 5.0
    assert waited[1499] == waited[-1] == 15.0
    assert [at - began for at in calls.answered["/in/other"]] == [HOLD_BACK]
    assert calls.answered["/in/"] == [began]
    later = trio.current_time()
    await calls.call("/in/flood")
    assert trio.current_time() == later + HOLD_BACK, "who called before is forgotten"
