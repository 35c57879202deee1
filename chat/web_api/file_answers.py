"""ASGI middleware that answers requests for constant files without Quart.

A page has a hundred files, and Quart's request, nursery and response take longer than the rest of such an answer.
"""

from collections.abc import Callable, Set
from functools import lru_cache
from typing import Any

from quart import Response
from quart.utils import encode_headers
from quart.wrappers.response import DataBody
from werkzeug.http import parse_accept_header

from chat.domain.addresses import address_key
from chat.gateway.fair_scheduler import FairScheduler
from chat.gateway.http1.lifespan import ASGIApp


class FileAnswers:
    """Answers GET and HEAD of some paths, and passes all other requests to an app, which would answer these alike.

    Args:
        app: answers all other requests, also for other spellings of these paths.
        paths: the paths as in ASGI, without a query.
        respond: makes the response, compressed or not; called once for each path and kind.
        scheduler: shares the loop with all other requests.
    """

    def __init__(
        self,
        app: ASGIApp,
        paths: Set[str],
        respond: Callable[[str, bool], Response],
        scheduler: FairScheduler,
    ) -> None:
        self._app = app
        self._paths = paths
        self._respond = respond
        self._scheduler = scheduler
        self._made: dict[tuple[str, bool], tuple[dict[str, Any], dict[str, Any]]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
        """Serve one request. Cancelling truncates the answer."""
        if (
            scope["type"] != "http"
            or scope["path"] not in self._paths
            or scope["method"] not in ("GET", "HEAD")
        ):
            await self._app(scope, receive, send)
        else:
            address = (scope.get("client") or ("",))[0]
            await self._scheduler.steps(address_key(address), self._answer(scope, send))

    async def _answer(self, scope: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's
        accepted = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        for event in self._events(scope["path"], takes_gzip(accepted)):
            await send(event)

    def _events(self, path: str, zipped: bool) -> tuple[dict[str, Any], dict[str, Any]]:
        made = self._made.get((path, zipped))
        if made is None:
            response = self._respond(path, zipped)
            assert isinstance(response.response, DataBody)
            headers, body = encode_headers(response.headers), response.response.data
            made = (
                {"type": "http.response.start", "status": response.status_code, "headers": headers},
                {"type": "http.response.body", "body": body, "more_body": False},
            )
            self._made[path, zipped] = made
        return made


@lru_cache(maxsize=64)
def takes_gzip(accepted: bytes) -> bool:
    """Whether this `Accept-Encoding` accepts gzip, by the rules of Quart's requests. Sync."""
    return bool(parse_accept_header(accepted.decode("latin-1"))["gzip"])
