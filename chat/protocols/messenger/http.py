"""Instant Messenger over HTTP: registration and login, both answered with a token."""

import msgspec

from chat.domain.refusals import Refusal
from chat.protocols.services import Services
from chat.web_api.answers import ErrorBody, TokenBody
from chat.web_api.endpoint import Call, Routes


class MessengerLogin(msgspec.Struct):
    """Who logs in."""

    username: str
    password: str


class MessengerRegistration(MessengerLogin):
    """Who registers; with an invite, where it takes one."""

    invite: str | None = None


def messenger_routes(services: Services) -> Routes:
    """Return the routes."""
    accounts = services.accounts
    routes = Routes("messenger")

    @routes.route(
        "POST",
        "/api/reg",
        body=MessengerRegistration,
        answers={201: TokenBody, 400: ErrorBody, 403: ErrorBody, 409: ErrorBody, 429: ErrorBody},
    )
    async def register(call: Call) -> object:
        """Register, and get a token."""
        new: MessengerRegistration = call.body
        granted = await accounts.register(new.username, new.password, call.address, invite=new.invite)
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
