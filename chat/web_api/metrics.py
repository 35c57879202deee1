"""`GET /metrics`: what the server counts about itself, in Prometheus' text format."""

from collections.abc import Awaitable, Callable

from quart import Blueprint, Response


def create_metrics(metrics: Callable[[], Awaitable[str]]) -> Blueprint:
    """Return the route, which answers what `metrics` tells; on the public port, or on one of its own."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    async def render() -> Response:
        return Response(await metrics(), 200, content_type="text/plain; version=0.0.4; charset=utf-8")

    return routes
