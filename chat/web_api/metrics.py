"""`GET /metrics`: the server's metrics in Prometheus' text format."""

from collections.abc import Awaitable, Callable

from quart import Blueprint, Response


def create_metrics(metrics: Callable[[], Awaitable[str]]) -> Blueprint:
    """Return the route, which answers with the result of `metrics`; for the public port or a separate one."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    async def render() -> Response:
        return Response(await metrics(), 200, content_type="text/plain; version=0.0.4; charset=utf-8")

    return routes
