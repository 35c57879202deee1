"""`GET /metrics`: what the server counts about itself, in Prometheus' text format."""

from quart import Blueprint, Response

from chat.inspection.metrics import Meters


def create_metrics(meters: Meters) -> Blueprint:
    """Return the route; on the public port, or on one of its own."""
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    async def metrics() -> Response:
        return Response(meters.render(), 200, content_type="text/plain; version=0.0.4; charset=utf-8")

    return routes
