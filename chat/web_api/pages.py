"""What is served to whoever runs and programs the server: its tree, descriptions of its calls, and its health."""

from collections.abc import Awaitable, Callable, Sequence
from functools import cache, partial
from importlib.resources import files

import structlog
from quart import Blueprint, Response

from chat.domain.failures import StorageDown
from chat.inspection.inspection import DATABASE, InspectionFailed
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
    # Everything comes from here and from nowhere else; the page's socket is same-origin too.
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
        health: returns if the server can work; raises StorageDown if not, or InspectionFailed.
        dialects: the HTTP routes to describe.
        sockets: the paths of WebSockets, where whoever asks without upgrading is told so.
    """
    pages = Blueprint("pages", __name__)
    web = {name: (files("chat") / "web" / name).read_bytes() for name in _FILES}

    @pages.get("/admin/tree")
    async def tree() -> Response:
        return _file("tree.html")

    @pages.get("/web/<name>")
    async def part(name: str) -> Response:
        return _file(name)

    # Made when somebody asks first: it takes as long as the rest of a server's start.
    document = cache(partial(describe, dialects))
    page = cache(lambda: render(document()))

    @pages.get("/openapi.json")
    async def openapi() -> Response:
        return answer({**document(), "servers": here()})

    @pages.get("/api")
    async def api() -> Response:
        return Response(page(), 200, headers=PAGE_HEADERS, content_type=HTML)

    logged = ""  # why the server can't work, once for however many ask

    @pages.get("/healthz")
    async def healthz() -> Response:
        nonlocal logged
        try:
            await health()
        except (StorageDown, InspectionFailed) as problem:
            # Of the database the text may say where it is and who may log in: it is not for everybody who asks.
            if str(problem) != logged:
                logged = str(problem)
                logger.warning("health check failed; /healthz answers 503 until it passes", reason=logged)
            part = problem.part if isinstance(problem, InspectionFailed) else DATABASE
            return error(503, f"{part} does not answer")
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
