"""Instant Messenger over HTTP (seed 002): registration and login, both answered with a token."""

import msgspec

from chat.gateway.http.answers import ErrorBody, TokenBody
from chat.gateway.http.endpoint import Call, Routes
from chat.model.refusals import Refusal
from chat.services.accounts import Accounts


class MessengerLogin(msgspec.Struct):
    """Who registers or logs in."""

    username: str
    password: str


def messenger_routes(accounts: Accounts) -> Routes:
    """Return the routes."""
    routes = Routes("messenger")

    @routes.route(
        "POST",
        "/api/reg",
        body=MessengerLogin,
        answers={201: TokenBody, 400: ErrorBody, 409: ErrorBody, 429: ErrorBody},
    )
    async def register(call: Call) -> object:
        """Register, and get a token."""
        granted = await accounts.register(call.body.username, call.body.password, call.address)
        return granted if isinstance(granted, Refusal) else TokenBody(granted.token)

    @routes.route(
        "POST",
        "/api/login",
        body=MessengerLogin,
        answers={200: TokenBody, 400: ErrorBody, 401: ErrorBody, 429: ErrorBody},
    )
    async def log_in(call: Call) -> object:
        """Get a token for a name and a password."""
        granted = await accounts.log_in(call.body.username, call.body.password, call.address)
        return granted if isinstance(granted, Refusal) else TokenBody(granted.token)

    return routes
