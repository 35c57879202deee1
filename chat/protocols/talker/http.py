"""Token Talker over HTTP: a token for a name and a password."""

import msgspec

from chat.domain.refusals import Refusal
from chat.protocols.services import Services
from chat.web_api.answers import ErrorBody, TokenBody, error
from chat.web_api.endpoint import Call, Routes


class TalkerLogin(msgspec.Struct):
    """Who wants a token. The original program read `hash` where its text says `password`."""

    name: str
    password: str | None = None
    hash: str | None = None


def talker_routes(services: Services) -> Routes:
    """Return the routes."""
    accounts = services.accounts
    routes = Routes("talker")

    @routes.route(
        "POST",
        "/",
        body=TalkerLogin,
        answers={200: TokenBody, 400: ErrorBody, 401: ErrorBody, 429: ErrorBody},
    )
    async def log_in(call: Call) -> object:
        """Get a token for a name and a password (or `hash`, the same)."""
        login: TalkerLogin = call.body
        password = login.hash if login.password is None else login.password
        if password is None:
            return error(400, "password is missing")
        granted = await accounts.log_in(login.name, password, call.address)
        return granted if isinstance(granted, Refusal) else TokenBody(granted.token)

    return routes
