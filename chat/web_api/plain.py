"""Serves plain HTTP calls of features beside the Quart app, with the limits that apply to all calls.

A call of the app takes 600 µs; these take half of it, because a tool may send many.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import structlog
import trio

from chat.domain.failures import StorageError
from chat.domain.limits.budgets import HOLD_BACK, Budgets
from chat.gateway.http1.body_flow import FLOW, BodyFlow
from chat.gateway.http1.connection import INPUT_ENDED
from chat.operations.plain_http import MountedRoute, PlainAnswer, PlainHandler, PlainRequest, PlainRoute

_BODY_TIMEOUT = 30.0
"""Seconds for a body to arrive."""

_REFUSALS = 25.0
"""Calls of one path that are refused with 429 in a second, each of which costs as much as one that is taken. Beyond
that their answers wait longer, and so do the next calls of their connections."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Those that are counted by their names."""

_INTERNAL = PlainAnswer(500, "internal_error")
_TIMEOUT = PlainAnswer(408, "body_timeout")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]
Answered = Callable[[str, str, int, float], object]
"""Called with method, route and status of each answer, and the seconds that it took. Sync."""

logger = structlog.get_logger(__name__)


def with_plain_routes(
    app: App,
    routes: Sequence[MountedRoute],
    budgets: Budgets,
    answered: Answered | None,
) -> App:
    """Return an app that serves these routes, and leaves all other calls to `app`.

    Banned addresses are refused, every 429 is delayed by a second or more, which also delays the next call of that
    connection.
    Their requests are read in turns with all others (`FairScheduler`), which bounds how many are answered at once; the
    answers take none, because a turn costs more than an answer. `answered` counts them.
    """
    if not routes:
        return app

    held: Counter[str] = Counter()

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            path: str = scope["path"]
            for each in routes:
                if path.startswith(each.route.path):
                    await _serve(each, scope, receive, send, budgets, held, answered)
                    return
        await app(scope, receive, send)

    return serve


async def _serve(
    mounted: MountedRoute,
    scope: Scope,
    receive: Receive,
    send: Send,
    budgets: Budgets,
    held: Counter[str],
    answered: Answered | None,
) -> None:
    started = trio.current_time()
    route, handler = mounted
    address = _address(scope)
    banned = budgets.bans.refusal(address)
    if banned is not None:
        answer = PlainAnswer(403, banned.text)
    else:
        body = await _body(scope, receive, route.longest_body)
        if isinstance(body, bytes):
            answer = await _answer(route, handler, scope, body, address)
        else:
            answer = route.too_long if body is None else body
    if answered is not None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        answered(method, f"{route.path}…", answer.status, trio.current_time() - started)
    if answer.status == 429:
        body = None  # thousands may be held
        await _hold(held, scope["path"], scope.get("extensions", {}).get(INPUT_ENDED, trio.Event()))
    text = answer.text.encode()
    headers = [
        (b"content-type", answer.kind.encode()),
        (b"content-length", b"%d" % len(text)),
        (b"x-content-type-options", b"nosniff"),
    ]
    if answer.retry_after is not None:
        headers.append((b"retry-after", b"%d" % answer.retry_after))
    if answer.allow is not None:
        headers.append((b"allow", answer.allow.encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else text})


async def _hold(held: Counter[str], path: str, left: trio.Event) -> None:
    """Wait before a refusal, unless its client has left. `held` counts those of each path that wait.

    There is no longest wait: calls that end it together would come again together.
    """
    held[path] += 1
    try:
        with trio.move_on_after(max(HOLD_BACK, held[path] / _REFUSALS)):
            await left.wait()
    finally:
        held[path] -= 1
        if not held[path]:
            del held[path]


async def _answer(
    route: PlainRoute, handler: PlainHandler, scope: Scope, body: bytes, address: str
) -> PlainAnswer:
    request = PlainRequest(
        scope["method"],
        scope["path"][len(route.path) :],
        scope["query_string"].decode("latin-1"),
        {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]},
        body,
        address,
    )
    try:
        return await handler(request)
    except StorageError:
        return route.unavailable
    except Exception:
        logger.exception("request failed with an internal error; answered 500", path=route.path)
        return _INTERNAL


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


async def _body(scope: Scope, receive: Receive, longest: int) -> bytes | PlainAnswer | None:
    """Return the body; None: it is too long."""
    flow: BodyFlow | None = scope.get("extensions", {}).get(FLOW)
    parts: list[bytes] = []
    size = 0
    with trio.move_on_after(_BODY_TIMEOUT):
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return _TIMEOUT  # nobody receives it
            part: bytes = event.get("body", b"")
            if flow is not None:
                flow.took(len(part))
            size += len(part)
            if size > longest:
                return None
            parts.append(part)
            if not event.get("more_body"):
                return b"".join(parts)
    return _TIMEOUT
