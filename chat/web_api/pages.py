"""Pages for operators and developers: the task tree, the API description, and the health check."""

from collections.abc import Awaitable, Callable, Sequence
from functools import cache, partial
from importlib.resources import files

import structlog
from quart import Blueprint, Response

from chat.domain.failures import StorageDown
from chat.inspection.inspection import DATABASE_DOWN, InspectionFailed
from chat.web_api.answers import answer, error
from chat.web_api.endpoint import Routes
from chat.web_api.openapi import describe, here, render
from chat.web_api.web_client import HTML

logger = structlog.get_logger(__name__)

_TYPES = {
    ".html": HTML,
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}
_FILES = ("pages.css", "tree.html", "tree.css", "tree.js")

PAGE_HEADERS = {
    # Everything is loaded from this server; the page's socket is same-origin too.
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def create_pages(
    health: Callable[[], Awaitable[None]],
    dialects: Sequence[Routes],
    sockets: Sequence[str] = (),
) -> Blueprint:
    """Return the routes.

    Args:
        health: returns if the server is ready; otherwise raises StorageDown or InspectionFailed.
        dialects: the HTTP routes to describe.
        sockets: the paths of WebSockets, which answer plain requests with 426.
    """
    pages = Blueprint("pages", __name__)
    web = {name: (files("chat") / "web" / name).read_bytes() for name in _FILES}

    @pages.get("/admin/tree")
    async def tree() -> Response:
        return _file("tree.html")

    @pages.get("/web/<name>")
    async def part(name: str) -> Response:
        return _file(name)

    # Made at the first request: it takes as long as the rest of a server's start.
    document = cache(partial(describe, dialects))
    page = cache(lambda: render(document()))

    @pages.get("/openapi.json")
    async def openapi() -> Response:
        return answer({**document(), "servers": here()})

    @pages.get("/api")
    async def api() -> Response:
        return Response(page(), 200, headers=PAGE_HEADERS, content_type=HTML)

    @pages.get("/livez")
    async def livez() -> Response:
        return answer({"status": "ok"})

    logged = ""  # the last reason, logged once for all requests

    @pages.get("/healthz", endpoint="healthz")
    @pages.get("/readyz")
    @pages.get("/up", endpoint="up")
    async def readyz() -> Response:
        nonlocal logged
        try:
            await health()
        except (StorageDown, InspectionFailed) as problem:
            # The text may contain the database's address and user, so it is logged and not sent.
            if str(problem) != logged:
                logged = str(problem)
                logger.warning(
                    "health check failed; /readyz and /healthz answer 503 until it passes", reason=logged
                )
            return error(503, problem.public if isinstance(problem, InspectionFailed) else DATABASE_DOWN)
        logged = ""
        return answer({"status": "ok"})

    async def upgrade_required() -> Response:
        refusal = error(426, "this path is a WebSocket's: open it as ws:// or wss://")
        refusal.headers["Upgrade"] = "websocket"  # RFC 9110, section 15.5.22
        refusal.headers["Connection"] = "Upgrade"
        return refusal

    for path in sockets:
        pages.add_url_rule(path, f"socket {path[1:]}", upgrade_required, methods=["GET"])

    def _file(name: str) -> Response:
        if name not in web:
            return error(404, "there is no such file")
        kind = _TYPES[name[name.rindex(".") :]]
        return Response(web[name], 200, headers=PAGE_HEADERS, content_type=kind)

    return pages
