"""`GET /metrics`: what the server counts about itself, in Prometheus' text format."""

from quart import Blueprint, Response

from chat.inspection.metrics import Metrics


def create_metrics(metrics: Metrics) -> Blueprint:
    """Return the route; on the public port, or on one of its own."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    async def render() -> Response:
        return Response(metrics.render(), 200, content_type="text/plain; version=0.0.4; charset=utf-8")

    return routes
