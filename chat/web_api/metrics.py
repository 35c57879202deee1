"""`GET /metrics`: the server's metrics in Prometheus' text format."""

from collections.abc import Awaitable, Callable

from quart import Blueprint, Response, request

from chat.domain.accounts.accounts import Accounts
from chat.domain.refusals import BAD_TOKEN, NOT_ADMIN, Refusal
from chat.gateway.http1.bearer import bearer_token
from chat.web_api.answers import refuse


def create_metrics(metrics: Callable[[], Awaitable[str]], accounts: Accounts | None = None) -> Blueprint:
    """Return the route, which answers with the result of `metrics`.

    With `accounts` it needs an admin's token, as on a port that everybody reaches: the counters tell strangers how many
    people are here and how often log-ins fail.
    """
    routes = Blueprint("metrics", __name__)

    @routes.get("/metrics")
    async def render() -> Response:
        if accounts is not None and (refusal := await _refusal(accounts)):
            response = refuse(refusal)
            if refusal is BAD_TOKEN:
                response.headers["WWW-Authenticate"] = "Bearer"  # RFC 9110, section 15.5.2
            return response
        return Response(await metrics(), 200, content_type="text/plain; version=0.0.4; charset=utf-8")

    return routes


async def _refusal(accounts: Accounts) -> Refusal | None:
    token = bearer_token(request.headers.get("Authorization", ""))
    caller = BAD_TOKEN if token is None else await accounts.authenticate(token)
    if isinstance(caller, Refusal):
        return caller
    return None if caller.is_admin else NOT_ADMIN
