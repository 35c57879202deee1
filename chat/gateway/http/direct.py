"""Direct over HTTP (seed 003): sign up and log in by e-mail address; names may be shared."""

import msgspec

from chat.gateway.http.answers import ErrorBody
from chat.gateway.http.endpoint import Call, Routes
from chat.model.refusals import Refusal
from chat.services.accounts import Accounts, Granted


class DirectSignUp(msgspec.Struct):
    """Who signs up."""

    email: str
    name: str
    password: str


class DirectLogin(msgspec.Struct):
    """Who logs in."""

    email: str
    password: str


class DirectPerson(msgspec.Struct):
    """Who one is, and the token that proves it."""

    id: int
    email: str | None
    name: str
    token: str


def direct_routes(accounts: Accounts) -> Routes:
    """Return the routes."""
    routes = Routes("direct")

    @routes.route(
        "POST",
        "/signup",
        body=DirectSignUp,
        answers={201: DirectPerson, 400: ErrorBody, 409: ErrorBody, 429: ErrorBody},
    )
    async def sign_up(call: Call) -> object:
        """Sign up with an e-mail address, a name and a password."""
        new: DirectSignUp = call.body
        return _answer(await accounts.sign_up(new.email, new.name, new.password, call.address))

    @routes.route(
        "POST",
        "/login",
        body=DirectLogin,
        answers={200: DirectPerson, 400: ErrorBody, 401: ErrorBody, 429: ErrorBody},
    )
    async def log_in(call: Call) -> object:
        """Get one's id and a token for an e-mail address and a password."""
        return _answer(await accounts.log_in_by_email(call.body.email, call.body.password, call.address))

    return routes


def _answer(result: Granted | Refusal) -> object:
    if isinstance(result, Refusal):
        return result
    person = result.person
    return DirectPerson(person.id, person.email, person.display_name or person.name, result.token)
