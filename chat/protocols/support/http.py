"""The support desk over HTTP: a token, or an empty 403, or an empty 404 for everything else."""

from typing import Any, TypeVar

import msgspec
from quart import Response, request
from werkzeug.exceptions import HTTPException

from chat.domain.refusals import Code, Refusal
from chat.protocols.services import Services
from chat.web_api.answers import ErrorBody
from chat.web_api.bodies import BadBody, read_body
from chat.web_api.endpoint import Call, Routes

T = TypeVar("T", bound=msgspec.Struct)

_PATH = "/v1/auth/"


class SupportLogin(msgspec.Struct):
    """Who wants a token. `id` is repeated in the answer."""

    user_name: str
    password: str
    id: Any = msgspec.UNSET


class SupportToken(msgspec.Struct):
    """The token."""

    token: str


class SupportGranted(msgspec.Struct):
    """The answer to a good login; `id` is the request's, or the person's where the request has none."""

    error: None
    result: SupportToken
    id: Any


def support_routes(services: Services) -> Routes:
    """Return the routes. Whatever is not a login of the right shape does not exist: 404, and no body."""
    accounts = services.accounts
    routes = Routes("support", read=_read)

    @routes.route(
        "POST",
        _PATH,
        body=SupportLogin,
        answers={200: SupportGranted, 403: None, 404: None, 429: ErrorBody},
    )
    async def log_in(call: Call) -> object:
        """Get a token for a user name and a password."""
        login: SupportLogin = call.body
        match await accounts.log_in(login.user_name, login.password, call.address):
            case Refusal(Code.TOO_MANY | Code.UNAVAILABLE) as refusal:
                return refusal  # the original knows no such case; an empty 403 would say that the password is wrong
            case Refusal():
                return Response(b"", 403)
            case granted:
                ref = granted.person.id if login.id is msgspec.UNSET else login.id
                return SupportGranted(None, SupportToken(granted.token), ref)

    @routes.blueprint.before_app_request  # a route could not take every method there is
    async def another_method() -> Response | None:
        here = request.path.rstrip("/") == _PATH.rstrip("/")
        return Response(b"", 404) if here and request.method != "POST" else None

    @routes.blueprint.errorhandler(BadBody)
    async def bad_body(_problem: BadBody) -> Response:
        return Response(b"", 404)

    return routes


async def _read(shape: type[T]) -> T:
    try:
        return await read_body(shape)
    except HTTPException as error:  # a body too long or too slow is malformed too
        raise BadBody(404, "") from error
